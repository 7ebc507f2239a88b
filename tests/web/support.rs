//! Labs in a page, as boot.js mounts them.

use js_sys::{Function, Promise, Reflect};
use leptos::prelude::{document, window};
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::{HtmlElement, ShadowRoot};

/// A lab of its own element.
pub struct Lab {
    element: HtmlElement,
}

impl Lab {
    /// `options` is what the element's `data-*` attributes say, as JSON.
    pub fn mount(options: &str) -> Lab {
        let element = document().create_element("div").expect("an element").unchecked_into::<HtmlElement>();
        document().body().expect("a body").append_child(&element).expect("appended");
        packetyard::mount(element.clone(), options.into(), None).expect("mounted");
        Lab { element }
    }

    pub fn element(&self) -> &HtmlElement {
        &self.element
    }

    pub fn root(&self) -> ShadowRoot {
        self.element.shadow_root().expect("a shadow root")
    }

    /// The page takes the element away.
    pub fn remove(self) {
        self.element.remove();
    }
}

/// Waits for `count` frames of the page.
pub async fn frames(count: u32) {
    let request: Function = Reflect::get(&window(), &"requestAnimationFrame".into())
        .expect("a property")
        .dyn_into()
        .expect("a function");
    for _ in 0..count {
        let frame = Promise::new(&mut |resolve, _| {
            request.call1(&window(), &resolve).expect("a frame is promised");
        });
        JsFuture::from(frame).await.expect("a frame");
    }
}

/// Waits until `holds`, frame by frame; fails after some ten seconds of frames.
pub async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    for _ in 0..600 {
        if holds() {
            return;
        }
        frames(1).await;
    }
    panic!("not so after 600 frames: {what}");
}
