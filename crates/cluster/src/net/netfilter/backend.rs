//! The rules in force on a node, whichever backend they are written for: what a view asks of them.

use std::fmt;
use std::sync::Arc;

use super::chain::{ServicePortName, Target};
use super::ipvs::IpvsRules;
use super::rules::{Family, RuleRef, RuleSet};

/// Cheap to clone.
#[derive(Clone, Debug)]
pub enum Rules {
    Iptables(Arc<RuleSet>),
    /// Tables as in iptables, their sets, and the virtual servers of IPVS.
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
        match self {
            Rules::Iptables(set) => set.family,
            Rules::Ipvs(rules) => rules.family(),
        }
    }

    /// The program that reads what [`fmt::Display`] prints.
    pub fn reader(&self) -> &'static str {
        match (self, self.family()) {
            (Rules::Iptables(_), Family::V4) => "iptables-restore",
            (Rules::Iptables(_), Family::V6) => "ip6tables-restore",
            (Rules::Ipvs(_), Family::V4) => "ip, ipset, iptables-restore and ipvsadm",
            (Rules::Ipvs(_), Family::V6) => "ip, ipset, ip6tables-restore and ipvsadm",
        }
    }

    pub fn rule_count(&self) -> usize {
        match self {
            Rules::Iptables(set) => set.rule_count(),
            Rules::Ipvs(rules) => rules.rule_count(),
        }
    }

    /// The name of the chain that a rule stands in.
    pub fn chain_name(&self, at: RuleRef) -> Option<&str> {
        match self {
            Rules::Iptables(set) => set.chain(at).map(|chain| &*chain.name),
            Rules::Ipvs(rules) => rules.chain_name(at),
        }
    }

    /// Does the rule stand in a chain of kube-proxy's own?
    pub fn is_kube_proxys(&self, at: RuleRef) -> bool {
        match self {
            Rules::Iptables(_) => self.chain_name(at).is_some_and(|name| name.starts_with("KUBE-")),
            Rules::Ipvs(rules) => {
                rules.server_at(at).is_some()
                    || self.chain_name(at).is_some_and(|name| name.starts_with("KUBE-"))
            }
        }
    }

    /// One rule as it is printed, without the newline.
    pub fn rule_text(&self, at: RuleRef) -> Option<String> {
        match self {
            Rules::Iptables(set) => set.rule_line(at),
            Rules::Ipvs(rules) => rules.rule_line(at),
        }
    }

    pub fn comment(&self, at: RuleRef) -> Option<&str> {
        match self {
            Rules::Iptables(set) => set.rule(at)?.comment.as_deref(),
            Rules::Ipvs(rules) => rules.comment(at),
        }
    }

    /// Whose rule it is; `None` for those that serve all Services.
    pub fn service(&self, at: RuleRef) -> Option<&Arc<ServicePortName>> {
        match self {
            Rules::Iptables(set) => set.rule(at)?.service.as_ref(),
            Rules::Ipvs(rules) => rules.server_at(at).map(|server| &server.service),
        }
    }

    pub fn effect(&self, at: RuleRef) -> Option<RuleEffect> {
        let set = match self {
            Rules::Iptables(set) => set,
            Rules::Ipvs(rules) => match rules.effect(at) {
                Some(effect) => return Some(effect),
                None => &rules.tables,
            },
        };
        Some(match set.rule(at)?.target {
            Target::Accept => RuleEffect::Accept,
            Target::Drop => RuleEffect::Drop,
            Target::Reject(_) => RuleEffect::Reject,
            Target::Dnat(_) => RuleEffect::Dnat,
            Target::Masquerade { .. } => RuleEffect::Masquerade,
            Target::None | Target::Return | Target::Jump(_) | Target::Mark(_) => RuleEffect::None,
        })
    }

    /// What iptables is given, where iptables is what decides.
    pub(super) fn tables(&self) -> Option<&RuleSet> {
        match self {
            Rules::Iptables(set) => Some(set),
            Rules::Ipvs(rules) => Some(&rules.tables),
        }
    }

    pub(super) fn ipvs(&self) -> Option<&IpvsRules> {
        match self {
            Rules::Ipvs(rules) => Some(rules),
            Rules::Iptables(_) => None,
        }
    }

    /// Are these the very same rules, not only equal ones?
    pub fn is_same(&self, other: &Rules) -> bool {
        match (self, other) {
            (Rules::Iptables(a), Rules::Iptables(b)) => Arc::ptr_eq(a, b),
            (Rules::Ipvs(a), Rules::Ipvs(b)) => Arc::ptr_eq(a, b),
            _ => false,
        }
    }
}

/// The whole rule set, as [`Rules::reader`] takes it.
impl fmt::Display for Rules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Rules::Iptables(set) => set.fmt(f),
            Rules::Ipvs(rules) => rules.fmt(f),
        }
    }
}
