//! What a picture shows of a service port, read back from the rules themselves.

use std::net::SocketAddr;
use std::sync::Arc;

use super::fixed::filter;
use crate::net::netfilter::{
    ChainId, Match, PortRules, Rule, RuleHit, RuleRef, RuleSet, ServicePortName, Table, TableName, Target,
};
use crate::node::kube_proxy::hash::port_proto_hash;
use crate::node::kube_proxy::{Choice, Chosen, Extras, Role, Stop, Terms};

/// What the names of the chains begin with that choose by policy Cluster, and by policy Local.
const CLUSTER: &str = "KUBE-SVC-";
const LOCAL: &str = "KUBE-SVL-";

/// The endpoints among which this node chooses for a service port, in the order of the rules:
/// those of `KUBE-SVC-`, or of `KUBE-SVL-` if `local`. Empty where the chain does not exist.
pub fn choices(rules: &RuleSet, service: &ServicePortName, local: bool) -> Vec<Choice> {
    let prefix = if local { LOCAL } else { CLUSTER };
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
        found.push(Choice { endpoint, one_in, by: None, at });
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

/// For whom the rules of a service port choose, and whom they stop.
pub fn terms(rules: &RuleSet, service: &ServicePortName) -> Terms {
    let mut terms = Terms::default();
    let Some(port) = port_of(rules, service) else { return terms };
    let is_to_local = |rule: &Rule| match rule.target {
        Target::Jump(to) if to.group() > 0 => {
            port.chains.get(to.index()).is_some_and(|chain| chain.name.starts_with(LOCAL))
        }
        _ => false,
    };
    for (table, chain, rule) in &port.added {
        if *table == TableName::Filter {
            stop(*chain, rule.target).into_iter().for_each(|stop| terms.stop(stop));
        }
        // Only the ClusterIP's leads there past KUBE-EXT-.
        terms.local_inside |= is_to_local(rule);
    }
    terms.local_outside = port.chains.iter().any(|chain| chain.rules().iter().any(is_to_local));
    terms
}

/// What else the rules say of a service port.
pub fn extras(rules: &RuleSet, service: &ServicePortName) -> Extras {
    let mut extras = Extras::default();
    let Some(port) = port_of(rules, service) else { return extras };
    // The first is the ClusterIP's.
    for condition in port.added.iter().skip(1).flat_map(|(.., rule)| rule.matches()) {
        if let Match::Destination(address) = condition {
            extras.address(address.prefix().address());
        }
    }
    let own = port.chains.iter().flat_map(|chain| chain.rules()).flat_map(Rule::matches);
    extras.affinity_s = own.into_iter().find_map(|condition| match condition {
        Match::RecentCheck { seconds, .. } => Some(*seconds),
        _ => None,
    });
    extras
}

fn port_of<'a>(rules: &'a RuleSet, service: &ServicePortName) -> Option<&'a Arc<PortRules>> {
    let is_its = |rule: &Rule| rule.service.as_deref() == Some(service);
    rules.nat.ports().iter().find(|port| port.added.first().is_some_and(|(.., rule)| is_its(rule)))
}

/// A rule's part in what becomes of a packet.
pub fn role(rules: &RuleSet, at: RuleRef) -> Option<Role> {
    let (chain, rule) = (rules.chain(at)?, rules.rule(at)?);
    if at.table == TableName::Filter {
        return stop(at.chain, rule.target).map(Role::Stops);
    }
    let local = chain.name.starts_with(LOCAL);
    let chooses = local || chain.name.starts_with(CLUSTER);
    chooses.then(|| Role::Chooses { local, bound: is_bound(rule) })
}

/// Whom a rule of the table filter stops.
fn stop(chain: ChainId, target: Target) -> Option<Stop> {
    match (target, chain) {
        (Target::Reject(_), filter::KUBE_SERVICES | filter::KUBE_EXTERNAL_SERVICES) => {
            Some(Stop::NoEndpoints)
        }
        (Target::Drop, filter::KUBE_SERVICES) => Some(Stop::Inside),
        (Target::Drop, filter::KUBE_EXTERNAL_SERVICES) => Some(Stop::Outside),
        (Target::Drop, filter::KUBE_PROXY_FIREWALL) => Some(Stop::Source),
        _ => None,
    }
}
