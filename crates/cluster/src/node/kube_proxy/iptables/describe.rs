//! What the rules mean for a service port, derived from the rules themselves.

use std::net::SocketAddr;
use std::sync::Arc;

use super::fixed::filter;
use crate::node::kube_proxy::hash::port_proto_hash;
use crate::node::kube_proxy::{
    BlockReason, EndpointChoice, PortSummary, RuleRole, SelectionReason, ServicePortName,
};
use netfilter::{
    ChainId, Match, Owner, Rule, RuleGroup, RuleHit, RuleRef, RuleSet, Table, TableName, Target,
};

/// The prefixes of the chains that choose an endpoint by policy Cluster and by policy Local.
const CLUSTER: &str = "KUBE-SVC-";
const LOCAL: &str = "KUBE-SVL-";

/// The endpoints among which this node chooses for a service port, in the order of the rules:
/// those of `KUBE-SVC-`, or of `KUBE-SVL-` if `local`. Empty where the chain does not exist.
pub fn endpoint_choices(rules: &RuleSet, service: &ServicePortName, local: bool) -> Vec<EndpointChoice> {
    let prefix = if local { LOCAL } else { CLUSTER };
    let table = &rules.nat;
    let Some(id) = table.find(&format!("{prefix}{}", port_proto_hash(service))) else {
        return Vec::new();
    };
    let Some(chain) = table.chain(id) else { return Vec::new() };
    let mut found = Vec::new();
    for (index, rule) in (0..).zip(chain.rules()) {
        let Some(endpoint) = endpoint_of(table, id, rule.target).filter(|_| !is_affinity(rule)) else {
            continue;
        };
        let at = RuleRef { table: TableName::Nat, chain: id, rule: index };
        found.push(EndpointChoice { endpoint, one_in: one_in(rule), scheduler: None, at });
    }
    found
}

/// The DNAT target of the chain that a rule jumps to.
fn endpoint_of(table: &Table, from: ChainId, target: Target) -> Option<SocketAddr> {
    let Target::Jump(chain) = target else { return None };
    table.chain(chain.within(from.group()))?.rules().iter().find_map(|rule| {
        let Target::Dnat(to) = rule.target else { return None };
        Some(to)
    })
}

fn one_in(rule: &Rule) -> Option<u64> {
    rule.matches().iter().find_map(|condition| {
        let Match::Statistic { probability, .. } = condition else { return None };
        Some(probability.inverse())
    })
}

/// All rules that a service port has, in the order in which they are printed.
pub fn rules_of(rules: &RuleSet, service: &ServicePortName) -> Vec<RuleRef> {
    let owner = service.owner();
    let mut found = Vec::new();
    for table in [TableName::Filter, TableName::Nat] {
        for (chain, of) in rules.table(table).chains() {
            let mine = (0..).zip(of.rules()).filter(|(_, rule)| rule.owner.as_ref() == Some(&owner));
            found.extend(mine.map(|(rule, _)| RuleRef { table, chain, rule }));
        }
    }
    found
}

/// Why an endpoint was selected, from the rules that a packet matched.
pub fn selection_reason(rules: &RuleSet, hits: &[RuleHit]) -> Option<SelectionReason> {
    let table = &rules.nat;
    let to_endpoint = |from: ChainId, rule: &Rule| {
        let Target::Jump(chain) = rule.target else { return false };
        table.chain(chain.within(from.group())).is_some_and(|c| c.name.starts_with("KUBE-SEP-"))
    };
    let at = hits.iter().rev().map(RuleHit::at).find(|at| {
        at.table == TableName::Nat && rules.rule(*at).is_some_and(|rule| to_endpoint(at.chain, rule))
    })?;
    let is_choice = |rule: &&Rule| to_endpoint(at.chain, rule) && !is_affinity(rule);
    let of = rules.chain(at)?.rules().iter().filter(is_choice).count();
    let rule = rules.rule(at)?;
    if is_affinity(rule) {
        return Some(SelectionReason::SessionAffinity);
    }
    Some(match (one_in(rule), of) {
        (_, 1) => SelectionReason::OnlyEndpoint,
        (Some(one_in), of) => SelectionReason::Probability { one_in, of },
        (None, of) => SelectionReason::Remainder { of },
    })
}

/// Whether the rule matches only clients that used the endpoint before (session affinity).
fn is_affinity(rule: &Rule) -> bool {
    rule.matches().iter().any(|m| matches!(m, Match::RecentCheck { .. }))
}

pub fn port_summary(rules: &RuleSet, service: &ServicePortName) -> PortSummary {
    let mut summary = PortSummary::default();
    let Some(port) = rules_of_port(rules, &service.owner()) else { return summary };
    let is_to_local = |rule: &Rule| {
        let Target::Jump(to) = rule.target else { return false };
        to.group() > 0 && port.chains.get(to.index()).is_some_and(|chain| chain.name.starts_with(LOCAL))
    };
    for (table, chain, rule) in &port.added {
        if *table == TableName::Filter {
            block_reason(*chain, rule.target).into_iter().for_each(|reason| summary.add_block(reason));
        }
        // Only the ClusterIP's rule jumps there directly; those of other addresses jump to KUBE-EXT-.
        summary.internal_local |= is_to_local(rule);
    }
    // The first is the ClusterIP's. A NodePort's has no address, or one of loopback's.
    for condition in port.added.iter().skip(1).flat_map(|(.., rule)| rule.matches()) {
        if let Match::Destination(to) = condition {
            to.only_address().into_iter().for_each(|address| summary.add_address(address));
        }
    }
    let own = || port.chains.iter().flat_map(|chain| chain.rules());
    summary.external_local = own().any(is_to_local);
    summary.affinity_s = own().flat_map(Rule::matches).find_map(|condition| {
        let Match::RecentCheck { seconds, .. } = condition else { return None };
        Some(*seconds)
    });
    summary
}

fn rules_of_port<'a>(rules: &'a RuleSet, owner: &Owner) -> Option<&'a Arc<RuleGroup>> {
    let is_its = |rule: &Rule| rule.owner.as_ref() == Some(owner);
    rules.nat.groups().iter().find(|port| port.added.first().is_some_and(|(.., rule)| is_its(rule)))
}

/// What a rule decides about a packet.
pub fn rule_role(rules: &RuleSet, at: RuleRef) -> Option<RuleRole> {
    let (chain, rule) = (rules.chain(at)?, rules.rule(at)?);
    if at.table == TableName::Filter {
        return block_reason(at.chain, rule.target).map(RuleRole::Blocks);
    }
    let local = chain.name.starts_with(LOCAL);
    let selects = local || chain.name.starts_with(CLUSTER);
    selects.then(|| RuleRole::SelectsEndpoint { local, affinity: is_affinity(rule) })
}

/// Why a rule of the table filter blocks traffic, if it does.
fn block_reason(chain: ChainId, target: Target) -> Option<BlockReason> {
    match target {
        Target::Reject(_) => match chain {
            filter::KUBE_SERVICES | filter::KUBE_EXTERNAL_SERVICES => Some(BlockReason::NoEndpoints),
            _ => None,
        },
        Target::Drop => match chain {
            filter::KUBE_SERVICES => Some(BlockReason::InternalPolicyLocal),
            filter::KUBE_EXTERNAL_SERVICES => Some(BlockReason::ExternalPolicyLocal),
            filter::KUBE_PROXY_FIREWALL => Some(BlockReason::SourceRanges),
            _ => None,
        },
        Target::None
        | Target::Accept
        | Target::Return
        | Target::Jump(_)
        | Target::Dnat(_)
        | Target::Masquerade { .. }
        | Target::Mark(_) => None,
    }
}
