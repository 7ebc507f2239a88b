//! Labels as chips: taken away, changed and added to a draft, whose meaning is shown before it is applied.

use crate::components::{Button, Chip, Form, Submit, TextField};
use cluster::api::{Labels, Str};
use leptos::html::Input;
use leptos::prelude::*;

/// An editor of labels or of a selector.
#[component]
pub fn LabelEditor(
    name: &'static str,
    /// What they are now.
    #[prop(into)]
    labels: Signal<Labels>,
    /// What a draft would change, in sentences. Tracked.
    #[prop(into)]
    preview: Callback<Labels, Vec<String>>,
    /// False when it was refused.
    #[prop(into)]
    on_apply: Callback<Labels, bool>,
) -> impl IntoView {
    let draft = Draft::new(labels);
    view! {
        <div class="pk-section">
            <h3 class="pk-heading">{name}</h3>
            <div class="pk-labels">
                <For each=move || draft.labels() key=Clone::clone let((key, value))>
                    <LabelChip draft key value/>
                </For>
            </div>
            <AddLabel draft/>
            <Show when=move || draft.pending.read().is_some()>
                <Preview draft preview on_apply/>
            </Show>
        </div>
    }
}

#[derive(Clone, Copy)]
struct Draft {
    current: Signal<Labels>,
    written: RwSignal<Option<Labels>>,
    /// What was written, while it differs from what there is.
    pending: Memo<Option<Labels>>,
    /// What stands in the field.
    pair: RwSignal<String>,
    field: NodeRef<Input>,
}

impl Draft {
    fn new(current: Signal<Labels>) -> Draft {
        let written = RwSignal::new(None::<Labels>);
        let pending = Memo::new(move |_| written.get().filter(|labels| *labels != *current.read()));
        Draft { current, written, pending, pair: RwSignal::new(String::new()), field: NodeRef::new() }
    }

    fn labels(self) -> Vec<(Str, Str)> {
        let labels = self.pending.get().unwrap_or_else(|| self.current.get());
        labels.iter().map(|(key, value)| (key.clone(), value.clone())).collect()
    }

    fn change(self, change: impl FnOnce(&mut Labels)) {
        let mut labels = self.pending.get_untracked().unwrap_or_else(|| self.current.get_untracked());
        change(&mut labels);
        self.written.set(Some(labels));
    }

    fn discard(self) {
        self.written.set(None);
    }
}

#[component]
fn LabelChip(draft: Draft, key: Str, value: Str) -> impl IntoView {
    let words = format!("{key}={value}");
    let text = words.clone();
    let edit = move || draft.pair.set(text.clone());
    let remove = move || {
        draft.change(|labels| {
            labels.remove(&key);
        });
        // The button goes with its chip, and would take the focus along.
        focus(draft.field);
    };
    view! {
        <Chip entry=words.clone() on_remove=remove>
            <Button
                class="pk-label-text"
                hint=String::from("Change")
                name=format!("Change {words}")
                on_press=edit
            >
                {words}
            </Button>
        </Chip>
    }
}

fn focus(field: NodeRef<Input>) {
    if let Some(field) = field.get_untracked() {
        let _gone = field.focus();
    }
}

#[component]
fn AddLabel(draft: Draft) -> impl IntoView {
    let pair = draft.pair;
    let add = move || {
        let Some((key, value)) = split(&pair.read_untracked()) else { return };
        draft.change(|labels| {
            labels.insert(key.as_str().into(), value.as_str().into());
        });
        pair.set(String::new());
    };
    view! {
        <Form name="Add a label" on_submit=add>
            <TextField
                label="Add or change"
                placeholder="key=value"
                value=pair
                input=draft.field
                on_input=move |text| pair.set(text)
            />
            <Submit disabled=move || split(&pair.read()).is_none()>"Add"</Submit>
        </Form>
    }
}

/// What the draft would change, and whether it shall.
#[component]
fn Preview(
    draft: Draft,
    preview: Callback<Labels, Vec<String>>,
    on_apply: Callback<Labels, bool>,
) -> impl IntoView {
    let sentences = move || {
        let sentences = draft.pending.get().map(|labels| preview.run(labels)).unwrap_or_default();
        if sentences.is_empty() { vec!["Nobody's membership changes.".into()] } else { sentences }
    };
    let apply = move || {
        let Some(labels) = draft.pending.get_untracked() else { return };
        if on_apply.run(labels) {
            draft.discard();
        }
    };
    view! {
        <div class="pk-preview" role="status">
            <ul role="list">
                <For each=sentences key=Clone::clone let:sentence>
                    <li>{sentence}</li>
                </For>
            </ul>
            <div class="pk-row">
                <Button class="pk-btn pk-main" on_press=apply>
                    "Apply"
                </Button>
                <Button on_press=move || draft.discard()>"Leave as it is"</Button>
            </div>
        </div>
    }
}

/// `key=value`; the server says whether they are good.
fn split(pair: &str) -> Option<(String, String)> {
    let (key, value) = pair.split_once('=').or_else(|| pair.split_once(':'))?;
    let key = key.trim();
    (!key.is_empty()).then(|| (key.to_string(), value.trim().to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_taken_apart() {
        let pair = |text| split(text).map(|(k, v)| [k, v].join("|"));
        assert_eq!(pair("app=web").as_deref(), Some("app|web"));
        assert_eq!(pair(" app : web ").as_deref(), Some("app|web"));
        assert_eq!(pair("app=").as_deref(), Some("app|"));
        assert_eq!(pair("app"), None);
        assert_eq!(pair("=web"), None);
    }
}
