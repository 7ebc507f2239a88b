//! The pieces that the shell and its panels are made of.

pub use crate::dom::{State, View, el, whenever};
use std::rc::Rc;
use wasm_bindgen::JsCast;

pub type Kids = Vec<View>;
pub type Act = Rc<dyn Fn()>;
pub type Take = Rc<dyn Fn(String)>;

pub fn text(text: impl Into<String>) -> View {
    View::Text(text.into().into())
}

pub fn nothing() -> View {
    View::NOTHING
}

/// What is shown again whenever something that it reads changes.
pub fn live(view: impl Fn() -> View + 'static) -> View {
    View::Live(Box::new(view))
}

pub fn block(class: &'static str, kids: Kids) -> View {
    el("div").class(class).kids(kids).view()
}

pub fn span(class: &'static str, words: impl Into<String>) -> View {
    el("span").class(class).text(words.into()).view()
}

pub fn inline(class: &'static str, kids: Kids) -> View {
    el("span").class(class).kids(kids).view()
}

/// A sign for the eye that says nothing to a screen reader.
pub fn sign(class: &'static str, sign: &'static str) -> View {
    el("span").class(class).attr("aria-hidden", "true").text(sign).view()
}

pub fn strong(words: impl Into<String>) -> View {
    el("b").text(words.into()).view()
}

pub fn code(words: impl Into<String>) -> View {
    el("code").class("pk-mono").text(words.into()).view()
}

pub fn para(class: &'static str, kids: Kids) -> View {
    el("p").class(class).kids(kids).view()
}

pub fn says(class: &'static str, words: impl Into<String>) -> View {
    para(class, vec![text(words)])
}

pub fn title(words: impl Into<String>) -> View {
    el("h2").class("pk-caption").text(words.into()).view()
}

pub fn heading(words: impl Into<String>) -> View {
    el("h3").class("pk-heading").text(words.into()).view()
}

/// Each in an element of its own.
fn each(tag: &'static str, kids: Kids) -> Kids {
    kids.into_iter().map(|kid| el(tag).kid(kid).view()).collect()
}

pub fn items(class: &'static str, rows: Kids) -> View {
    el("ul").class(class).attr("role", "list").kids(each("li", rows)).view()
}

/// Facts: a name and what it is.
pub fn facts(rows: Vec<(&'static str, View)>) -> View {
    let rows = rows.into_iter().flat_map(|(name, fact)| [el("dt").text(name), el("dd").kid(fact)]);
    el("dl").class("pk-facts").kids(rows.map(View::from).collect()).view()
}

pub fn table(head: &[&'static str], rows: Vec<Kids>) -> View {
    let head = head.iter().map(|name| el("th").attr("scope", "col").text(*name).view()).collect();
    let rows = rows.into_iter().map(|cells| el("tr").kids(each("td", cells)).view()).collect();
    let table =
        el("table").class("pk-table").kid(el("thead").kid(el("tr").kids(head))).kid(el("tbody").kids(rows));
    let scroll = el("div").class("pk-scroll").attr("tabindex", "0");
    scroll.attr("role", "group").attr("aria-label", "Table").kid(table).view()
}

/// Text as it is, with a name for those who hear it.
pub fn listing(name: &'static str, words: String) -> View {
    let pre = el("pre").class("pk-listing").attr("tabindex", "0");
    pre.attr("role", "region").attr("aria-label", name).text(words).view()
}

/// More, on demand.
pub fn more(summary: impl Into<String>, kids: Kids) -> View {
    let summary = el("summary").text(summary.into());
    el("details").class("pk-more").kid(summary).kids(kids).view()
}

/// A button. What it is called is its label, unless `name` says more.
#[derive(Default)]
pub struct Button {
    pub class: &'static str,
    pub label: Kids,
    pub name: Option<String>,
    pub hint: Option<String>,
    pub pressed: Option<bool>,
    /// Opens something: whether that is open.
    pub expanded: Option<bool>,
    pub disabled: bool,
    pub act: Option<Act>,
}

pub fn button(label: impl Into<String>, act: impl Fn() + 'static) -> Button {
    Button { class: "pk-btn", label: vec![text(label)], act: Some(Rc::new(act)), ..Button::default() }
}

/// As ARIA writes it.
pub fn said(on: bool) -> &'static str {
    if on { "true" } else { "false" }
}

impl Button {
    pub fn class(self, class: &'static str) -> Button {
        Button { class, ..self }
    }

    pub fn named(self, name: impl Into<String>) -> Button {
        Button { name: Some(name.into()), ..self }
    }

    pub fn hint(self, hint: impl Into<String>) -> Button {
        Button { hint: Some(hint.into()), ..self }
    }

    pub fn pressed(self, pressed: bool) -> Button {
        Button { pressed: Some(pressed), ..self }
    }

    pub fn expanded(self, expanded: bool) -> Button {
        Button { expanded: Some(expanded), ..self }
    }

    pub fn disabled(self, disabled: bool) -> Button {
        Button { disabled, ..self }
    }

    pub fn labelled(self, label: Kids) -> Button {
        Button { label, ..self }
    }

    pub fn view(self) -> View {
        // Not `disabled`: a button that loses its use while it has the focus would take the focus,
        // and with it the lab's keys, away.
        let act = self.act.filter(|_| !self.disabled);
        el("button")
            .attr("type", "button")
            .class(self.class)
            .maybe("aria-label", self.name)
            .maybe("title", self.hint)
            .maybe("aria-pressed", self.pressed.map(said))
            .maybe("aria-expanded", self.expanded.map(said))
            .maybe("aria-disabled", self.disabled.then_some("true"))
            .on("click", move |_| {
                if let Some(act) = &act {
                    act();
                }
            })
            .kids(self.label)
            .view()
    }
}

/// A choice of a few, side by side.
pub fn choice(name: &'static str, options: Vec<(&'static str, bool, Act)>) -> View {
    let options: Kids = options
        .into_iter()
        .map(|(label, on, act)| button(label, move || act()).class("").pressed(on).view())
        .collect();
    el("div").class("pk-choice").attr("role", "group").attr("aria-label", name).kids(options).view()
}

/// What a field of whatever kind holds: all that have a value call it so.
pub fn value_of(event: &web_sys::Event) -> String {
    let field = event.target().map(|target| target.unchecked_into::<web_sys::HtmlInputElement>());
    field.map(|field| field.value()).unwrap_or_default()
}

/// One line of text to write. `take` has it at each change; Enter submits the form around it.
pub struct Field {
    pub label: &'static str,
    pub value: String,
    pub placeholder: &'static str,
    pub take: Take,
}

impl Field {
    pub fn view(self) -> View {
        self.view_with(None)
    }

    /// `complaint` is the id of the [`complaint`] about what is written, while there is one.
    pub fn view_with(self, complaint: Option<&'static str>) -> View {
        let take = self.take;
        let input = el("input")
            .attr("type", "text")
            .attr("autocomplete", "off")
            .attr("autocapitalize", "off")
            .attr("spellcheck", "false")
            .attr("placeholder", self.placeholder)
            .maybe("aria-invalid", complaint.map(|_| "true"))
            .maybe("aria-describedby", complaint)
            .value(self.value)
            .on("input", move |event| take(value_of(event)));
        el("label").class("pk-field").kid(el("span").text(self.label)).kid(input).view()
    }
}

/// Why something was refused, beside what asked for it, and said aloud as it comes. It is there
/// before there is anything to say: only then is it heard.
pub fn complaint(id: &'static str, words: impl Fn() -> Option<String> + 'static) -> View {
    let words = live(move || words().map_or_else(nothing, text));
    el("p").attr("id", id).class("pk-complaint pk-fail").attr("role", "alert").kid(words).view()
}

/// A list to choose from: value and label of each.
pub fn select(name: &'static str, options: Vec<(String, String)>, chosen: &str, take: Take) -> View {
    let options: Kids = options
        .into_iter()
        .map(|(value, label)| {
            let on = value == chosen;
            el("option").attr("value", value).selected(on).text(label).view()
        })
        .collect();
    el("select")
        .class("pk-select")
        .attr("aria-label", name)
        .on("change", move |event| take(value_of(event)))
        .kids(options)
        .view()
}

/// A slider of whole numbers; `said` is its value in words.
pub struct Slider {
    pub name: &'static str,
    pub most: u32,
    pub value: u32,
    pub said: String,
    pub take: Rc<dyn Fn(u32)>,
}

impl Slider {
    pub fn view(self) -> View {
        let take = self.take;
        el("input")
            .attr("type", "range")
            .class("pk-slider")
            .attr("aria-label", self.name)
            .attr("aria-valuetext", self.said)
            .attr("min", "0")
            .attr("max", self.most.to_string())
            .attr("step", "1")
            .value(self.value.to_string())
            .on("input", move |event| {
                if let Ok(value) = value_of(event).parse() {
                    take(value);
                }
            })
            .view()
    }
}

/// Fields and a button that belong together: Enter does what the button does.
pub fn form(name: &'static str, kids: Kids, submit: impl Fn() + 'static) -> View {
    let submit = move |event: &web_sys::Event| {
        event.prevent_default();
        submit();
    };
    el("form").class("pk-form").attr("aria-label", name).on("submit", submit).kids(kids).view()
}

pub fn submit(label: &'static str, disabled: bool) -> View {
    el("button").attr("type", "submit").class("pk-btn pk-main").flag("disabled", disabled).text(label).view()
}
