//! The rules in force on a node, whatever mode wrote them: what a view asks of them.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use super::chain::{ServicePortName, Target};
#[cfg(any(test, debug_assertions))]
use super::check::jump_problems;
use super::ipvs::IpvsRules;
use super::nft;
use super::rules::{Family, Hook, Policy, RuleRef, RuleSet, TableName};
use super::subsystem::Subsystem;
use crate::api::Str;
use crate::node::kube_proxy::{Describe, Role, Stop, role};

/// Every mode leaves rules of iptables, if only those of others; two modes write more. Cheap to
/// clone.
#[derive(Clone, Debug)]
pub struct Rules {
    iptables: Arc<RuleSet>,
    beside: Option<Arc<dyn Backend>>,
}

/// What a mode of kube-proxy writes beside the rules of iptables: nf_tables' table, IPVS' virtual
/// servers. Its code is reached through this trait alone, so that who never enters a mode need not
/// carry what the mode does.
pub(super) trait Backend: Describe + Any + fmt::Debug + Send + Sync {
    /// As [`Rules::reader`].
    fn reader(&self) -> &'static str;

    /// How many lines [`Backend::rule_text`] can print.
    fn line_count(&self) -> usize;

    /// Of its own rules, as all of these: a reference to another table's gives `None`.
    fn chain_name(&self, at: RuleRef) -> Option<&str>;

    fn rule_text(&self, at: RuleRef) -> Option<String>;

    fn comment(&self, at: RuleRef) -> Option<&str>;

    fn service(&self, at: RuleRef) -> Option<&Arc<ServicePortName>>;

    fn effect(&self, at: RuleRef) -> Option<RuleEffect>;

    /// The chains that kube-proxy keeps a while when these rules come in place of others: those that were
    /// kept already, and of the others, that these do without.
    fn stale_chains(&self, _before: &Rules, _kept: &[Str]) -> Vec<Str> {
        Vec::new()
    }

    /// All rules, those of iptables too.
    fn print(&self, iptables: &RuleSet, f: &mut fmt::Formatter<'_>) -> fmt::Result;

    /// What breaks an invariant of upstream's tests, in words.
    #[cfg(any(test, debug_assertions))]
    fn problems(&self) -> Vec<String>;

    /// The kernel takes it over: from the next packet on it holds. `old`: what the kernel had
    /// beside iptables until now, of which a backend of the same kind keeps what outlives a sync.
    fn install(self: Arc<Self>, old: Option<Box<dyn Subsystem>>) -> Box<dyn Subsystem>;
}

/// What a rule does in the end with the packets that it matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RuleEffect {
    /// Passes the packet on, marks it, or only counts it.
    None,
    Accept,
    Drop,
    Reject,
    /// Rewrites the destination.
    Dnat,
    Masquerade,
}

impl From<Arc<RuleSet>> for Rules {
    fn from(iptables: Arc<RuleSet>) -> Rules {
        Rules { iptables, beside: None }
    }
}

impl Rules {
    pub(super) fn with(iptables: Arc<RuleSet>, beside: Arc<dyn Backend>) -> Rules {
        Rules { iptables, beside: Some(beside) }
    }

    pub fn family(&self) -> Family {
        self.iptables.family
    }

    /// What iptables wrote: all of the rules, or those that are not kube-proxy's.
    pub fn iptables(&self) -> &Arc<RuleSet> {
        &self.iptables
    }

    /// Gives the filter table's chain at a hook a policy, as whoever sets up a node may: kube-proxy leaves
    /// it alone.
    pub fn set_policy(&mut self, hook: Hook, policy: Policy) {
        Arc::make_mut(&mut self.iptables).set_policy(hook, policy);
    }

    pub(super) fn beside(&self) -> Option<&Arc<dyn Backend>> {
        self.beside.as_ref()
    }

    /// Who describes them, where that is not iptables.
    pub(crate) fn describer(&self) -> Option<&dyn Describe> {
        self.beside.as_deref().map(|backend| backend as &dyn Describe)
    }

    /// kube-proxy's table in mode nftables.
    pub fn nftables(&self) -> Option<&nft::Table> {
        self.kind()
    }

    /// What is written in mode ipvs.
    pub fn ipvs(&self) -> Option<&IpvsRules> {
        self.kind()
    }

    fn kind<T: Any>(&self) -> Option<&T> {
        (self.beside.as_deref()? as &dyn Any).downcast_ref()
    }

    /// The program that reads what [`fmt::Display`] prints.
    pub fn reader(&self) -> &'static str {
        match (&self.beside, self.family()) {
            (Some(beside), _) => beside.reader(),
            (None, Family::V4) => "iptables-restore",
            (None, Family::V6) => "ip6tables-restore",
        }
    }

    /// How many lines [`Rules::rule_text`] can print: for nftables, elements of sets and maps too.
    pub fn rule_count(&self) -> usize {
        self.iptables.rule_count() + self.beside.as_ref().map_or(0, |beside| beside.line_count())
    }

    /// The name of the chain that a rule stands in, or of the set or map that has an element.
    pub fn chain_name(&self, at: RuleRef) -> Option<&str> {
        match at.table {
            TableName::Filter | TableName::Nat => self.iptables.chain(at).map(|chain| &*chain.name),
            _ => self.beside.as_ref()?.chain_name(at),
        }
    }

    /// Does the rule stand in a chain of kube-proxy's own?
    pub fn is_kube_proxys(&self, at: RuleRef) -> bool {
        match at.table {
            TableName::Filter | TableName::Nat => {
                self.chain_name(at).is_some_and(|name| name.starts_with("KUBE-"))
            }
            TableName::KubeProxy | TableName::KubeProxyElements | TableName::Ipvs => true,
        }
    }

    /// One rule, or one element, as it would be added on its own, without the newline.
    pub fn rule_text(&self, at: RuleRef) -> Option<String> {
        self.iptables.rule_line(at).or_else(|| self.beside.as_ref()?.rule_text(at))
    }

    pub fn comment(&self, at: RuleRef) -> Option<&str> {
        match self.iptables.rule(at) {
            Some(rule) => rule.comment.as_deref(),
            None => self.beside.as_ref()?.comment(at),
        }
    }

    /// Whose rule it is; `None` for those that serve all Services.
    pub fn service(&self, at: RuleRef) -> Option<&Arc<ServicePortName>> {
        match self.iptables.rule(at) {
            Some(rule) => rule.service.as_ref(),
            None => self.beside.as_ref()?.service(at),
        }
    }

    pub fn effect(&self, at: RuleRef) -> Option<RuleEffect> {
        let Some(rule) = self.iptables.rule(at) else { return self.beside.as_ref()?.effect(at) };
        Some(match rule.target {
            Target::Accept => RuleEffect::Accept,
            Target::Drop => RuleEffect::Drop,
            Target::Reject(_) => RuleEffect::Reject,
            Target::Dnat(_) => RuleEffect::Dnat,
            Target::Masquerade { .. } => RuleEffect::Masquerade,
            Target::None | Target::Return | Target::Jump(_) | Target::Mark(_) => RuleEffect::None,
        })
    }

    /// Does the rule drop what `loadBalancerSourceRanges` did not let through?
    pub fn is_source_firewall(&self, at: RuleRef) -> bool {
        role(self, at) == Some(Role::Stops(Stop::Source))
    }

    /// As [`Backend::stale_chains`].
    pub(crate) fn stale_chains(&self, before: &Rules, kept: &[Str]) -> Vec<Str> {
        self.beside.as_ref().map(|beside| beside.stale_chains(before, kept)).unwrap_or_default()
    }

    /// What breaks an invariant of upstream's tests, in words; nothing, whatever kube-proxy is told of.
    /// Not for a release: there it would only be carried along.
    #[cfg(any(test, debug_assertions))]
    pub fn problems(&self) -> Vec<String> {
        let mut problems: Vec<String> =
            jump_problems(&self.iptables).iter().map(|p| format!("{p:?}")).collect();
        problems.extend(self.beside.iter().flat_map(|beside| beside.problems()));
        problems
    }

    /// Are these the very same rules, not only equal ones?
    pub fn is_same(&self, other: &Rules) -> bool {
        let same_beside = match (&self.beside, &other.beside) {
            (Some(a), Some(b)) => Arc::ptr_eq(a, b),
            (a, b) => a.is_none() && b.is_none(),
        };
        same_beside && Arc::ptr_eq(&self.iptables, &other.iptables)
    }
}

/// The whole rule set, as [`Rules::reader`] takes it.
impl fmt::Display for Rules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.beside {
            None => self.iptables.fmt(f),
            Some(beside) => beside.print(&self.iptables, f),
        }
    }
}
