//! One cluster, in each mode, sync by sync.

use std::fmt;

use cluster::api::Manifest;
use cluster::node::kube_proxy::ProxyMode;
use cluster::sim::Time;
use netfilter::Family;

use crate::exceptions::{Exception, unexplained};
use crate::kernel::{Difference, Kernel};
use crate::kube_proxy::{KubeProxy, Outcome};
use crate::record::{Session, Sync, record};
use crate::{printed, same};

/// Compares clusters with upstream's, and counts.
pub struct Comparer {
    pub upstream: KubeProxy,
    pub exceptions: Vec<Exception>,
    pub tally: Tally,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub clusters: u64,
    pub sessions: u64,
    pub syncs: u64,
    /// Of these, the ones that failed.
    pub failed: u64,
    pub lines: u64,
}

/// So many chains and sets are shown of one sync.
const MOST_DIFFERENCES: usize = 10;

/// The first sync after which the two kernels differ.
#[derive(Debug)]
pub struct Fault {
    node: String,
    mode: ProxyMode,
    family: Family,
    at: Time,
    /// How many syncs came before.
    before: usize,
    what: What,
}

#[derive(Debug)]
enum What {
    Rules(Vec<Difference>),
    /// One of them could write its rules.
    Failed {
        upstream: bool,
        ours: bool,
    },
}

impl Comparer {
    pub fn new(upstream: KubeProxy) -> Result<Comparer, String> {
        Ok(Comparer { upstream, exceptions: Exception::all()?, tally: Tally::default() })
    }

    /// Where a cluster differs, in whichever mode. The error is one of upstream's program.
    pub fn compare(&mut self, manifest: &Manifest) -> Result<Vec<Fault>, String> {
        self.tally.clusters += 1;
        let mut faults = Vec::new();
        for mode in ProxyMode::ALL {
            for session in record(manifest, mode) {
                faults.extend(self.session(&session)?);
            }
        }
        Ok(faults)
    }

    /// After the first fault, others are likely to have the same cause.
    fn session(&mut self, session: &Session) -> Result<Option<Fault>, String> {
        let outcomes = self.upstream.play(session)?;
        if outcomes.len() != session.syncs.len() {
            return Err(format!("kube-proxy made {} syncs of {}", outcomes.len(), session.syncs.len()));
        }
        self.tally.sessions += 1;
        let mut compared = session.syncs.iter().zip(outcomes).enumerate();
        Ok(compared.find_map(|(before, (ours, theirs))| {
            let (Session { node, mode, config, .. }, Sync { at, .. }) = (session, ours);
            let what = self.sync(*mode, ours, theirs)?;
            Some(Fault { node: node.to_string(), mode: *mode, family: config.family, at: *at, before, what })
        }))
    }

    fn sync(&mut self, mode: ProxyMode, ours: &Sync, theirs: Outcome) -> Option<What> {
        self.tally.syncs += 1;
        self.tally.failed += u64::from(ours.failed);
        if ours.failed != theirs.failed {
            return Some(What::Failed { upstream: theirs.failed, ours: ours.failed });
        }
        let (upstream, ours) = alike(mode, theirs.kernel, &ours.rules);
        self.tally.lines += upstream.values().map(|lines| lines.len() as u64).sum::<u64>();
        let differences = unexplained(mode, &upstream, &ours, &mut self.exceptions);
        (!differences.is_empty()).then_some(What::Rules(differences))
    }
}

/// What upstream's kernel holds, and what our printed rules make a kernel hold, in the same words and orders.
pub fn alike(mode: ProxyMode, upstream: Kernel, ours: &str) -> (Kernel, Kernel) {
    (same::upstream(mode, upstream), same::ours(mode, printed::read(mode, ours)))
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Fault { node, mode, family, at, before, what } = self;
        let (mode, milliseconds) = (mode.as_str(), at.0 / 1_000_000);
        writeln!(
            f,
            "{node}, mode {mode}, {family:?}, after {before} syncs, {milliseconds} ms into the run:"
        )?;
        match what {
            What::Rules(differences) => {
                differences.iter().take(MOST_DIFFERENCES).try_for_each(|difference| difference.fmt(f))?;
                match differences.len().saturating_sub(MOST_DIFFERENCES) {
                    0 => Ok(()),
                    more => writeln!(f, "  and {more} more"),
                }
            }
            What::Failed { upstream, ours } => {
                writeln!(f, "  the sync failed: upstream {upstream}, ours {ours}")
            }
        }
    }
}
