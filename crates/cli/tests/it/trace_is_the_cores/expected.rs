//! The core's record of a connection in the form of the command's JSON: made from the World and its
//! sentences, without the command's own code.

use std::net::{IpAddr, SocketAddr};

use cluster::sim::World;
use cluster::trace::{ConnectionRecord, Hop, PacketKind, PacketTrace, PacketVerdict};
use netfilter::Tuple;
use serde_json::{Value, json};

pub fn connection(world: &World, record: &ConnectionRecord) -> Value {
    let why = words::why(world, record);
    json!({
        "verdict": verdict(record),
        "outcome": why.verdict,
        "why": why.sentence,
        "lost": record.lost,
        "service": record.service.as_ref().map(|(key, _)| key.to_string()),
        "endpoint": endpoint(world, record),
        "source_seen": source_seen(record),
        "packets": record.lookup.iter().chain(&record.packets).map(|p| packet(world, p)).collect::<Value>(),
    })
}

/// From what came back, where the command goes by how the client says that it ended.
fn verdict(record: &ConnectionRecord) -> &'static str {
    use PacketKind::{HostUnreachable, PortUnreachable, Reset, Response};
    let came = |is: &[PacketKind]| record.packets.iter().any(|p| is.contains(&p.kind) && is_delivered(p));
    match () {
        () if record.tuple.is_none() => "unresolved",
        () if came(&[Response]) => "delivered",
        () if came(&[Reset, PortUnreachable, HostUnreachable]) => "rejected",
        () => "dropped",
    }
}

fn is_delivered(packet: &PacketTrace) -> bool {
    packet.ended.is_some_and(|(_, verdict)| verdict == PacketVerdict::Delivered)
}

/// The Pod by the store, its port by what arrived there.
fn endpoint(world: &World, record: &ConnectionRecord) -> Option<Value> {
    let (key, uid) = record.server.as_ref()?;
    let pod = world.store().pod_by_uid(*uid).expect("no Pod goes while it answers here");
    let arrived = record.packets.iter().find(|p| !p.kind.is_reply() && is_delivered(p));
    let port = arrived.and_then(|p| p.hops.last()).expect("a packet arrived").after.dst_port;
    Some(json!({
        "pod": key.to_string(),
        "node": pod.spec.node_name.as_ref().map(ToString::to_string),
        "address": socket(pod.status.pod_ip().expect("a Pod that answers has an address"), port),
    }))
}

/// What the record says, and what the packet that arrived had for its source.
fn source_seen(record: &ConnectionRecord) -> Option<String> {
    let (ip, port) = record.server_saw?;
    let arrived = record.packets.iter().find(|p| !p.kind.is_reply() && is_delivered(p));
    let tuple = arrived.and_then(|p| p.hops.last()).expect("a packet arrived").after;
    assert_eq!((ip, port), (tuple.src, tuple.src_port));
    Some(ip.to_string())
}

fn packet(world: &World, packet: &PacketTrace) -> Value {
    json!({
        "kind": words::packet_kind(packet),
        "verdict": packet.ended.map_or("in flight", |(_, verdict)| words::packet_verdict(verdict)),
        "lost": packet.lost,
        "hops": packet.hops.iter().map(|h| hop(world, packet, h)).collect::<Value>(),
    })
}

fn hop(world: &World, packet: &PacketTrace, hop: &Hop) -> Value {
    json!({
        "at": world.moment(hop.at),
        "place": words::place(world, hop.place),
        "what": words::hop(world, packet, hop),
        "before": tuple(packet, hop.before),
        "after": tuple(packet, hop.after),
        "rules": rules(hop),
        "stale": hop.stale,
    })
}

/// Each rule that matched is a line of the rules as `packetyard rules` prints them.
fn rules(hop: &Hop) -> Vec<Value> {
    let Some(set) = &hop.rules else { return Vec::new() };
    let printed = set.to_string();
    let row = |hit: &netfilter::RuleHit| {
        let rule = set.rule_text(hit.at()).expect("what matched can be printed");
        assert!(printed.contains(listed(&rule)), "{rule}\nis not in\n{printed}");
        json!({ "hook": hit.hook.as_str(), "table": set.table_name(hit.at()), "rule": rule })
    };
    hop.hits.iter().map(row).collect()
}

/// `add rule ip kube-proxy services return` is listed in its chain as `return`, an element in its map.
fn listed(rule: &str) -> &str {
    let rest = rule.strip_prefix("add ").and_then(|added| added.splitn(5, ' ').nth(4));
    rest.map_or(rule, |rest| rest.trim_start_matches("{ ").trim_end_matches(" }"))
}

fn tuple(packet: &PacketTrace, t: Tuple) -> String {
    if packet.kind.is_error() {
        return format!("{} > {} ICMP", t.src, t.dst);
    }
    format!("{} > {} {}", socket(t.src, t.src_port), socket(t.dst, t.dst_port), t.protocol.as_str())
}

fn socket(ip: IpAddr, port: u16) -> String {
    SocketAddr::new(ip, port).to_string()
}
