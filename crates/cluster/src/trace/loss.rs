//! Why a packet was lost: one class for each cause, the same for every mode of kube-proxy.

use serde::Serialize;

use super::{PacketKind, PacketTrace, PacketVerdict};
use crate::node::kube_proxy::{BlockReason, RuleRole, rule_role};
use netfilter::TableName;

/// The classes of losses, by what the client sees and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum LossClass {
    /// Refused: a rule rejected it, since the Service has no endpoint anywhere.
    NoEndpoints,
    /// Refused: the address exists, but no process listens on the port.
    NothingListens,
    /// Refused: a rule rejects ports of a ClusterIP that its Service does not have.
    NoSuchPort,
    /// Host unreachable: no machine or Pod has the address any more.
    HostUnreachable,
    /// Time-out without any error: the connection was established to a Pod that does not exist any more.
    EstablishedGone,
    /// The server process ended before it replied, and its kernel closed the connection.
    Closed,
    /// Time-out: dropped, because policy Local found no endpoint on the node.
    DroppedByPolicy,
    /// Time-out: the reply came back by another path than the request, so NAT was not reversed.
    ReplyLost,
    /// Time-out: the source is not in `loadBalancerSourceRanges`.
    SourceNotAllowed,
    /// Time-out: the network outside does not route the address. It routes none of the cluster's own ranges.
    NoRoute,
    /// Time-out: the machine that it reached has no power.
    NodeIsOff,
    /// Time-out: the cloud's load balancer has no healthy node.
    NoHealthyNode,
    /// Time-out: the conntrack table was full, or no source port was free.
    ConntrackFull,
    /// Time-out: it looped between nodes until its TTL expired.
    TtlExceeded,
    /// Time-out: dropped, because no Service has the ClusterIP.
    NoSuchService,
    /// Time-out: the cloud's load balancer forwards no ICMP.
    NotBalanced,
}

impl LossClass {
    /// The class of a packet that ended so; `None` for one that was not lost.
    pub fn of(trace: &PacketTrace) -> Option<LossClass> {
        let (_, verdict) = trace.ended?;
        Some(match verdict {
            PacketVerdict::Delivered | PacketVerdict::NotExpected => return None,
            PacketVerdict::RejectedByRule => LossClass::NoEndpoints,
            // Rules drop a reply only if conntrack does not know it (INVALID).
            PacketVerdict::DroppedByRule if trace.kind.is_answer() => LossClass::ReplyLost,
            PacketVerdict::DroppedByRule if stopped_for_its_source(trace) => LossClass::SourceNotAllowed,
            PacketVerdict::DroppedByRule => LossClass::DroppedByPolicy,
            PacketVerdict::NothingListens => LossClass::NothingListens,
            PacketVerdict::NoSuchPort => LossClass::NoSuchPort,
            PacketVerdict::NoNeighbor if is_established(trace) => LossClass::EstablishedGone,
            PacketVerdict::NoNeighbor => LossClass::HostUnreachable,
            PacketVerdict::NoRoute => LossClass::NoRoute,
            PacketVerdict::NodeIsOff => LossClass::NodeIsOff,
            PacketVerdict::NoHealthyNode => LossClass::NoHealthyNode,
            PacketVerdict::ConntrackLost => LossClass::ConntrackFull,
            PacketVerdict::TtlExceeded => LossClass::TtlExceeded,
            PacketVerdict::NoSuchService => LossClass::NoSuchService,
            PacketVerdict::NotBalanced => LossClass::NotBalanced,
            PacketVerdict::NotRewritten => LossClass::ReplyLost,
            PacketVerdict::ServerGone => LossClass::EstablishedGone,
        })
    }
}

/// How a packet, or a request, was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Lost {
    pub class: LossClass,
    /// A node's outdated rules decided, and rules written from the API server's state at that moment would have
    /// decided otherwise.
    pub stale_rule: bool,
}

/// Whether the client has received its SYN-ACK, or INIT ACK: its further packets follow conntrack and not the rules.
pub(crate) fn is_established(trace: &PacketTrace) -> bool {
    let connects = trace.hops.first().is_some_and(|h| h.before.protocol.connects());
    connects && matches!(trace.kind, PacketKind::Request | PacketKind::Fin)
}

/// Why a REJECT ended a packet: there is no endpoint, or no such port.
pub(crate) fn rejected(trace: &PacketTrace) -> PacketVerdict {
    // Only packets to a ClusterIP, on a port without a Service, reach this chain.
    match last_chain(trace) {
        Some("cluster-ips-check" | "KUBE-IPVS-FILTER") => PacketVerdict::NoSuchPort,
        Some(_) | None => PacketVerdict::RejectedByRule,
    }
}

/// Why a DROP ended a packet: a policy, or no Service has the ClusterIP.
pub(crate) fn dropped(trace: &PacketTrace) -> PacketVerdict {
    match last_chain(trace) {
        Some("cluster-ips-check") => PacketVerdict::NoSuchService,
        Some(_) | None => PacketVerdict::DroppedByRule,
    }
}

/// The chain of the last rule that matched.
fn last_chain(trace: &PacketTrace) -> Option<&str> {
    let hop = trace.hops.last()?;
    hop.rules.as_ref()?.chain_name(hop.hits.last()?.at())
}

fn stopped_for_its_source(trace: &PacketTrace) -> bool {
    let Some(hop) = trace.hops.last() else { return false };
    let (Some(rules), Some(hit)) = (&hop.rules, hop.hits.last()) else { return false };
    // In iptables mode this rule drops every packet that the table nat did not rewrite. A packet of a connection
    // from before there were rules does not pass that table, so its source was never checked.
    let asked = hop.hits.iter().any(|hit| hit.table != TableName::Filter);
    asked && rule_role(rules, hit.at()) == Some(RuleRole::Blocks(BlockReason::SourceRanges))
}
