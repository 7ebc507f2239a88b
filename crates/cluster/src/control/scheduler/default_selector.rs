//! Whom a Pod is spread beside, if it does not say so (plugins/helper/spread.go, DefaultSelector).

use crate::api::{NsName, Pod, Selector, Workload};
use crate::store::Store;

/// What the Services that select the Pod, and its controller, select. Since the ReplicaSet's selector has the hash of
/// the template, the Pods of a new revision are spread by themselves.
pub fn default_selector(store: &Store, pod: &Pod) -> Selector {
    let mut selector = Selector::default();
    for service in store.services_that_select(pod) {
        let pairs = service.spec.selector.iter().flatten();
        selector.match_labels.extend(pairs.map(|(key, value)| (key.clone(), value.clone())));
    }
    let Some(owner) = &pod.meta.owner else { return selector };
    let key = NsName { namespace: pod.meta.namespace.clone(), name: owner.name.clone() };
    let own = match owner.kind.workload() {
        Some(Workload::ReplicaSet) => store.replica_sets.get(&key).map(|set| &set.spec.selector),
        Some(Workload::ReplicationController) => {
            store.replication_controllers.get(&key).map(|rc| &rc.spec.selector)
        }
        Some(Workload::StatefulSet) => store.stateful_sets.get(&key).map(|set| &set.spec.selector),
        Some(Workload::Deployment | Workload::DaemonSet) | None => None,
    };
    if let Some(own) = own {
        let pairs = own.match_labels.iter();
        selector.match_labels.extend(pairs.map(|(key, value)| (key.clone(), value.clone())));
        selector.match_expressions.extend(own.match_expressions.iter().cloned());
    }
    selector
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{Fixture, labels};
    use super::*;

    /// After plugins/helper/spread_test.go, TestDefaultSelector.
    #[test]
    fn services_and_the_replica_set_select() {
        let mut fixture = Fixture::default();
        let mut pod = fixture.incoming("app=web track=stable pod-template-hash=1");
        let selected =
            |fixture: &Fixture, pod: &Pod| default_selector(fixture.cluster().store, pod).match_labels;
        assert_eq!(selected(&fixture, &pod), labels(""));
        fixture.service("web", "app=web");
        fixture.service("other", "app=other");
        assert_eq!(selected(&fixture, &pod), labels("app=web"));
        fixture.service("stable", "track=stable");
        assert_eq!(selected(&fixture, &pod), labels("app=web track=stable"));
        pod.meta.owner = Some(fixture.replica_set("web-1", "app=web pod-template-hash=1"));
        assert_eq!(selected(&fixture, &pod), labels("app=web track=stable pod-template-hash=1"));
    }
}
