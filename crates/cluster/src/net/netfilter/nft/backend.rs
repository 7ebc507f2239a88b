//! kube-proxy's table as the rules of a node: what a view asks of them.

use std::fmt::{self, Display, Formatter};
use std::sync::Arc;

use super::subsystem::NfTables;
use super::{Chain, Element, PortRules, Rule, Statement, Table, Verdict};
use crate::api::Str;
use crate::net::netfilter::backend::{Backend, RuleEffect, Rules};
use crate::net::netfilter::chain::ServicePortName;
use crate::net::netfilter::rules::{RuleRef, RuleSet, TableName};
use crate::net::netfilter::subsystem::Subsystem;
use crate::ordered::Set;

/// kube-proxy's table, and what others (the CNI) have written by iptables.
impl From<(Arc<Table>, Arc<RuleSet>)> for Rules {
    fn from((table, others): (Arc<Table>, Arc<RuleSet>)) -> Rules {
        Rules::with(others, table)
    }
}

impl Backend for Table {
    fn reader(&self) -> &'static str {
        "nft -f"
    }

    fn line_count(&self) -> usize {
        self.rule_count()
    }

    fn chain_name(&self, at: RuleRef) -> Option<&str> {
        match at.table {
            TableName::KubeProxy => self.chain(at.chain).map(|chain| &*chain.name),
            _ => self.set_of(at).map(|set| &*set.name),
        }
    }

    fn rule_text(&self, at: RuleRef) -> Option<String> {
        self.line(at)
    }

    fn comment(&self, at: RuleRef) -> Option<&str> {
        match self.named(at)? {
            Named::Rule(rule) => rule.comment.as_deref(),
            Named::Element(element) => element.comment.as_deref(),
        }
    }

    fn service(&self, at: RuleRef) -> Option<&Arc<ServicePortName>> {
        match self.named(at)? {
            Named::Rule(rule) => rule.service.as_ref(),
            Named::Element(element) => element.service.as_ref(),
        }
    }

    fn effect(&self, at: RuleRef) -> Option<RuleEffect> {
        Some(match self.named(at)? {
            Named::Rule(rule) => self.effect_of_statement(rule.statements().last()?),
            Named::Element(element) => self.effect_of(element.verdict?),
        })
    }

    /// Before Linux 6.2 a chain that a map's element led to cannot be deleted at once (syncProxyRules,
    /// staleChains). All are a service port's.
    fn stale_chains(&self, before: &Rules, kept: &[Str]) -> Vec<Str> {
        let before = before.nftables().map_or(&[][..], Table::ports);
        // What one sync takes over from the other has the same chains.
        let same: Set<*const PortRules> = self.ports().iter().map(Arc::as_ptr).collect();
        let gone = before.iter().filter(|port| !same.contains(&Arc::as_ptr(port)));
        let names = gone.flat_map(|port| &port.chains).map(|chain| &chain.name).chain(kept);
        let before: Set<*const PortRules> = before.iter().map(Arc::as_ptr).collect();
        let new = self.ports().iter().filter(|port| !before.contains(&Arc::as_ptr(port)));
        let active: Set<&Str> = new.flat_map(|port| &port.chains).map(|chain| &chain.name).collect();
        names.filter(|name| !active.contains(name)).cloned().collect()
    }

    /// What others wrote by iptables follows the table as a comment.
    fn print(&self, others: &RuleSet, f: &mut Formatter<'_>) -> fmt::Result {
        self.fmt(f)?;
        if !others.is_empty() {
            f.write_str("\n# By iptables, and not by kube-proxy:\n")?;
        }
        others.write_lines(f, "# ")
    }

    #[cfg(any(test, debug_assertions))]
    fn problems(&self) -> Vec<String> {
        super::table_problems(self).iter().map(|problem| format!("{problem:?}")).collect()
    }

    fn install(self: Arc<Self>, old: Option<Box<dyn Subsystem>>) -> Box<dyn Subsystem> {
        Box::new(NfTables::commit(self, old))
    }
}

/// What a reference names.
enum Named<'a> {
    Rule(&'a Rule),
    Element(&'a Element),
}

impl Table {
    fn named(&self, at: RuleRef) -> Option<Named<'_>> {
        self.rule(at).map(Named::Rule).or_else(|| self.element(at).map(Named::Element))
    }

    fn effect_of_statement(&self, last: &Statement) -> RuleEffect {
        match last {
            Statement::Dnat(_) => RuleEffect::Dnat,
            Statement::Masquerade { .. } => RuleEffect::Masquerade,
            Statement::Reject => RuleEffect::Reject,
            Statement::Verdict(verdict) => self.effect_of(*verdict),
            _ => RuleEffect::None,
        }
    }

    /// `goto reject-chain` rejects: a map cannot say so itself.
    fn effect_of(&self, verdict: Verdict) -> RuleEffect {
        match verdict {
            Verdict::Accept => RuleEffect::Accept,
            Verdict::Drop => RuleEffect::Drop,
            Verdict::Goto(to) => {
                let rejects = |chain: &Chain| match &chain.rules[..] {
                    [only] => only.statements() == [Statement::Reject],
                    _ => false,
                };
                if self.chain(to).is_some_and(rejects) { RuleEffect::Reject } else { RuleEffect::None }
            }
            Verdict::Return | Verdict::Jump(_) => RuleEffect::None,
        }
    }
}
