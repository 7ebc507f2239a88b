//! How a request, and how a packet, ended.

use cluster::trace::{LossClass, Lost, Outcome, PacketKind, PacketTrace, PacketVerdict};
use netfilter::{Family, Protocol};

/// A request's end, as the client saw it.
pub fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Delivered => "delivered",
        Outcome::Refused { lost: Some(PacketVerdict::RejectedByRule) } => "refused: no endpoints",
        Outcome::Refused { lost: Some(PacketVerdict::NoSuchPort) } => "refused: no such port",
        Outcome::Refused { .. } => "refused: nothing listens there",
        Outcome::HostUnreachable => "host unreachable: nobody has the address",
        Outcome::NetworkUnreachable => "network unreachable: the client has no address of that family",
        Outcome::Reset => "reset or closed: the process that held the connection is gone",
        Outcome::TimedOut { lost } => match lost {
            Some(PacketVerdict::DroppedByRule) => "timed out: a rule dropped the packet",
            Some(PacketVerdict::NoNeighbor) => "timed out: nobody has the Pod's address any more",
            Some(PacketVerdict::NoRoute) => "timed out: outside the nodes nobody carries the address",
            Some(PacketVerdict::NoSuchService) => "timed out: no Service has the address",
            Some(PacketVerdict::TtlExceeded) => "timed out: it went round until its TTL ran out",
            Some(PacketVerdict::NodeIsOff) => "timed out: the node it went to has no power",
            Some(PacketVerdict::NoHealthyNode) => "timed out: the load balancer has no healthy node",
            Some(PacketVerdict::NotBalanced) => "timed out: the load balancer forwards no ICMP",
            Some(PacketVerdict::ConntrackLost) => "timed out: the node's conntrack table is full",
            Some(PacketVerdict::NotRewritten) => {
                "timed out: the answer came back by another way than the request"
            }
            Some(PacketVerdict::ServerGone) => "timed out: IPVS has taken its real server out",
            // A soft error: of a TCP connection that is open, and of any SCTP association.
            Some(PacketVerdict::RejectedByRule | PacketVerdict::NoSuchPort) => {
                "timed out: a rule rejected the packet"
            }
            Some(PacketVerdict::Delivered | PacketVerdict::NothingListens | PacketVerdict::NotExpected)
            | None => "timed out",
        },
        Outcome::NotReceived { .. } => "not received, and the sender does not learn of it",
        Outcome::Unresolved => "name not found",
        Outcome::NoDns { .. } => "name not resolved: the cluster's DNS did not answer",
        Outcome::NoAddress => "no address to call from outside yet",
        Outcome::Abandoned => "given up: the client is gone",
    }
}

/// A packet's end, where it ended.
pub fn packet_verdict(verdict: PacketVerdict) -> &'static str {
    match verdict {
        PacketVerdict::Delivered => "delivered",
        PacketVerdict::RejectedByRule => "refused: no endpoints",
        PacketVerdict::DroppedByRule => "dropped by a rule",
        PacketVerdict::NothingListens => "refused: nothing listens",
        PacketVerdict::NoSuchPort => "refused: the Service has no such port",
        PacketVerdict::NoNeighbor => "nobody has this address",
        PacketVerdict::NoRoute => "outside the nodes nobody carries the address",
        PacketVerdict::NodeIsOff => "the node is off",
        PacketVerdict::NoHealthyNode => "no healthy node",
        PacketVerdict::NotBalanced => "the load balancer forwards no ICMP",
        PacketVerdict::ConntrackLost => "conntrack table full",
        PacketVerdict::TtlExceeded => "it went round until its TTL ran out",
        PacketVerdict::NoSuchService => "dropped: no Service has the address",
        PacketVerdict::ServerGone => "dropped by IPVS: its real server was taken out",
        PacketVerdict::NotExpected => "not expected here",
        PacketVerdict::NotRewritten => "answer from a stranger: it was not rewritten back",
    }
}

/// As its protocol calls it.
pub fn packet_kind(packet: &PacketTrace) -> &'static str {
    let is_sctp = packet.hops.first().is_some_and(|sent| sent.before.protocol == Protocol::Sctp);
    match packet.kind {
        PacketKind::Syn if is_sctp => "INIT",
        PacketKind::SynAck if is_sctp => "INIT ACK",
        PacketKind::Fin | PacketKind::ServerFin if is_sctp => "SHUTDOWN",
        PacketKind::Reset if is_sctp => "ABORT",
        PacketKind::Syn => "SYN",
        PacketKind::SynAck => "SYN-ACK",
        PacketKind::Request => "request",
        PacketKind::Response => "answer",
        PacketKind::Fin | PacketKind::ServerFin => "FIN",
        PacketKind::Reset => "RST",
        PacketKind::PortUnreachable => "ICMP port unreachable",
        PacketKind::HostUnreachable => "ICMP host unreachable",
        PacketKind::EchoRequest => "ICMP echo request",
        PacketKind::EchoReply => "ICMP echo reply",
        PacketKind::DnsQuery(Family::V4) => "DNS query (A)",
        PacketKind::DnsQuery(Family::V6) => "DNS query (AAAA)",
        PacketKind::DnsAnswer(Family::V4) => "DNS answer (A)",
        PacketKind::DnsAnswer(Family::V6) => "DNS answer (AAAA)",
    }
}

/// The sentence for a class of losses: first what the client sees, then why.
pub fn loss_class(class: LossClass) -> &'static str {
    match class {
        LossClass::NoEndpoints => "refused: no endpoints",
        LossClass::NothingListens => "refused: nothing listens",
        LossClass::NoSuchPort => "refused: no such port",
        LossClass::HostUnreachable => "host unreachable: Pod gone",
        LossClass::EstablishedGone => "silence: established to a Pod that is gone",
        LossClass::Closed => "closed: its process ended before it answered",
        LossClass::DroppedByPolicy => "time-out: dropped by policy",
        LossClass::ReplyLost => "reply lost: asymmetric return",
        LossClass::SourceNotAllowed => "time-out: source not allowed",
        LossClass::NoRoute => "time-out: outside the nodes nobody carries the address",
        LossClass::NodeIsOff => "time-out: the node is off",
        LossClass::NoHealthyNode => "time-out: no healthy node",
        LossClass::NotBalanced => "time-out: the load balancer forwards no ICMP",
        LossClass::ConntrackFull => "time-out: conntrack full",
        LossClass::TtlExceeded => "time-out: TTL ran out",
        LossClass::NoSuchService => "time-out: no Service has the address",
    }
}

/// A loss: its class, and whether outdated rules caused it.
pub fn loss(lost: Lost) -> String {
    match lost.stale_rule {
        true => format!("{}, sent by a stale rule", loss_class(lost.class)),
        false => loss_class(lost.class).to_string(),
    }
}
