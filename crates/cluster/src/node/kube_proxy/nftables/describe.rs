//! What a picture shows of a service port, read back from the table itself.

use std::net::SocketAddr;

use super::names::service_port_chain_name_base;
use crate::net::netfilter::nft::{DnatTo, Rule, Statement, Table, Verdict};
use crate::net::netfilter::{ChainId, RuleHit, RuleRef, ServicePortName, TableName};
use crate::node::kube_proxy::{Choice, Chosen, Describe};

impl Describe for Table {
    fn choices(&self, service: &ServicePortName, local: bool) -> Vec<Choice> {
        let prefix = if local { "local-" } else { "service-" };
        let name = [prefix, &service_port_chain_name_base(service)].concat();
        let Some(id) = self.find_chain(&name) else { return Vec::new() };
        let rules = self.chain(id).map_or(&[][..], |chain| &chain.rules);
        let mut found = Vec::new();
        for (rule, of) in (0..).zip(rules) {
            let targets = drawn_from(self, id, of);
            let one_in = (targets.len() > 1).then_some(targets.len() as u64);
            let at = RuleRef { table: TableName::KubeProxy, chain: id, rule };
            found.extend(targets.into_iter().map(|endpoint| Choice { endpoint, one_in, at }));
        }
        found
    }

    /// The elements of sets and maps first, then the rules, as they are printed.
    fn rules_of(&self, service: &ServicePortName) -> Vec<RuleRef> {
        let mut found = Vec::new();
        for (chain, of) in (0..).map(ChainId::fixed).zip(self.sets().map(|(_, set)| set)) {
            let mine = (0..).zip(of.elements()).filter(|(_, e)| e.service.as_deref() == Some(service));
            let table = TableName::KubeProxyElements;
            found.extend(mine.map(|(rule, _)| RuleRef { table, chain, rule }));
        }
        for (chain, of) in self.chains() {
            let mine = (0..).zip(&of.rules).filter(|(_, r)| r.service.as_deref() == Some(service));
            found.extend(mine.map(|(rule, _)| RuleRef { table: TableName::KubeProxy, chain, rule }));
        }
        found
    }

    fn chosen(&self, hits: &[RuleHit]) -> Option<Chosen> {
        hits.iter().rev().find_map(|hit| {
            let rule = self.rule(hit.at())?;
            match rule.statements() {
                [.., Statement::Dnat(DnatTo::Numgen(targets))] => Some(drawn(targets.len())),
                [Statement::NumgenVmap(verdicts)] => Some(drawn(verdicts.len())),
                [Statement::In(_), Statement::Verdict(to)] => {
                    endpoint_of(self, hit.chain, *to).map(|_| Chosen::Bound)
                }
                _ => None,
            }
        })
    }
}

/// The endpoints among which a rule draws.
fn drawn_from(table: &Table, chain: ChainId, rule: &Rule) -> Vec<SocketAddr> {
    match rule.statements().last() {
        Some(Statement::Dnat(DnatTo::Numgen(targets))) => targets.to_vec(),
        Some(Statement::NumgenVmap(verdicts)) => {
            verdicts.iter().filter_map(|verdict| endpoint_of(table, chain, *verdict)).collect()
        }
        _ => Vec::new(),
    }
}

/// The DNAT target of the chain that a verdict leads to.
fn endpoint_of(table: &Table, from: ChainId, verdict: Verdict) -> Option<SocketAddr> {
    let Verdict::Goto(chain) = verdict.within(from.group()) else { return None };
    table.chain(chain)?.rules.iter().find_map(|rule| match rule.statements().last() {
        Some(Statement::Dnat(DnatTo::One(to))) => Some(*to),
        _ => None,
    })
}

fn drawn(of: usize) -> Chosen {
    if of == 1 { Chosen::Only } else { Chosen::Drawn { of } }
}
