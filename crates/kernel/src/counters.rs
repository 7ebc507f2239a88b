//! What a run has done so far.

use crate::coverage::Coverage;
use crate::shares::Shares;

#[derive(Default)]
pub struct Counters {
    pub clusters: u64,
    /// Flows that were asked for and compared.
    pub flows: u64,
    /// Connections and datagrams in all, repetitions among them.
    pub connections: u64,
    pub coverage: Coverage,
    /// Answers that came late: see [`crate::compare::LONG_PATIENCE`].
    pub late: u64,
    /// Ports drawn at random that were the client's own, and clients' own ports that were in use.
    pub ports_by_chance: [u64; 2],
    /// Kinds of stale conntrack entries that kube-proxy deletes, compared by their number ...
    pub stale: u64,
    /// ... and those of them of which the model knows that number.
    pub stale_known: u64,
    /// Of everything that was chosen to be asked, in whatever order the clusters came.
    pub asked: u64,
    pub shares: Shares,
    pub differences: Vec<String>,
}

impl Counters {
    pub fn merge(&mut self, other: Counters) {
        self.clusters += other.clusters;
        self.flows += other.flows;
        self.connections += other.connections;
        self.coverage.merge(&other.coverage);
        self.late += other.late;
        for (all, more) in self.ports_by_chance.iter_mut().zip(other.ports_by_chance) {
            *all += more;
        }
        self.stale += other.stale;
        self.stale_known += other.stale_known;
        self.asked = self.asked.wrapping_add(other.asked);
        self.shares.merge(other.shares);
        self.differences.extend(other.differences);
    }
}
