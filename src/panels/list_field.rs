//! A list of texts as chips, each to be taken away, and a field to add one. What the API server does not take is
//! refused beside the field, in its words.

use crate::components::{Chip, Complaint, Form, Submit, TextField};
use leptos::html::Input;
use leptos::prelude::*;

#[component]
pub fn ListField(
    /// The field's name in the spec.
    name: &'static str,
    /// What an entry looks like.
    example: &'static str,
    complaint_id: &'static str,
    /// What is in it now, each once.
    #[prop(into)]
    entries: Signal<Vec<String>>,
    /// Or why not.
    #[prop(into)]
    on_change: Callback<Vec<String>, Result<(), String>>,
) -> impl IntoView {
    let draft = RwSignal::new(String::new());
    let refused = RwSignal::new(None::<String>);
    let field = NodeRef::<Input>::new();
    let change = move |entries: Vec<String>| {
        let result = on_change.run(entries);
        let is_taken = result.is_ok();
        refused.set(result.err());
        is_taken
    };
    let add = move || {
        let mut entries = entries.get_untracked();
        entries.push(draft.read_untracked().trim().to_string());
        if change(entries) {
            draft.set(String::new());
        }
    };
    let remove = move |entry: &String| {
        let others = entries.get_untracked().into_iter().filter(|other| other != entry).collect();
        if change(others)
            && let Some(field) = field.get_untracked()
        {
            // The button that took an entry away goes with it, and would take the focus along.
            let _gone = field.focus();
        }
    };
    let write = move |text| {
        draft.set(text);
        refused.set(None);
    };
    view! {
        <div class="pk-list-field">
            <Form name on_submit=add>
                <TextField
                    label=name
                    placeholder=example
                    value=draft
                    input=field
                    complaint=move || refused.read().is_some().then_some(complaint_id)
                    on_input=write
                />
                <Submit disabled=move || draft.read().trim().is_empty()>"Add"</Submit>
            </Form>
            <div class="pk-labels">
                <For each=move || entries.get() key=Clone::clone let:entry>
                    <EntryChip entry on_remove=remove/>
                </For>
                <Show when=move || entries.read().is_empty()>
                    <span class="pk-muted">"none"</span>
                </Show>
            </div>
            <Complaint id=complaint_id words=refused/>
        </div>
    }
}

#[component]
fn EntryChip(entry: String, on_remove: impl Fn(&String) + 'static) -> impl IntoView {
    let removed = entry.clone();
    view! {
        <Chip entry=entry.clone() on_remove=move || on_remove(&removed)>
            <span class="pk-label-text">{entry}</span>
        </Chip>
    }
}
