//! What conntrack does with a packet at PREROUTING and OUTPUT, and when it confirms a connection.

use super::entry::{CtStates, Direction, Entry};
use super::sctp::{self, SctpState};
use super::table::{Absent, Conntrack};
use super::tcp::{Step, TcpState, step};
use crate::skb::{Chunk, Ct, CtRef, Echo, IcmpError, Kind, Skb, TcpFlags};
use crate::stack::Loss;
use crate::{Protocol, Span, Time, Tuple};

impl Conntrack {
    /// nf_conntrack_in: finds the packet's connection or begins one.
    pub(crate) fn track(&mut self, skb: &mut Skb, now: Time) {
        // Already tracked: it came back over loopback.
        if skb.ct != Ct::Unseen {
            return;
        }
        skb.ct = match skb.kind {
            Kind::IcmpError(error) => self.related(&skb.tuple, &error, now),
            kind @ (Kind::Tcp(_) | Kind::Sctp(_) | Kind::Datagram | Kind::Echo(_)) => {
                self.tracked(&skb.tuple, kind, now)
            }
        };
    }

    /// nf_confirm: a first packet that was neither dropped nor rejected makes an entry.
    pub(crate) fn confirm(&mut self, skb: &mut Skb, now: Time) -> Result<(), Loss> {
        let Ct::Tracked(ct) = &mut skb.ct else { return Ok(()) };
        if ct.confirmed {
            return Ok(());
        }
        ct.confirmed = true;
        let entry = Entry {
            original: ct.original,
            reply: ct.reply,
            expires: now + self.first_timeout(ct),
            created: now,
            tcp: ct.tcp,
            sctp: ct.sctp,
            seen_reply: false,
            assured: false,
            // IPVS changes the reply tuple without marking the connection as rewritten by NAT.
            nat: Entry::nat_of(&ct.original, &ct.reply).and(ct.states),
        };
        let seen = [ct.original_seen, ct.reply_seen];
        self.insert(entry, seen, now)
    }

    fn tracked(&mut self, tuple: &Tuple, kind: Kind, now: Time) -> Ct {
        let (slot, direction) = match self.lookup(tuple, now) {
            Ok(found) => found,
            Err(absent) => return begin(tuple, kind, absent),
        };
        let Some(entry) = self.entry(slot) else { return begin(tuple, kind, Absent::default()) };
        let reference = reference(entry, direction);
        let step = match kind {
            Kind::Tcp(flags) => self.advance_tcp(slot, direction, flags, now),
            Kind::Sctp(chunk) => self.advance_sctp(slot, direction, chunk, now),
            Kind::Datagram | Kind::Echo(_) | Kind::IcmpError(_) => {
                self.advance_datagram(slot, direction, now)
            }
        };
        match step {
            Step::Invalid => Ct::Invalid,
            Step::To(_) | Step::Ignore => Ct::Tracked(reference),
            // nf_conntrack_tcp_packet answers -NF_REPEAT: the old entry goes, a new one begins.
            Step::Reopen => {
                self.remove(slot);
                begin(tuple, kind, Absent::default())
            }
        }
    }

    fn advance_tcp(&mut self, slot: u32, direction: Direction, flags: TcpFlags, now: Time) -> Step {
        let timeouts = self.timeouts;
        let Some(entry) = self.entry_mut(slot) else { return Step::Invalid };
        let step = step(entry.tcp, direction, flags);
        if let Step::To(state) = step {
            if flags.has(TcpFlags::RST) && !entry.seen_reply {
                // There was no reply before the RST: the entry is deleted at once.
                self.remove(slot);
                return step;
            }
            if flags == TcpFlags::SYN && !entry.seen_reply && entry.tcp == TcpState::SynSent {
                // A retransmitted SYN does not extend the time-out. Otherwise a client that keeps trying would keep the
                // entry, and the endpoint in it, for ever.
                return step;
            }
            let mut timeout = state.timeout(&timeouts);
            let was_open = matches!(entry.tcp, TcpState::SynRecv | TcpState::Established);
            if state == TcpState::Established {
                // tcp_in_window, IP_CT_TCP_FLAG_DATA_UNACKNOWLEDGED: the client's data wait for the server's next
                // packet. The server's are acknowledged by a bare ACK, which is not simulated.
                let waits = flags.has(TcpFlags::PSH) && direction == Direction::Original;
                if !entry.seen_reply || waits {
                    timeout = timeout.min(timeouts.unacknowledged);
                }
                if entry.seen_reply && was_open {
                    entry.assured = true;
                }
            }
            entry.tcp = state;
            entry.seen_reply |= direction == Direction::Reply;
            self.expire(slot, now + timeout);
        } else if step != Step::Invalid && direction == Direction::Reply {
            entry.seen_reply = true;
        }
        step
    }

    /// nf_conntrack_sctp_packet.
    fn advance_sctp(&mut self, slot: u32, direction: Direction, chunk: Chunk, now: Time) -> Step {
        let timeouts = self.timeouts;
        let Some(entry) = self.entry_mut(slot) else { return Step::Invalid };
        let before = entry.sctp;
        let Some(after) = sctp::step(before, direction, chunk) else { return Step::Invalid };
        entry.sctp = after;
        entry.seen_reply |= direction == Direction::Reply;
        entry.assured |= after == SctpState::Established;
        // As of a SYN, an INIT that is sent again does not extend the time-out.
        let again = chunk == Chunk::Init && (before, after) == (SctpState::Closed, SctpState::Closed);
        if !again {
            self.expire(slot, now + after.timeout(&timeouts));
        }
        Step::Ignore
    }

    /// nf_conntrack_udp_packet and nf_conntrack_icmp_packet.
    fn advance_datagram(&mut self, slot: u32, direction: Direction, now: Time) -> Step {
        let timeouts = self.timeouts;
        let Some(entry) = self.entry_mut(slot) else { return Step::Invalid };
        let timeout = match (entry.original.protocol, entry.seen_reply) {
            (Protocol::Udp, true) if now > entry.created + timeouts.udp_becomes_stream => {
                entry.assured = true;
                timeouts.udp_stream
            }
            (Protocol::Tcp | Protocol::Udp | Protocol::Sctp, _) => timeouts.udp,
            (Protocol::Icmp, _) => timeouts.icmp,
        };
        entry.seen_reply |= direction == Direction::Reply;
        self.expire(slot, now + timeout);
        Step::Ignore
    }

    fn first_timeout(&self, ct: &CtRef) -> Span {
        match ct.original.protocol {
            Protocol::Tcp if ct.tcp == TcpState::Established => self.timeouts.unacknowledged,
            Protocol::Tcp => ct.tcp.timeout(&self.timeouts),
            Protocol::Udp => self.timeouts.udp,
            Protocol::Sctp => ct.sctp.timeout(&self.timeouts),
            Protocol::Icmp => self.timeouts.icmp,
        }
    }

    /// nf_conntrack_inet_error: an ICMP error belongs to the connection of the packet that it quotes, if it is
    /// addressed to that packet's sender.
    fn related(&mut self, outer: &Tuple, error: &IcmpError, now: Time) -> Ct {
        let Some((entry, direction)) = self.find(&error.inner.reversed(), now) else {
            return Ct::Invalid;
        };
        if entry.tuple(direction).dst != outer.dst {
            return Ct::Invalid;
        }
        let reference = reference(entry, direction);
        Ct::Tracked(CtRef { states: CtStates::RELATED.or(entry.nat), ..reference })
    }
}

/// init_conntrack: a connection that has no entry yet.
fn begin(tuple: &Tuple, kind: Kind, original_seen: Absent) -> Ct {
    let mut sctp = SctpState::None;
    let tcp = match kind {
        Kind::Sctp(chunk) => match sctp::first(chunk) {
            Some(state) => {
                sctp = state;
                TcpState::None
            }
            None => return Ct::Invalid,
        },
        Kind::Tcp(flags) => match step(TcpState::None, Direction::Original, flags) {
            Step::To(state) => state,
            // A SYN-ACK, a FIN or a RST without a connection. A bare ACK is accepted as the middle of a
            // connection (nf_conntrack_tcp_loose = 1), whichever end sent it: it is NEW and passes the nat table,
            // so a reply that returned by another path goes on without being rewritten back.
            Step::Ignore | Step::Invalid | Step::Reopen => return Ct::Invalid,
        },
        // nf_conntrack_icmp_packet, valid_new: a reply begins nothing.
        Kind::Echo(Echo::Reply) => return Ct::Invalid,
        Kind::Datagram | Kind::Echo(Echo::Request) | Kind::IcmpError(_) => TcpState::None,
    };
    Ct::Tracked(CtRef {
        direction: Direction::Original,
        states: CtStates::NEW,
        original: *tuple,
        reply: tuple.reversed(),
        tcp,
        sctp,
        source_bound: false,
        destination_bound: false,
        confirmed: false,
        original_seen,
        reply_seen: Absent::default(),
    })
}

/// resolve_normal_ct: the conntrack state of a packet that belongs to an entry.
fn reference(entry: &Entry, direction: Direction) -> CtRef {
    let answered = entry.seen_reply || direction == Direction::Reply;
    let state = if answered { CtStates::ESTABLISHED } else { CtStates::NEW };
    CtRef {
        direction,
        states: state.or(entry.nat),
        original: entry.original,
        reply: entry.reply,
        tcp: entry.tcp,
        sctp: entry.sctp,
        source_bound: true,
        destination_bound: true,
        confirmed: true,
        original_seen: Absent::default(),
        reply_seen: Absent::default(),
    }
}
