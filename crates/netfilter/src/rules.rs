//! The rules in force on a machine, of any kind, and questions about them for display.

use std::fmt;
use std::sync::Arc;

use super::chain::{Chain, Target};
use super::ipvs::IpvsRules;
use super::lazy::LazyRuleSet;
use super::nft;
use super::owner::Owner;
use super::ruleset::{Family, Hook, Policy, RuleRef, RuleSet, TableName};

/// The rules on a machine: of iptables alone, or of nftables or IPVS with iptables beside them. Cheap to clone.
#[derive(Clone, Debug)]
pub enum Rules {
    Iptables(LazyRuleSet),
    Nftables {
        table: Arc<nft::Table>,
        /// The iptables rules beside the table.
        iptables: Arc<RuleSet>,
    },
    Ipvs(Arc<IpvsRules>),
}

/// What a rule does, directly or by its jump, with the packets that it matches.
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
        match self {
            Rules::Iptables(rules) => rules.family(),
            Rules::Nftables { iptables, .. } => iptables.family,
            Rules::Ipvs(rules) => rules.tables.family,
        }
    }

    /// Whether nobody has needed these rules yet.
    pub(super) fn is_lazy(&self) -> bool {
        match self {
            Rules::Iptables(rules) => !rules.is_made(),
            Rules::Nftables { .. } | Rules::Ipvs(_) => false,
        }
    }

    /// The iptables rules: all rules, or those beside nftables or IPVS.
    pub fn iptables(&self) -> &Arc<RuleSet> {
        match self {
            Rules::Iptables(rules) => rules.shared(),
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
        match self {
            Rules::Iptables(rules) => {
                let mut with_policy = RuleSet::clone(rules);
                with_policy.set_policy(hook, policy);
                *rules = with_policy.into();
            }
            Rules::Nftables { iptables, .. } => Arc::make_mut(iptables).set_policy(hook, policy),
            Rules::Ipvs(rules) => {
                Arc::make_mut(&mut Arc::make_mut(rules).tables).set_policy(hook, policy);
            }
        }
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

    /// How many lines [`Rules::rule_text`] can print: for nftables including elements of sets and maps; for IPVS the
    /// lines for `ipvsadm -R`.
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

    /// The name of the chain that a rule is in, or of the set or map that an element is in.
    pub fn chain_name(&self, at: RuleRef) -> Option<&str> {
        match at.table {
            TableName::Filter | TableName::Nat => self.iptables().chain(at).map(|chain| &*chain.name),
            TableName::Nftables => self.nftables()?.chain(at.chain).map(|chain| &*chain.name),
            TableName::NftablesElements => self.nftables()?.set_of(at).map(|set| &*set.name),
            TableName::Ipvs => self.ipvs().map(|_| "IPVS"),
        }
    }

    /// One rule or element as a command would add it, without the newline. For IPVS, the line for `ipvsadm -R`.
    pub fn rule_text(&self, at: RuleRef) -> Option<String> {
        match at.table {
            TableName::Filter | TableName::Nat => self.iptables().rule_line(at),
            TableName::Nftables | TableName::NftablesElements => self.nftables()?.line(at),
            TableName::Ipvs => self.ipvs()?.line(at),
        }
    }

    /// Where a rule of `old` stands in these rules, if it does: in a chain of the same name, worded the same.
    pub(super) fn place_of(&self, old: &Rules, at: RuleRef) -> Option<RuleRef> {
        match at.table {
            TableName::Filter | TableName::Nat => {
                let (table, chain) = (self.iptables().table(at.table), old.iptables().chain(at)?);
                let id = table.find(&chain.name)?;
                let new = table.chain(id)?;
                let count = |chain: &Chain| u32::try_from(chain.rules().len()).ok();
                let place = |rule: u32| RuleRef { chain: id, rule, ..at };
                if count(chain)? == at.rule {
                    return Some(place(count(new)?));
                }
                let line = old.iptables().rule_line(at);
                let is_it = |new: &RuleRef| self.iptables().rule_line(*new) == line;
                [at.rule].into_iter().chain(0..count(new)?).map(place).find(is_it)
            }
            TableName::Nftables | TableName::NftablesElements | TableName::Ipvs => Some(at),
        }
    }

    /// The rule's comment; for a virtual server, why it is in a trace.
    pub fn comment(&self, at: RuleRef) -> Option<&str> {
        match at.table {
            TableName::Filter | TableName::Nat => self.iptables().rule(at)?.comment.as_deref(),
            TableName::Nftables => self.nftables()?.rule(at)?.comment.as_deref(),
            TableName::NftablesElements => self.nftables()?.element(at)?.comment.as_deref(),
            TableName::Ipvs => self.ipvs()?.comment(at),
        }
    }

    /// The rule's owner, if it has one.
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

    /// Whether both are the same object, which is stricter than being equal.
    pub fn is_same(&self, other: &Rules) -> bool {
        match (self, other) {
            (Rules::Iptables(a), Rules::Iptables(b)) => a.is_same(b),
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

/// The whole rule set, as [`Rules::reader`] accepts it. After nftables' table, the iptables rules follow as comments.
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
