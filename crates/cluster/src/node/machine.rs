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
    /// Counts the times the machine was switched on: what was planned before is void.
    pub boot: u32,
    /// The node does not reach the API server: neither its kubelet nor its kube-proxy hears or is
    /// heard. Its links to Pods and to other nodes are not touched.
    pub cut_off: bool,
    /// Power came while the node was cut off: its kubelet still has to learn what to run.
    pub(crate) booted_cut_off: bool,
    /// Counts kube-proxy's watches: what is on its way by an older one never arrives.
    pub(crate) watch: u32,
    /// Counts the times that the kubelet fell silent or was heard again: what was planned for a
    /// silent node is void then.
    pub(crate) silence: u32,
    /// Keys the draws that its rules make.
    pub(crate) subject: u64,
    pub cni: Cni,
    pub stack: Stack,
    /// Of the rules in force.
    pub sent: SentConnections,
    pub proxy: ProxyStatus,
    /// Counts the starts of its kube-proxy: what an earlier one was to hear or do is void.
    pub(crate) proxy_start: u32,
}

/// What this node's kube-proxy knows, and how old its rules are.
#[derive(Clone, Debug, Default)]
pub struct ProxyStatus {
    /// Which rules it writes.
    pub mode: ProxyMode,
    pub services: Arc<LiteMap<NsName, Arc<Service>>>,
    pub slices: Arc<LiteMap<NsName, Arc<EndpointSlice>>>,
    /// The node's own zone, as kube-proxy has seen its Node.
    pub zone: Option<Str>,
    /// The process is stopped (SIGSTOP): it sees nothing, writes nothing and answers nobody.
    pub paused: bool,
    /// Changes that kube-proxy has not seen, oldest first. Of those that it misses, because it is
    /// paused or cut off, the first of each object.
    pub pending_events: VecDeque<PendingEvent>,
    /// Changes that it has seen after the rules were written.
    pub pending_sync: u32,
    /// When the oldest of these was made.
    pub pending_since: Option<Time>,
    /// What the rules were last written from.
    pub written: Written,
    /// Chains that nothing jumps to any more, and that were not deleted yet.
    pub stale_chains: Vec<Str>,
    pub(crate) cleaned_at: Option<Time>,
    pub(crate) cleanup_planned: bool,
    /// When the rules were last written.
    pub synced_at: Option<Time>,
    /// When the last watch event on its way arrives: events keep their order.
    pub(crate) last_arrival: Time,
    pub(crate) sync_planned: bool,
    /// When this kube-proxy started.
    pub(crate) started: Time,
    /// It will look at the real servers that are to go.
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
    /// When the API server took it.
    pub at: Time,
    pub what: Changed,
}

impl Machine {
    /// Nobody hears its kubelet.
    pub fn is_silent(&self) -> bool {
        !self.power || self.cut_off
    }

    /// Its kernel boots: no rules, no connections.
    pub(crate) fn reset_kernel(&mut self) {
        self.stack = kernel(self.stack.addresses.clone(), self.stack.rules().family());
        self.sent.clear();
    }

    /// The kernel takes other rules over, and counts anew.
    pub(crate) fn set_rules(&mut self, rules: Rules) {
        self.stack.set_rules(rules);
        self.sent.clear();
    }

    /// Counts the rules that a packet matched, which was `before` when it met the first of them.
    pub(crate) fn count(&mut self, before: Tuple, hits: &[RuleHit]) {
        self.stack.count(hits);
        self.sent.note(self.stack.rules(), before, hits);
    }

    /// What the kernel has beside the rules in force, in lines that follow them where they are printed:
    /// chains that nothing jumps to any more, real servers that wait for their connections to end.
    pub fn left_over(&self) -> String {
        let chains = self.proxy.stale_chains.iter();
        let chains = chains.map(|chain| format!("# {chain} is still in the kernel; nothing jumps to it\n"));
        chains.fold(self.stack.terminating(), |text, line| text + &line)
    }
}

impl ProxyStatus {
    /// How many changes of Services and EndpointSlices the node's rules do not hold yet.
    pub fn behind(&self) -> u32 {
        u32::try_from(self.pending_events.len()).unwrap_or(u32::MAX).saturating_add(self.pending_sync)
    }

    /// When the oldest change was made that the node's rules do not hold yet.
    pub fn oldest_change(&self) -> Option<Time> {
        let pending_events = self.pending_events.front().map(|u| u.at);
        [self.pending_since, pending_events].into_iter().flatten().min()
    }
}
