//! When a client asks DNS: for each connection, when the TTL has run out, or once.

use cluster::api::{Action, Kind, NsName, ObjectRef};
use cluster::sim::{Run, Span};
use cluster::traffic::Counts;

use crate::support;

const CLUSTER: &str = "
apiVersion: packetyard/v1alpha1
kind: Scenario
spec:
  nodes: [{name: node-1}]
  clients:
  - {name: each, from: pod/default/curl, to: 'db:80', rate: 1}
  - {name: ttl, from: pod/default/curl, to: 'db:80', rate: 1, resolve: ttl}
  - {name: once, from: pod/default/curl, to: 'db:80', rate: 1, resolve: once}
---
apiVersion: v1
kind: Pod
metadata: {name: curl}
spec: {containers: [{name: c, image: curl}]}
---
apiVersion: v1
kind: Service
metadata: {name: db}
spec: {selector: {app: db}, clusterIP: None, ports: [{port: 80}]}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  serviceName: db
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec:
      terminationGracePeriodSeconds: 1
      containers: [{name: c, image: db, ports: [{containerPort: 80}]}]
";

fn counts(run: &Run, client: &str) -> Counts {
    run.world().traffic().stats.clients.get(client).expect("a client of that name").clone()
}

/// How many of the next minute's requests fail.
fn failures(run: &mut Run, client: &str) -> u64 {
    let before = counts(run, client);
    support::go_on(run, Span::from_secs(60));
    counts(run, client).failed() - before.failed()
}

/// The Pod behind a headless Service comes back with another address. Who asks each time goes there; who keeps the answer
/// goes on to the old one, until its TTL has run out, or for ever.
#[test]
fn who_keeps_an_address_goes_on_to_the_pod_that_is_gone() {
    let mut run = support::start(CLUSTER, 7);
    support::run_to(&mut run, 20);
    for client in ["each", "ttl", "once"] {
        let counts = counts(&run, client);
        assert!(counts.delivered > 10 && counts.failed() == 0, "{client}: {counts:?}");
    }
    let pod = ObjectRef::of_key(Kind::Pod, &NsName::new("default", "db-0"));
    run.act(Action::delete(pod)).expect("it is there");
    support::go_on(&mut run, Span::from_secs(45));
    assert_eq!(failures(&mut run, "each"), 0);
    assert_eq!(failures(&mut run, "ttl"), 0, "it has asked again by now");
    assert!(failures(&mut run, "once") > 50, "it never asks again");
    let stuck = run.world().traffic().finished.iter().rev().find(|r| &*r.client_name == "once").expect("one");
    assert!(stuck.resolved.is_some_and(|at| at < stuck.started), "{:?}", stuck.resolved);
    let why = words::why(run.world(), stuck).sentence;
    assert!(why.starts_with("The client has kept 10.244.") && why.contains(", and DNS has 10.244."), "{why}");
}

/// Its process asks anew when it starts anew.
#[test]
fn a_process_that_is_restarted_asks_again() {
    let mut run = support::start(CLUSTER, 7);
    support::run_to(&mut run, 20);
    run.act(Action::delete(ObjectRef::of_key(Kind::Pod, &NsName::new("default", "db-0"))))
        .expect("it is there");
    support::go_on(&mut run, Span::from_secs(30));
    assert!(failures(&mut run, "once") > 50);
    run.act(Action::CrashPod { pod: NsName::new("default", "curl"), container: None }).expect("it runs");
    support::go_on(&mut run, Span::from_secs(30));
    assert_eq!(failures(&mut run, "once"), 0);
}
