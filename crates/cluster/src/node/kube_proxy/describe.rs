//! What the rules of a node mean for a service port, derived from the rules themselves, in any mode.

use std::net::{IpAddr, SocketAddr};

use super::{ServicePortName, iptables, ipvs, nftables};
use netfilter::{RuleHit, RuleRef, Rules, Scheduler};

/// An endpoint that a rule may send a connection to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EndpointChoice {
    pub endpoint: SocketAddr,
    /// `Some(n)`: the rule matches one in n of the packets that reach it. `None`: all that reach it.
    pub one_in: Option<u64>,
    /// In mode ipvs, if there are several endpoints: the scheduler that chooses one, instead of chance.
    pub scheduler: Option<Scheduler>,
    pub at: RuleRef,
}

/// Why an endpoint was selected for a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SelectionReason {
    OnlyEndpoint,
    /// By a rule that matches one in `one_in` of the packets that reach it, out of `of` such rules.
    Probability {
        one_in: u64,
        of: usize,
    },
    /// By the last of `of` such rules, which matches every packet that the others did not.
    Remainder {
        of: usize,
    },
    /// Drawn at random from `of` endpoints with equal probability.
    Random {
        of: usize,
    },
    /// By session affinity: the client used this endpoint before.
    SessionAffinity,
    /// By an IPVS scheduler, among `of` real servers. With `persistent` it may instead be the server that the
    /// client used before.
    Scheduled {
        scheduler: Scheduler,
        of: usize,
        persistent: bool,
    },
}

/// What the rules of a service port do, apart from choosing among its endpoints.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PortSummary {
    /// Traffic to the ClusterIP goes to the endpoints of policy Local.
    pub internal_local: bool,
    /// Traffic to every other address goes to these.
    pub external_local: bool,
    /// Which traffic is blocked; each reason once.
    pub blocks: Vec<BlockReason>,
    /// For how many seconds a client stays with its endpoint.
    pub affinity_s: Option<u32>,
    /// The addresses in the rules other than the ClusterIP. NodePorts are not included: those are on the node's.
    pub external_addresses: Vec<IpAddr>,
}

/// Why a rule blocks traffic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BlockReason {
    /// REJECT for every source: the service port has no endpoint on any node.
    NoEndpoints,
    /// DROP of traffic to the ClusterIP: internalTrafficPolicy Local, and no endpoint on this node.
    InternalPolicyLocal,
    /// DROP of traffic to any other address: externalTrafficPolicy Local, likewise.
    ExternalPolicyLocal,
    /// DROP of sources that are not in loadBalancerSourceRanges.
    SourceRanges,
}

/// What a rule decides about a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RuleRole {
    /// It selects an endpoint: by policy Local or Cluster, by session affinity or not.
    SelectsEndpoint {
        local: bool,
        affinity: bool,
    },
    Blocks(BlockReason),
}

impl PortSummary {
    pub(super) fn add_block(&mut self, reason: BlockReason) {
        if !self.blocks.contains(&reason) {
            self.blocks.push(reason);
        }
    }

    pub(super) fn add_address(&mut self, address: IpAddr) {
        if !self.external_addresses.contains(&address) {
            self.external_addresses.push(address);
        }
    }
}

/// The endpoints among which a node chooses for a service port, in the order of the rules: those of
/// policy Cluster, or of policy Local if `local`. Empty where the policy has no chain.
pub fn endpoint_choices(rules: &Rules, service: &ServicePortName, local: bool) -> Vec<EndpointChoice> {
    match rules {
        Rules::Iptables(rules) => iptables::endpoint_choices(rules, service, local),
        Rules::Nftables { table, .. } => nftables::endpoint_choices(table, service, local),
        Rules::Ipvs(rules) => ipvs::endpoint_choices(rules, service, local),
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

/// Why an endpoint was selected, from the rules that a packet matched on a node; `None` if none was.
pub fn selection_reason(rules: &Rules, hits: &[RuleHit]) -> Option<SelectionReason> {
    match rules {
        Rules::Iptables(rules) => iptables::selection_reason(rules, hits),
        Rules::Nftables { table, .. } => nftables::selection_reason(table, hits),
        Rules::Ipvs(rules) => ipvs::selection_reason(rules, hits),
    }
}

/// What the rules of a service port do, apart from choosing among its endpoints.
pub fn port_summary(rules: &Rules, service: &ServicePortName) -> PortSummary {
    match rules {
        Rules::Iptables(rules) => iptables::port_summary(rules, service),
        Rules::Nftables { table, .. } => nftables::port_summary(table, service),
        Rules::Ipvs(rules) => ipvs::port_summary(rules, service),
    }
}

/// What a rule decides about a packet; `None` if it neither selects an endpoint nor blocks.
pub fn rule_role(rules: &Rules, at: RuleRef) -> Option<RuleRole> {
    match rules {
        Rules::Iptables(rules) => iptables::rule_role(rules, at),
        Rules::Nftables { table, .. } => nftables::rule_role(table, at),
        Rules::Ipvs(rules) => ipvs::rule_role(rules, at),
    }
}
