//! Who belongs to whom.

use crate::support::{self, go_on, key};
use cluster::api::{Action, Kind, ObjectRef};
use cluster::sim::Span;

const WEB: &str = "{apiVersion: v1, kind: Service, metadata: {name: web}, spec: {selector: {app: web}, ports: [{port: 80}]}}
---
{apiVersion: apps/v1, kind: Deployment, metadata: {name: web}, spec: {replicas: 2, selector: {matchLabels: {app: web}}, \
    template: {metadata: {labels: {app: web}}, spec: {containers: [{name: c, image: i}]}}}}
---
{apiVersion: v1, kind: Pod, metadata: {name: alone, labels: {app: web}}, spec: {containers: [{name: c, image: i}]}}
---
{apiVersion: packetyard/v1alpha1, kind: Scenario, spec: {clients: []}}
";

#[test]
fn a_pods_workload_is_the_one_that_nobody_controls() {
    let mut run = support::start(WEB, 7);
    go_on(&mut run, Span::from_secs(30));
    let web = ObjectRef::of_key(Kind::Deployment, &key("web"));
    let store = run.world().store();
    let uid = store.get(&web).map(|object| object.meta().uid);
    let workloads = store.pods.iter().map(|pod| store.workload_of(pod).map(|(of, uid)| (of, Some(uid))));
    let expected = [None, Some((web.clone(), uid)), Some((web.clone(), uid))];
    assert_eq!(workloads.collect::<Vec<_>>(), expected);
    assert_eq!(store.pods_of_workload(uid.expect("it is there")).count(), 2);
    let service = store.services.get(&key("web")).expect("the Service");
    assert_eq!(store.workloads_of(service), [(web.clone(), uid.expect("it is there"))]);
}

#[test]
fn a_workload_that_is_gone_is_nobodys() {
    let mut run = support::start(WEB, 7);
    go_on(&mut run, Span::from_secs(30));
    let web = ObjectRef::of_key(Kind::Deployment, &key("web"));
    run.act(Action::delete(web.clone())).expect("it may be deleted");
    let store = run.world().store();
    assert!(store.pods.iter().filter_map(|pod| store.workload_of(pod)).all(|(of, _)| of != web));
}
