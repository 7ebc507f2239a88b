//! What holds at every moment of every run.

use std::collections::BTreeSet;
use std::net::IpAddr;

use cluster::sim::World;
use cluster::trace::Place;
use netfilter::PerFamily;

pub fn check(world: &World) {
    addresses_are_given_once(world);
    node_ports_are_given_once(world);
    packets_are_accounted_for(world);
    callers_are_there(world);
}

fn addresses_are_given_once(world: &World) {
    let mut seen: BTreeSet<IpAddr> =
        world.machines().values().flat_map(|m| m.addresses.values().copied()).collect();
    let runtimes = world.store().pods.iter().filter_map(|pod| world.pod_runtime(pod.meta.uid));
    // Pods in a node's network namespace have its addresses.
    for runtime in runtimes.filter(|runtime| !runtime.host_network) {
        for ip in runtime.addresses.iter().flat_map(PerFamily::values) {
            assert!(seen.insert(*ip), "{ip} of {} is given once", runtime.key);
        }
    }
    for service in world.store().services.iter() {
        for ip in service.spec.cluster_ips.iter().chain(service.ingress.iter().map(|i| &i.ip)) {
            assert!(seen.insert(*ip), "{ip} of {} is given once", service.meta.key());
        }
    }
}

fn node_ports_are_given_once(world: &World) {
    let mut seen = BTreeSet::new();
    for service in world.store().services.iter() {
        for port in service.spec.ports.iter().filter(|p| p.node_port != 0) {
            assert!(
                seen.insert((port.node_port, port.protocol)),
                "node port {} is given once",
                port.node_port
            );
        }
    }
}

/// Every packet that was sent has exactly one verdict, or is in flight.
fn packets_are_accounted_for(world: &World) {
    let traffic = world.traffic();
    for live in traffic.connections.values() {
        let id = live.record.id;
        let flying = traffic.flights.values().filter(|f| f.trace.connection == id).count();
        assert_eq!(flying as u32, live.in_flight(), "what {id:?} has in flight is in flight");
        assert!(live.record.packets.iter().all(|p| p.ended.is_some()), "what is kept has ended");
    }
    assert!(traffic.flights.values().all(|f| f.trace.ended.is_none()), "what flies has not ended");
    let mut ended = traffic.finished.iter().flat_map(|r| &r.packets);
    assert!(ended.all(|p| p.ended.is_some()), "an ended connection has no packet left");
}

/// Whoever waits on a connection is there, and runs.
fn callers_are_there(world: &World) {
    let open = world.traffic().connections.values().map(|l| &l.record).filter(|r| r.ended.is_none());
    for record in open {
        let is_there = match record.source {
            Place::Node(node) => world.machines().get(&node).is_some_and(|m| m.power),
            Place::Pod(pod) => world.pod_runtime(pod).is_some(),
            Place::Outside(client) => world.traffic().clients.get(&client).is_some(),
            Place::LoadBalancer(_) | Place::Internet => false,
        };
        assert!(is_there, "the caller of {:?} at {:?} is there", record.id, record.source);
    }
}
