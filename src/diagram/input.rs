//! Pointer, wheel and keys: what they are on. What they do is in [`super::gestures`].

use leptos::html::Div;
use leptos::prelude::*;
use std::cell::{Cell, RefCell};
use std::rc::Rc;

use wasm_bindgen::JsCast;
use web_sys::{Element, Event};

use super::view::Hits;
use crate::browser;
use crate::diagram::picture::Picture;
use crate::session::Selection;
use scene::geometry::Point;
use scene::navigation;

const EVENTS: [&str; 11] = [
    "keydown",
    "wheel",
    "click",
    "contextmenu",
    "pointerdown",
    "pointermove",
    "pointerup",
    "pointercancel",
    "focusin",
    "pointerover",
    "pointerleave",
];

#[derive(Clone)]
pub struct Input {
    pub picture: Picture,
    pub frame: NodeRef<Div>,
    pub hits: Hits,
    pub hand: Rc<Hand>,
}

/// What an event is on. The event itself does not say so any more when it is over.
#[derive(Clone, Copy)]
pub struct On {
    pub item: Option<Selection>,
    /// On a control that does something of its own.
    pub control: bool,
}

/// Fingers and buttons that are down.
#[derive(Default)]
pub struct Hand {
    /// Pointers that are down, and where they were last.
    pub pointers: RefCell<Vec<(i32, Point)>>,
    /// How far the pointer went since it came down.
    pub travelled: Cell<f64>,
    pub long_press: RefCell<Option<gloo_timers::callback::Timeout>>,
    /// The press has had its effect: the click that follows has none.
    pub spent: Cell<bool>,
}

impl Input {
    pub fn new(picture: Picture, frame: NodeRef<Div>, hits: Hits) -> Input {
        Input { picture, frame, hits, hand: Rc::default() }
    }

    /// One listener for each event of the frame, for all that is in it.
    pub fn listen(self) {
        let frame = self.frame;
        Effect::new(move || {
            let Some(frame) = frame.get() else { return };
            for name in EVENTS {
                let input = self.clone();
                browser::listen(&frame, name, move |event| input.handle(name, event));
            }
        });
    }

    fn handle(&self, name: &'static str, event: Event) {
        let on = On { item: item_at(&event), control: in_control(&event) };
        let Picture { session, current, .. } = self.picture;
        match name {
            "pointerover" | "pointerleave" => return self.over(on.item.filter(|_| name == "pointerover")),
            "focusin" if on.item.is_some() => {
                current.set(on.item);
                session.hover.set(on.item);
            }
            _ => {}
        }
        self.gesture(name, &event, on);
    }

    fn over(&self, item: Option<Selection>) {
        let hover = self.picture.session.hover;
        if hover.get_untracked() != item {
            hover.set(item);
        }
    }
}

/// The box that an event is on.
fn item_at(event: &Event) -> Option<Selection> {
    let element: Element = event.target()?.dyn_into().ok()?;
    let hit = element.closest("[data-item]").ok().flatten()?;
    navigation::decode(&hit.get_attribute("data-item")?)
}

/// On a control that does something of its own.
fn in_control(event: &Event) -> bool {
    let element = event.target().and_then(|t| t.dyn_into::<Element>().ok());
    element.is_some_and(|e| e.closest(".pk-types, .pk-zooms").ok().flatten().is_some())
}
