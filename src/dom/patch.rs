//! Makes the document agree with a view, with as few changes as there are differences.

use super::build::{Element as Wanted, Kind, Setting, View, Words};
use super::live::Region;
use super::{OnEvent, Place};
use std::cell::RefCell;
use std::rc::Rc;
use wasm_bindgen::prelude::*;
use web_sys::{Element, Event, HtmlElement, HtmlInputElement, HtmlOptionElement, Node, Text};

const SVG: &str = "http://www.w3.org/2000/svg";

/// A view that is in the document.
pub(super) enum Mounted {
    Text(Text, Words),
    Element(Box<Shown>),
    Many(Vec<Mounted>),
    Live(Box<Region>),
}

pub(super) struct Shown {
    element: Element,
    tag: &'static str,
    key: Option<String>,
    settings: Vec<Setting>,
    listeners: Vec<Listener>,
    kids: Vec<Mounted>,
    place: Option<Place>,
}

/// A listener whose act can be exchanged. It is heard no more once it is dropped: events come also
/// after their element has gone.
struct Listener {
    element: Element,
    event: &'static str,
    act: Rc<RefCell<OnEvent>>,
    /// Not `FnMut`: what is done on an event can cause another one.
    closure: Closure<dyn Fn(Event)>,
}

/// Shows `view` before `next` in `parent`, where `old` is.
pub(super) fn patch(old: Mounted, view: View, parent: &Node, next: Option<&Node>) -> Mounted {
    match (old, view) {
        (Mounted::Text(node, was), View::Text(text)) => {
            if was != text {
                node.set_data(&text);
            }
            Mounted::Text(node, text)
        }
        (Mounted::Element(shown), View::Element(wanted)) if shown.becomes(&wanted) => {
            Mounted::Element(Box::new(shown.agree(*wanted)))
        }
        (Mounted::Many(old), View::Many(views)) => Mounted::Many(patch_all(old, views, parent, next)),
        (Mounted::Live(region), View::Live(show)) => Mounted::Live(Box::new(region.shown_by(show))),
        (old, view) => {
            // The new one first: the old one's place may be what is known of the place.
            let made = make(view, parent, next);
            old.remove();
            made
        }
    }
}

fn make(view: View, parent: &Node, next: Option<&Node>) -> Mounted {
    match view {
        View::Text(text) => {
            let node = Text::new_with_data(&text).expect("a document");
            insert(parent, &node, next);
            Mounted::Text(node, text)
        }
        View::Element(wanted) => {
            let shown = Shown::new(*wanted);
            insert(parent, &shown.element, next);
            if let Some(place) = shown.place {
                place.set(Some(shown.element.clone()));
            }
            Mounted::Element(Box::new(shown))
        }
        View::Many(views) => Mounted::Many(patch_all(Vec::new(), views, parent, next)),
        View::Live(show) => Mounted::Live(Box::new(Region::new(show, parent, next))),
    }
}

fn insert(parent: &Node, node: &Node, next: Option<&Node>) {
    parent.insert_before(node, next).expect("the next node is a child of the parent");
}

/// From the last to the first, so that the node that follows is always known.
fn patch_all(old: Vec<Mounted>, views: Vec<View>, parent: &Node, next: Option<&Node>) -> Vec<Mounted> {
    let mut old: Vec<Option<Mounted>> = old.into_iter().map(Some).collect();
    let mut next = next.cloned();
    // What is not wanted any more goes first, so that nothing is moved past it.
    let known = matches(&mut old, &views);
    old.into_iter().flatten().for_each(Mounted::remove);
    let mut all = Vec::with_capacity(views.len());
    for (view, known) in views.into_iter().zip(known).rev() {
        let mounted = match known {
            Some(known) => {
                known.stand_before(parent, next.as_ref());
                patch(known, view, parent, next.as_ref())
            }
            None => make(view, parent, next.as_ref()),
        };
        next = mounted.first_node().or(next);
        all.push(mounted);
    }
    all.reverse();
    all
}

/// For each view, what is there of it: by its key, else by its place among those without one.
fn matches(old: &mut [Option<Mounted>], views: &[View]) -> Vec<Option<Mounted>> {
    let has_key = |o: &Option<Mounted>| o.as_ref().is_some_and(|o| o.key().is_some());
    let keyless: Vec<usize> = (0..old.len()).filter(|i| !has_key(&old[*i])).collect();
    let mut places = keyless.into_iter();
    let mut find = |view: &View| match key_of(view) {
        Some(key) => old.iter_mut().find(|o| o.as_ref().is_some_and(|o| o.key() == Some(key)))?.take(),
        None => old[places.next()?].take(),
    };
    views.iter().map(&mut find).collect()
}

fn key_of(view: &View) -> Option<&str> {
    match view {
        View::Element(element) => element.key.as_deref(),
        _ => None,
    }
}

impl Mounted {
    pub const NOTHING: Mounted = Mounted::Many(Vec::new());

    fn key(&self) -> Option<&str> {
        match self {
            Mounted::Element(shown) => shown.key.as_deref(),
            _ => None,
        }
    }

    pub fn first_node(&self) -> Option<Node> {
        match self {
            Mounted::Text(node, _) => Some(node.clone().into()),
            Mounted::Element(shown) => Some(shown.element.clone().into()),
            Mounted::Many(all) => all.iter().find_map(Mounted::first_node),
            Mounted::Live(region) => Some(region.first_node()),
        }
    }

    /// Moves an element that stands somewhere else. Only elements with keys ever do.
    fn stand_before(&self, parent: &Node, next: Option<&Node>) {
        if let Mounted::Element(shown) = self
            && shown.key.is_some()
            && shown.element.next_sibling().as_ref() != next
        {
            insert(parent, &shown.element, next);
        }
    }

    pub fn remove(self) {
        match self {
            Mounted::Text(node, _) => node.remove(),
            Mounted::Element(shown) => shown.element.remove(),
            Mounted::Many(all) => all.into_iter().for_each(Mounted::remove),
            Mounted::Live(region) => region.remove(),
        }
    }
}

impl Shown {
    fn new(wanted: Wanted) -> Shown {
        let document = super::reactive::document();
        let made = match wanted.is_svg {
            true => document.create_element_ns(Some(SVG), wanted.tag),
            false => document.create_element(wanted.tag),
        };
        let empty = Shown {
            element: made.expect("a tag that the specification has"),
            tag: wanted.tag,
            key: None,
            settings: Vec::new(),
            listeners: Vec::new(),
            kids: Vec::new(),
            place: wanted.place,
        };
        empty.agree(wanted)
    }

    fn becomes(&self, wanted: &Wanted) -> bool {
        self.tag == wanted.tag && self.key == wanted.key
    }

    fn agree(mut self, wanted: Wanted) -> Shown {
        // A select's choice can be set once its options are there.
        self.kids = patch_all(self.kids, wanted.kids, &self.element, None);
        for gone in self.settings.iter().filter(|s| !wanted.settings.iter().any(|w| w.name == s.name)) {
            unset(&self.element, gone);
        }
        for setting in &wanted.settings {
            // What a field holds may have been changed by its user.
            let always = matches!(setting.kind, Kind::Value | Kind::Selected);
            if always || !self.settings.contains(setting) {
                set(&self.element, setting);
            }
        }
        self.settings = wanted.settings;
        self.listen(wanted.listeners);
        if let Some(place) = wanted.place
            && self.place != Some(place)
        {
            place.set(Some(self.element.clone()));
            self.place = Some(place);
        }
        self.key = wanted.key;
        self
    }

    fn listen(&mut self, wanted: Vec<(&'static str, OnEvent)>) {
        let same = self.listeners.iter().map(|l| l.event).eq(wanted.iter().map(|(event, _)| *event));
        if same {
            for (listener, (_, act)) in self.listeners.iter().zip(wanted) {
                *listener.act.borrow_mut() = act;
            }
            return;
        }
        self.listeners.clear();
        let listener = |(event, act)| Listener::new(self.element.clone(), event, act);
        self.listeners = wanted.into_iter().map(listener).collect();
    }
}

impl Listener {
    fn new(element: Element, event: &'static str, act: OnEvent) -> Listener {
        let act = Rc::new(RefCell::new(act));
        let now = Rc::clone(&act);
        let closure = Closure::new(move |event: Event| {
            // Not borrowed while it acts: that may exchange it.
            let act = Rc::clone(&now.borrow());
            act(&event);
        });
        let listener = Listener { element, event, act, closure };
        let _heard = listener.element.add_event_listener_with_callback(event, listener.function());
        listener
    }

    fn function(&self) -> &js_sys::Function {
        self.closure.as_ref().unchecked_ref()
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let _gone = self.element.remove_event_listener_with_callback(self.event, self.function());
    }
}

fn set(element: &Element, setting: &Setting) {
    let value = &*setting.value;
    match setting.kind {
        Kind::Attribute => drop(element.set_attribute(setting.name, value)),
        Kind::Style => {
            let styled: &HtmlElement = element.unchecked_ref();
            drop(styled.style().set_property(setting.name, value));
        }
        Kind::Value => {
            // All that have a value call it so.
            let field: &HtmlInputElement = element.unchecked_ref();
            if field.value() != value {
                field.set_value(value);
            }
        }
        Kind::Selected => element.unchecked_ref::<HtmlOptionElement>().set_selected(!value.is_empty()),
    }
}

fn unset(element: &Element, setting: &Setting) {
    match setting.kind {
        Kind::Attribute => drop(element.remove_attribute(setting.name)),
        Kind::Style => drop(element.unchecked_ref::<HtmlElement>().style().remove_property(setting.name)),
        Kind::Value | Kind::Selected => {}
    }
}
