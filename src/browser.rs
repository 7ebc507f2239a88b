//! The browser functions that the lab uses. Each works without an error if the browser refuses.

use leptos::prelude::*;
use wasm_bindgen::prelude::*;
use web_sys::{FocusOptions, HtmlElement, MediaQueryList, Storage};

/// Milliseconds, monotonic.
pub fn clock() -> f64 {
    window().performance().map_or(0.0, |p| p.now())
}

/// `None` where storage is switched off, which some browsers say by throwing.
fn storage() -> Option<Storage> {
    window().local_storage().ok().flatten()
}

pub fn stored(key: &str) -> Option<String> {
    storage()?.get_item(key).ok().flatten()
}

/// Returns whether it was stored: storage may be full.
pub fn store(key: &str, value: &str) -> bool {
    storage().is_some_and(|s| s.set_item(key, value).is_ok())
}

pub fn forget(key: &str) {
    if let Some(storage) = storage() {
        let _gone = storage.remove_item(key);
    }
}

pub fn media(query: &str) -> Option<MediaQueryList> {
    window().match_media(query).ok().flatten()
}

pub fn wants_less_motion() -> bool {
    media("(prefers-reduced-motion: reduce)").is_some_and(|m| m.matches())
}

/// Whether the lab is inside another site's page.
pub fn is_framed() -> bool {
    let window = window();
    window.top().ok().flatten().is_none_or(|top| top != window)
}

/// Whether there is nothing else on the page to look at or to scroll to.
pub fn fills_the_page(element: &HtmlElement) -> bool {
    document().document_element().is_some_and(|page| {
        element.offset_width() >= page.scroll_width() && element.offset_height() >= page.scroll_height()
    })
}

/// Whether no element of the page has the focus; then no lab is in use either.
pub fn nothing_has_the_focus() -> bool {
    document().active_element().is_none_or(|element| element.tag_name().eq_ignore_ascii_case("body"))
}

pub fn focus_without_scrolling(element: &HtmlElement) {
    let options = FocusOptions::new();
    options.set_prevent_scroll(true);
    let _gone = element.focus_with_options(&options);
}

pub fn is_tab_hidden() -> bool {
    document().hidden()
}

/// Listens until the calling component is gone.
pub fn listen(
    target: &web_sys::EventTarget,
    event: &'static str,
    callback: impl Fn(web_sys::Event) + 'static,
) {
    let callback = Closure::<dyn Fn(web_sys::Event)>::new(callback);
    let function: js_sys::Function = callback.as_ref().unchecked_ref::<js_sys::Function>().clone();
    if target.add_event_listener_with_callback(event, &function).is_err() {
        return;
    }
    let kept = StoredValue::new_local((target.clone(), callback));
    on_cleanup(move || {
        kept.try_with_value(|(target, _)| {
            let _gone = target.remove_event_listener_with_callback(event, &function);
        });
    });
}
