//! Why a packet was lost: one class for each way, whatever the mode of kube-proxy.

use serde::Serialize;

use super::{PacketKind, PacketTrace, PacketVerdict};
use crate::node::kube_proxy::{BlockReason, RuleRole, rule_role};
use netfilter::{Protocol, TableName};

/// What a person would call the way in which a packet was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum LossClass {
    /// Refused: a rule rejected it, since the Service has no endpoint anywhere.
    NoEndpoints,
    /// Refused: the address is there, and nothing listens on the port.
    NothingListens,
    /// Refused: it is a cluster IP, and a rule says that its Service has no such port.
    NoSuchPort,
    /// Host unreachable: nobody has the address any more.
    HostUnreachable,
    /// Silence: the connection was established, to a Pod that is gone. Its client hears nothing.
    EstablishedGone,
    /// The process that was to answer ended first, and its kernel closed the connection.
    Closed,
    /// Time-out: dropped, because policy Local found no endpoint on the node.
    DroppedByPolicy,
    /// Time-out: the answer came back by another way than the request, and nobody rewrote it back.
    ReplyLost,
    /// Time-out: `loadBalancerSourceRanges` does not name the source.
    SourceNotAllowed,
    /// Time-out: outside the nodes nobody carries the address. The cluster's own are such.
    NoRoute,
    /// Time-out: the machine that it reached has no power.
    NodeIsOff,
    /// Time-out: the cloud's load balancer has no node that answers its health check.
    NoHealthyNode,
    /// Time-out: conntrack had no room or no free port for it.
    ConntrackFull,
    /// Time-out: it went round, from node to node, until its TTL ran out.
    TtlExceeded,
    /// Time-out: dropped, because no Service has the cluster IP.
    NoSuchService,
}

impl LossClass {
    /// The class of a packet that ended so; `None` for one that was not lost.
    pub fn of(trace: &PacketTrace) -> Option<LossClass> {
        let (_, verdict) = trace.ended?;
        Some(match verdict {
            PacketVerdict::Delivered | PacketVerdict::NotExpected => return None,
            PacketVerdict::RejectedByRule => LossClass::NoEndpoints,
            // Rules let every answer pass that conntrack knows: this one it did not (INVALID).
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
    /// A node's rules decided on it that did not hold yet what the API server knew by then, and
    /// up-to-date rules would have decided otherwise.
    pub stale_rule: bool,
}

/// The client had its SYN-ACK: what it sends now follows conntrack and no rule.
pub(crate) fn is_established(trace: &PacketTrace) -> bool {
    let tcp = trace.hops.first().is_some_and(|h| h.before.protocol == Protocol::Tcp);
    tcp && matches!(trace.kind, PacketKind::Request | PacketKind::Fin)
}

/// How a REJECT ended a packet: for want of endpoints, or of such a port.
pub(crate) fn rejected(trace: &PacketTrace) -> PacketVerdict {
    // Only what has a cluster IP for its destination, and no Service on its port, comes so far.
    match last_chain(trace) {
        Some("cluster-ips-check" | "KUBE-IPVS-FILTER") => PacketVerdict::NoSuchPort,
        _ => PacketVerdict::RejectedByRule,
    }
}

/// How a DROP ended a packet: by a policy, or because no Service has the cluster IP.
pub(crate) fn dropped(trace: &PacketTrace) -> PacketVerdict {
    match last_chain(trace) {
        Some("cluster-ips-check") => PacketVerdict::NoSuchService,
        _ => PacketVerdict::DroppedByRule,
    }
}

/// The chain of the last rule that matched.
fn last_chain(trace: &PacketTrace) -> Option<&str> {
    let hop = trace.hops.last()?;
    hop.rules.as_ref()?.chain_name(hop.hits.last()?.at())
}

fn stopped_for_its_source(trace: &PacketTrace) -> bool {
    let Some(hop) = trace.hops.last() else { return false };
    match (&hop.rules, hop.hits.last()) {
        // iptables' rule drops whatever comes to it undecided: of a packet that the table nat was not asked
        // about, as conntrack knew it from before there were rules, nobody looked at the source.
        (Some(rules), Some(hit)) => {
            let asked = hop.hits.iter().any(|hit| hit.table != TableName::Filter);
            asked && rule_role(rules, hit.at()) == Some(RuleRole::Blocks(BlockReason::SourceRanges))
        }
        _ => false,
    }
}
