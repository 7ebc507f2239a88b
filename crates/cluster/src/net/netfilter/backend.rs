//! The rules in force on a node, whatever mode wrote them: what a view asks of them.

use std::fmt;
use std::sync::Arc;

use super::chain::{ServicePortName, Target};
#[cfg(any(test, debug_assertions))]
use super::check::jump_problems;
use super::ipvs::IpvsRules;
use super::nft;
use super::rules::{Family, Hook, Policy, RuleRef, RuleSet, TableName};
use crate::api::Str;
use crate::node::kube_proxy::{Role, Stop, role};

/// What a mode of kube-proxy leaves on a node. Every mode leaves rules of iptables, if only those of others.
/// Cheap to clone.
#[derive(Clone, Debug)]
pub enum Rules {
    Iptables(Arc<RuleSet>),
    Nftables {
        /// kube-proxy's.
        table: Arc<nft::Table>,
        /// What others (the CNI) have written.
        iptables: Arc<RuleSet>,
    },
    Ipvs(Arc<IpvsRules>),
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

impl Rules {
    pub fn family(&self) -> Family {
        self.iptables().family
    }

    /// What iptables wrote: all of the rules, or those that are not kube-proxy's.
    pub fn iptables(&self) -> &Arc<RuleSet> {
        match self {
            Rules::Iptables(rules) => rules,
            Rules::Nftables { iptables, .. } => iptables,
            Rules::Ipvs(rules) => &rules.tables,
        }
    }

    /// kube-proxy's table in mode nftables.
    pub fn nftables(&self) -> Option<&nft::Table> {
        match self {
            Rules::Nftables { table, .. } => Some(table),
            Rules::Iptables(_) | Rules::Ipvs(_) => None,
        }
    }

    /// What is written in mode ipvs.
    pub fn ipvs(&self) -> Option<&IpvsRules> {
        match self {
            Rules::Ipvs(rules) => Some(rules),
            Rules::Iptables(_) | Rules::Nftables { .. } => None,
        }
    }

    /// Gives the filter table's chain at a hook a policy, as whoever sets up a node may: kube-proxy leaves
    /// it alone.
    pub fn set_policy(&mut self, hook: Hook, policy: Policy) {
        let iptables = match self {
            Rules::Iptables(rules) => rules,
            Rules::Nftables { iptables, .. } => iptables,
            Rules::Ipvs(rules) => &mut Arc::make_mut(rules).tables,
        };
        Arc::make_mut(iptables).set_policy(hook, policy);
    }

    /// The program that reads what [`fmt::Display`] prints.
    pub fn reader(&self) -> &'static str {
        match (self, self.family()) {
            (Rules::Iptables(_), Family::V4) => "iptables-restore",
            (Rules::Iptables(_), Family::V6) => "ip6tables-restore",
            (Rules::Nftables { .. }, _) => "nft -f",
            (Rules::Ipvs(_), Family::V4) => "ip, ipset, iptables-restore and ipvsadm",
            (Rules::Ipvs(_), Family::V6) => "ip, ipset, ip6tables-restore and ipvsadm",
        }
    }

    /// How many lines [`Rules::rule_text`] can print: for nftables, elements of sets and maps too; for IPVS, what
    /// `ipvsadm -R` reads.
    pub fn rule_count(&self) -> usize {
        self.iptables().rule_count()
            + match self {
                Rules::Iptables(_) => 0,
                Rules::Nftables { table, .. } => table.rule_count(),
                Rules::Ipvs(rules) => rules.line_count(),
            }
    }

    /// The name of the chain that a rule stands in, or of the set or map that has an element.
    pub fn chain_name(&self, at: RuleRef) -> Option<&str> {
        match at.table {
            TableName::Filter | TableName::Nat => self.iptables().chain(at).map(|chain| &*chain.name),
            TableName::KubeProxy => self.nftables()?.chain(at.chain).map(|chain| &*chain.name),
            TableName::KubeProxyElements => self.nftables()?.set_of(at).map(|set| &*set.name),
            TableName::Ipvs => self.ipvs().map(|_| "IPVS"),
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

    /// One rule, or one element, as it would be added on its own, without the newline. Of IPVS, the line of
    /// `ipvsadm -R`.
    pub fn rule_text(&self, at: RuleRef) -> Option<String> {
        match at.table {
            TableName::Filter | TableName::Nat => self.iptables().rule_line(at),
            TableName::KubeProxy | TableName::KubeProxyElements => self.nftables()?.line(at),
            TableName::Ipvs => self.ipvs()?.line(at),
        }
    }

    /// What stands beside the rule; of a virtual server, why a trace names it.
    pub fn comment(&self, at: RuleRef) -> Option<&str> {
        match at.table {
            TableName::Filter | TableName::Nat => self.iptables().rule(at)?.comment.as_deref(),
            TableName::KubeProxy => self.nftables()?.rule(at)?.comment.as_deref(),
            TableName::KubeProxyElements => self.nftables()?.element(at)?.comment.as_deref(),
            TableName::Ipvs => self.ipvs()?.comment(at),
        }
    }

    /// Whose rule it is; `None` for those that serve all Services.
    pub fn service(&self, at: RuleRef) -> Option<&Arc<ServicePortName>> {
        match at.table {
            TableName::Filter | TableName::Nat => self.iptables().rule(at)?.service.as_ref(),
            TableName::KubeProxy => self.nftables()?.rule(at)?.service.as_ref(),
            TableName::KubeProxyElements => self.nftables()?.element(at)?.service.as_ref(),
            TableName::Ipvs => Some(&self.ipvs()?.server_at(at)?.service),
        }
    }

    pub fn effect(&self, at: RuleRef) -> Option<RuleEffect> {
        match at.table {
            TableName::Filter | TableName::Nat => Some(self.iptables().rule(at)?.target.effect()),
            TableName::KubeProxy | TableName::KubeProxyElements => self.nftables()?.effect(at),
            TableName::Ipvs => self.ipvs()?.effect(at),
        }
    }

    /// Does the rule drop what `loadBalancerSourceRanges` did not let through?
    pub fn is_source_firewall(&self, at: RuleRef) -> bool {
        role(self, at) == Some(Role::Stops(Stop::Source))
    }

    /// The chains that kube-proxy keeps a while when these rules come in place of others: those that were
    /// kept already, and of the others, that these do without. Of those that nothing jumps to any more only mode
    /// nftables keeps all.
    pub(crate) fn stale_chains(&self, before: &Rules, kept: &[Str]) -> Vec<Str> {
        match self {
            Rules::Nftables { table, .. } => table.stale_chains(before.nftables(), kept),
            Rules::Iptables(_) | Rules::Ipvs(_) => Vec::new(),
        }
    }

    /// What breaks an invariant of upstream's tests, in words; nothing, whatever kube-proxy is told of.
    /// Not for a release: there it would only be carried along.
    #[cfg(any(test, debug_assertions))]
    pub fn problems(&self) -> Vec<String> {
        let mut problems: Vec<String> =
            jump_problems(self.iptables()).iter().map(|problem| format!("{problem:?}")).collect();
        if let Some(table) = self.nftables() {
            problems.extend(nft::table_problems(table).iter().map(|problem| format!("{problem:?}")));
        }
        problems
    }

    /// Are these the very same rules, not only equal ones?
    pub fn is_same(&self, other: &Rules) -> bool {
        match (self, other) {
            (Rules::Iptables(a), Rules::Iptables(b)) => Arc::ptr_eq(a, b),
            (
                Rules::Nftables { table: a, iptables: others_a },
                Rules::Nftables { table: b, iptables: others_b },
            ) => Arc::ptr_eq(a, b) && Arc::ptr_eq(others_a, others_b),
            (Rules::Ipvs(a), Rules::Ipvs(b)) => Arc::ptr_eq(a, b),
            (Rules::Iptables(_) | Rules::Nftables { .. } | Rules::Ipvs(_), _) => false,
        }
    }
}

impl Target {
    fn effect(self) -> RuleEffect {
        match self {
            Target::Accept => RuleEffect::Accept,
            Target::Drop => RuleEffect::Drop,
            Target::Reject(_) => RuleEffect::Reject,
            Target::Dnat(_) => RuleEffect::Dnat,
            Target::Masquerade { .. } => RuleEffect::Masquerade,
            Target::None | Target::Return | Target::Jump(_) | Target::Mark(_) => RuleEffect::None,
        }
    }
}

/// The whole rule set, as [`Rules::reader`] takes it. What others wrote by iptables follows nftables' table as a
/// comment.
impl fmt::Display for Rules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Rules::Iptables(rules) => rules.fmt(f),
            Rules::Ipvs(rules) => rules.fmt(f),
            Rules::Nftables { table, iptables } => {
                table.fmt(f)?;
                if !iptables.is_empty() {
                    f.write_str("\n# By iptables, and not by kube-proxy:\n")?;
                }
                iptables.write_lines(f, "# ")
            }
        }
    }
}
