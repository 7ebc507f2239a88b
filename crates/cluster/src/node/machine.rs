//! A node's machine: its power, its network stack, its Pods' addresses, its kube-proxy.

use std::net::IpAddr;

use super::ProxyStatus;
use crate::api::{Name, Uid};
use crate::net::{Cni, PortMap};
use crate::node::kube_proxy::SentConnections;
use crate::sim::{Span, Time};
use netfilter::{Conntrack, Family, Hooks, PerFamily, RuleHit, Rules, Stack, Timeouts, Tuple};

/// A kernel that has just booted, with what kube-proxy asks of conntrack when it starts: 32,768 entries for each
/// of four CPUs, and two time-outs (KubeProxyConntrackConfiguration, pkg/proxy/apis/config/v1alpha1/defaults.go).
pub(crate) fn kernel<T>(addresses: Vec<IpAddr>, families: &PerFamily<T>) -> Stack {
    let (established, close_wait) = (Span::from_secs(24 * 3600), Span::from_secs(3600));
    let mut stack = Stack::of_families(addresses, families);
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
    /// The node was switched on, and its kubelet is not ready yet: it takes up no Pod.
    pub(crate) boots: bool,
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
    /// Those in its own network namespace (`hostNetwork`).
    pub(crate) host_network_pods: Vec<Uid>,
    /// What the plugin portmap has mapped, the latest first.
    pub(crate) port_maps: Vec<PortMap>,
    /// Those that found no free address, and since when they wait for one.
    pub(crate) without_address: Vec<(Uid, Time)>,
    pub stack: Stack,
    /// Counted since the rules in force were written, for each family on its own.
    pub sent: SentConnections,
    pub proxy: ProxyStatus,
    /// Incremented when kube-proxy starts: events for an earlier process have no effect.
    pub(crate) proxy_start: u32,
}

impl Machine {
    /// Whether its kubelet cannot report to the API server.
    pub fn is_silent(&self) -> bool {
        !self.power || self.cut_off
    }

    /// Whether its kubelet does anything at all.
    pub(crate) fn has_kubelet(&self) -> bool {
        self.power && !self.boots
    }

    /// Whether its kubelet hears from the API server.
    pub(crate) fn kubelet_hears(&self) -> bool {
        self.has_kubelet() && !self.cut_off
    }

    /// Its kernel boots: no rules, no connections.
    pub(crate) fn reset_kernel(&mut self) {
        self.stack = kernel(self.stack.addresses.clone(), self.stack.hooks());
        self.sent.clear();
    }

    /// Replaces the rules of one family in the kernel; its counters start from zero.
    pub(crate) fn set_rules(&mut self, rules: Rules) {
        self.sent.clear_family(rules.family());
        self.stack.set_rules(rules);
    }

    /// Somebody else than kube-proxy has added or deleted rules of one family; the counters of the others go on.
    pub(crate) fn change_rules(&mut self, rules: Rules) {
        self.stack.change_rules(rules);
    }

    /// Whether no kube-proxy has written rules for that family since the kernel has booted.
    pub(crate) fn lacks_kube_proxys_rules(&self, family: Family) -> bool {
        match self.rules(family) {
            // Rules that are not made yet are of a sync.
            Some(Rules::Iptables(rules)) => rules.is_made() && rules.nat.find("KUBE-SERVICES").is_none(),
            Some(Rules::Nftables { .. } | Rules::Ipvs(_)) | None => false,
        }
    }

    /// The rules in force for packets of that family.
    pub fn rules(&self, family: Family) -> Option<&Rules> {
        self.stack.hooks().get(family).map(Hooks::rules)
    }

    /// Counts the rules that a packet matched. `before`: the packet's tuple before the first of them.
    pub(crate) fn count(&mut self, before: Tuple, hits: &[RuleHit]) {
        let family = Family::of(before.dst);
        self.stack.count(family, hits);
        if let Some(hooks) = self.stack.hooks().get(family) {
            self.sent.note(hooks.rules(), before, hits);
        }
    }

    /// What the kernel has besides a family's rules in force, printed after them: chains that nothing jumps to any
    /// more, and real servers that are kept until their connections end.
    pub fn left_over(&self, family: Family) -> String {
        let terminating = self.stack.hooks().get(family).map(Hooks::terminating).unwrap_or_default();
        let chains = self.proxy.proxiers.get(family).into_iter().flat_map(|proxier| &proxier.stale_chains);
        let chains = chains.map(|chain| format!("# {chain} is still in the kernel; nothing jumps to it\n"));
        chains.fold(terminating, |text, line| text + &line)
    }
}
