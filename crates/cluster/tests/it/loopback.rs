//! Packets that do not leave the machine that they begin on.

use std::sync::Arc;

use cluster::sim::{Span, World};
use cluster::trace::{ConnectionRecord, LossClass, Outcome, PacketVerdict, Place};
use netfilter::Hook;

use crate::support;

const MODES: [&str; 3] = ["iptables", "nftables", "ipvs"];

/// A Service whose Pods are not there, one whose Pod calls itself, and a node that calls itself.
fn run(mode: &str) -> World {
    let text = format!(
        "{{apiVersion: v1, kind: Service, metadata: {{name: nobody}}, spec: {{type: NodePort, \
           selector: {{app: nobody}}, ports: [{{port: 80, nodePort: 30080}}]}}}}\n---\n\
         {{apiVersion: v1, kind: Node, metadata: {{name: node-1}}}}\n---\n\
         {{apiVersion: v1, kind: Pod, metadata: {{name: web}}, spec: {{containers: [{{name: web, image: nginx, \
           ports: [{{containerPort: 8080}}]}}]}}}}\n---\n\
         {{apiVersion: packetyard/v1alpha1, kind: Scenario, spec: {{proxyMode: {mode}, clients: [\
           {{name: the-node, from: node/node-1, to: '192.168.0.11:30080', rate: 1}},\
           {{name: itself, from: pod/default/web, to: '10.244.1.2:8080', rate: 1}},\
           {{name: wrong-port, from: pod/default/web, to: '10.244.1.2:9', rate: 1}},\
           {{name: localhost, from: pod/default/web, to: '127.0.0.1:8080', rate: 1}},\
           {{name: the-nodes-localhost, from: node/node-1, to: '127.0.0.1:9', rate: 1}}]}}}}\n"
    );
    let mut run = support::start(&text, 7);
    support::settle(&mut run);
    support::go_on(&mut run, Span::from_secs(20));
    run.world().clone()
}

/// The newest connection of a client that has ended.
fn last<'a>(world: &'a World, client: &str) -> &'a ConnectionRecord {
    let of = |record: &&Arc<ConnectionRecord>| &*record.client_name == client;
    world.traffic().finished.iter().rev().find(of).expect("it has called")
}

/// Its own NodePort, on its own address: out over loopback and in again, where the rules refuse what has
/// no endpoint. IPVS refuses it on its way out.
#[test]
fn a_node_meets_its_own_input_rules() {
    for mode in MODES {
        let world = run(mode);
        let record = last(&world, "the-node");
        let (_, outcome) = record.ended.expect("it has ended");
        assert_eq!(outcome, Outcome::Refused { lost: Some(PacketVerdict::RejectedByRule) }, "{mode}");
        assert_eq!(record.lost.map(|lost| lost.class), Some(LossClass::NoEndpoints), "{mode}");
        let hits = record.packets[0].hops.iter().flat_map(|hop| &hop.hits);
        let refused_at = hits.last().map(|hit| hit.hook);
        assert_eq!(refused_at, Some(if mode == "ipvs" { Hook::Output } else { Hook::Input }), "{mode}");
    }
}

/// Its packets to its own address stay in its network namespace, and meet no rule.
#[test]
fn a_pod_that_calls_its_own_address_stays_at_home() {
    for mode in MODES {
        let world = run(mode);
        for (client, expected) in [
            ("itself", Outcome::Delivered),
            ("localhost", Outcome::Delivered),
            ("wrong-port", Outcome::Refused { lost: Some(PacketVerdict::NothingListens) }),
        ] {
            let record = last(&world, client);
            assert_eq!(record.ended.map(|(_, outcome)| outcome), Some(expected), "{client}, {mode}");
            for hop in record.packets.iter().flat_map(|packet| &packet.hops) {
                assert!(matches!(hop.place, Place::Pod(_)), "{client}, {mode}: {hop:?}");
                assert!(hop.hits.is_empty(), "{client}, {mode}: {hop:?}");
            }
        }
    }
}

/// 127.0.0.1 is the node's own: nothing leaves it, and KUBE-FIREWALL keeps out only what comes from elsewhere.
#[test]
fn loopback_of_a_node_is_its_own() {
    for mode in MODES {
        let world = run(mode);
        let record = last(&world, "the-nodes-localhost");
        let nothing_listens = Outcome::Refused { lost: Some(PacketVerdict::NothingListens) };
        assert_eq!(record.ended.map(|(_, outcome)| outcome), Some(nothing_listens), "{mode}");
        assert_eq!(record.tuple.map(|tuple| tuple.src), Some([127, 0, 0, 1].into()), "{mode}");
    }
}
