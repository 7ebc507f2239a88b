//! A node's zone: a label of its Node, which hints, and so the ways of packets, go by.

use crate::parts::*;
use crate::session::Session;
use crate::text;
use cluster::api::{Action, Labels, Node, ObjectRef, Uid};
use leptos::prelude::*;
use std::sync::Arc;

const LABEL: &str = "topology.kubernetes.io/zone";
const WRONG: &str = "pk-zone-wrong";

/// What was typed stays when the node changes, so it stands outside of what is shown again.
pub fn field(session: Session, uid: Uid) -> AnyView {
    let (typed, refused) = (RwSignal::new(None::<String>), RwSignal::new(None::<String>));
    let form = live(move || {
        session.scene_rev();
        node(session, uid).map_or_else(nothing, |node| show(session, &node, typed, refused))
    });
    block("", vec![form, complaint(WRONG, move || refused.get())])
}

fn node(session: Session, uid: Uid) -> Option<Arc<Node>> {
    session.with_world(|world| world.store().nodes.iter().find(|node| node.meta.uid == uid).cloned())
}

fn show(
    session: Session,
    node: &Arc<Node>,
    typed: RwSignal<Option<String>>,
    refused: RwSignal<Option<String>>,
) -> AnyView {
    let now = node.zone().map_or_else(String::new, ToString::to_string);
    let written = typed.get().unwrap_or_else(|| now.clone());
    let same = written.trim() == now;
    let take = move |value| {
        typed.set(Some(value));
        refused.set(None);
    };
    let field = Field { label: LABEL, value: written, placeholder: "none", take: Callback::new(take) };
    let field = field.view_with(refused.with(Option::is_some).then_some(WRONG));
    let node = Arc::clone(node);
    let apply = move || {
        let Some(zone) = typed.get_untracked() else { return };
        let result = set(session, &node, zone.trim());
        if result.is_ok() {
            typed.set(None);
        }
        refused.set(result.err());
    };
    form("Zone", vec![field, submit("Apply", same)], apply)
}

fn set(session: Session, node: &Node, zone: &str) -> Result<(), String> {
    let object = ObjectRef::node(&node.meta.name);
    let action = Action::SetLabels { object, labels: in_zone(&node.meta.labels, zone) };
    session.try_act(action).map_err(|all| all.iter().map(text::refusal).collect::<Vec<_>>().join(" "))
}

/// All labels of a node that is moved to another zone, or to none.
fn in_zone(labels: &Labels, zone: &str) -> Labels {
    let mut labels = labels.clone();
    labels.remove(LABEL);
    if !zone.is_empty() {
        labels.insert(LABEL.into(), zone.into());
    }
    labels
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_zone_changes() {
        let before = Labels::from_iter([("disk".into(), "ssd".into()), (LABEL.into(), "a".into())]);
        let after = Labels::from_iter([("disk".into(), "ssd".into()), (LABEL.into(), "b".into())]);
        assert_eq!(in_zone(&before, "b"), after);
        assert_eq!(in_zone(&after, ""), Labels::from_iter([("disk".into(), "ssd".into())]));
    }
}
