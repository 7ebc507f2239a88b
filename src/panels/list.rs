//! A list of texts as chips, each to be taken away, and a field to add one. What the API server does
//! not take is refused beside the field, in its words.

use crate::parts::*;
use leptos::html::Div;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

#[derive(Clone, Copy)]
pub struct List {
    /// The field's name in the spec.
    pub name: &'static str,
    /// What an entry looks like.
    pub example: &'static str,
    /// The id of its complaint.
    pub wrong: &'static str,
    /// What is in it now. `None` where the field has no use.
    pub current: Signal<Option<Vec<String>>>,
    /// Or why not.
    pub apply: Callback<Vec<String>, Result<(), String>>,
}

impl List {
    pub fn view(self) -> AnyView {
        let (draft, refused) = (RwSignal::new(String::new()), RwSignal::new(None::<String>));
        let place = NodeRef::<Div>::new();
        let entries = live(move || match self.current.get() {
            Some(entries) => self.show(entries, draft, refused, place),
            None => nothing(),
        });
        let why = complaint(self.wrong, move || self.current.get().and(refused.get()));
        block("", vec![entries, why])
    }

    fn show(
        &self,
        entries: Vec<String>,
        draft: RwSignal<String>,
        refused: RwSignal<Option<String>>,
        place: NodeRef<Div>,
    ) -> AnyView {
        let apply = self.apply;
        let change = move |entries: Vec<String>| {
            let result = apply.run(entries);
            let taken = result.is_ok();
            refused.set(result.err());
            taken
        };
        let chips: Kids = entries.iter().map(|entry| chip(entry, &entries, change, place)).collect();
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
        let field = Field {
            label: self.name,
            value: draft.get(),
            placeholder: self.example,
            take: Callback::new(take),
        };
        let field = field.view_with(refused.with(Option::is_some).then_some(self.wrong));
        let submit = submit("Add", draft.with(|d| d.trim().is_empty()));
        let mut kids = vec![form(self.name, vec![field, submit], add)];
        kids.push(block("pk-labels", chips.into_iter().chain(none).collect()));
        view! { <div class="pk-list-field" node_ref=place>{kids}</div> }.into_any()
    }
}

/// The button that took an entry away goes with it: its focus goes to the list's field.
fn focus_field(place: NodeRef<Div>) {
    let field = place.get_untracked().and_then(|list| list.query_selector("input").ok().flatten());
    if let Some(field) = field.and_then(|field| field.dyn_into::<HtmlElement>().ok()) {
        let _gone = field.focus();
    }
}

fn chip(
    entry: &str,
    entries: &[String],
    change: impl Fn(Vec<String>) -> bool + Copy + Send + Sync + 'static,
    place: NodeRef<Div>,
) -> AnyView {
    let others: Vec<String> = entries.iter().filter(|other| *other != entry).cloned().collect();
    let out = button("✕", move || {
        if change(others.clone()) {
            focus_field(place);
        }
    });
    let out = out.class("pk-label-out").named(format!("Take away {entry}")).view();
    inline("pk-label", vec![span("pk-label-text", entry), out])
}
