//! A connection as data: what `-o json` prints and the text is made from.

use cluster::sim::{Moment, World};
use cluster::trace::{ConnectionRecord, Hop, Lost, Outcome, PacketKind, PacketTrace, PacketVerdict};
use netfilter::Tuple;
use serde::Serialize;

#[derive(Serialize)]
pub struct Report {
    pub from: String,
    pub to: String,
    pub connections: Vec<Connection>,
}

#[derive(Serialize)]
pub struct Connection {
    /// `delivered`, `rejected`, `dropped` or `unresolved`
    pub verdict: &'static str,
    /// How the client saw it end.
    pub outcome: &'static str,
    pub why: String,
    /// How it was lost; none for a connection that was not.
    pub lost: Option<Lost>,
    pub service: Option<String>,
    pub endpoint: Option<Endpoint>,
    /// The source address that the Pod saw.
    pub source_seen: Option<String>,
    pub packets: Vec<Packet>,
}

#[derive(Serialize)]
pub struct Endpoint {
    pub pod: String,
    pub node: Option<String>,
    pub address: Option<String>,
}

#[derive(Serialize)]
pub struct Packet {
    pub kind: &'static str,
    pub verdict: &'static str,
    pub lost: Option<Lost>,
    pub hops: Vec<HopRow>,
}

#[derive(Serialize)]
pub struct HopRow {
    /// Nanoseconds from when the clients begin.
    pub at: Moment,
    pub place: String,
    pub what: String,
    pub before: String,
    pub after: String,
    pub rules: Vec<RuleRow>,
    /// The rules were out of date here, and up-to-date ones would have decided otherwise.
    pub stale: bool,
}

#[derive(Serialize)]
pub struct RuleRow {
    pub hook: &'static str,
    pub table: String,
    pub rule: String,
}

pub fn connection(world: &World, record: &ConnectionRecord) -> Connection {
    let why = words::why(world, record);
    Connection {
        verdict: verdict(record),
        outcome: why.verdict,
        why: why.sentence,
        lost: record.lost,
        service: record.service.as_ref().map(|(key, _)| key.to_string()),
        endpoint: endpoint(world, record),
        source_seen: record.server_saw.map(|(ip, _)| ip.to_string()),
        packets: record.packets.iter().map(|p| packet(world, p)).collect(),
    }
}

fn verdict(record: &ConnectionRecord) -> &'static str {
    match record.ended.map(|(_, outcome)| outcome) {
        Some(Outcome::Delivered) => "delivered",
        Some(Outcome::Unresolved | Outcome::NoAddress) => "unresolved",
        Some(Outcome::Refused { .. } | Outcome::HostUnreachable | Outcome::Reset) => "rejected",
        Some(Outcome::TimedOut { .. } | Outcome::Abandoned) | None => "dropped",
    }
}

fn endpoint(world: &World, record: &ConnectionRecord) -> Option<Endpoint> {
    let (key, uid) = record.server.as_ref()?;
    let pod = world.store().pod_by_uid(*uid);
    let delivered =
        record.packets.iter().find(|p| p.ended.is_some_and(|(_, v)| v == PacketVerdict::Delivered));
    Some(Endpoint {
        pod: key.to_string(),
        node: pod.and_then(|p| p.spec.node_name.as_ref()).map(|n| n.to_string()),
        address: delivered.and_then(|p| p.hops.last()).map(|h| socket(h.after.dst, h.after.dst_port)),
    })
}

fn packet(world: &World, packet: &PacketTrace) -> Packet {
    Packet {
        kind: words::packet_kind(packet.kind),
        verdict: packet.ended.map_or("in flight", |(_, v)| words::packet_verdict(v)),
        lost: packet.lost,
        hops: packet.hops.iter().map(|h| hop(world, packet, h)).collect(),
    }
}

fn hop(world: &World, packet: &PacketTrace, hop: &Hop) -> HopRow {
    HopRow {
        at: world.moment(hop.at),
        place: words::place(world, hop.place),
        what: words::hop(world, packet, hop),
        before: ends(packet.kind, hop.before),
        after: ends(packet.kind, hop.after),
        rules: rules(hop),
        stale: hop.stale,
    }
}

fn rules(hop: &Hop) -> Vec<RuleRow> {
    let Some(set) = &hop.rules else { return Vec::new() };
    hop.hits
        .iter()
        .filter_map(|hit| {
            Some(RuleRow {
                hook: hit.hook.as_str(),
                table: set.table_name(hit.at())?.to_string(),
                rule: set.rule_text(hit.at())?,
            })
        })
        .collect()
}

/// An ICMP error has addresses, and no ports.
fn ends(kind: PacketKind, t: Tuple) -> String {
    if kind.is_error() { format!("{} > {} ICMP", t.src, t.dst) } else { tuple(t) }
}

pub fn tuple(t: Tuple) -> String {
    format!("{} > {} {}", socket(t.src, t.src_port), socket(t.dst, t.dst_port), t.protocol.as_str())
}

fn socket(ip: std::net::IpAddr, port: u16) -> String {
    std::net::SocketAddr::new(ip, port).to_string()
}
