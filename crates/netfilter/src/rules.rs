//! The rules in force on a machine, of whichever kind: what a view asks of them.

use std::fmt;
use std::sync::Arc;

use super::chain::Target;
use super::ipvs::IpvsRules;
use super::nft;
use super::owner::Owner;
use super::ruleset::{Family, Hook, Policy, RuleRef, RuleSet, TableName};

/// What balances load on a machine. Rules of iptables stand beside every other kind. Cheap to clone.
#[derive(Clone, Debug)]
pub enum Rules {
    Iptables(Arc<RuleSet>),
    Nftables {
        table: Arc<nft::Table>,
        /// What stands beside the table.
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

    /// What iptables has: all of the rules, or those beside the other kind's.
    pub fn iptables(&self) -> &Arc<RuleSet> {
        match self {
            Rules::Iptables(rules) => rules,
            Rules::Nftables { iptables, .. } => iptables,
            Rules::Ipvs(rules) => &rules.tables,
        }
    }

    /// The table, if these are nftables'.
    pub fn nftables(&self) -> Option<&nft::Table> {
        match self {
            Rules::Nftables { table, .. } => Some(table),
            Rules::Iptables(_) | Rules::Ipvs(_) => None,
        }
    }

    /// The virtual servers, if these are IPVS'.
    pub fn ipvs(&self) -> Option<&IpvsRules> {
        match self {
            Rules::Ipvs(rules) => Some(rules),
            Rules::Iptables(_) | Rules::Nftables { .. } => None,
        }
    }

    /// Gives the filter table's chain at a hook a policy.
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

    /// The name of the table that a rule stands in.
    pub fn table_name(&self, at: RuleRef) -> Option<&str> {
        match at.table {
            TableName::Filter | TableName::Nat | TableName::Ipvs => Some(at.table.as_str()),
            TableName::Nftables | TableName::NftablesElements => Some(&self.nftables()?.name),
        }
    }

    /// The name of the chain that a rule stands in, or of the set or map that has an element.
    pub fn chain_name(&self, at: RuleRef) -> Option<&str> {
        match at.table {
            TableName::Filter | TableName::Nat => self.iptables().chain(at).map(|chain| &*chain.name),
            TableName::Nftables => self.nftables()?.chain(at.chain).map(|chain| &*chain.name),
            TableName::NftablesElements => self.nftables()?.set_of(at).map(|set| &*set.name),
            TableName::Ipvs => self.ipvs().map(|_| "IPVS"),
        }
    }

    /// One rule, or one element, as it would be added on its own, without the newline. Of IPVS, the line of
    /// `ipvsadm -R`.
    pub fn rule_text(&self, at: RuleRef) -> Option<String> {
        match at.table {
            TableName::Filter | TableName::Nat => self.iptables().rule_line(at),
            TableName::Nftables | TableName::NftablesElements => self.nftables()?.line(at),
            TableName::Ipvs => self.ipvs()?.line(at),
        }
    }

    /// What stands beside the rule; of a virtual server, why a trace names it.
    pub fn comment(&self, at: RuleRef) -> Option<&str> {
        match at.table {
            TableName::Filter | TableName::Nat => self.iptables().rule(at)?.comment.as_deref(),
            TableName::Nftables => self.nftables()?.rule(at)?.comment.as_deref(),
            TableName::NftablesElements => self.nftables()?.element(at)?.comment.as_deref(),
            TableName::Ipvs => self.ipvs()?.comment(at),
        }
    }

    /// Whose rule it is, if it has an owner.
    pub fn owner(&self, at: RuleRef) -> Option<&Owner> {
        match at.table {
            TableName::Filter | TableName::Nat => self.iptables().rule(at)?.owner.as_ref(),
            TableName::Nftables => self.nftables()?.rule(at)?.owner.as_ref(),
            TableName::NftablesElements => self.nftables()?.element(at)?.owner.as_ref(),
            TableName::Ipvs => Some(&self.ipvs()?.server_at(at)?.owner),
        }
    }

    pub fn effect(&self, at: RuleRef) -> Option<RuleEffect> {
        match at.table {
            TableName::Filter | TableName::Nat => Some(self.iptables().rule(at)?.target.effect()),
            TableName::Nftables | TableName::NftablesElements => self.nftables()?.effect(at),
            TableName::Ipvs => self.ipvs()?.effect(at),
        }
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

/// The whole rule set, as [`Rules::reader`] takes it. What iptables has follows nftables' table as a comment.
impl fmt::Display for Rules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Rules::Iptables(rules) => rules.fmt(f),
            Rules::Ipvs(rules) => rules.fmt(f),
            Rules::Nftables { table, iptables } => {
                table.fmt(f)?;
                if !iptables.is_empty() {
                    writeln!(f, "\n# By iptables, and not by {}:", table.name)?;
                }
                iptables.write_lines(f, "# ")
            }
        }
    }
}
