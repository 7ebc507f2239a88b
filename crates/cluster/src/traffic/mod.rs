//! Clients, connections, requests and replies.

mod balancer;
mod client;
mod closing;
mod connection;
mod derive;
mod journey;
mod stale;
mod stats;
mod target;

use serde::Serialize;

pub use client::{Client, MAX_CLIENTS, MAX_RATE_MILLI};
pub use connection::Live;
pub use derive::{Call, calls, curl_pod, derived_clients};
pub use journey::Flight;
pub use stats::{Counts, Stats};
pub use target::Target;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct ClientId(pub u32);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct ConnectionId(pub u64);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct PacketId(pub u64);

use litemap::LiteMap;
use std::collections::VecDeque;
use std::sync::Arc;

use crate::trace::{ConnectionRecord, PacketTrace};

/// Everything that is on its way, and what is left of what was.
#[derive(Clone, Debug, Default)]
pub struct Traffic {
    pub clients: LiteMap<ClientId, Client>,
    pub connections: LiteMap<ConnectionId, Live>,
    pub flights: LiteMap<PacketId, Flight>,
    /// Connections that ended, oldest first.
    pub finished: VecDeque<Arc<ConnectionRecord>>,
    /// Packets that came to grief lately, oldest first, for the marks in the picture.
    pub failures: VecDeque<Arc<PacketTrace>>,
    pub stats: Stats,
    pub(crate) next_client: u32,
    pub(crate) next_connection: u64,
    pub(crate) next_packet: u64,
}

impl Traffic {
    /// How many ended connections are kept.
    pub const FINISHED_KEPT: usize = 512;
    pub const FAILURES_KEPT: usize = 256;
    /// A client's connections under way at once; more are not opened.
    pub const OPEN_PER_CLIENT: u32 = 256;

    pub fn client_named(&self, name: &str) -> Option<&Client> {
        self.clients.values().find(|c| &*c.spec.name == name)
    }

    pub(crate) fn archive(&mut self, record: ConnectionRecord) {
        self.finished.push_back(Arc::new(record));
        if self.finished.len() > Traffic::FINISHED_KEPT {
            self.finished.pop_front();
        }
    }

    pub(crate) fn keep_failure(&mut self, trace: Arc<PacketTrace>) {
        self.failures.push_back(trace);
        if self.failures.len() > Traffic::FAILURES_KEPT {
            self.failures.pop_front();
        }
    }

    /// A connection's record, live or ended.
    pub fn record(&self, id: ConnectionId) -> Option<&ConnectionRecord> {
        self.connections
            .get(&id)
            .map(|live| &live.record)
            .or_else(|| self.finished.iter().rev().find(|r| r.id == id).map(|r| &**r))
    }
}
