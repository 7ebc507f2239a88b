//! A lab's place in a page: a shadow root with a style sheet of its own. Nothing outside the
//! element is touched, and when the element leaves the document, the lab goes.

use leptos::mount::mount_to;
use leptos::prelude::{IntoView, document};
use std::cell::RefCell;
use std::rc::Rc;
use wasm_bindgen::prelude::*;
use web_sys::{CssStyleSheet, HtmlElement, MutationObserver, MutationObserverInit, ShadowRoot};

/// Mounts a view into the element's shadow root until the element is removed.
pub fn attach<V: IntoView + 'static>(
    element: &HtmlElement,
    style: &str,
    view: impl FnOnce() -> V + 'static,
) -> Result<(), JsValue> {
    let shadow = shadow_root(element)?;
    let sheet = sheet(style)?;
    shadow.set_adopted_style_sheets(&js_sys::Array::of1(&sheet));
    let place = document().create_element("div")?;
    place.set_class_name("pk-place");
    shadow.append_child(&place)?;
    let handle = mount_to(place.unchecked_into(), view);
    until_removed(element, move || drop(handle))
}

/// The element's own, emptied, if it was mounted before.
fn shadow_root(element: &HtmlElement) -> Result<ShadowRoot, JsValue> {
    if let Some(shadow) = element.shadow_root() {
        shadow.set_text_content(None);
        return Ok(shadow);
    }
    element.attach_shadow(&web_sys::ShadowRootInit::new(web_sys::ShadowRootMode::Open))
}

/// One more style sheet for the lab that an element is in: it wins over those before it.
pub fn add_style(inside: &HtmlElement, style: &str) {
    let shadow = inside.get_root_node().dyn_into::<ShadowRoot>();
    if let (Ok(shadow), Ok(sheet)) = (shadow, sheet(style)) {
        let sheets = js_sys::Array::from(&shadow.adopted_style_sheets());
        sheets.push(&sheet);
        shadow.set_adopted_style_sheets(&sheets);
    }
}

/// A constructed sheet is allowed by a strict content security policy; style elements are not.
fn sheet(style: &str) -> Result<CssStyleSheet, JsValue> {
    let sheet = CssStyleSheet::new()?;
    sheet.replace_sync(style)?;
    Ok(sheet)
}

type Observing = Closure<dyn FnMut(JsValue, MutationObserver)>;

/// Calls `gone` once the element is in no document any more. One that is only moved stays.
fn until_removed(element: &HtmlElement, gone: impl FnOnce() + 'static) -> Result<(), JsValue> {
    let element = element.clone();
    let gone = RefCell::new(Some(gone));
    let kept: Rc<RefCell<Option<Observing>>> = Rc::default();
    let own = Rc::clone(&kept);
    let callback = Closure::new(move |_: JsValue, observer: MutationObserver| {
        if element.is_connected() {
            return;
        }
        observer.disconnect();
        if let Some(gone) = gone.take() {
            gone();
        }
        // This closure runs, so it cannot be dropped here.
        let own = Rc::clone(&own);
        wasm_bindgen_futures::spawn_local(async move { drop(own.take()) });
    });
    let observer = MutationObserver::new(callback.as_ref().unchecked_ref())?;
    *kept.borrow_mut() = Some(callback);
    let options = MutationObserverInit::new();
    options.set_child_list(true);
    options.set_subtree(true);
    observer.observe_with_options(&document(), &options)
}
