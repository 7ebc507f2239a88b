//! When TCP sends again what was not answered.

use crate::support::{self, run_to};
use cluster::sim::Span;
use cluster::trace::PacketKind;

/// Both servers' nodes lose their power while a connection is open.
const LOST: &str = "
---
apiVersion: packetyard/v1alpha1
kind: Scenario
spec:
  timing: realistic
  clients: [{name: kept, from: pod/default/curl, to: 'http://web', rate: 0, keepAlive: true, timeout: 20s}]
  actions:
  - {at: 10s, do: sendOne, client: kept}
  - {at: 20s, do: powerNode, node: node-2, enabled: false}
  - {at: 20s, do: powerNode, node: node-3, enabled: false}
  - {at: 21s, do: sendOne, client: kept}
  - {at: 60s, do: sendOne, client: kept}
";

/// Seconds, in tenths, at which the last connection's packets of a kind were sent, after the first.
fn sent(world: &cluster::sim::World, kind: PacketKind, from: u64) -> Vec<u64> {
    let record = world.traffic().finished.back().expect("it ended");
    let from = world.origin().expect("it is known") + Span::from_secs(from);
    let sent = record.packets.iter().filter(|p| p.kind == kind).map(|p| p.hops[0].at);
    sent.filter(|at| *at >= from).map(|at| at.since(from).0 / 100_000_000).collect()
}

#[test]
fn data_are_sent_again_after_200_ms_and_a_syn_after_a_second() {
    let mut run = support::start(&[support::TWO_SERVERS, LOST].concat(), 7);
    run_to(&mut run, 50);
    assert_eq!(sent(run.world(), PacketKind::Request, 21), [0, 2, 6, 14, 30, 62, 126]);
    run_to(&mut run, 90);
    // Then its node says that there is nobody.
    assert_eq!(sent(run.world(), PacketKind::Syn, 60), [0, 10, 30]);
}
