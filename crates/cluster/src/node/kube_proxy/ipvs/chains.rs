//! What IPVS mode still needs iptables for: masquerading, and filtering by source or destination.

use super::sets::{self, comment};
use crate::node::kube_proxy::ProxyConfig;
use crate::node::kube_proxy::iptables::{loopback, marked, write_others};
use netfilter::{
    AddressMatch, Chain, ChainId, CtStates, End, IpSet, MarkOp, Match, Protocol, RejectWith, Rule, RuleSet,
    ServerKey, SetEnds, SetId, Table, Target,
};

/// Built-in chains come first in a table, so these have the same place in every rule set
/// (`iptablesChains`).
mod filter {
    use super::ChainId;
    pub const INPUT: ChainId = ChainId::fixed(0);
    pub const FORWARD: ChainId = ChainId::fixed(1);
    pub const OUTPUT: ChainId = ChainId::fixed(2);
    pub const KUBE_FORWARD: ChainId = ChainId::fixed(3);
    pub const KUBE_NODE_PORT: ChainId = ChainId::fixed(4);
    pub const KUBE_PROXY_FIREWALL: ChainId = ChainId::fixed(5);
    pub const KUBE_SOURCE_RANGES_FIREWALL: ChainId = ChainId::fixed(6);
    pub const KUBE_IPVS_FILTER: ChainId = ChainId::fixed(7);
    pub const KUBE_IPVS_OUT_FILTER: ChainId = ChainId::fixed(8);
    pub const NAMES: [&str; 6] = [
        "KUBE-FORWARD",
        "KUBE-NODE-PORT",
        "KUBE-PROXY-FIREWALL",
        "KUBE-SOURCE-RANGES-FIREWALL",
        "KUBE-IPVS-FILTER",
        "KUBE-IPVS-OUT-FILTER",
    ];
}

mod nat {
    use super::ChainId;
    pub const PREROUTING: ChainId = ChainId::fixed(0);
    pub const OUTPUT: ChainId = ChainId::fixed(2);
    pub const POSTROUTING: ChainId = ChainId::fixed(3);
    pub const KUBE_SERVICES: ChainId = ChainId::fixed(4);
    pub const KUBE_POSTROUTING: ChainId = ChainId::fixed(5);
    pub const KUBE_NODE_PORT: ChainId = ChainId::fixed(6);
    pub const KUBE_LOAD_BALANCER: ChainId = ChainId::fixed(7);
    pub const KUBE_MARK_MASQ: ChainId = ChainId::fixed(8);
    pub const NAMES: [&str; 5] =
        ["KUBE-SERVICES", "KUBE-POSTROUTING", "KUBE-NODE-PORT", "KUBE-LOAD-BALANCER", "KUBE-MARK-MASQ"];
}

/// createAndLinkKubeChain and writeIptablesRules. The sets must be filled before, since some rules are
/// written only if their set is not empty. `no_node_access`: load balancers that this node may not call.
pub(super) fn write(cfg: &ProxyConfig, sets: &[IpSet], no_node_access: &[ServerKey], rules: &mut RuleSet) {
    for name in filter::NAMES {
        rules.filter.declare(Chain::new(name.into()));
    }
    for name in nat::NAMES {
        rules.nat.declare(Chain::new(name.into()));
    }
    link(rules);
    let writer = Writer { cfg, filled: sets.iter().map(|set| !set.is_empty()).collect() };
    writer.nat(&mut rules.nat);
    writer.filter(no_node_access, &mut rules.filter);
    write_others(cfg, rules);
}

/// `iptablesJumpChain`. Each jump is prepended, so here they are in reverse order.
fn link(rules: &mut RuleSet) {
    let jump = |table: &mut Table, from, to, comment: &str| {
        table.append(from, Rule::new(&[], Target::Jump(to)).commented(comment));
    };
    let table = &mut rules.filter;
    use filter::{FORWARD, INPUT, OUTPUT};
    jump(table, INPUT, filter::KUBE_IPVS_FILTER, "kubernetes ipvs access filter");
    jump(table, INPUT, filter::KUBE_PROXY_FIREWALL, "kube-proxy firewall rules");
    jump(table, INPUT, filter::KUBE_NODE_PORT, "kubernetes health check rules");
    jump(table, FORWARD, filter::KUBE_PROXY_FIREWALL, "kube-proxy firewall rules");
    jump(table, FORWARD, filter::KUBE_FORWARD, "kubernetes forwarding rules");
    jump(table, OUTPUT, filter::KUBE_IPVS_OUT_FILTER, "kubernetes ipvs access filter");
    let table = &mut rules.nat;
    jump(table, nat::PREROUTING, nat::KUBE_SERVICES, "kubernetes service portals");
    jump(table, nat::OUTPUT, nat::KUBE_SERVICES, "kubernetes service portals");
    jump(table, nat::POSTROUTING, nat::KUBE_POSTROUTING, "kubernetes postrouting rules");
}

struct Writer<'a> {
    cfg: &'a ProxyConfig,
    /// For each set, whether it has members.
    filled: Vec<bool>,
}

/// A row of `ipsetWithIptablesChain`: a rule that is written if its set is not empty.
type Row = (SetId, ChainId, Target, SetEnds, Option<Protocol>);

const DST: SetEnds = SetEnds::Dst;
const DST_DST: SetEnds = SetEnds::DstDst;
const DST_DST_SRC: SetEnds = SetEnds::DstDstSrc;
const MASQ: Target = Target::Jump(nat::KUBE_MARK_MASQ);

const NAT_ROWS: [Row; 9] = {
    use Protocol::{Sctp, Tcp, Udp};
    use nat::{KUBE_LOAD_BALANCER, KUBE_NODE_PORT, KUBE_POSTROUTING, KUBE_SERVICES};
    let hairpin = Target::Masquerade { random_fully: false };
    let balancer = Target::Jump(KUBE_LOAD_BALANCER);
    [
        (sets::LOOP_BACK, KUBE_POSTROUTING, hairpin, DST_DST_SRC, None),
        (sets::LOAD_BALANCER, KUBE_SERVICES, balancer, DST_DST, None),
        (sets::LOAD_BALANCER_LOCAL, KUBE_LOAD_BALANCER, Target::Return, DST_DST, None),
        (sets::NODE_PORT_LOCAL_TCP, KUBE_NODE_PORT, Target::Return, DST, Some(Tcp)),
        (sets::NODE_PORT_TCP, KUBE_NODE_PORT, MASQ, DST, Some(Tcp)),
        (sets::NODE_PORT_LOCAL_UDP, KUBE_NODE_PORT, Target::Return, DST, Some(Udp)),
        (sets::NODE_PORT_UDP, KUBE_NODE_PORT, MASQ, DST, Some(Udp)),
        (sets::NODE_PORT_LOCAL_SCTP, KUBE_NODE_PORT, Target::Return, DST_DST, Some(Sctp)),
        (sets::NODE_PORT_SCTP, KUBE_NODE_PORT, MASQ, DST_DST, Some(Sctp)),
    ]
};

const FILTER_ROWS: [Row; 3] = {
    use filter::{KUBE_PROXY_FIREWALL, KUBE_SOURCE_RANGES_FIREWALL as RANGES};
    [
        (sets::LOAD_BALANCER_FW, KUBE_PROXY_FIREWALL, Target::Jump(RANGES), DST_DST, None),
        (sets::LOAD_BALANCER_SOURCE_CIDR, RANGES, Target::Return, DST_DST_SRC, None),
        (sets::LOAD_BALANCER_SOURCE_IP, RANGES, Target::Return, DST_DST_SRC, None),
    ]
};

impl Writer<'_> {
    fn has(&self, set: SetId) -> bool {
        self.filled.get(set.0 as usize).copied().unwrap_or_default()
    }

    fn rows(&self, table: &mut Table, rows: &[Row]) {
        for (set, from, to, ends, protocol) in rows {
            if !self.has(*set) {
                continue;
            }
            let asks = Match::Set { set: *set, ends: *ends };
            let rule = match protocol {
                Some(protocol) => Rule::new(&[Match::ProtocolOnly(*protocol), asks], *to),
                None => Rule::new(&[asks], *to),
            };
            table.append(*from, rule.commented(comment(*set)));
        }
    }

    fn nat(&self, table: &mut Table) {
        use nat::{KUBE_LOAD_BALANCER, KUBE_MARK_MASQ, KUBE_NODE_PORT, KUBE_POSTROUTING, KUBE_SERVICES};
        let from_here = Match::Source(AddressMatch::within(loopback(self.cfg.family)));
        table.append(KUBE_SERVICES, Rule::new(&[from_here], Target::Return));
        self.rows(table, &NAT_ROWS);
        if let Some(rule) = self.masquerade_cluster_ip() {
            table.append(KUBE_SERVICES, rule);
        }
        self.external_ips(table);
        let local = Match::Local(End::Destination);
        table.append(KUBE_SERVICES, Rule::new(&[local], Target::Jump(KUBE_NODE_PORT)));
        table.append(KUBE_LOAD_BALANCER, Rule::new(&[], MASQ));
        // Accepted here, so that no later chain of the table nat changes a packet that IPVS will handle.
        for set in [sets::CLUSTER_IP, sets::LOAD_BALANCER].into_iter().filter(|set| self.has(*set)) {
            table.append(KUBE_SERVICES, Rule::new(&[Match::Set { set, ends: DST_DST }], Target::Accept));
        }
        let masquerade = Rule::new(&[], Target::Masquerade { random_fully: self.cfg.random_fully });
        for rule in [
            Rule::new(&[marked(self.cfg, true)], Target::Return),
            Rule::new(&[], Target::Mark(MarkOp::Xor(self.cfg.mark()))),
            masquerade.commented("kubernetes service traffic requiring SNAT"),
        ] {
            table.append(KUBE_POSTROUTING, rule);
        }
        table.append(KUBE_MARK_MASQ, Rule::new(&[], Target::Mark(MarkOp::Or(self.cfg.mark()))));
    }

    /// M-01, in this mode. Without a local-traffic detector it masquerades only packets whose source is a
    /// virtual server's address. The node itself sends those: kube-ipvs0 has that address, so it becomes the source.
    fn masquerade_cluster_ip(&self) -> Option<Rule> {
        let set = sets::CLUSTER_IP;
        if !self.has(set) {
            return None;
        }
        let asks = Match::Set { set, ends: DST_DST };
        let rule = match (self.cfg.masquerade_all, self.cfg.local_detector()) {
            (true, _) => Rule::new(&[asks], MASQ),
            (false, Some(detector)) => Rule::new(&[asks, detector.matches(false)], MASQ),
            (false, None) => Rule::new(&[Match::Set { set, ends: SetEnds::SrcDst }], MASQ),
        };
        Some(rule.commented(comment(set)))
    }

    /// `externalIPRules`.
    fn external_ips(&self, table: &mut Table) {
        for (set, masquerades) in [(sets::EXTERNAL_IP, true), (sets::EXTERNAL_IP_LOCAL, false)] {
            if !self.has(set) {
                continue;
            }
            let asks = Match::Set { set, ends: DST_DST };
            let mut add = |conditions: &[Match], target| {
                table.append(nat::KUBE_SERVICES, Rule::new(conditions, target).commented(comment(set)));
            };
            if masquerades {
                add(&[asks], MASQ);
            }
            add(&[asks, Match::NotPhysdevIn, Match::SourceNotLocal], Target::Accept);
            add(&[asks, Match::Local(End::Destination)], Target::Accept);
        }
    }

    fn filter(&self, no_node_access: &[ServerKey], table: &mut Table) {
        use filter::{
            KUBE_FORWARD, KUBE_IPVS_FILTER, KUBE_IPVS_OUT_FILTER, KUBE_NODE_PORT, KUBE_SOURCE_RANGES_FIREWALL,
        };
        self.rows(table, &FILTER_ROWS);
        table.append(KUBE_SOURCE_RANGES_FIREWALL, Rule::new(&[], Target::Drop));
        for server in no_node_access {
            let from_itself = Match::Source(AddressMatch::host(server.address));
            table.append(KUBE_IPVS_OUT_FILTER, Rule::new(&[from_itself, Match::Ipvs(*server)], Target::Drop));
        }
        let marked = Rule::new(&[marked(self.cfg, false)], Target::Accept);
        table.append(KUBE_FORWARD, marked.commented("kubernetes forwarding rules"));
        let known = CtStates::RELATED.or(CtStates::ESTABLISHED);
        let known = Rule::new(&[Match::CtState { any_of: known, invert: false }], Target::Accept);
        table.append(KUBE_FORWARD, known.commented("kubernetes forwarding conntrack rule"));
        let set = sets::HEALTH_CHECK_NODE_PORT;
        let health = Rule::new(&[Match::Set { set, ends: DST }], Target::Accept);
        table.append(KUBE_NODE_PORT, health.commented(comment(set)));
        self.only_servers(table, KUBE_IPVS_FILTER);
    }

    /// KUBE-IPVS-FILTER: the addresses of kube-ipvs0 are local, so traffic to a port without a virtual server
    /// would reach the node's own processes. It is rejected.
    fn only_servers(&self, table: &mut Table, chain: ChainId) {
        for (set, ends) in [
            (sets::LOAD_BALANCER, DST_DST),
            (sets::CLUSTER_IP, DST_DST),
            (sets::EXTERNAL_IP, DST_DST),
            (sets::EXTERNAL_IP_LOCAL, DST_DST),
            (sets::HEALTH_CHECK_NODE_PORT, DST),
        ] {
            table.append(chain, Rule::new(&[Match::Set { set, ends }], Target::Return));
        }
        let new = Match::CtState { any_of: CtStates::NEW, invert: false };
        let bound = Match::Set { set: sets::IPVS_IPS, ends: DST };
        table.append(chain, Rule::new(&[new, bound], Target::Reject(RejectWith::PortUnreachable)));
    }
}
