//! A list of texts as chips, each to be taken away, and a field to add one. What the API server does
//! not take is refused beside the field, in its words.

use crate::dom::Place;
use crate::parts::*;
use std::rc::Rc;
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

#[derive(Clone)]
pub struct List {
    /// The field's name in the spec.
    pub name: &'static str,
    /// What an entry looks like.
    pub example: &'static str,
    /// The id of its complaint.
    pub wrong: &'static str,
    /// What is in it now; tracked. `None` where the field has no use.
    pub current: Rc<dyn Fn() -> Option<Vec<String>>>,
    /// Or why not.
    pub apply: Rc<dyn Fn(Vec<String>) -> Result<(), String>>,
}

impl List {
    pub fn view(self) -> View {
        let (draft, refused) = (State::new(String::new()), State::new(None::<String>));
        let (shown, place) = (self.clone(), Place::new(None));
        let entries = live(move || match (shown.current)() {
            Some(entries) => shown.show(entries, draft, refused, place),
            None => nothing(),
        });
        let used = self.current;
        let why = complaint(self.wrong, move || used().and(refused.get()));
        block("", vec![entries, why])
    }

    fn show(
        &self,
        entries: Vec<String>,
        draft: State<String>,
        refused: State<Option<String>>,
        place: Place,
    ) -> View {
        let change = {
            let apply = Rc::clone(&self.apply);
            move |entries: Vec<String>| {
                let result = apply(entries);
                let taken = result.is_ok();
                refused.set(result.err());
                taken
            }
        };
        let chips: Kids = entries.iter().map(|entry| chip(entry, &entries, &change, place)).collect();
        let none = chips.is_empty().then(|| span("pk-muted", "none"));
        let add = move || {
            let wanted = draft.get_untracked().trim().to_string();
            let mut entries = entries.clone();
            entries.push(wanted);
            if change(entries) {
                draft.set(String::new());
            }
        };
        let take = move |value| {
            draft.set(value);
            refused.set(None);
        };
        let field =
            Field { label: self.name, value: draft.get(), placeholder: self.example, take: Rc::new(take) };
        let field = field.view_with(refused.with(Option::is_some).then_some(self.wrong));
        let submit = submit("Add", draft.with(|d| d.trim().is_empty()));
        let mut kids = vec![form(self.name, vec![field, submit], add)];
        kids.push(block("pk-labels", chips.into_iter().chain(none).collect()));
        el("div").class("pk-list-field").place(place).kids(kids).view()
    }
}

/// The button that took an entry away goes with it: its focus goes to the list's field.
fn focus_field(place: Place) {
    let field = place.get_untracked().and_then(|list| list.query_selector("input").ok().flatten());
    if let Some(field) = field.and_then(|field| field.dyn_into::<HtmlElement>().ok()) {
        let _gone = field.focus();
    }
}

fn chip(
    entry: &str,
    entries: &[String],
    change: &(impl Fn(Vec<String>) -> bool + Clone + 'static),
    place: Place,
) -> View {
    let others: Vec<String> = entries.iter().filter(|other| *other != entry).cloned().collect();
    let change = change.clone();
    let out = button("✕", move || {
        if change(others.clone()) {
            focus_field(place);
        }
    });
    let out = out.class("pk-label-out").named(format!("Take away {entry}")).view();
    inline("pk-label", vec![span("pk-label-text", entry), out])
}
