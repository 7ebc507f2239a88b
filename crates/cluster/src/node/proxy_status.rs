//! What a node's kube-proxy has seen, and what it has written of that.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use crate::api::{EndpointSlice, NsName, Service, ServiceCidr, Str};
use crate::node::UnderWay;
use crate::node::kube_proxy::{LazySynced, ProxyConfig, ProxyMode, ServicePortName};
use crate::sim::Time;
use crate::store::Objects;
use netfilter::{Cidr, PerFamily};

/// The process: what it has seen, and the proxier of each family.
#[derive(Clone, Debug)]
pub struct ProxyStatus {
    /// The mode that it runs in.
    pub mode: ProxyMode,
    pub services: Objects<Service>,
    pub slices: Objects<EndpointSlice>,
    pub service_cidrs: Objects<ServiceCidr>,
    /// The node's own zone, as kube-proxy has seen its Node.
    pub zone: Option<Str>,
    /// The process is stopped (SIGSTOP): it gets no events, writes no rules and does not reply to health checks.
    pub paused: bool,
    /// Changes that it learns of from its next list only, oldest first. While it is paused or cut off, only the first
    /// change of each object is kept.
    pub missed: Vec<MissedEvent>,
    pub(super) under_way: UnderWay,
    pub proxiers: PerFamily<Proxier>,
    /// When the last watch event under way arrives. Later events must not overtake it.
    pub(crate) last_arrival: Time,
    /// When this kube-proxy started.
    pub(crate) started: Time,
}

/// What writes the rules of one family. A kube-proxy of two families has two, each with syncs of its own
/// (pkg/proxy/metaproxier/meta_proxier.go).
#[derive(Clone, Debug, Default)]
pub struct Proxier {
    /// How many changes it has seen since the rules were written.
    pub pending_sync: u32,
    /// When the oldest of these changes was made.
    pub pending_since: Option<Time>,
    /// When it has seen the first of them, not counting what it found when it started (proxy_health.go, QueuedUpdate).
    pub(crate) queued_since: Option<Time>,
    /// What the rules were last written from.
    pub written: Written,
    /// Chains that nothing jumps to any more and that are not deleted yet.
    pub stale_chains: Vec<Str>,
    pub(crate) cleaned_at: Option<Time>,
    pub(crate) cleanup_planned: bool,
    /// The last sync that has written all rules (mode nftables).
    pub(crate) full_sync: Option<FullSync>,
    /// When the rules were last written.
    pub synced_at: Option<Time>,
    /// The last sync, if it has failed.
    pub failed: Option<FailedSync>,
    pub(crate) sync_planned: bool,
    /// The next check of terminating real servers is scheduled (mode ipvs).
    pub(crate) terminates_planned: bool,
}

/// A sync that writes what does not depend on Services anew: only here a proxier takes over ServiceCIDRs.
#[derive(Clone, Debug)]
pub(crate) struct FullSync {
    pub at: Time,
    /// The node's zone at the time: a change of it makes the next sync a full one.
    pub zone: Option<Str>,
    pub service_cidrs: Vec<Cidr>,
}

/// A sync of which the kernel has taken nothing: the rules that were in force still are.
#[derive(Clone, Debug)]
pub struct FailedSync {
    pub at: Time,
    /// The service port because of which `nft` has refused it.
    pub port: Arc<ServicePortName>,
    /// What it had seen by then: the next sync does not know which of it was new.
    pub(crate) slices: Objects<EndpointSlice>,
}

impl Proxier {
    /// When it last tried to write rules.
    pub(crate) fn last_run(&self) -> Option<Time> {
        self.synced_at.max(self.failed.as_ref().map(|failed| failed.at))
    }

    /// Whether it would write other rules if it synced once more. One whose sync has failed would fail again.
    pub(crate) fn is_current(&self) -> bool {
        !self.sync_planned && (self.pending_sync == 0 || self.failed.is_some())
    }
}

/// What a proxier had seen when it wrote the rules that are in force.
#[derive(Clone, Default)]
pub struct Written {
    pub services: Objects<Service>,
    pub slices: Objects<EndpointSlice>,
    /// `None` before the first sync.
    pub config: Option<Arc<ProxyConfig>>,
    pub(crate) synced: Option<LazySynced>,
    /// The last sync that somebody has worked out, if that is an earlier one.
    pub(crate) worked_out: Option<Arc<Written>>,
}

/// Without what was worked out before: which sync that is depends on who looked when, and the rules do not.
impl fmt::Debug for Written {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Written { services, slices, config, synced, worked_out: _ } = self;
        let mut fields = f.debug_struct("Written");
        fields.field("services", services).field("slices", slices);
        fields.field("config", config).field("synced", synced).finish()
    }
}

impl Written {
    /// What the next sync can start from: the last one whose result is known.
    pub(crate) fn base(&self) -> Option<Arc<Written>> {
        match self.synced.as_ref()?.get() {
            Some(_) => Some(Arc::new(Written { worked_out: None, ..self.clone() })),
            None => self.worked_out.clone(),
        }
    }
}

/// What was changed in the API server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Changed {
    Service(NsName),
    Slice(NsName),
    ServiceCidr(NsName),
    /// The node's own Node.
    Node,
}

/// A change of which no watch event reaches a node's kube-proxy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MissedEvent {
    /// When the API server accepted the change.
    pub at: Time,
    pub what: Changed,
}

impl ProxyStatus {
    /// A kube-proxy that has seen nothing yet.
    pub(crate) fn new<T>(families: &PerFamily<T>) -> ProxyStatus {
        ProxyStatus {
            mode: ProxyMode::default(),
            services: Objects::default(),
            slices: Objects::default(),
            service_cidrs: Objects::default(),
            zone: None,
            paused: false,
            missed: Vec::new(),
            under_way: UnderWay::default(),
            proxiers: families.map(|_, _| Proxier::default()),
            last_arrival: Time::ZERO,
            started: Time::ZERO,
        }
    }

    /// pkg/proxy/config, ServiceCIDRConfig: of all ServiceCIDRs, whatever their condition.
    pub(crate) fn seen_service_cidrs(&self) -> Vec<Cidr> {
        let ranges: BTreeSet<Cidr> =
            self.service_cidrs.iter().flat_map(|object| object.cidrs.iter().copied()).collect();
        ranges.into_iter().collect()
    }

    /// How many changes of Services and EndpointSlices are not in the node's rules yet; of two families, in those of
    /// the one that is further behind.
    pub fn behind(&self) -> u32 {
        let pending_sync = self.proxiers.values().map(|proxier| proxier.pending_sync).max().unwrap_or(0);
        self.unseen().saturating_add(pending_sync)
    }

    /// When the oldest change was made that is not in the node's rules yet.
    pub fn oldest_change(&self) -> Option<Time> {
        let pending_syncs = self.proxiers.values().filter_map(|proxier| proxier.pending_since);
        pending_syncs.chain(self.oldest_unseen()).min()
    }

    /// When the rules were last written; of two families, those that are older. `None` while one has none.
    pub fn synced_at(&self) -> Option<Time> {
        self.proxiers.values().map(|proxier| proxier.synced_at).min().flatten()
    }

    /// A list has brought everything that events under way would have told.
    pub(crate) fn has_listed(&mut self) {
        let (unseen, oldest) = (self.unseen(), self.oldest_unseen());
        for proxier in self.proxiers.values_mut() {
            proxier.pending_since = [proxier.pending_since, oldest].into_iter().flatten().min();
            proxier.pending_sync = proxier.pending_sync.saturating_add(unseen);
        }
        self.missed.clear();
    }

    /// It has not seen all changes before the next one.
    pub(crate) fn has_missed_events(&self) -> bool {
        !self.missed.is_empty()
    }

    /// How many changes of Services and EndpointSlices it has not seen yet.
    pub(crate) fn unseen(&self) -> u32 {
        u32::try_from(self.missed.len()).unwrap_or(u32::MAX).saturating_add(self.under_way.count)
    }

    fn oldest_unseen(&self) -> Option<Time> {
        // What it missed is older than what it still gets on the same watch.
        self.missed.first().map(|event| event.at).or(self.under_way.oldest)
    }
}
