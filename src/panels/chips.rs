//! Labels as chips: taken away, changed and added to a draft, whose meaning is shown before it
//! is applied.

use crate::dom::reactive::*;
use crate::parts::*;
use cluster::api::Labels;
use std::rc::Rc;

pub type Preview = Rc<dyn Fn(&Labels) -> Vec<String>>;

/// An editor of labels or of a selector.
#[derive(Clone)]
pub struct Editor {
    pub name: &'static str,
    /// What they are now; tracked.
    pub current: Rc<dyn Fn() -> Labels>,
    /// What the draft would change, in sentences; tracked.
    pub preview: Preview,
    /// False when it was refused.
    pub apply: Rc<dyn Fn(Labels) -> bool>,
}

/// The draft, while it differs from what there is.
type Draft = State<Option<Labels>>;

impl Editor {
    pub fn view(self) -> View {
        let draft: Draft = State::new(None);
        let pair = State::new(String::new());
        let editor = StoredValue::new_local(self);
        live(move || editor.with_value(|editor| editor.show(draft, pair)))
    }

    fn show(&self, draft: Draft, pair: State<String>) -> View {
        let current = (self.current)();
        let drafted = draft.get().filter(|d| *d != current);
        let labels = drafted.clone().unwrap_or_else(|| current.clone());
        let chips: Kids = labels.iter().map(|(key, value)| chip(draft, pair, &labels, key, value)).collect();
        let mut kids = vec![heading(self.name), block("pk-labels", chips), self.adding(draft, pair, &labels)];
        if let Some(drafted) = drafted {
            kids.push(self.pending(draft, drafted));
        }
        block("pk-section", kids)
    }

    fn adding(&self, draft: Draft, pair: State<String>, labels: &Labels) -> View {
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
            take: Rc::new(move |value| pair.set(value)),
        };
        form("Add a label", vec![field.view(), submit("Add", split(&pair.get()).is_none())], add)
    }

    fn pending(&self, draft: Draft, drafted: Labels) -> View {
        let said = (self.preview)(&drafted);
        let said = if said.is_empty() { vec!["Nobody's membership changes.".to_string()] } else { said };
        let rows = said.into_iter().map(text).collect();
        let apply = Rc::clone(&self.apply);
        let apply = move || {
            if apply(drafted.clone()) {
                draft.set(None);
            }
        };
        let buttons = vec![
            button("Apply", apply).class("pk-btn pk-main").view(),
            button("Leave as it is", move || draft.set(None)).view(),
        ];
        let preview = el("div").class("pk-preview").attr("role", "status");
        preview.kid(items("", rows)).kid(block("pk-row", buttons)).view()
    }
}

fn chip(draft: Draft, pair: State<String>, labels: &Labels, key: &str, value: &str) -> View {
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
