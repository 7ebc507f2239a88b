//! What a picture shows of a service port, read back from the rules themselves, whatever the mode.

use std::net::{IpAddr, SocketAddr};

use super::{iptables, ipvs, nftables};
use crate::net::netfilter::{RuleHit, RuleRef, Rules, Scheduler, ServicePortName};

/// An endpoint that the rules may choose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Choice {
    pub endpoint: SocketAddr,
    /// `Some(n)`: one in n of the packets that come to this rule. `None`: all that come to it.
    pub one_in: Option<u64>,
    /// It is no matter of chance: this says whose turn it is.
    pub by: Option<Scheduler>,
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

/// For whom a service port's rules choose an endpoint, and for whom not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Terms {
    /// The endpoints of policy Local are for traffic to the ClusterIP.
    pub local_inside: bool,
    /// They are for traffic to every other address.
    pub local_outside: bool,
    /// Whom they stop; each once.
    pub stops: Vec<Stop>,
}

/// What else the rules say of a service port.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Extras {
    /// A client stays with its endpoint for so many seconds.
    pub affinity_s: Option<u32>,
    /// The addresses that the rules know beside the ClusterIP; a NodePort's are the node's.
    pub addresses: Vec<IpAddr>,
}

/// Whom a rule stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// Everybody, by REJECT: there is no endpoint anywhere.
    NoEndpoints,
    /// Traffic to the ClusterIP, by DROP: policy Local, and no endpoint on this node.
    Inside,
    /// Traffic to any other address, likewise.
    Outside,
    /// Who is not in loadBalancerSourceRanges, by DROP.
    Source,
}

/// A rule's part in what becomes of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// It chooses an endpoint: among those of policy Local or not; because the client was there before
    /// or not.
    Chooses {
        local: bool,
        bound: bool,
    },
    Stops(Stop),
}

impl Terms {
    pub(super) fn stop(&mut self, stop: Stop) {
        if !self.stops.contains(&stop) {
            self.stops.push(stop);
        }
    }
}

impl Extras {
    pub(super) fn address(&mut self, address: IpAddr) {
        if !self.addresses.contains(&address) {
            self.addresses.push(address);
        }
    }
}

/// The endpoints among which a node chooses for a service port, in the order of the rules: those of
/// policy Cluster, or of policy Local if `local`. Empty where the policy has no chain.
pub fn choices(rules: &Rules, service: &ServicePortName, local: bool) -> Vec<Choice> {
    match rules {
        Rules::Iptables(rules) => iptables::choices(rules, service, local),
        Rules::Nftables { table, .. } => nftables::choices(table, service, local),
        Rules::Ipvs(rules) => ipvs::choices(rules, service, local),
    }
}

/// All rules that a service port has, in the order in which they are printed.
pub fn rules_of(rules: &Rules, service: &ServicePortName) -> Vec<RuleRef> {
    match rules {
        Rules::Iptables(rules) => iptables::rules_of(rules, service),
        Rules::Nftables { table, .. } => nftables::rules_of(table, service),
        Rules::Ipvs(rules) => ipvs::rules_of(rules, service),
    }
}

/// How an endpoint was chosen, from the rules that a packet matched on a node; `None` if none was.
pub fn chosen(rules: &Rules, hits: &[RuleHit]) -> Option<Chosen> {
    match rules {
        Rules::Iptables(rules) => iptables::chosen(rules, hits),
        Rules::Nftables { table, .. } => nftables::chosen(table, hits),
        Rules::Ipvs(rules) => ipvs::chosen(rules, hits),
    }
}

/// For whom the rules of a service port choose, and whom they stop.
pub fn terms(rules: &Rules, service: &ServicePortName) -> Terms {
    match rules {
        Rules::Iptables(rules) => iptables::terms(rules, service),
        Rules::Nftables { table, .. } => nftables::terms(table, service),
        Rules::Ipvs(rules) => ipvs::terms(rules, service),
    }
}

/// What else the rules say of a service port.
pub fn extras(rules: &Rules, service: &ServicePortName) -> Extras {
    match rules {
        Rules::Iptables(rules) => iptables::extras(rules, service),
        Rules::Nftables { table, .. } => nftables::extras(table, service),
        Rules::Ipvs(rules) => ipvs::extras(rules, service),
    }
}

/// A rule's part in what becomes of a packet; `None` if it neither chooses nor stops.
pub fn role(rules: &Rules, at: RuleRef) -> Option<Role> {
    match rules {
        Rules::Iptables(rules) => iptables::role(rules, at),
        Rules::Nftables { table, .. } => nftables::role(table, at),
        Rules::Ipvs(rules) => ipvs::role(rules, at),
    }
}
