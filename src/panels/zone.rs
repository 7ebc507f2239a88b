//! A node's zone: a label of its Node, which hints, and so the ways of packets, go by.

use crate::components::ValueForm;
use crate::session::Session;
use crate::text;
use cluster::api::{Action, Labels, ObjectRef, Uid};
use cluster::sim::World;
use leptos::prelude::*;

const LABEL: &str = "topology.kubernetes.io/zone";

#[component]
pub fn ZoneForm(node: Uid) -> impl IntoView {
    let session = expect_context::<Session>();
    let zone = session.watch_scene(move |world| zone_of(world, node).unwrap_or_default());
    let apply = move |zone: String| {
        let action = session.with_world(|world| {
            let node = world.store().node_by_uid(node)?;
            let labels = in_zone(&node.meta.labels, &zone);
            Some(Action::SetLabels { object: ObjectRef::node(&node.meta.name), labels })
        });
        let action = action.ok_or("This node is gone.")?;
        session.try_act(action).map(drop).map_err(text::refusals)
    };
    view! {
        <ValueForm
            name="Zone"
            label=LABEL
            placeholder="none"
            complaint_id="pk-zone-wrong"
            value=zone
            on_apply=apply
        />
    }
}

pub fn zone_of(world: &World, node: Uid) -> Option<String> {
    Some(world.store().node_by_uid(node)?.zone()?.to_string())
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
