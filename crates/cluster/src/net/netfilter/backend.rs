//! The rules in force on a node, whichever backend they are written for: what a view asks of them.

use std::fmt;
use std::sync::Arc;

use super::chain::{ServicePortName, Target};
use super::ipvs::IpvsRules;
use super::nft;
use super::rules::{Family, RuleRef, RuleSet, TableName};

/// Cheap to clone.
#[derive(Clone, Debug)]
pub enum Rules {
    Iptables(Arc<RuleSet>),
    /// kube-proxy's table, and what others (the CNI) have written by iptables.
    Nftables(Arc<nft::Table>, Arc<RuleSet>),
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
        self.iptables().family
    }

    /// What iptables wrote: all of the rules, or those that are not kube-proxy's.
    pub fn iptables(&self) -> &Arc<RuleSet> {
        match self {
            Rules::Iptables(set) | Rules::Nftables(_, set) => set,
            Rules::Ipvs(rules) => &rules.tables,
        }
    }

    pub fn nftables(&self) -> Option<&Arc<nft::Table>> {
        match self {
            Rules::Nftables(table, _) => Some(table),
            Rules::Iptables(_) | Rules::Ipvs(_) => None,
        }
    }

    pub fn ipvs(&self) -> Option<&Arc<IpvsRules>> {
        match self {
            Rules::Ipvs(rules) => Some(rules),
            Rules::Iptables(_) | Rules::Nftables(..) => None,
        }
    }

    /// The program that reads what [`fmt::Display`] prints.
    pub fn reader(&self) -> &'static str {
        match (self, self.family()) {
            (Rules::Iptables(_), Family::V4) => "iptables-restore",
            (Rules::Iptables(_), Family::V6) => "ip6tables-restore",
            (Rules::Nftables(..), _) => "nft -f",
            (Rules::Ipvs(_), Family::V4) => "ip, ipset, iptables-restore and ipvsadm",
            (Rules::Ipvs(_), Family::V6) => "ip, ipset, ip6tables-restore and ipvsadm",
        }
    }

    /// How many lines [`Rules::rule_text`] can print: for nftables, elements of sets and maps too.
    pub fn rule_count(&self) -> usize {
        self.iptables().rule_count()
            + self.nftables().map_or(0, |table| table.rule_count())
            + self.ipvs().map_or(0, |rules| rules.line_count())
    }

    /// The name of the chain that a rule stands in, or of the set or map that has an element.
    pub fn chain_name(&self, at: RuleRef) -> Option<&str> {
        match at.table {
            TableName::Filter | TableName::Nat => self.iptables().chain(at).map(|chain| &*chain.name),
            TableName::KubeProxy => self.nftables()?.chain(at.chain).map(|chain| &*chain.name),
            TableName::KubeProxyElements => self.nftables()?.set_of(at).map(|set| &*set.name),
            TableName::Ipvs => Some("IPVS"),
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
        let tables = self.iptables().rule_line(at).or_else(|| self.nftables()?.line(at));
        tables.or_else(|| self.ipvs()?.line(at))
    }

    pub fn comment(&self, at: RuleRef) -> Option<&str> {
        match self.nftables_line(at) {
            Some((Some(rule), _)) => rule.comment.as_deref(),
            Some((_, element)) => element?.comment.as_deref(),
            None if at.table == TableName::Ipvs => self.ipvs()?.comment(at),
            None => self.iptables().rule(at)?.comment.as_deref(),
        }
    }

    /// Whose rule it is; `None` for those that serve all Services.
    pub fn service(&self, at: RuleRef) -> Option<&Arc<ServicePortName>> {
        match self.nftables_line(at) {
            Some((Some(rule), _)) => rule.service.as_ref(),
            Some((_, element)) => element?.service.as_ref(),
            None if at.table == TableName::Ipvs => Some(&self.ipvs()?.server_at(at)?.service),
            None => self.iptables().rule(at)?.service.as_ref(),
        }
    }

    pub fn effect(&self, at: RuleRef) -> Option<RuleEffect> {
        match self.nftables_line(at) {
            Some((Some(rule), _)) => Some(self.nftables()?.effect(rule.statements().last()?)),
            Some((_, element)) => Some(self.nftables()?.effect_of(element?.verdict?)),
            None if at.table == TableName::Ipvs => self.ipvs()?.effect(at),
            None => Some(match self.iptables().rule(at)?.target {
                Target::Accept => RuleEffect::Accept,
                Target::Drop => RuleEffect::Drop,
                Target::Reject(_) => RuleEffect::Reject,
                Target::Dnat(_) => RuleEffect::Dnat,
                Target::Masquerade { .. } => RuleEffect::Masquerade,
                Target::None | Target::Return | Target::Jump(_) | Target::Mark(_) => RuleEffect::None,
            }),
        }
    }

    /// The rule or the element of kube-proxy's table that a reference names.
    fn nftables_line(&self, at: RuleRef) -> Option<(Option<&nft::Rule>, Option<&nft::Element>)> {
        let table = self.nftables()?;
        matches!(at.table, TableName::KubeProxy | TableName::KubeProxyElements)
            .then(|| (table.rule(at), table.element(at)))
    }

    /// Does the rule drop what `loadBalancerSourceRanges` did not let through?
    pub fn is_source_firewall(&self, at: RuleRef) -> bool {
        let is_its = |name: &str| name == "KUBE-PROXY-FIREWALL" || name.starts_with("firewall-");
        self.chain_name(at).is_some_and(is_its)
    }

    /// Are these the very same rules, not only equal ones?
    pub fn is_same(&self, other: &Rules) -> bool {
        match (self, other) {
            (Rules::Iptables(a), Rules::Iptables(b)) => Arc::ptr_eq(a, b),
            (Rules::Nftables(a, c), Rules::Nftables(b, d)) => Arc::ptr_eq(a, b) && Arc::ptr_eq(c, d),
            (Rules::Ipvs(a), Rules::Ipvs(b)) => Arc::ptr_eq(a, b),
            _ => false,
        }
    }
}

impl nft::Table {
    fn effect(&self, last: &nft::Statement) -> RuleEffect {
        match last {
            nft::Statement::Dnat(_) => RuleEffect::Dnat,
            nft::Statement::Masquerade { .. } => RuleEffect::Masquerade,
            nft::Statement::Reject => RuleEffect::Reject,
            nft::Statement::Verdict(verdict) => self.effect_of(*verdict),
            _ => RuleEffect::None,
        }
    }

    /// `goto reject-chain` rejects: a map cannot say so itself.
    fn effect_of(&self, verdict: nft::Verdict) -> RuleEffect {
        match verdict {
            nft::Verdict::Accept => RuleEffect::Accept,
            nft::Verdict::Drop => RuleEffect::Drop,
            nft::Verdict::Goto(to) => {
                let rejects = |chain: &nft::Chain| match &chain.rules[..] {
                    [only] => only.statements() == [nft::Statement::Reject],
                    _ => false,
                };
                if self.chain(to).is_some_and(rejects) { RuleEffect::Reject } else { RuleEffect::None }
            }
            nft::Verdict::Return | nft::Verdict::Jump(_) => RuleEffect::None,
        }
    }
}

/// The whole rule set, as [`Rules::reader`] takes it. What others wrote by iptables follows
/// kube-proxy's table as a comment.
impl fmt::Display for Rules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Rules::Iptables(set) => set.fmt(f),
            Rules::Ipvs(rules) => rules.fmt(f),
            Rules::Nftables(table, others) => {
                table.fmt(f)?;
                if !others.is_empty() {
                    f.write_str("\n# By iptables, and not by kube-proxy:\n")?;
                }
                others.write_lines(f, "# ")
            }
        }
    }
}
