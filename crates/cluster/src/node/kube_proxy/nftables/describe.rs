//! What the table means for a service port, derived from the table itself.

use std::net::{IpAddr, SocketAddr};

use super::names::service_port_chain_name_base;
use crate::node::kube_proxy::{
    BlockReason, EndpointChoice, PortSummary, RuleRole, SelectionReason, ServicePortName,
};
use netfilter::nft::{DnatTo, Element, Rule, RuleGroup, SetId, SetKind, Statement, Table, Verdict};
use netfilter::{ChainId, Owner, RuleHit, RuleRef, TableName};

/// The prefixes of the chains that choose an endpoint by policy Cluster and by policy Local.
const CLUSTER: &str = "service-";
const LOCAL: &str = "local-";
/// The map of the addresses to which traffic is blocked because there are no endpoints.
const NO_ENDPOINT: &str = "no-endpoint-services";
/// The set of all ClusterIPs.
const CLUSTER_IPS: &str = "cluster-ips";

pub fn endpoint_choices(table: &Table, service: &ServicePortName, local: bool) -> Vec<EndpointChoice> {
    let prefix = if local { LOCAL } else { CLUSTER };
    let name = [prefix, &service_port_chain_name_base(service)].concat();
    let Some(id) = table.find_chain(&name) else { return Vec::new() };
    let rules = table.chain(id).map_or(&[][..], |chain| &chain.rules);
    let mut found = Vec::new();
    for (rule, of) in (0..).zip(rules) {
        let targets = drawn_from(table, id, of);
        let one_in = (targets.len() > 1).then_some(targets.len() as u64);
        let at = RuleRef { table: TableName::Nftables, chain: id, rule };
        found.extend(targets.into_iter().map(|endpoint| EndpointChoice {
            endpoint,
            one_in,
            scheduler: None,
            at,
        }));
    }
    found
}

/// The elements of sets and maps first, then the rules, as they are printed.
pub fn rules_of(table: &Table, service: &ServicePortName) -> Vec<RuleRef> {
    let owner = service.owner();
    let mut found = Vec::new();
    for (chain, of) in (0..).map(ChainId::fixed).zip(table.sets().map(|(_, set)| set)) {
        let mine = (0..).zip(of.elements()).filter(|(_, e)| e.owner.as_ref() == Some(&owner));
        let table = TableName::NftablesElements;
        found.extend(mine.map(|(rule, _)| RuleRef { table, chain, rule }));
    }
    for (chain, of) in table.chains() {
        let mine = (0..).zip(&of.rules).filter(|(_, r)| r.owner.as_ref() == Some(&owner));
        found.extend(mine.map(|(rule, _)| RuleRef { table: TableName::Nftables, chain, rule }));
    }
    found
}

pub fn selection_reason(table: &Table, hits: &[RuleHit]) -> Option<SelectionReason> {
    hits.iter().rev().find_map(|hit| {
        let rule = table.rule(hit.at())?;
        match rule.statements() {
            [.., Statement::Dnat(DnatTo::Numgen(targets))] => Some(drawn(targets.len())),
            [Statement::NumgenVmap(verdicts)] => Some(drawn(verdicts.len())),
            [Statement::In(_), Statement::Verdict(to)] => {
                endpoint_of(table, hit.chain, *to).map(|_| SelectionReason::SessionAffinity)
            }
            _ => None,
        }
    })
}

pub fn port_summary(table: &Table, service: &ServicePortName) -> PortSummary {
    let owner = service.owner();
    let mut summary = PortSummary::default();
    let Some(port) = rules_of_port(table, &owner) else { return summary };
    for (set, element, internal) in elements(table, port, &owner) {
        if let Some(verdict) = element.verdict {
            block_reason(set, verdict, internal).into_iter().for_each(|reason| summary.add_block(reason));
            summary.internal_local |= internal && is_to_local(port, verdict);
        }
        // A NodePort's key has no address.
        if !internal && !is_of_node_ports(set) {
            summary.add_address(element.key.dst);
        }
    }
    for rule in port.chains.iter().flat_map(|chain| &chain.rules) {
        let Some(Statement::Verdict(verdict)) = rule.statements().last() else { continue };
        match verdict {
            Verdict::Drop => summary.add_block(BlockReason::SourceRanges),
            Verdict::Accept | Verdict::Return | Verdict::Jump(_) | Verdict::Goto(_) => {
                summary.external_local |= is_to_local(port, *verdict);
            }
        }
    }
    summary.affinity_s = port.sets.iter().find_map(|set| match set.kind {
        SetKind::Dynamic { timeout_s } => Some(timeout_s),
        SetKind::Plain | SetKind::Verdicts => None,
    });
    summary
}

pub fn rule_role(table: &Table, at: RuleRef) -> Option<RuleRole> {
    if let Some(element) = table.element(at) {
        let map = &table.set_of(at)?.name;
        let internal = &**map == NO_ENDPOINT && is_cluster_ip(table, element.key.dst);
        return block_reason(map, element.verdict?, internal).map(RuleRole::Blocks);
    }
    let (chain, rule) = (table.chain(at.chain)?, table.rule(at)?);
    // Not the rule of firewall-check that jumps to this chain.
    if chain.name.starts_with("firewall-") {
        let drops = matches!(rule.statements().last(), Some(Statement::Verdict(Verdict::Drop)));
        return drops.then_some(RuleRole::Blocks(BlockReason::SourceRanges));
    }
    let local = chain.name.starts_with(LOCAL);
    let affinity = matches!(rule.statements(), [Statement::In(_), ..]);
    (local || chain.name.starts_with(CLUSTER)).then_some(RuleRole::SelectsEndpoint { local, affinity })
}

fn rules_of_port<'a>(table: &'a Table, owner: &Owner) -> Option<&'a RuleGroup> {
    let is_its = |(_, element): &(SetId, Element)| element.owner.as_ref() == Some(owner);
    table.groups().iter().find(|port| port.elements.iter().any(is_its)).map(|port| &**port)
}

/// The elements of a service port, each with its set's name and whether its address is the ClusterIP. The
/// elements for hairpins have no owner and are not included.
fn elements<'a>(
    table: &'a Table,
    port: &'a RuleGroup,
    owner: &'a Owner,
) -> impl Iterator<Item = (&'a str, &'a Element, bool)> {
    let name = |set: SetId| table.set((0, set)).map_or("", |set| &*set.name);
    let cluster_ip = port.elements.iter().find(|(set, _)| name(*set) == CLUSTER_IPS);
    let cluster_ip = cluster_ip.map(|(_, element)| element.key.dst);
    let mine = port.elements.iter().filter(|(_, element)| element.owner.as_ref() == Some(owner));
    mine.map(move |(set, element)| {
        let name = name(*set);
        (name, element, !is_of_node_ports(name) && Some(element.key.dst) == cluster_ip)
    })
}

fn is_of_node_ports(set: &str) -> bool {
    set.ends_with("ports")
}

fn is_cluster_ip(table: &Table, ip: IpAddr) -> bool {
    let set = table.find_set(CLUSTER_IPS).and_then(|at| table.set(at));
    set.is_some_and(|set| set.elements().iter().any(|element| element.key.dst == ip))
}

/// Why an element of a map blocks traffic, if it does. `internal`: its address is a ClusterIP.
fn block_reason(map: &str, verdict: Verdict, internal: bool) -> Option<BlockReason> {
    if map != NO_ENDPOINT && map != "no-endpoint-nodeports" {
        return None;
    }
    match verdict {
        Verdict::Goto(_) => Some(BlockReason::NoEndpoints),
        Verdict::Drop if internal && map == NO_ENDPOINT => Some(BlockReason::InternalPolicyLocal),
        Verdict::Drop => Some(BlockReason::ExternalPolicyLocal),
        Verdict::Accept | Verdict::Return | Verdict::Jump(_) => None,
    }
}

/// Whether the verdict leads to the service port's own chain for policy Local.
fn is_to_local(port: &RuleGroup, verdict: Verdict) -> bool {
    let Verdict::Goto(to) = verdict else { return false };
    to.group() > 0 && port.chains.get(to.index()).is_some_and(|chain| chain.name.starts_with(LOCAL))
}

/// The endpoints among which a rule chooses at random.
fn drawn_from(table: &Table, chain: ChainId, rule: &Rule) -> Vec<SocketAddr> {
    let last = rule.statements().last();
    if let Some(Statement::Dnat(DnatTo::Numgen(targets))) = last {
        return targets.to_vec();
    }
    let Some(Statement::NumgenVmap(verdicts)) = last else { return Vec::new() };
    verdicts.iter().filter_map(|verdict| endpoint_of(table, chain, *verdict)).collect()
}

/// The DNAT target of the chain that a verdict leads to.
fn endpoint_of(table: &Table, from: ChainId, verdict: Verdict) -> Option<SocketAddr> {
    let Verdict::Goto(chain) = verdict.within(from.group()) else { return None };
    table.chain(chain)?.rules.iter().find_map(|rule| {
        let Some(Statement::Dnat(DnatTo::One(to))) = rule.statements().last() else { return None };
        Some(*to)
    })
}

fn drawn(of: usize) -> SelectionReason {
    if of == 1 { SelectionReason::OnlyEndpoint } else { SelectionReason::Random { of } }
}
