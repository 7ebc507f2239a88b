//! What exists even without any Service: base chains, the chains that they jump to, sets and maps
//! (setupNFTables).

use super::super::ProxyConfig;
use super::super::iptables::loopback;
use netfilter::nft::{
    BaseChain, Chain, ChainType, Element, Key, Rule, Set, SetId, SetKind, Statement, Table, Verdict,
};
use netfilter::{AddressMatch, ChainId, Cidr, CtStates, End, Family, Hook, MarkOp, Protocol, Tuple};
use std::net::IpAddr;

/// The sets, maps and chains to which every Service adds.
pub(super) struct Fixed {
    pub cluster_ips: SetId,
    pub hairpin_connections: SetId,
    pub no_endpoint_services: SetId,
    pub no_endpoint_node_ports: SetId,
    pub firewall_ips: SetId,
    pub service_ips: SetId,
    pub service_node_ports: SetId,
    pub reject_chain: ChainId,
}

struct BaseChains {
    prerouting_pre_dnat: ChainId,
    output_pre_dnat: ChainId,
    input: ChainId,
    forward: ChainId,
    output: ChainId,
    nat_prerouting: ChainId,
    nat_output: ChainId,
    nat_postrouting: ChainId,
}

struct Chains {
    node_port_endpoints_check: ChainId,
    service_endpoints_check: ChainId,
    firewall_check: ChainId,
    services: ChainId,
    masquerading: ChainId,
    cluster_ips_check: ChainId,
}

pub(super) fn top_level(cfg: &ProxyConfig) -> (Table, Fixed) {
    let mut table = Table::new(cfg.family, "kube-proxy", Some("rules for kube-proxy"));
    let node_port_ips = node_port_ips(cfg);
    let (fixed, node_port_set) = declare_sets(&mut table, node_port_ips.as_deref());
    let base = declare_base_chains(&mut table);
    let chains = declare_chains(&mut table);
    let reject_chain = reject_chain(&mut table);
    let fixed = Fixed { reject_chain, ..fixed };
    jumps(&mut table, &base, &chains);
    services(&mut table, cfg, &chains, &fixed, node_port_set);
    checks(&mut table, cfg, &chains, &fixed, node_port_set);
    masquerading(&mut table, cfg, &chains, &fixed);
    (table, fixed)
}

fn declare_sets(table: &mut Table, node_port_ips: Option<&[IpAddr]>) -> (Fixed, Option<SetId>) {
    let mut declare = |name, key, kind, comment| table.declare_set(Set::new(name, key, kind, Some(comment)));
    use SetKind::{Plain, Verdicts};
    let hairpin = declare("hairpin-connections", Key::CONNECTION, Plain, "service hairpin connections");
    let cluster_ips = declare("cluster-ips", Key::DESTINATION, Plain, "Active ClusterIPs");
    let node_ports = "IPs that accept NodePort traffic";
    let node_port_set = node_port_ips.map(|_| declare("nodeport-ips", Key::DESTINATION, Plain, node_ports));
    let fixed = Fixed {
        cluster_ips,
        hairpin_connections: hairpin,
        no_endpoint_services: declare(
            "no-endpoint-services",
            Key::ADDRESS_AND_PORT,
            Verdicts,
            "vmap to drop or reject packets to services with no endpoints",
        ),
        no_endpoint_node_ports: declare(
            "no-endpoint-nodeports",
            Key::PORT,
            Verdicts,
            "vmap to drop or reject packets to service nodeports with no endpoints",
        ),
        firewall_ips: declare(
            "firewall-ips",
            Key::ADDRESS_AND_PORT,
            Verdicts,
            "destinations that are subject to LoadBalancerSourceRanges",
        ),
        service_ips: declare(
            "service-ips",
            Key::ADDRESS_AND_PORT,
            Verdicts,
            "ClusterIP, ExternalIP and LoadBalancer IP traffic",
        ),
        service_node_ports: declare("service-nodeports", Key::PORT, Verdicts, "NodePort traffic"),
        reject_chain: ChainId::fixed(u32::MAX),
    };
    for (set, ip) in node_port_set
        .iter()
        .flat_map(|set| node_port_ips.unwrap_or_default().iter().map(move |ip| (*set, *ip)))
    {
        table.insert(set, address(ip));
    }
    (fixed, node_port_set)
}

/// An element of a set of destination addresses.
pub(super) fn address(ip: IpAddr) -> Element {
    let key = Tuple { src: ip, src_port: 0, dst: ip, dst_port: 0, protocol: Protocol::Tcp };
    Element { key, verdict: None, comment: None, owner: None }
}

/// nftablesBaseChains.
fn declare_base_chains(table: &mut Table) -> BaseChains {
    let mut base = |name: &str, type_, hook, priority| {
        let mut chain = Chain::new(name);
        chain.base = Some(BaseChain { type_, hook, priority });
        table.declare(chain)
    };
    use ChainType::{Filter, Nat};
    BaseChains {
        prerouting_pre_dnat: base("filter-prerouting-pre-dnat", Filter, Hook::Prerouting, -110),
        output_pre_dnat: base("filter-output-pre-dnat", Filter, Hook::Output, -110),
        input: base("filter-input", Filter, Hook::Input, 0),
        forward: base("filter-forward", Filter, Hook::Forward, 0),
        output: base("filter-output", Filter, Hook::Output, 0),
        nat_prerouting: base("nat-prerouting", Nat, Hook::Prerouting, -100),
        nat_output: base("nat-output", Nat, Hook::Output, -100),
        nat_postrouting: base("nat-postrouting", Nat, Hook::Postrouting, 100),
    }
}

fn declare_chains(table: &mut Table) -> Chains {
    let mut chain = |name: &str| table.declare(Chain::new(name));
    Chains {
        node_port_endpoints_check: chain("nodeport-endpoints-check"),
        service_endpoints_check: chain("service-endpoints-check"),
        firewall_check: chain("firewall-check"),
        services: chain("services"),
        masquerading: chain("masquerading"),
        cluster_ips_check: chain("cluster-ips-check"),
    }
}

/// An element of a verdict map cannot be "reject", so it goes to this chain instead.
fn reject_chain(table: &mut Table) -> ChainId {
    let mut chain = Chain::new("reject-chain");
    chain.comment = Some("helper for @no-endpoint-services / @no-endpoint-nodeports".into());
    let chain = table.declare(chain);
    table.append(chain, Rule::new([Statement::Reject]));
    chain
}

/// nftablesJumpChains.
fn jumps(table: &mut Table, base: &BaseChains, to: &Chains) {
    let new = || Statement::CtState(CtStates::NEW);
    let jump = |to| Statement::Verdict(Verdict::Jump(to));
    for (from, to) in [
        (base.input, to.node_port_endpoints_check),
        (base.input, to.service_endpoints_check),
        (base.forward, to.service_endpoints_check),
        (base.output, to.service_endpoints_check),
        (base.prerouting_pre_dnat, to.firewall_check),
        (base.output_pre_dnat, to.firewall_check),
        (base.forward, to.cluster_ips_check),
        (base.output, to.cluster_ips_check),
    ] {
        table.append(from, Rule::new([new(), jump(to)]));
    }
    for (from, to) in [
        (base.nat_output, to.services),
        (base.nat_prerouting, to.services),
        (base.nat_postrouting, to.masquerading),
    ] {
        table.append(from, Rule::new([jump(to)]));
    }
}

/// The chain `services`: M-01, then to the Services' own chains.
fn services(table: &mut Table, cfg: &ProxyConfig, chains: &Chains, fixed: &Fixed, node_ports: Option<SetId>) {
    let to_cluster_ip = Statement::In(fixed.cluster_ips);
    let mark = mark(cfg);
    if cfg.masquerade_all {
        let rule = Rule::new([to_cluster_ip, mark]).commented("masquerade all clusterIP traffic");
        table.append(chains.services, rule);
    } else if let Some(detector) = cfg.local_detector() {
        let rule = Rule::new([to_cluster_ip, detector.statement(false), mark])
            .commented("masquerade clusterIP traffic from outside cluster");
        table.append(chains.services, rule);
    }
    table.append(chains.services, Rule::new([Statement::Vmap(fixed.service_ips)]));
    let mut to_node_port = to_node_port(cfg, node_ports);
    if node_ports.is_none() {
        to_node_port.insert(0, Statement::Local(End::Destination));
    }
    to_node_port.push(Statement::Vmap(fixed.service_node_ports));
    table.append(chains.services, Rule::new(to_node_port));
}

/// M-12: matches the addresses on which NodePorts are open. The check that the address is local is not
/// included, since one caller does without it.
fn to_node_port(cfg: &ProxyConfig, node_ports: Option<SetId>) -> Vec<Statement> {
    vec![match node_ports {
        Some(set) => Statement::In(set),
        None => Statement::Address(End::Destination, AddressMatch::outside(loopback(cfg.family))),
    }]
}

/// What is dropped or rejected: M-08, M-09, M-11.
fn checks(table: &mut Table, cfg: &ProxyConfig, chains: &Chains, fixed: &Fixed, node_ports: Option<SetId>) {
    let rejected = Rule::new([Statement::In(fixed.cluster_ips), Statement::Reject]);
    let rejected = rejected.commented("Reject traffic to invalid ports of ClusterIPs");
    table.append(chains.cluster_ips_check, rejected);
    // Upstream writes one rule with all prefixes in braces. That is equivalent, since prefixes do not overlap.
    for cidr in cfg.service_cidrs.iter().filter(|cidr| Family::of(cidr.address()) == cfg.family) {
        let within = Statement::Address(End::Destination, AddressMatch::within(*cidr));
        let rule = Rule::new([within, Statement::Verdict(Verdict::Drop)]);
        let rule = rule.commented("Drop traffic to unallocated ClusterIPs");
        table.append(chains.cluster_ips_check, rule);
    }
    let rule = Rule::new([Statement::Vmap(fixed.no_endpoint_services)]);
    table.append(chains.service_endpoints_check, rule);
    let mut to_node_port = to_node_port(cfg, node_ports);
    to_node_port.push(Statement::Vmap(fixed.no_endpoint_node_ports));
    table.append(chains.node_port_endpoints_check, Rule::new(to_node_port));
    table.append(chains.firewall_check, Rule::new([Statement::Vmap(fixed.firewall_ips)]));
}

/// I-03 and M-06, in nftables' form.
fn masquerading(table: &mut Table, cfg: &ProxyConfig, chains: &Chains, fixed: &Fixed) {
    // masquerade fully-random, whatever the kernel: nftables mode asks for a newer one anyway.
    let masquerade = || Statement::Masquerade { fully_random: true };
    let unmark = Statement::Mark(MarkOp::Xor(cfg.mark()));
    for rule in [
        Rule::new([Statement::Marked(cfg.mark()), unmark, masquerade()]),
        Rule::new([Statement::CtStatusDnat, Statement::In(fixed.hairpin_connections), masquerade()]),
    ] {
        table.append(chains.masquerading, rule);
    }
}

/// What KUBE-MARK-MASQ does in iptables mode: the packet is to be masqueraded when it leaves.
pub(super) fn mark(cfg: &ProxyConfig) -> Statement {
    Statement::Mark(MarkOp::Or(cfg.mark()))
}

/// The addresses on which NodePorts are open; `None` for all local ones except loopback. Without
/// `nodePortAddresses` it is the node's primary address (GetNodeIPs, "primary"). Loopback addresses are
/// left out: nftables mode has no NodePorts on localhost. If all prefixes are of the other family, this
/// family is not restricted (NewNodePortAddresses).
fn node_port_ips(cfg: &ProxyConfig) -> Option<Vec<IpAddr>> {
    let mine = |c: &&Cidr| Family::of(c.address()) == cfg.family;
    let prefixes: Vec<Cidr> = cfg.node_port_addresses.iter().filter(mine).copied().collect();
    if cfg.node_port_addresses.is_empty() {
        let primary = cfg.node_ip().filter(|ip| cfg.node_ips.contains(ip));
        return Some(primary.into_iter().collect());
    }
    if prefixes.is_empty() || prefixes.iter().any(|prefix| prefix.length() == 0) {
        return None;
    }
    let mut ips = cfg.node_ips.clone();
    ips.retain(|ip| !ip.is_loopback() && prefixes.iter().any(|prefix| prefix.contains(*ip)));
    Some(ips)
}
