//! A conntrack entry.

use std::fmt;

use super::sctp::SctpState;
use super::tcp::TcpState;
use crate::{Family, Protocol, Time, Tuple};

/// A packet's direction: that of the connection's first packet, or the opposite.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Direction {
    Original,
    Reply,
}

/// A set of states that `--ctstate` names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub struct CtStates(u8);

impl CtStates {
    pub const INVALID: CtStates = CtStates(1);
    pub const NEW: CtStates = CtStates(2);
    pub const ESTABLISHED: CtStates = CtStates(4);
    pub const RELATED: CtStates = CtStates(8);
    /// The connection's source is rewritten.
    pub const SNAT: CtStates = CtStates(16);
    /// The connection's destination is rewritten.
    pub const DNAT: CtStates = CtStates(32);

    pub const fn or(self, other: CtStates) -> CtStates {
        CtStates(self.0 | other.0)
    }

    pub const fn and(self, other: CtStates) -> CtStates {
        CtStates(self.0 & other.0)
    }

    pub const fn intersects(self, other: CtStates) -> bool {
        self.0 & other.0 != 0
    }
}

/// As `--ctstate` accepts it, always in the same order.
impl fmt::Display for CtStates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = [
            (CtStates::INVALID, "INVALID"),
            (CtStates::NEW, "NEW"),
            (CtStates::RELATED, "RELATED"),
            (CtStates::ESTABLISHED, "ESTABLISHED"),
            (CtStates::SNAT, "SNAT"),
            (CtStates::DNAT, "DNAT"),
        ];
        let mut first = true;
        for (state, name) in names {
            if self.intersects(state) {
                write!(f, "{}{name}", if first { "" } else { "," })?;
                first = false;
            }
        }
        Ok(())
    }
}

/// A confirmed connection. `Display` is a line of `conntrack -L`, without the time left: see
/// [`Entry::line`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The first packet's tuple as it arrived at this node.
    pub original: Tuple,
    /// The tuple of a reply as it arrives at this node.
    pub reply: Tuple,
    /// From then on the entry counts as expired.
    pub expires: Time,
    pub created: Time,
    pub tcp: TcpState,
    pub sctp: SctpState,
    /// A reply was seen.
    pub seen_reply: bool,
    /// Whether it is ASSURED: such entries are not dropped early when the table is full.
    pub assured: bool,
    /// SNAT and DNAT.
    pub nat: CtStates,
}

impl Entry {
    pub fn tuple(&self, direction: Direction) -> &Tuple {
        match direction {
            Direction::Original => &self.original,
            Direction::Reply => &self.reply,
        }
    }

    pub fn is_dnat(&self) -> bool {
        self.nat.intersects(CtStates::DNAT)
    }

    pub fn is_snat(&self) -> bool {
        self.nat.intersects(CtStates::SNAT)
    }

    /// As `conntrack -L` names it; UDP and ICMP have none.
    pub fn state(&self) -> Option<&'static str> {
        match self.original.protocol {
            Protocol::Tcp => Some(self.tcp.as_str()),
            Protocol::Sctp => Some(self.sctp.as_str()),
            Protocol::Udp | Protocol::Icmp => None,
        }
    }

    /// A line of `conntrack -L`.
    pub fn line(&self, now: Time) -> impl fmt::Display {
        Line { entry: *self, now }
    }
}

struct Line {
    entry: Entry,
    now: Time,
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let entry = &self.entry;
        let protocol = entry.original.protocol;
        let family = Family::of(entry.original.src);
        let number = protocol.number(family);
        let left = entry.expires.since(self.now).0 / 1_000_000_000;
        let name = match (protocol, family) {
            (Protocol::Icmp, Family::V6) => "icmpv6",
            (Protocol::Tcp | Protocol::Udp | Protocol::Sctp | Protocol::Icmp, _) => protocol.lower(),
        };
        write!(f, "{name:<8} {number} {left} ")?;
        if let Some(state) = entry.state() {
            write!(f, "{state} ")?;
        }
        write_tuple(f, &entry.original)?;
        if !entry.seen_reply {
            f.write_str("[UNREPLIED] ")?;
        }
        write_tuple(f, &entry.reply)?;
        if entry.assured {
            f.write_str("[ASSURED] ")?;
        }
        f.write_str("mark=0 use=1")
    }
}

fn write_tuple(f: &mut fmt::Formatter<'_>, tuple: &Tuple) -> fmt::Result {
    let Tuple { src, src_port, dst, dst_port, protocol } = tuple;
    if *protocol == Protocol::Icmp {
        return write_echo(f, tuple);
    }
    write!(f, "src={src} dst={dst} sport={src_port} dport={dst_port} ")
}

/// ICMP_ECHO and ICMP_ECHOREPLY, or ICMPV6_ECHO_REQUEST and ICMPV6_ECHO_REPLY, with their identifier.
fn write_echo(f: &mut fmt::Formatter<'_>, tuple: &Tuple) -> fmt::Result {
    let Tuple { src, src_port, dst, dst_port, .. } = tuple;
    let is_reply = *src_port == 0;
    let kind = match (Family::of(*src), is_reply) {
        (Family::V4, false) => 8,
        (Family::V4, true) => 0,
        (Family::V6, false) => 128,
        (Family::V6, true) => 129,
    };
    let id = if is_reply { dst_port } else { src_port };
    write!(f, "src={src} dst={dst} type={kind} code=0 id={id} ")
}
