//! A client that runs on a node itself ends with the node, whatever it waits for.

use crate::support::{TWO_SERVERS, go_on, seconds, start};
use cluster::api::{Action, Kind, ObjectRef, Uid};
use cluster::sim::{Run, Span, Time};
use cluster::trace::{PacketVerdict, Place};

/// Calls an address of the Pod network that nobody has: it waits, and sends its SYN again.
const WAITING: &str = "
---
apiVersion: packetyard/v1alpha1
kind: Scenario
spec:
  timing: realistic
  clients: [{name: host, from: node/node-1, to: '10.244.2.200:80', rate: 1, timeout: 30s}]
";

fn delete_node_1() -> Action {
    Action::delete(ObjectRef { kind: Kind::Node, namespace: "".into(), name: "node-1".into() })
}

fn power_off_node_1() -> Action {
    Action::PowerNode { node: "node-1".into(), on: false }
}

fn open_connections(run: &Run) -> usize {
    run.world().traffic().connections.values().filter(|l| l.record.ended.is_none()).count()
}

/// How many packets a node's own processes, or its kernel, sent since then.
fn sent_by(run: &Run, node: Uid, since: Time) -> usize {
    let packets = run.world().traffic().finished.iter().flat_map(|r| &r.packets);
    packets.filter(|p| p.hops[0].place == Place::Node(node) && p.hops[0].at >= since).count()
}

#[test]
fn a_waiting_client_ends_with_its_node() {
    for action in [delete_node_1(), power_off_node_1()] {
        let mut run = start(&[TWO_SERVERS, WAITING].concat(), 7);
        run.advance_to(seconds(60), u64::MAX);
        assert!(open_connections(&run) > 0, "it waits for answers");
        let node = run.world().machine_named("node-1").expect("it is there").uid;
        assert!(sent_by(&run, node, seconds(50)) > 0);
        run.act(action.clone()).expect("it can be done");
        assert_eq!(open_connections(&run), 0, "{action:?}");
        assert!(
            run.world().traffic().stats.clients.get("host").expect("a client of that name").abandoned > 0,
            "{action:?}"
        );
        // Nothing is sent again by a machine that is not there.
        go_on(&mut run, Span::from_secs(60));
        assert_eq!(sent_by(&run, node, seconds(60)), 0, "{action:?}");
    }
}

/// The client's packets wait in node-2, which asks for the neighbour that they are for.
#[test]
fn what_waits_in_a_node_is_lost_with_it() {
    let mut run = start(&[TWO_SERVERS, WAITING].concat(), 7);
    run.advance_to(seconds(60), u64::MAX);
    run.act(Action::PowerNode { node: "node-2".into(), on: false }).expect("a node can be switched off");
    let lost = |verdict| {
        run.world().traffic().failures.iter().filter(|p| p.ended == Some((seconds(60), verdict))).count()
    };
    assert!(lost(PacketVerdict::NodeIsOff) > 0);
    assert_eq!(lost(PacketVerdict::NoNeighbor), 0);
}
