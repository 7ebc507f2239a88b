//! What came of a request, and of a packet, in as few words as a mark has room for.

use cluster::trace::{Outcome, PacketVerdict};

/// What the client saw.
pub fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Delivered => "delivered",
        Outcome::Refused { lost: Some(PacketVerdict::RejectedByRule) } => "refused: no endpoints",
        Outcome::Refused { .. } => "connection refused",
        Outcome::HostUnreachable => "host unreachable",
        Outcome::NetworkUnreachable => "network unreachable",
        Outcome::Reset => "connection reset",
        Outcome::TimedOut { lost: Some(PacketVerdict::NoRoute) } => "timed out: no route",
        Outcome::TimedOut { lost: Some(PacketVerdict::DroppedByRule) } => "timed out: dropped",
        Outcome::TimedOut { lost: Some(PacketVerdict::TtlExceeded) } => "timed out: TTL ran out",
        Outcome::TimedOut { .. } => "timed out",
        Outcome::NotReceived { .. } => "not received",
        Outcome::Unresolved => "no such name",
        Outcome::NoDns { .. } => "no answer from DNS",
        Outcome::NoAddress => "no address",
        Outcome::Abandoned => "given up",
    }
}

/// Of what `loadBalancerSourceRanges` keeps out.
pub const SOURCE_NOT_ALLOWED: &str = "dropped: source not allowed";

/// Beside the cross, at the place that ended the packet. `to` is the address it had by then.
pub fn verdict(verdict: PacketVerdict, to: &std::net::SocketAddr) -> String {
    match verdict {
        PacketVerdict::RejectedByRule => "refused: no endpoints".to_owned(),
        PacketVerdict::DroppedByRule => "dropped by policy".to_owned(),
        PacketVerdict::NothingListens => format!("refused: nothing listens on {}", to.port()),
        PacketVerdict::NoSuchPort => format!("refused: no Service has port {}", to.port()),
        PacketVerdict::NoNeighbor => format!("host unreachable: nobody has {}", to.ip()),
        PacketVerdict::NoRoute => format!("lost: no route to {}", to.ip()),
        PacketVerdict::TtlExceeded => "went round: TTL ran out".to_owned(),
        PacketVerdict::NoSuchService => format!("dropped: no Service has {}", to.ip()),
        PacketVerdict::NodeIsOff => "lost: the node is off".to_owned(),
        PacketVerdict::NoHealthyNode => "dropped: no healthy node".to_owned(),
        PacketVerdict::NotBalanced => "dropped: no ICMP is balanced".to_owned(),
        PacketVerdict::ConntrackLost => "dropped by conntrack".to_owned(),
        PacketVerdict::ServerGone => "dropped by IPVS: its server is gone".to_owned(),
        PacketVerdict::NotExpected => "not expected here".to_owned(),
        PacketVerdict::NotRewritten => "not rewritten back: reply lost".to_owned(),
        PacketVerdict::Delivered => "delivered".to_owned(),
    }
}
