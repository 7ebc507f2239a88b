//! The rules in force on a node, whichever backend they are written for: what a view asks of them.

use std::fmt;
use std::sync::Arc;

use super::chain::{ServicePortName, Target};
use super::rules::{Family, RuleRef, RuleSet};

/// Cheap to clone.
#[derive(Clone, Debug)]
pub enum Rules {
    Iptables(Arc<RuleSet>),
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
        match self {
            Rules::Iptables(set) => set.family,
        }
    }

    /// The program that reads what [`fmt::Display`] prints.
    pub fn reader(&self) -> &'static str {
        match (self, self.family()) {
            (Rules::Iptables(_), Family::V4) => "iptables-restore",
            (Rules::Iptables(_), Family::V6) => "ip6tables-restore",
        }
    }

    pub fn rule_count(&self) -> usize {
        match self {
            Rules::Iptables(set) => set.rule_count(),
        }
    }

    /// The name of the chain that a rule stands in.
    pub fn chain_name(&self, at: RuleRef) -> Option<&str> {
        match self {
            Rules::Iptables(set) => set.chain(at).map(|chain| &*chain.name),
        }
    }

    /// Does the rule stand in a chain of kube-proxy's own?
    pub fn is_kube_proxys(&self, at: RuleRef) -> bool {
        match self {
            Rules::Iptables(_) => self.chain_name(at).is_some_and(|name| name.starts_with("KUBE-")),
        }
    }

    /// One rule as it is printed, without the newline.
    pub fn rule_text(&self, at: RuleRef) -> Option<String> {
        match self {
            Rules::Iptables(set) => set.rule_line(at),
        }
    }

    pub fn comment(&self, at: RuleRef) -> Option<&str> {
        match self {
            Rules::Iptables(set) => set.rule(at)?.comment.as_deref(),
        }
    }

    /// Whose rule it is; `None` for those that serve all Services.
    pub fn service(&self, at: RuleRef) -> Option<&Arc<ServicePortName>> {
        match self {
            Rules::Iptables(set) => set.rule(at)?.service.as_ref(),
        }
    }

    pub fn effect(&self, at: RuleRef) -> Option<RuleEffect> {
        match self {
            Rules::Iptables(set) => Some(match set.rule(at)?.target {
                Target::Accept => RuleEffect::Accept,
                Target::Drop => RuleEffect::Drop,
                Target::Reject(_) => RuleEffect::Reject,
                Target::Dnat(_) => RuleEffect::Dnat,
                Target::Masquerade { .. } => RuleEffect::Masquerade,
                Target::None | Target::Return | Target::Jump(_) | Target::Mark(_) => RuleEffect::None,
            }),
        }
    }

    /// Are these the very same rules, not only equal ones?
    pub fn is_same(&self, other: &Rules) -> bool {
        match (self, other) {
            (Rules::Iptables(a), Rules::Iptables(b)) => Arc::ptr_eq(a, b),
        }
    }
}

/// The whole rule set, as [`Rules::reader`] takes it.
impl fmt::Display for Rules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Rules::Iptables(set) => set.fmt(f),
        }
    }
}
