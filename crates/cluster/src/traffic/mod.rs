//! Clients, connections, requests and replies.

mod balancer;
mod client;
mod closing;
mod connection;
mod derive;
mod destination;
mod journey;
mod lookup;
mod neighbour;
mod outcome;
mod routing;
mod server;
mod stale;
mod stats;
mod target;
mod through_node;
mod timers;

use serde::Serialize;

pub(crate) use client::OUTSIDE;
pub use client::{Client, MAX_CLIENTS, MAX_RATE_MILLI};
pub use connection::Live;
pub use derive::{Call, calls, curl_pod, derived_clients};
pub use journey::Flight;
pub use stats::{Counts, PodCount, Stats};
pub use target::Target;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct ClientId(pub u32);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct ConnectionId(pub u64);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct PacketId(pub u64);

use litemap::LiteMap;
use std::sync::Arc;

use crate::api::Uid;
use crate::sim::{Archive, Limit, Time};
use crate::trace::{ConnectionRecord, PacketTrace};
use netfilter::Family;

/// Clients, connections and packets under way, and records of ended ones.
#[derive(Clone, Debug, Default)]
pub struct Traffic {
    pub clients: LiteMap<ClientId, Client>,
    // In boxes, because the oldest ones are taken out first, and then all others move up.
    pub connections: LiteMap<ConnectionId, Box<Live>>,
    pub flights: LiteMap<PacketId, Box<Flight>>,
    /// Connections that ended, oldest first.
    pub finished: Archive<ConnectionRecord>,
    /// Packets that failed recently, oldest first, for the marks in the picture.
    pub failures: Archive<PacketTrace>,
    /// Of requests since the clients began.
    pub stats: Stats,
    /// Of those that somebody sent before.
    pub stats_before: Stats,
    pub(crate) next_client: u32,
    pub(crate) next_connection: u64,
    pub(crate) next_packet: u64,
    /// For each node, when the rules were written that the last packet there passed.
    passed_rules: LiteMap<(Uid, Family), Option<Time>>,
}

impl Traffic {
    /// How many ended connections are kept, with the traces of their packets.
    const FINISHED: Limit = Limit { items: 512, bytes: 8_000_000 };
    const FAILURES: Limit = Limit { items: 256, bytes: 2_000_000 };
    /// A client's connections under way at once; more are not opened.
    pub const OPEN_PER_CLIENT: u32 = 256;

    pub fn client_named(&self, name: &str) -> Option<&Client> {
        self.clients.values().find(|c| &*c.spec.name == name)
    }

    fn archive(&mut self, live: Live) {
        let bytes = live.record.bytes() + live.rules_bytes;
        self.finished.push(Arc::new(live.record), bytes, Traffic::FINISHED);
    }

    fn keep_failure(&mut self, trace: Arc<PacketTrace>, rules_bytes: u64) {
        let bytes = trace.bytes() + rules_bytes;
        self.failures.push(trace, bytes, Traffic::FAILURES);
    }

    /// Whether this is the first packet to pass the rules that a node wrote at `written`. Its trace keeps them in
    /// memory after they are replaced.
    fn is_first_to_pass(&mut self, node: Uid, family: Family, written: Option<Time>) -> bool {
        self.passed_rules.insert((node, family), written) != Some(written)
    }

    /// The memory that is not shared with an older state of it.
    pub(crate) fn bytes_beside(&self, older: &Traffic) -> u64 {
        let live =
            |live: &Live| live.record.bytes() + (size_of::<Live>() - size_of::<ConnectionRecord>()) as u64;
        let flight =
            |flight: &Flight| flight.trace.bytes() + (size_of::<Flight>() - size_of::<PacketTrace>()) as u64;
        (self.clients.len() * size_of::<Client>()) as u64
            + self.connections.values().map(|l| live(l)).sum::<u64>()
            + self.flights.values().map(|f| flight(f)).sum::<u64>()
            + self.finished.bytes_beside(&older.finished)
            + self.failures.bytes_beside(&older.failures)
            + self.stats.bytes()
            + self.stats_before.bytes()
    }

    /// A connection's record, live or ended.
    pub fn record(&self, id: ConnectionId) -> Option<&ConnectionRecord> {
        self.connections
            .get(&id)
            .map(|live| &live.record)
            .or_else(|| self.finished.iter().rev().find(|r| r.id == id).map(|r| &**r))
    }
}
