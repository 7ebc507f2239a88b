//! Labels as chips: taken away, changed and added to a draft, whose meaning is shown before it
//! is applied.

use crate::parts::*;
use cluster::api::Labels;
use leptos::prelude::*;

/// An editor of labels or of a selector.
#[derive(Clone, Copy)]
pub struct Editor {
    pub name: &'static str,
    /// What they are now.
    pub current: Signal<Labels>,
    /// What the draft would change, in sentences.
    pub preview: Callback<Labels, Vec<String>>,
    /// False when it was refused.
    pub apply: Callback<Labels, bool>,
}

/// The draft, while it differs from what there is.
type Draft = RwSignal<Option<Labels>>;

impl Editor {
    pub fn view(self) -> AnyView {
        let draft: Draft = RwSignal::new(None);
        let pair = RwSignal::new(String::new());
        live(move || self.show(draft, pair))
    }

    fn show(&self, draft: Draft, pair: RwSignal<String>) -> AnyView {
        let current = self.current.get();
        let drafted = draft.get().filter(|d| *d != current);
        let labels = drafted.clone().unwrap_or_else(|| current.clone());
        let chips: Kids = labels.iter().map(|(key, value)| chip(draft, pair, &labels, key, value)).collect();
        let mut kids = vec![heading(self.name), block("pk-labels", chips), self.adding(draft, pair, &labels)];
        if let Some(drafted) = drafted {
            kids.push(self.pending(draft, drafted));
        }
        block("pk-section", kids)
    }

    fn adding(&self, draft: Draft, pair: RwSignal<String>, labels: &Labels) -> AnyView {
        let labels = labels.clone();
        let add = move || {
            let Some((key, value)) = split(&pair.get_untracked()) else { return };
            let mut labels = labels.clone();
            labels.insert(key.as_str().into(), value.as_str().into());
            draft.set(Some(labels));
            pair.set(String::new());
        };
        let field = Field {
            label: "Add or change",
            value: pair.get(),
            placeholder: "key=value",
            take: Callback::new(move |value| pair.set(value)),
        };
        form("Add a label", vec![field.view(), submit("Add", split(&pair.get()).is_none())], add)
    }

    fn pending(&self, draft: Draft, drafted: Labels) -> AnyView {
        let said = self.preview.run(drafted.clone());
        let said = if said.is_empty() { vec!["Nobody's membership changes.".to_string()] } else { said };
        let rows = said.into_iter().map(text).collect();
        let apply = self.apply;
        let apply = move || {
            if apply.run(drafted.clone()) {
                draft.set(None);
            }
        };
        let buttons = vec![
            button("Apply", apply).class("pk-btn pk-main").view(),
            button("Leave as it is", move || draft.set(None)).view(),
        ];
        view! { <div class="pk-preview" role="status">{items("", rows)}{block("pk-row", buttons)}</div> }
            .into_any()
    }
}

fn chip(draft: Draft, pair: RwSignal<String>, labels: &Labels, key: &str, value: &str) -> AnyView {
    let words = format!("{key}={value}");
    let mut without = labels.clone();
    without.remove(key);
    let edit = words.clone();
    inline(
        "pk-label",
        vec![
            button(words.clone(), move || pair.set(edit.clone()))
                .class("pk-label-text")
                .hint("Change")
                .named(format!("Change {words}"))
                .view(),
            button("✕", move || draft.set(Some(without.clone())))
                .class("pk-label-out")
                .named(format!("Take away {words}"))
                .view(),
        ],
    )
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
