//! A packet inside one node.

use super::conntrack::{Absent, CtStates, Direction, TcpState};
use crate::{Protocol, Tuple};

/// A packet while one node's kernel handles it (`struct sk_buff`). On the next node it is a new
/// one: mark and conntrack reference do not travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Skb {
    /// What the headers say now. For an ICMP error: its own addresses, ports 0, and the protocol
    /// of the packet it complains about (rules never match it, see [`Kind::IcmpError`]).
    pub tuple: Tuple,
    pub kind: Kind,
    pub mark: u32,
    pub ct: Ct,
    pub ipvs: IpvsMark,
}

/// Whether IPVS has had the packet on this node (`skb->ipvs_property`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum IpvsMark {
    #[default]
    Unseen,
    /// A request, which now is for a real server: it has to be routed anew.
    Request,
    /// An answer, which now comes from the virtual server.
    Answer,
}

impl Skb {
    pub fn new(tuple: Tuple, kind: Kind) -> Skb {
        Skb { tuple, kind, mark: 0, ct: Ct::Unseen, ipvs: IpvsMark::Unseen }
    }

    pub fn tcp(tuple: Tuple, flags: TcpFlags) -> Skb {
        Skb::new(tuple, Kind::Tcp(flags))
    }

    /// UDP or SCTP.
    pub fn datagram(tuple: Tuple) -> Skb {
        Skb::new(tuple, Kind::Datagram)
    }

    /// The error that a node answers `about` with, where `about` is the packet as that node had
    /// it when it gave up on it. `from` is the node's address towards the sender.
    pub fn icmp_error(about: &Tuple, from: std::net::IpAddr, code: IcmpCode) -> Skb {
        let tuple = Tuple { src: from, src_port: 0, dst: about.src, dst_port: 0, protocol: about.protocol };
        Skb::new(tuple, Kind::IcmpError(IcmpError { inner: *about, code }))
    }

    /// Did IPVS give it a real server on this node?
    pub fn has_real_server(&self) -> bool {
        self.ipvs == IpvsMark::Request
    }

    /// What `-p` compares with: `None` for ICMP.
    #[inline]
    pub fn protocol(&self) -> Option<Protocol> {
        match self.kind {
            Kind::IcmpError(_) => None,
            _ => Some(self.tuple.protocol),
        }
    }
}

/// What a packet carries, as far as a kernel on its way looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Tcp(TcpFlags),
    /// UDP or SCTP.
    Datagram,
    IcmpError(IcmpError),
}

/// TCP's flags, as far as conntrack looks at them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub struct TcpFlags(u8);

impl TcpFlags {
    pub const SYN: TcpFlags = TcpFlags(1);
    pub const ACK: TcpFlags = TcpFlags(2);
    pub const FIN: TcpFlags = TcpFlags(4);
    pub const RST: TcpFlags = TcpFlags(8);
    /// The segment has data.
    pub const PSH: TcpFlags = TcpFlags(16);
    pub const PSH_ACK: TcpFlags = TcpFlags(16 | 2);
    pub const SYN_ACK: TcpFlags = TcpFlags(1 | 2);
    pub const FIN_ACK: TcpFlags = TcpFlags(4 | 2);
    pub const RST_ACK: TcpFlags = TcpFlags(8 | 2);

    pub const fn has(self, flag: TcpFlags) -> bool {
        self.0 & flag.0 != 0
    }

    pub const fn with(self, other: TcpFlags) -> TcpFlags {
        TcpFlags(self.0 | other.0)
    }
}

/// "Destination unreachable", in either family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IcmpError {
    /// The packet it is about, as whoever sends the error had it.
    pub inner: Tuple,
    pub code: IcmpCode,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum IcmpCode {
    PortUnreachable,
    HostUnreachable,
    NetworkUnreachable,
}

/// What conntrack made of a packet on this node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ct {
    /// Not looked at yet.
    Unseen,
    /// Belongs to nothing and cannot begin anything: no NAT, `ctstate INVALID`.
    Invalid,
    Tracked(CtRef),
}

/// A packet's connection, as it was when the packet was looked up. A new connection lives only
/// here until it is confirmed: a packet that is dropped on its way leaves no entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CtRef {
    pub direction: Direction,
    /// One of NEW, ESTABLISHED, RELATED, and SNAT and DNAT beside it.
    pub states: CtStates,
    /// The first packet's tuple as it arrived.
    pub original: Tuple,
    /// What an answer looks like when it arrives.
    pub reply: Tuple,
    pub(super) tcp: TcpState,
    /// The source was looked after: rewritten, or found to need no rewriting.
    pub(super) source_bound: bool,
    /// Likewise the destination.
    pub(super) destination_bound: bool,
    pub(super) confirmed: bool,
    /// What was seen when the table was searched for either tuple.
    pub(super) original_seen: Absent,
    pub(super) reply_seen: Absent,
}

impl CtRef {
    /// Is it the first packet, or one like it, of a connection that nobody answered yet?
    pub fn is_new(&self) -> bool {
        self.states.intersects(CtStates::NEW)
    }
}
