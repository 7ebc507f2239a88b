//! A node's machine: its power, its network stack, its Pods' addresses, its kube-proxy.

use litemap::LiteMap;
use std::collections::VecDeque;
use std::net::IpAddr;
use std::sync::Arc;

use crate::api::{EndpointSlice, Name, NsName, Service, Str, Uid};
use crate::net::{Cni, PerFamily};
use crate::node::kube_proxy::{ProxyConfig, ProxyMode, SentConnections, Synced};
use crate::sim::{Span, Time};
use netfilter::{Conntrack, Family, RuleHit, Rules, Stack, Timeouts, Tuple};

/// A kernel that has just booted, with what kube-proxy asks of conntrack when it starts: 32,768 entries for each
/// of four CPUs, and two time-outs (KubeProxyConntrackConfiguration, pkg/proxy/apis/config/v1alpha1/defaults.go).
pub(crate) fn kernel(addresses: Vec<IpAddr>, family: Family) -> Stack {
    let (established, close_wait) = (Span::from_secs(24 * 3600), Span::from_secs(3600));
    let mut stack = Stack::new(addresses, family);
    stack.conntrack = Conntrack::new(Timeouts { established, close_wait, ..Timeouts::default() });
    stack.conntrack.max = 4 * 32_768;
    stack
}

#[derive(Clone, Debug)]
pub struct Machine {
    pub uid: Uid,
    pub name: Name,
    /// The InternalIPs.
    pub addresses: PerFamily<IpAddr>,
    pub power: bool,
    /// Incremented when the machine is switched on: events that were planned before have no effect.
    pub boot: u32,
    /// The node cannot reach the API server: its kubelet and its kube-proxy get no events and can report
    /// nothing. Its links to Pods and to other nodes still work.
    pub cut_off: bool,
    /// The node was switched on while it was cut off: its kubelet does not know yet which Pods to run.
    pub(crate) booted_cut_off: bool,
    /// Incremented with each watch that kube-proxy opens: events of an older watch never arrive.
    pub(crate) watch: u32,
    /// Incremented when the kubelet stops reporting and when it starts again: what the node lifecycle
    /// controller had planned for a silent node then has no effect.
    pub(crate) silence: u32,
    /// Keys the draws that its rules make.
    pub(crate) subject: u64,
    pub cni: Cni,
    pub stack: Stack,
    /// Counted since the rules in force were written.
    pub sent: SentConnections,
    pub proxy: ProxyStatus,
    /// Incremented when kube-proxy starts: events for an earlier process have no effect.
    pub(crate) proxy_start: u32,
}

/// What this node's kube-proxy has seen, and how old its rules are.
#[derive(Clone, Debug, Default)]
pub struct ProxyStatus {
    /// The mode that it runs in.
    pub mode: ProxyMode,
    pub services: Arc<LiteMap<NsName, Arc<Service>>>,
    pub slices: Arc<LiteMap<NsName, Arc<EndpointSlice>>>,
    /// The node's own zone, as kube-proxy has seen its Node.
    pub zone: Option<Str>,
    /// The process is stopped (SIGSTOP): it gets no events, writes no rules and does not reply to health checks.
    pub paused: bool,
    /// Changes that kube-proxy has not seen, oldest first. While it is paused or cut off, only the first
    /// change of each object is kept.
    pub pending_events: VecDeque<PendingEvent>,
    /// How many changes it has seen since the rules were written.
    pub pending_sync: u32,
    /// When the oldest of these changes was made.
    pub pending_since: Option<Time>,
    /// What the rules were last written from.
    pub written: Written,
    /// Chains that nothing jumps to any more and that are not deleted yet.
    pub stale_chains: Vec<Str>,
    pub(crate) cleaned_at: Option<Time>,
    pub(crate) cleanup_planned: bool,
    /// When the rules were last written.
    pub synced_at: Option<Time>,
    /// When the last watch event under way arrives. Later events must not overtake it.
    pub(crate) last_arrival: Time,
    pub(crate) sync_planned: bool,
    /// When this kube-proxy started.
    pub(crate) started: Time,
    /// The next check of terminating real servers is scheduled (mode ipvs).
    pub(crate) terminates_planned: bool,
}

/// What kube-proxy had seen when it wrote the rules that are in force.
#[derive(Clone, Debug, Default)]
pub struct Written {
    pub services: Arc<LiteMap<NsName, Arc<Service>>>,
    pub slices: Arc<LiteMap<NsName, Arc<EndpointSlice>>>,
    /// `None` before the first sync.
    pub config: Option<Arc<ProxyConfig>>,
    pub(crate) synced: Option<Arc<Synced>>,
}

/// What was changed in the API server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Changed {
    Service(NsName),
    Slice(NsName),
    /// The node's own Node.
    Node,
}

/// A change that has not reached a node's kube-proxy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PendingEvent {
    /// When the API server accepted the change.
    pub at: Time,
    pub what: Changed,
}

impl Machine {
    /// Whether its kubelet cannot report to the API server.
    pub fn is_silent(&self) -> bool {
        !self.power || self.cut_off
    }

    /// Its kernel boots: no rules, no connections.
    pub(crate) fn reset_kernel(&mut self) {
        self.stack = kernel(self.stack.addresses.clone(), self.stack.rules().family());
        self.sent.clear();
    }

    /// Replaces the rules in the kernel; all counters start from zero.
    pub(crate) fn set_rules(&mut self, rules: Rules) {
        self.stack.set_rules(rules);
        self.sent.clear();
    }

    /// Counts the rules that a packet matched. `before`: the packet's tuple before the first of them.
    pub(crate) fn count(&mut self, before: Tuple, hits: &[RuleHit]) {
        self.stack.count(hits);
        self.sent.note(self.stack.rules(), before, hits);
    }

    /// What the kernel has besides the rules in force, printed after them: chains that nothing jumps to any
    /// more, and real servers that are kept until their connections end.
    pub fn left_over(&self) -> String {
        let chains = self.proxy.stale_chains.iter();
        let chains = chains.map(|chain| format!("# {chain} is still in the kernel; nothing jumps to it\n"));
        chains.fold(self.stack.terminating(), |text, line| text + &line)
    }
}

impl ProxyStatus {
    /// How many changes of Services and EndpointSlices are not in the node's rules yet.
    pub fn behind(&self) -> u32 {
        u32::try_from(self.pending_events.len()).unwrap_or(u32::MAX).saturating_add(self.pending_sync)
    }

    /// When the oldest change was made that is not in the node's rules yet.
    pub fn oldest_change(&self) -> Option<Time> {
        let pending_events = self.pending_events.front().map(|u| u.at);
        [self.pending_since, pending_events].into_iter().flatten().min()
    }
}
