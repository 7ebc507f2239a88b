//! Where the document meets the signals: what is shown again, and what is done again.

use super::View;
use super::patch::{Mounted, patch};
use leptos::effect::{Effect, RenderEffect};
use leptos::owner::Owner;
use wasm_bindgen::JsCast;
use web_sys::{Comment, Node};

/// A part of the document that is shown again by itself. It stands before its marker.
pub(super) struct Region {
    effect: RenderEffect<Mounted>,
    pub marker: Node,
}

impl Region {
    /// Shows it before `next` in `parent`; `inner` is what is there already.
    pub fn new(show: Box<dyn Fn() -> View>, parent: &Node, next: Option<&Node>) -> Region {
        let marker: Node = Comment::new().expect("a document").unchecked_into();
        parent.insert_before(&marker, next).expect("the parent of the next node");
        Region { effect: effect(show, marker.clone(), Mounted::NOTHING), marker }
    }

    /// The same place, from now on shown by another function.
    pub fn shown_by(self, show: Box<dyn Fn() -> View>) -> Region {
        let inner = self.effect.take_value().unwrap_or(Mounted::NOTHING);
        let marker = self.marker;
        // Before the new one runs: the old one must not show anything any more.
        drop(self.effect);
        Region { effect: effect(show, marker.clone(), inner), marker }
    }

    pub fn first_node(&self) -> Node {
        self.effect
            .with_value_mut(|inner| inner.first_node())
            .flatten()
            .unwrap_or_else(|| self.marker.clone())
    }

    pub fn remove(self) {
        if let Some(inner) = self.effect.take_value() {
            inner.remove();
        }
        if let Some(parent) = self.marker.parent_node() {
            let _gone = parent.remove_child(&self.marker);
        }
    }
}

fn effect(show: Box<dyn Fn() -> View>, marker: Node, inner: Mounted) -> RenderEffect<Mounted> {
    let again = move |inner: Option<Mounted>| {
        let (inner, view) = (inner.unwrap_or(Mounted::NOTHING), show());
        match marker.parent_node() {
            Some(parent) => patch(inner, view, &parent, Some(&marker)),
            // Taken out of the document by somebody else: there is nothing to show.
            None => inner,
        }
    };
    RenderEffect::new_with_value(again, Some(inner))
}

/// Does something, and again whenever something that it reads changes.
pub fn whenever(act: impl Fn() + 'static) {
    whenever_boxed(Box::new(act));
}

fn whenever_boxed(act: Box<dyn Fn()>) {
    Effect::new(act);
}

/// Shows a view in an empty element, until what is returned is dropped.
pub fn mount(element: &web_sys::Element, view: impl FnOnce() -> View + 'static) -> Handle {
    // There is an executor already when this is not the first lab of the page.
    _ = any_spawner::Executor::init_wasm_bindgen();
    let owner = Owner::new();
    let mounted = owner.with(|| patch(Mounted::NOTHING, view(), element, None));
    Handle { mounted: Some(mounted), owner }
}

/// A view that is shown.
pub struct Handle {
    mounted: Option<Mounted>,
    owner: Owner,
}

impl Drop for Handle {
    fn drop(&mut self) {
        drop(self.mounted.take());
        self.owner.cleanup();
    }
}
