//! Connections whose process ends: its kernel says FIN, and nobody waits in vain.

use std::collections::BTreeSet;

use crate::support::{self, go_on, key};
use cluster::api::{Action, Kind, Name, ObjectRef};
use cluster::sim::{Run, Span};
use cluster::traffic::Counts;
use netfilter::TcpState;

/// A client that keeps its connection open and calls every 20 s.
const KEPT: &str = "
---
apiVersion: packetyard/v1alpha1
kind: Scenario
spec:
  timing: realistic
  clients: [{name: kept, from: pod/default/curl, to: 'http://web', rate: 0.05, keepAlive: true}]
";

/// With one connection open, on which nothing waits, and who serves it.
fn with_an_open_connection() -> (Run, Name) {
    let mut run = support::start(&[support::TWO_SERVERS, KEPT].concat(), 7);
    support::run_to(&mut run, 10);
    let open = run.world().traffic().connections.values().next().expect("a connection is open");
    let (server, _) = open.record.server.clone().expect("it was accepted");
    assert_eq!((open.record.answered, open.in_flight()), (1, 0));
    assert_eq!(states(&run), BTreeSet::from([TcpState::Established]));
    (run, server.name)
}

/// Of the connections that any node knows.
fn states(run: &Run) -> BTreeSet<TcpState> {
    let now = run.world().now();
    let machines = run.world().machines().values();
    machines.flat_map(|m| m.stack.conntrack.entries(now)).map(|entry| entry.tcp).collect()
}

fn counts(run: &Run) -> &Counts {
    run.world().traffic().stats.clients.get("kept").expect("a client of that name")
}

fn act(run: &mut Run, action: Action) {
    run.act(action).expect("it may be done");
    go_on(run, Span::from_secs(5));
}

fn delete(pod: &str) -> Action {
    let key = key(pod);
    Action::delete(ObjectRef { kind: Kind::Pod, namespace: key.namespace, name: key.name })
}

/// The client's next request has another connection, and is answered.
fn goes_on(run: &mut Run) {
    assert_eq!(states(run), BTreeSet::from([TcpState::LastAck]), "closed from both ends");
    go_on(run, Span::from_secs(40));
    let counts = counts(run);
    assert_eq!((counts.failed(), counts.abandoned), (0, 0), "{counts:?}");
    assert!(counts.delivered >= 2, "{counts:?}");
}

#[test]
fn a_pod_that_is_deleted_closes_what_it_had_open() {
    let (mut run, server) = with_an_open_connection();
    act(&mut run, delete(&server));
    goes_on(&mut run);
}

#[test]
fn so_does_one_that_crashes() {
    let (mut run, server) = with_an_open_connection();
    act(&mut run, Action::CrashPod { pod: key(&server), container: None });
    goes_on(&mut run);
}

#[test]
fn a_client_that_goes_closes_its_end_and_the_server_its_own() {
    for goes in [delete("curl"), Action::RemoveClient { client: "kept".into() }] {
        let (mut run, _) = with_an_open_connection();
        act(&mut run, goes);
        assert_eq!(states(&run), BTreeSet::from([TcpState::LastAck]), "closed from both ends");
        assert_eq!(run.world().traffic().connections.len(), 0);
        assert_eq!(counts(&run).abandoned, 0, "no request was under way: {:?}", counts(&run));
    }
}

/// Nobody is left to say anything.
#[test]
fn a_node_that_loses_its_power_closes_nothing() {
    let (mut run, server) = with_an_open_connection();
    let node = if &*server == "web" { "node-2" } else { "node-3" };
    act(&mut run, Action::PowerNode { node: node.into(), on: false });
    assert_eq!(states(&run), BTreeSet::from([TcpState::Established]));
    go_on(&mut run, Span::from_secs(40));
    assert_eq!(counts(&run).timed_out, 1, "{:?}", counts(&run));
}
