//! The chains that exist even without any Service, and the jumps to them.

use std::net::IpAddr;

use super::super::ProxyConfig;
use netfilter::{
    AddressMatch, Chain, ChainId, Cidr, CtStates, End, Family, MarkOp, Match, Rule, RuleSet, Table, Target,
};

/// Built-in chains come first in a table, so these have the same place in every rule set.
pub(super) mod filter {
    use super::ChainId;
    pub const INPUT: ChainId = ChainId::fixed(0);
    pub const FORWARD: ChainId = ChainId::fixed(1);
    pub const OUTPUT: ChainId = ChainId::fixed(2);
    pub const KUBE_SERVICES: ChainId = ChainId::fixed(3);
    pub const KUBE_EXTERNAL_SERVICES: ChainId = ChainId::fixed(4);
    pub const KUBE_FORWARD: ChainId = ChainId::fixed(5);
    pub const KUBE_NODEPORTS: ChainId = ChainId::fixed(6);
    pub const KUBE_PROXY_FIREWALL: ChainId = ChainId::fixed(7);
    pub const KUBE_FIREWALL: ChainId = ChainId::fixed(8);
}

pub(super) mod nat {
    use super::ChainId;
    pub const PREROUTING: ChainId = ChainId::fixed(0);
    pub const OUTPUT: ChainId = ChainId::fixed(2);
    pub const POSTROUTING: ChainId = ChainId::fixed(3);
    pub const KUBE_SERVICES: ChainId = ChainId::fixed(4);
    pub const KUBE_NODEPORTS: ChainId = ChainId::fixed(5);
    pub const KUBE_POSTROUTING: ChainId = ChainId::fixed(6);
    pub const KUBE_MARK_MASQ: ChainId = ChainId::fixed(7);
}

const NEW: Match = Match::CtState { any_of: CtStates::NEW, invert: false };

/// The top-level chains with their rules, and the jumps to them from the built-in chains.
pub(super) fn top_level(cfg: &ProxyConfig) -> RuleSet {
    let mut rules = RuleSet::empty(cfg.family);
    let table = &mut rules.filter;
    for name in [
        "KUBE-SERVICES",
        "KUBE-EXTERNAL-SERVICES",
        "KUBE-FORWARD",
        "KUBE-NODEPORTS",
        "KUBE-PROXY-FIREWALL",
        "KUBE-FIREWALL",
    ] {
        table.declare(Chain::new(name.into()));
    }
    if cfg.family == Family::V6 {
        kubelet_jumps(table);
    }
    filter_jumps(table);
    if cfg.family == Family::V4 {
        kubelet_jumps(table);
    }
    forward(cfg, table);
    block_localnet(cfg, table);
    let table = &mut rules.nat;
    for name in ["KUBE-SERVICES", "KUBE-NODEPORTS", "KUBE-POSTROUTING", "KUBE-MARK-MASQ"] {
        table.declare(Chain::new(name.into()));
    }
    nat_jumps(table);
    masquerade(cfg, table);
    rules
}

/// I-02: iptablesJumpChains. kube-proxy prepends them one after the other, so each built-in chain
/// has them in the opposite order of that list.
fn filter_jumps(table: &mut Table) {
    let mut jump = |from, conditions: &[Match], comment: &str, to| {
        table.append(from, Rule::new(conditions, Target::Jump(to)).commented(comment));
    };
    let firewall = "kubernetes load balancer firewall";
    let services = "kubernetes service portals";
    let external = "kubernetes externally-visible service portals";
    let health = "kubernetes health check service ports";
    let forwarding = "kubernetes forwarding rules";
    use filter::{
        FORWARD, INPUT, KUBE_EXTERNAL_SERVICES, KUBE_FORWARD, KUBE_NODEPORTS, KUBE_PROXY_FIREWALL,
        KUBE_SERVICES, OUTPUT,
    };
    jump(INPUT, &[NEW], firewall, KUBE_PROXY_FIREWALL);
    jump(INPUT, &[], health, KUBE_NODEPORTS);
    jump(INPUT, &[NEW], external, KUBE_EXTERNAL_SERVICES);
    jump(FORWARD, &[NEW], firewall, KUBE_PROXY_FIREWALL);
    jump(FORWARD, &[], forwarding, KUBE_FORWARD);
    jump(FORWARD, &[NEW], services, KUBE_SERVICES);
    jump(FORWARD, &[NEW], external, KUBE_EXTERNAL_SERVICES);
    jump(OUTPUT, &[NEW], firewall, KUBE_PROXY_FIREWALL);
    jump(OUTPUT, &[NEW], services, KUBE_SERVICES);
}

fn nat_jumps(table: &mut Table) {
    use nat::{KUBE_POSTROUTING, KUBE_SERVICES, OUTPUT, POSTROUTING, PREROUTING};
    for (from, to, comment) in [
        (PREROUTING, KUBE_SERVICES, "kubernetes service portals"),
        (OUTPUT, KUBE_SERVICES, "kubernetes service portals"),
        (POSTROUTING, KUBE_POSTROUTING, "kubernetes postrouting rules"),
    ] {
        table.append(from, Rule::new(&[], Target::Jump(to)).commented(comment));
    }
}

/// I-04.
fn forward(cfg: &ProxyConfig, table: &mut Table) {
    let invalid = Match::CtState { any_of: CtStates::INVALID, invert: false };
    let known = CtStates::RELATED.or(CtStates::ESTABLISHED);
    let known = Match::CtState { any_of: known, invert: false };
    if !cfg.tcp_be_liberal {
        let counted = Match::Nfacct(super::NFACCT_INVALID_DROPPED);
        let matches = [invalid, counted];
        let matches = if cfg.nfacct { &matches[..] } else { &matches[..1] };
        table.append(filter::KUBE_FORWARD, Rule::new(matches, Target::Drop));
    }
    let marked = Rule::new(&[marked(cfg, false)], Target::Accept);
    table.append(filter::KUBE_FORWARD, marked.commented("kubernetes forwarding rules"));
    let known = Rule::new(&[known], Target::Accept);
    table.append(filter::KUBE_FORWARD, known.commented("kubernetes forwarding conntrack rule"));
}

/// iptablesKubeletJumpChains: they exist for every family and option, though KUBE-FIREWALL may be empty.
/// In IPv4 the kubelet has written the same jumps earlier (kubelet_network_linux.go, syncIPTablesRules), so
/// kube-proxy's other jumps stand before them. In IPv6 the kubelet writes none; kube-proxy prepends these
/// last, so they come first.
fn kubelet_jumps(table: &mut Table) {
    for from in [filter::INPUT, filter::OUTPUT] {
        table.append(from, Rule::new(&[], Target::Jump(filter::KUBE_FIREWALL)));
    }
}

/// NodePorts on 127.0.0.1 need `route_localnet`, which would let other machines on the link reach the
/// node's loopback services; this rule blocks them. The kubelet always writes the same rule in IPv4. It is
/// left out here if kube-proxy does not set `route_localnet`, since the kernel then drops such packets itself.
fn block_localnet(cfg: &ProxyConfig, table: &mut Table) {
    if cfg.family != Family::V4 || !localhost_node_ports(cfg) {
        return;
    }
    let known = CtStates::RELATED.or(CtStates::ESTABLISHED).or(CtStates::DNAT);
    let rule = Rule::new(
        &[
            Match::Destination(AddressMatch::within(loopback(Family::V4))),
            Match::Source(AddressMatch::outside(loopback(Family::V4))),
            Match::CtState { any_of: known, invert: true },
        ],
        Target::Drop,
    );
    table.append(filter::KUBE_FIREWALL, rule.commented("block incoming localnet connections"));
}

/// I-03.
fn masquerade(cfg: &ProxyConfig, table: &mut Table) {
    let rules = [
        Rule::new(&[marked(cfg, true)], Target::Return),
        Rule::new(&[], Target::Mark(MarkOp::Xor(cfg.mark()))),
        Rule::new(&[], Target::Masquerade { random_fully: cfg.random_fully })
            .commented("kubernetes service traffic requiring SNAT"),
    ];
    for rule in rules {
        table.append(nat::KUBE_POSTROUTING, rule);
    }
    table.append(nat::KUBE_MARK_MASQ, Rule::new(&[], Target::Mark(MarkOp::Or(cfg.mark()))));
}

/// I-05: the last rules of the nat table's KUBE-SERVICES lead to the NodePorts.
pub(super) fn node_ports_last(cfg: &ProxyConfig, rules: &mut RuleSet) {
    let comment = "kubernetes service nodeports; NOTE: this must be the last rule in this chain";
    let mut jump = |conditions: &[Match]| {
        let rule = Rule::new(conditions, Target::Jump(nat::KUBE_NODEPORTS)).commented(comment);
        rules.nat.append(nat::KUBE_SERVICES, rule);
    };
    let Some(prefixes) = restricted(cfg) else {
        let local = Match::Local(End::Destination);
        return match localhost_node_ports(cfg) && cfg.family == Family::V4 {
            true => jump(&[local]),
            false => {
                let outside = AddressMatch::outside(loopback(cfg.family));
                jump(&[local, Match::Destination(outside)]);
            }
        };
    };
    for ip in node_port_ips(cfg, &prefixes) {
        jump(&[Match::Destination(AddressMatch::host(ip))]);
    }
}

/// The addresses of this node in the prefixes of `nodePortAddresses`, lowest first (upstream: in
/// Go's map order).
fn node_port_ips(cfg: &ProxyConfig, prefixes: &[Cidr]) -> Vec<IpAddr> {
    let lo: IpAddr = match cfg.family {
        Family::V4 => std::net::Ipv4Addr::LOCALHOST.into(),
        Family::V6 => std::net::Ipv6Addr::LOCALHOST.into(),
    };
    let lo_allowed = cfg.family == Family::V4 && localhost_node_ports(cfg);
    let mut ips: Vec<IpAddr> = cfg.node_ips.iter().copied().chain([lo]).collect();
    ips.retain(|ip| prefixes.iter().any(|prefix| prefix.contains(*ip)));
    ips.retain(|ip| lo_allowed || !ip.is_loopback());
    ips.sort_by(Ord::cmp);
    ips.dedup();
    ips
}

/// `None`: NodePorts are open on every local address (NodePortAddresses.MatchAll).
fn restricted(cfg: &ProxyConfig) -> Option<Vec<Cidr>> {
    let mine = |c: &Cidr| Family::of(c.address()) == cfg.family;
    let prefixes: Vec<Cidr> = cfg.node_port_addresses.iter().copied().filter(mine).collect();
    let all = prefixes.is_empty() || prefixes.iter().any(|c| c.length() == 0);
    (!all).then_some(prefixes)
}

/// Whether the option is set, and `nodePortAddresses` includes loopback (NewProxier, ContainsIPv4Loopback).
pub(super) fn localhost_node_ports(cfg: &ProxyConfig) -> bool {
    let has_loopback = |c: &Cidr| c.address().is_loopback() || c.contains(loopback(Family::V4).address());
    let included = restricted(cfg).is_none_or(|prefixes| prefixes.iter().any(has_loopback));
    cfg.localhost_node_ports && included
}

pub(in crate::node::kube_proxy) fn loopback(family: Family) -> Cidr {
    match family {
        Family::V4 => {
            let address = IpAddr::from([127, 0, 0, 0]);
            Cidr::new(address, 8).unwrap_or(Cidr::host(address))
        }
        Family::V6 => Cidr::host(std::net::Ipv6Addr::LOCALHOST.into()),
    }
}

pub(in crate::node::kube_proxy) fn marked(cfg: &ProxyConfig, invert: bool) -> Match {
    Match::Mark { value: cfg.mark(), mask: cfg.mark(), invert }
}
