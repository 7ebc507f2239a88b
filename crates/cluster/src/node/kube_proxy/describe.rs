//! What a picture shows of a service port, read back from the rules themselves, whatever the mode.

use std::net::SocketAddr;

use super::{iptables, ipvs, nftables};
use crate::net::netfilter::{RuleHit, RuleRef, Rules, Scheduler, ServicePortName};

/// An endpoint that the rules may choose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Choice {
    pub endpoint: SocketAddr,
    /// `Some(n)`: one in n of the packets that come to this rule. `None`: all that come to it.
    pub one_in: Option<u64>,
    /// The rule that chooses it.
    pub at: RuleRef,
}

/// How an endpoint was chosen for a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chosen {
    /// There is no other.
    Only,
    /// A rule that takes one in `one_in` of the packets that come to it; `of` rules choose.
    OneIn { one_in: u64, of: usize },
    /// The last of `of` such rules: it takes what the others left.
    Rest { of: usize },
    /// Drawn from `of`, each as likely as the others.
    Drawn { of: usize },
    /// Session affinity: the client was there before.
    Bound,
    /// By an IPVS scheduler, among `of` real servers; `persistent`: or because the client was there
    /// before.
    Scheduled { scheduler: Scheduler, of: usize, persistent: bool },
}

/// The endpoints among which a node chooses for a service port, in the order of the rules: those of
/// policy Cluster, or of policy Local if `local`. Empty where the policy has no chain.
pub fn choices(rules: &Rules, service: &ServicePortName, local: bool) -> Vec<Choice> {
    match rules {
        Rules::Iptables(set) => iptables::choices(set, service, local),
        Rules::Ipvs(rules) => ipvs::choices(rules, service, local),
        Rules::Nftables(table, _) => nftables::choices(table, service, local),
    }
}

/// All rules that a service port has, in the order in which they are printed.
pub fn rules_of(rules: &Rules, service: &ServicePortName) -> Vec<RuleRef> {
    match rules {
        Rules::Iptables(set) => iptables::rules_of(set, service),
        Rules::Ipvs(rules) => ipvs::rules_of(rules, service),
        Rules::Nftables(table, _) => nftables::rules_of(table, service),
    }
}

/// How an endpoint was chosen, from the rules that a packet matched on a node; `None` if none was.
pub fn chosen(rules: &Rules, hits: &[RuleHit]) -> Option<Chosen> {
    match rules {
        Rules::Iptables(set) => iptables::chosen(set, hits),
        Rules::Ipvs(rules) => ipvs::chosen(rules, hits),
        Rules::Nftables(table, _) => nftables::chosen(table, hits),
    }
}
