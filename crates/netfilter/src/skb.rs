//! A packet inside one node.

use super::conntrack::{Absent, CtStates, Direction, SctpState, TcpState};
use crate::{Family, Protocol, Tuple};

/// A packet while one node's kernel handles it (`struct sk_buff`). Each node makes a new one: mark and
/// conntrack reference are not sent with the packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Skb {
    /// The current headers. For an ICMP error: its own addresses, ports 0, and the protocol of the packet that
    /// it quotes (rules never match that, see [`Kind::IcmpError`]).
    pub tuple: Tuple,
    pub kind: Kind,
    pub mark: u32,
    /// The interface that it came in by; empty for a packet of a process on this node.
    pub in_interface: &'static str,
    pub ct: Ct,
    pub ipvs: IpvsMark,
}

/// Whether IPVS has handled the packet on this node (`skb->ipvs_property`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum IpvsMark {
    #[default]
    Unseen,
    /// A request that now goes to a real server, so it must be routed again.
    Request,
    /// A reply that now has the virtual server as its source.
    Answer,
}

impl Skb {
    pub fn new(tuple: Tuple, kind: Kind) -> Skb {
        Skb { tuple, kind, mark: 0, in_interface: "", ct: Ct::Unseen, ipvs: IpvsMark::Unseen }
    }

    pub fn tcp(tuple: Tuple, flags: TcpFlags) -> Skb {
        Skb::new(tuple, Kind::Tcp(flags))
    }

    /// UDP.
    pub fn datagram(tuple: Tuple) -> Skb {
        Skb::new(tuple, Kind::Datagram)
    }

    /// The ICMP error that a node sends about a packet. `about`: the packet's tuple on that node when it was
    /// dropped or rejected. `from`: the node's address towards the sender.
    pub fn icmp_error(about: &Tuple, from: std::net::IpAddr, code: IcmpCode) -> Skb {
        let tuple = Tuple { src: from, src_port: 0, dst: about.src, dst_port: 0, protocol: about.protocol };
        Skb::new(tuple, Kind::IcmpError(IcmpError { inner: *about, code }))
    }

    #[inline]
    pub fn family(&self) -> Family {
        Family::of(self.tuple.src)
    }

    /// Whether IPVS sent it to a real server on this node.
    pub fn has_real_server(&self) -> bool {
        self.ipvs == IpvsMark::Request
    }

    /// What `-p` compares with: `None` for ICMP, which no rule asks for.
    #[inline]
    pub fn protocol(&self) -> Option<Protocol> {
        match self.kind {
            Kind::IcmpError(_) | Kind::Echo(_) => None,
            Kind::Tcp(_) | Kind::Sctp(_) | Kind::Datagram => Some(self.tuple.protocol),
        }
    }
}

/// What a packet carries, as far as the kernels on its path read it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Tcp(TcpFlags),
    /// Of several chunks in one packet the first: others than DATA stand alone, or before DATA.
    Sctp(Chunk),
    /// UDP.
    Datagram,
    IcmpError(IcmpError),
    /// ICMP echo, of [`crate::Protocol::Icmp`].
    Echo(Echo),
}

/// The chunks of SCTP that conntrack and IPVS read (RFC 9260, section 3.2), as far as anybody sends them here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chunk {
    Init,
    InitAck,
    CookieEcho,
    CookieAck,
    Data,
    Shutdown,
    Abort,
}

/// The two messages of `ping`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Echo {
    Request,
    Reply,
}

/// The TCP flags that conntrack reads.
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
    /// The quoted packet, with the tuple that the sender of the error saw.
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
    /// Not tracked yet.
    Unseen,
    /// Belongs to no connection and cannot begin one: no NAT, `ctstate INVALID`.
    Invalid,
    Tracked(CtRef),
}

/// A packet's connection, as it was when the packet was looked up. A new connection exists only here until
/// it is confirmed, so a packet that is dropped leaves no conntrack entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CtRef {
    pub direction: Direction,
    /// One of NEW, ESTABLISHED, RELATED, and SNAT and DNAT beside it.
    pub states: CtStates,
    /// The first packet's tuple as it arrived.
    pub original: Tuple,
    /// The tuple of a reply as it arrives.
    pub reply: Tuple,
    pub(super) tcp: TcpState,
    pub(super) sctp: SctpState,
    /// Source NAT was decided: rewritten, or to be left unchanged.
    pub(super) source_bound: bool,
    /// The same for the destination.
    pub(super) destination_bound: bool,
    pub(super) confirmed: bool,
    /// The results of searching the table for each tuple.
    pub(super) original_seen: Absent,
    pub(super) reply_seen: Absent,
}

impl CtRef {
    /// Whether it is a packet in the original direction of a connection without a reply so far.
    pub fn is_new(&self) -> bool {
        self.states.intersects(CtStates::NEW)
    }
}
