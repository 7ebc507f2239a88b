//! What a picture shows of a service port, read back from the rules themselves.

use std::net::SocketAddr;

use crate::net::netfilter::{
    ChainId, Match, Rule, RuleHit, RuleRef, RuleSet, ServicePortName, Table, TableName, Target,
};
use crate::node::kube_proxy::hash::port_proto_hash;
use crate::node::kube_proxy::{Choice, Chosen};

/// The endpoints among which this node chooses for a service port, in the order of the rules:
/// those of `KUBE-SVC-`, or of `KUBE-SVL-` if `local`. Empty where the chain does not exist.
pub fn choices(rules: &RuleSet, service: &ServicePortName, local: bool) -> Vec<Choice> {
    let prefix = if local { "KUBE-SVL-" } else { "KUBE-SVC-" };
    let table = &rules.nat;
    let Some(id) = table.find(&format!("{prefix}{}", port_proto_hash(service))) else {
        return Vec::new();
    };
    let Some(chain) = table.chain(id) else { return Vec::new() };
    let mut found = Vec::new();
    for (index, rule) in (0..).zip(chain.rules()) {
        let Some(endpoint) = endpoint_of(table, id, rule.target).filter(|_| !is_bound(rule)) else {
            continue;
        };
        let one_in = rule.matches().iter().find_map(|m| match m {
            Match::Statistic { probability, .. } => Some(probability.inverse()),
            _ => None,
        });
        let at = RuleRef { table: TableName::Nat, chain: id, rule: index };
        found.push(Choice { endpoint, one_in, at });
    }
    found
}

/// The DNAT target of the chain that a rule jumps to.
fn endpoint_of(table: &Table, from: ChainId, target: Target) -> Option<SocketAddr> {
    let Target::Jump(chain) = target else { return None };
    table.chain(chain.within(from.group()))?.rules().iter().find_map(|rule| match rule.target {
        Target::Dnat(to) => Some(to),
        _ => None,
    })
}

/// All rules that a service port has, in the order in which they are printed.
pub fn rules_of(rules: &RuleSet, service: &ServicePortName) -> Vec<RuleRef> {
    let mut found = Vec::new();
    for table in [TableName::Filter, TableName::Nat] {
        for (chain, of) in rules.table(table).chains() {
            let mine = (0..).zip(of.rules()).filter(|(_, r)| r.service.as_deref() == Some(service));
            found.extend(mine.map(|(rule, _)| RuleRef { table, chain, rule }));
        }
    }
    found
}

/// How an endpoint was chosen, from the rules that a packet matched.
pub fn chosen(rules: &RuleSet, hits: &[RuleHit]) -> Option<Chosen> {
    let table = &rules.nat;
    let to_endpoint = |from: ChainId, rule: &Rule| match rule.target {
        Target::Jump(chain) => {
            table.chain(chain.within(from.group())).is_some_and(|c| c.name.starts_with("KUBE-SEP-"))
        }
        _ => false,
    };
    let at = hits.iter().rev().map(RuleHit::at).find(|at| {
        at.table == TableName::Nat && rules.rule(*at).is_some_and(|rule| to_endpoint(at.chain, rule))
    })?;
    let is_choice = |rule: &&Rule| to_endpoint(at.chain, rule) && !is_bound(rule);
    let of = rules.chain(at)?.rules().iter().filter(is_choice).count();
    let rule = rules.rule(at)?;
    if is_bound(rule) {
        return Some(Chosen::Bound);
    }
    let odds = rule.matches().iter().find_map(|m| match m {
        Match::Statistic { probability, .. } => Some(probability.inverse()),
        _ => None,
    });
    Some(match (odds, of) {
        (_, 1) => Chosen::Only,
        (Some(one_in), of) => Chosen::OneIn { one_in, of },
        (None, of) => Chosen::Rest { of },
    })
}

/// Does the rule hold for clients only that are bound to the endpoint?
fn is_bound(rule: &Rule) -> bool {
    rule.matches().iter().any(|m| matches!(m, Match::RecentCheck { .. }))
}
