//! What a change of labels or of a selector would change, before it is made. Pure functions of the World.

use cluster::api::{Labels, Pod, ReplicaSet, Service, selects};
use cluster::sim::World;
use std::sync::Arc;

pub fn services_of(world: &World, pod: &Pod) -> Vec<Arc<Service>> {
    world.store().services_that_select(pod).cloned().collect()
}

pub fn pods_of(world: &World, service: &Service) -> Vec<Arc<Pod>> {
    world.store().pods_selected_by(service).cloned().collect()
}

fn services_for(world: &World, pod: &Pod, labels: &Labels) -> Vec<Arc<Service>> {
    let chosen = |s: &&Arc<Service>| s.selects(&pod.meta.namespace, labels);
    world.store().services.iter().filter(chosen).cloned().collect()
}

fn pods_for(world: &World, service: &Service, selector: &Labels) -> Vec<Arc<Pod>> {
    let chosen =
        |p: &&Arc<Pod>| p.meta.namespace == service.meta.namespace && selects(selector, &p.meta.labels);
    world.store().pods.iter().filter(chosen).cloned().collect()
}

/// What other labels would mean for a Pod, in sentences. Empty when nothing would change.
pub fn preview_labels(world: &World, pod: &Pod, labels: &Labels) -> Vec<String> {
    let names = |services: &[Arc<Service>], others: &[Arc<Service>]| -> Vec<String> {
        let other = |s: &&Arc<Service>| !others.iter().any(|o| o.meta.uid == s.meta.uid);
        services.iter().filter(other).map(|s| s.meta.name.to_string()).collect()
    };
    let (before, after) = (services_of(world, pod), services_for(world, pod, labels));
    let mut said = Vec::new();
    let (joins, leaves) = (names(&after, &before), names(&before, &after));
    if !joins.is_empty() {
        said.push(format!("It joins {}: kube-proxy will send it requests.", of_services(&joins)));
    }
    if !leaves.is_empty() {
        said.push(format!("It leaves {}: no new connection comes to it.", of_services(&leaves)));
    }
    if let Some(set) = world.store().replica_set_of(pod).filter(|set| !set.spec.selector.matches(labels)) {
        said.push(format!("ReplicaSet {} lets it go, and makes a new Pod in its place.", set.meta.name));
    }
    let takes = |rs: &&Arc<ReplicaSet>| {
        rs.meta.namespace == pod.meta.namespace
            && rs.spec.selector.matches(labels)
            && !rs.spec.selector.matches(&pod.meta.labels)
    };
    if let Some(set) = world.store().replica_sets.iter().find(takes) {
        said.push(format!(
            "ReplicaSet {} counts it as one of its own, and may have one too many.",
            set.meta.name
        ));
    }
    said
}

fn of_services(names: &[String]) -> String {
    match names {
        [one] => format!("Service {one}"),
        many => format!("Services {}", crate::text::and(many)),
    }
}

/// What another selector would mean for a Service, in sentences. Empty when nothing would change.
pub fn preview_selector(world: &World, service: &Service, selector: &Labels) -> Vec<String> {
    let (before, after) = (pods_of(world, service), pods_for(world, service, selector));
    let missing = |from: &[Arc<Pod>], in_: &[Arc<Pod>]| -> Vec<String> {
        let other = |p: &&Arc<Pod>| !in_.iter().any(|o| o.meta.uid == p.meta.uid);
        from.iter().filter(other).map(|p| p.meta.name.to_string()).collect()
    };
    let (gains, loses) = (missing(&after, &before), missing(&before, &after));
    let mut said = Vec::new();
    if !gains.is_empty() {
        said.push(format!(
            "It gains {}: {}.",
            crate::text::count(gains.len(), "Pod"),
            crate::text::and(&gains)
        ));
    }
    if !loses.is_empty() {
        said.push(format!(
            "It loses {}: {}.",
            crate::text::count(loses.len(), "Pod"),
            crate::text::and(&loses)
        ));
    }
    if selector.is_empty() && service.spec.selector.is_some() {
        said.push("Without a selector nobody writes its EndpointSlices any more.".into());
    } else if after.is_empty() && !before.is_empty() {
        said.push("No Pod is left: every connection to it will be refused.".into());
    }
    said
}

#[cfg(test)]
mod tests {
    use super::*;
    use cluster::api::NsName;
    use cluster::sim::{Run, Time};

    fn world() -> World {
        let text = crate::scenarios::text_of("labels");
        let (mut run, _) = Run::new(&cluster::api::parse(text), None);
        run.advance_to(Time(10_000_000_000), u64::MAX);
        run.world().clone()
    }

    fn stable_pod(world: &World) -> Arc<Pod> {
        let pod =
            world.store().pods.iter().find(|p| p.meta.labels.get("track").is_some_and(|t| &**t == "stable"));
        pod.expect("a stable Pod").clone()
    }

    #[test]
    fn nothing_changes_nothing() {
        let world = world();
        let pod = stable_pod(&world);
        assert_eq!(preview_labels(&world, &pod, &pod.meta.labels), Vec::<String>::new());
    }

    #[test]
    fn a_pod_without_its_label_leaves_and_is_replaced() {
        let world = world();
        let pod = stable_pod(&world);
        let mut labels = pod.meta.labels.clone();
        labels.remove("app");
        let said = preview_labels(&world, &pod, &labels);
        assert_eq!(said[0], "It leaves Service web: no new connection comes to it.");
        assert!(said[1].contains("lets it go"), "{said:?}");
        assert_eq!(said.len(), 2);
    }

    #[test]
    fn a_pod_that_becomes_a_canary_joins_the_other_service() {
        let world = world();
        let pod = stable_pod(&world);
        let mut labels = pod.meta.labels.clone();
        labels.insert("track".into(), "canary".into());
        let said = preview_labels(&world, &pod, &labels);
        assert_eq!(said[0], "It joins Service web-canary: kube-proxy will send it requests.");
        assert!(said[1].contains("lets it go"), "{said:?}");
    }

    #[test]
    fn a_selector_that_matches_nobody_is_told() {
        let world = world();
        let service = world.store().services.get(&NsName::new("default", "web-canary")).expect("it").clone();
        let said = preview_selector(&world, &service, &Labels::from_iter([("app".into(), "wbe".into())]));
        assert!(said[0].starts_with("It loses 1 Pod: canary-"), "{said:?}");
        assert_eq!(said[1], "No Pod is left: every connection to it will be refused.");
        let said = preview_selector(&world, &service, &Labels::from_iter([("app".into(), "web".into())]));
        assert!(said[0].starts_with("It gains 3 Pods: web-"), "{said:?}");
    }
}
