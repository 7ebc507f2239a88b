//! A connection as data: what `-o json` prints and the text is made from.

use cluster::sim::World;
use cluster::trace::{ConnectionRecord, Hop, Lost, Outcome, PacketKind, PacketTrace, PacketVerdict};
use netfilter::Tuple;
use schemars::JsonSchema;
use serde::Serialize;

use crate::loss::Loss;

/// Connections, each one's way there and back.
#[derive(Serialize, JsonSchema)]
pub struct Report {
    /// As --from has it.
    pub from: String,
    /// As --to has it.
    pub to: String,
    pub connections: Vec<Connection>,
}

#[derive(Serialize, JsonSchema)]
pub struct Connection {
    pub verdict: Verdict,
    /// How the client saw it end, in words.
    pub outcome: &'static str,
    /// Why it ended so, in a sentence.
    pub why: String,
    /// How it was lost; none for a connection that was not.
    pub lost: Option<Loss>,
    #[serde(skip)]
    pub lost_as: Option<Lost>,
    /// NAMESPACE/NAME of the Service that was called.
    pub service: Option<String>,
    /// Who was reached.
    pub endpoint: Option<Endpoint>,
    /// The source address that the Pod saw.
    pub source_seen: Option<String>,
    /// In the order in which they were sent, those of a lookup first.
    pub packets: Vec<Packet>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// The client got its answer.
    Delivered,
    /// The client was told that it gets none.
    Rejected,
    /// The client was told nothing.
    Dropped,
    /// The name led to no address.
    Unresolved,
}

impl Verdict {
    pub const fn as_str(self) -> &'static str {
        match self {
            Verdict::Delivered => "delivered",
            Verdict::Rejected => "rejected",
            Verdict::Dropped => "dropped",
            Verdict::Unresolved => "unresolved",
        }
    }
}

#[derive(Serialize, JsonSchema)]
pub struct Endpoint {
    /// NAMESPACE/NAME
    pub pod: String,
    pub node: Option<String>,
    /// The address and the port at which a packet arrived, of a ping the address; none arrived, if there is none.
    pub address: Option<String>,
}

#[derive(Serialize, JsonSchema)]
pub struct Packet {
    /// SYN, SYN-ACK, request, answer, FIN, RST, or what SCTP has in their place; a DNS query or its answer; an ICMP
    /// echo or an ICMP error.
    pub kind: &'static str,
    /// How it ended, in words; in flight, if it did not.
    pub verdict: &'static str,
    pub lost: Option<Loss>,
    pub hops: Vec<HopRow>,
    /// It is a question to the cluster's DNS, or its answer.
    #[serde(skip)]
    pub of_lookup: bool,
}

#[derive(Serialize, JsonSchema)]
pub struct HopRow {
    /// Nanoseconds from when the clients begin.
    pub at: i64,
    /// Where it was.
    pub place: String,
    /// What happened to it there.
    pub what: String,
    /// From which socket to which, and the protocol, when it came.
    pub before: String,
    /// The same when it went on.
    pub after: String,
    /// Those that it met, in their order.
    pub rules: Vec<RuleRow>,
    /// The rules were out of date here, and up-to-date ones would have decided otherwise.
    pub stale: bool,
}

#[derive(Serialize, JsonSchema)]
pub struct RuleRow {
    /// netfilter's hook.
    pub hook: &'static str,
    pub table: String,
    /// As the program prints it that loads it.
    pub rule: String,
}

pub fn connection(world: &World, record: &ConnectionRecord) -> Connection {
    let why = words::why(world, record);
    Connection {
        verdict: verdict(record),
        outcome: why.verdict,
        why: why.sentence,
        lost: record.lost.map(Loss::from),
        lost_as: record.lost,
        service: record.service.as_ref().map(|(key, _)| key.to_string()),
        endpoint: endpoint(world, record),
        source_seen: record.server_saw.map(|(ip, _)| ip.to_string()),
        packets: record.all_packets().map(|p| packet(world, p)).collect(),
    }
}

fn verdict(record: &ConnectionRecord) -> Verdict {
    match record.ended.map(|(_, outcome)| outcome) {
        Some(Outcome::Delivered) => Verdict::Delivered,
        Some(Outcome::Unresolved | Outcome::NoDns { .. } | Outcome::NoAddress) => Verdict::Unresolved,
        Some(
            Outcome::Refused { .. } | Outcome::HostUnreachable | Outcome::NetworkUnreachable | Outcome::Reset,
        ) => Verdict::Rejected,
        Some(Outcome::TimedOut { .. } | Outcome::NotReceived { .. } | Outcome::Abandoned) | None => {
            Verdict::Dropped
        }
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
        address: delivered.and_then(|p| p.hops.last()).map(|h| h.after.destination()),
    })
}

fn packet(world: &World, packet: &PacketTrace) -> Packet {
    Packet {
        kind: words::packet_kind(packet),
        verdict: packet.ended.map_or("in flight", |(_, v)| words::packet_verdict(v)),
        lost: packet.lost.map(Loss::from),
        hops: packet.hops.iter().map(|h| hop(world, packet, h)).collect(),
        of_lookup: packet.kind.is_lookup(),
    }
}

fn hop(world: &World, packet: &PacketTrace, hop: &Hop) -> HopRow {
    HopRow {
        at: world.moment(hop.at).0,
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
    format!("{} > {} {}", t.source(), t.destination(), t.protocol.as_str())
}
