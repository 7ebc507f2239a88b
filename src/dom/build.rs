//! What is to be shown, as data.

use super::{OnEvent, State};
use std::borrow::Cow;
use std::rc::Rc;
use wasm_bindgen::JsCast;

pub type Words = Cow<'static, str>;

/// A part of the document.
pub enum View {
    Text(Words),
    Element(Box<Element>),
    /// Several, beside each other. Elements with keys are known again by these, all others by
    /// their places.
    Many(Vec<View>),
    /// Shown again whenever something that it reads changes.
    Live(Box<dyn Fn() -> View>),
}

impl View {
    pub const NOTHING: View = View::Many(Vec::new());
}

impl From<Vec<View>> for View {
    fn from(views: Vec<View>) -> View {
        View::Many(views)
    }
}

impl From<Element> for View {
    fn from(element: Element) -> View {
        View::Element(Box::new(element))
    }
}

/// Where an element is, once it is there.
pub type Place = State<Option<web_sys::Element>>;

/// How a name is given to an element.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    Attribute,
    /// Set through the element's style, which a content security policy allows.
    Style,
    /// What a field holds now, as opposed to its attribute, which is what it held first.
    Value,
    /// Whether an option is the chosen one.
    Selected,
}

#[derive(PartialEq)]
pub(super) struct Setting {
    pub kind: Kind,
    pub name: &'static str,
    pub value: Words,
}

pub struct Element {
    pub(super) tag: &'static str,
    pub(super) is_svg: bool,
    pub(super) key: Option<String>,
    pub(super) settings: Vec<Setting>,
    pub(super) listeners: Vec<(&'static str, OnEvent)>,
    pub(super) kids: Vec<View>,
    pub(super) place: Option<Place>,
}

/// An HTML element.
pub fn el(tag: &'static str) -> Element {
    Element {
        tag,
        is_svg: false,
        key: None,
        settings: Vec::new(),
        listeners: Vec::new(),
        kids: Vec::new(),
        place: None,
    }
}

/// An element of SVG.
pub fn svg(tag: &'static str) -> Element {
    Element { is_svg: true, ..el(tag) }
}

impl Element {
    fn set(mut self, kind: Kind, name: &'static str, value: Words) -> Element {
        self.settings.push(Setting { kind, name, value });
        self
    }

    /// No class at all when it is empty.
    pub fn class(self, class: impl Into<Words>) -> Element {
        let class = class.into();
        if class.is_empty() { self } else { self.set(Kind::Attribute, "class", class) }
    }

    pub fn attr(self, name: &'static str, value: impl Into<Words>) -> Element {
        self.set(Kind::Attribute, name, value.into())
    }

    /// An attribute that is there or not.
    pub fn flag(self, name: &'static str, on: bool) -> Element {
        if on { self.attr(name, "") } else { self }
    }

    pub fn maybe(self, name: &'static str, value: Option<impl Into<Words>>) -> Element {
        match value {
            Some(value) => self.attr(name, value),
            None => self,
        }
    }

    pub fn style(self, name: &'static str, value: impl Into<Words>) -> Element {
        self.set(Kind::Style, name, value.into())
    }

    pub fn value(self, value: impl Into<Words>) -> Element {
        self.set(Kind::Value, "value", value.into())
    }

    pub fn selected(self, on: bool) -> Element {
        self.set(Kind::Selected, "selected", if on { "true" } else { "" }.into())
    }

    pub fn key(mut self, key: String) -> Element {
        self.key = Some(key);
        self
    }

    pub fn place(mut self, place: Place) -> Element {
        self.place = Some(place);
        self
    }

    pub fn on(mut self, event: &'static str, act: impl Fn(&web_sys::Event) + 'static) -> Element {
        self.listeners.push((event, Rc::new(act)));
        self
    }

    /// For events that come with an interface of their own: `E` must be the one that the
    /// browser sends under this name.
    pub fn on_as<E: JsCast>(self, event: &'static str, act: impl Fn(&E) + 'static) -> Element {
        self.on(event, move |event| {
            if let Some(event) = event.dyn_ref::<E>() {
                act(event);
            }
        })
    }

    pub fn kid(mut self, kid: impl Into<View>) -> Element {
        self.kids.push(kid.into());
        self
    }

    pub fn kids(mut self, kids: Vec<View>) -> Element {
        self.kids.extend(kids);
        self
    }

    pub fn text(self, text: impl Into<Words>) -> Element {
        self.kid(View::Text(text.into()))
    }

    pub fn view(self) -> View {
        self.into()
    }
}
