//! How a request or a packet was lost, as `-o json` prints it.

use cluster::trace;
use schemars::JsonSchema;
use serde::Serialize;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Loss {
    class: LossClass,
    /// A node's outdated rules decided, and rules written from the API server's state at that moment would have decided
    /// otherwise.
    stale_rule: bool,
}

impl From<trace::Lost> for Loss {
    fn from(trace::Lost { class, stale_rule }: trace::Lost) -> Loss {
        Loss { class: class.into(), stale_rule }
    }
}

/// What the client sees, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
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

impl From<trace::LossClass> for LossClass {
    fn from(class: trace::LossClass) -> LossClass {
        match class {
            trace::LossClass::NoEndpoints => LossClass::NoEndpoints,
            trace::LossClass::NothingListens => LossClass::NothingListens,
            trace::LossClass::NoSuchPort => LossClass::NoSuchPort,
            trace::LossClass::HostUnreachable => LossClass::HostUnreachable,
            trace::LossClass::EstablishedGone => LossClass::EstablishedGone,
            trace::LossClass::Closed => LossClass::Closed,
            trace::LossClass::DroppedByPolicy => LossClass::DroppedByPolicy,
            trace::LossClass::ReplyLost => LossClass::ReplyLost,
            trace::LossClass::SourceNotAllowed => LossClass::SourceNotAllowed,
            trace::LossClass::NoRoute => LossClass::NoRoute,
            trace::LossClass::NodeIsOff => LossClass::NodeIsOff,
            trace::LossClass::NoHealthyNode => LossClass::NoHealthyNode,
            trace::LossClass::ConntrackFull => LossClass::ConntrackFull,
            trace::LossClass::TtlExceeded => LossClass::TtlExceeded,
            trace::LossClass::NoSuchService => LossClass::NoSuchService,
            trace::LossClass::NotBalanced => LossClass::NotBalanced,
        }
    }
}
