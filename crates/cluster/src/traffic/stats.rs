//! Counts of requests, for each client, Service and Pod.

use litemap::LiteMap;

use serde::Serialize;

use crate::api::{Name, NsName, Uid};
use crate::sim::Span;
use crate::trace::{LossClass, Lost, Outcome};

/// Requests, by how they ended.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize)]
pub struct Counts {
    pub sent: u64,
    pub delivered: u64,
    pub refused: u64,
    pub unreachable: u64,
    pub reset: u64,
    pub timed_out: u64,
    /// Datagrams of one-way senders that no process received.
    pub not_received: u64,
    pub unresolved: u64,
    /// The cluster's DNS did not answer.
    pub no_dns: u64,
    pub no_address: u64,
    pub abandoned: u64,
    /// Lost requests by class of loss.
    pub lost: LiteMap<LossClass, u64>,
    /// How many of them an outdated rule caused.
    pub by_stale_rule: u64,
    /// The sum of the delivered requests' latencies, from the first packet to the response.
    pub latency_total: Span,
}

impl Counts {
    pub(crate) fn count(&mut self, outcome: Outcome, latency: Span) {
        match outcome {
            Outcome::Delivered => {
                self.delivered += 1;
                self.latency_total = self.latency_total + latency;
            }
            Outcome::Refused { .. } => self.refused += 1,
            Outcome::HostUnreachable | Outcome::NetworkUnreachable => self.unreachable += 1,
            Outcome::Reset => self.reset += 1,
            Outcome::TimedOut { .. } => self.timed_out += 1,
            Outcome::NotReceived { .. } => self.not_received += 1,
            Outcome::Unresolved => self.unresolved += 1,
            Outcome::NoDns { .. } => self.no_dns += 1,
            Outcome::NoAddress => self.no_address += 1,
            Outcome::Abandoned => self.abandoned += 1,
        }
    }

    pub(crate) fn count_lost(&mut self, lost: Lost) {
        *self.lost.entry(lost.class).or_default() += 1;
        self.by_stale_rule += u64::from(lost.stale_rule);
    }

    pub fn failed(&self) -> u64 {
        self.refused
            + self.unreachable
            + self.reset
            + self.timed_out
            + self.not_received
            + self.unresolved
            + self.no_dns
            + self.no_address
    }

    /// The share of ended requests that were delivered, in tenths of a percent. `None` before the first.
    pub fn permille_delivered(&self) -> Option<u32> {
        let ended = self.delivered + self.failed();
        (ended > 0).then(|| (self.delivered * 1_000 / ended) as u32)
    }
}

#[derive(Clone, Debug, Default, Serialize)]
pub struct Stats {
    pub clients: LiteMap<Name, Counts>,
    pub services: LiteMap<NsName, Counts>,
    /// Requests that a Pod answered, datagrams of one-way senders that it received, and pings that it answered.
    pub pods: LiteMap<Uid, PodCount>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PodCount {
    pub pod: NsName,
    pub answered: u64,
}

impl Stats {
    /// The most Pods with counts, including deleted ones.
    const MAX_PODS: usize = 4_096;

    /// What it takes in memory.
    pub(super) fn bytes(&self) -> u64 {
        let counts = self.clients.len() * size_of::<(Name, Counts)>()
            + self.services.len() * size_of::<(NsName, Counts)>();
        (counts + self.pods.len() * size_of::<(Uid, PodCount)>()) as u64
    }

    pub(crate) fn answered(&mut self, uid: Uid, pod: &NsName) {
        let count = self.pods.entry(uid).or_insert_with(|| PodCount { pod: pod.clone(), answered: 0 });
        count.answered += 1;
        if self.pods.len() > Stats::MAX_PODS {
            let oldest = self.pods.first().map(|(uid, _)| *uid);
            oldest.and_then(|uid| self.pods.remove(&uid));
        }
    }
}
