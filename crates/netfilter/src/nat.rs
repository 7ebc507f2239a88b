//! Rewriting addresses and ports (nf_nat_core.c, nf_nat_proto.c).

use std::net::{IpAddr, SocketAddr};

use super::conntrack::{Absent, Conntrack, CtStates, Direction};
use super::skb::{Ct, CtRef, IcmpError, Kind, Skb};
use super::stack::Context;
use crate::{Chance, KernelPurpose, Protocol, Tuple};

/// Which end of a packet is rewritten: destinations at PREROUTING and OUTPUT, sources at INPUT
/// and POSTROUTING.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Manip {
    Source,
    Destination,
}

/// nf_nat_l4proto_unique_tuple: how many ports are tried in a row, before a shorter row from another start.
const MAX_ATTEMPTS: u32 = 128;

impl CtRef {
    pub(super) fn is_bound(&self, manip: Manip) -> bool {
        match manip {
            Manip::Source => self.source_bound,
            Manip::Destination => self.destination_bound,
        }
    }

    /// The DNAT target.
    pub(super) fn bind_destination(&mut self, to: SocketAddr) {
        self.destination_bound = true;
        self.states = self.states.or(CtStates::DNAT);
        self.answer_comes_from(to);
    }

    pub(super) fn answer_comes_from(&mut self, to: SocketAddr) {
        (self.reply.src, self.reply.src_port) = (to.ip(), to.port());
        self.reply_seen = Absent::default();
    }

    /// nf_nat_alloc_null_binding for a destination: nothing changes, now or later.
    pub(super) fn keep_destination(&mut self) {
        self.destination_bound = true;
    }

    /// Rewrites the connection's source to `to`, with a port that no other connection's replies use. `random`: a
    /// random port, even if the packet's own is free.
    ///
    /// The kernel first tries the mapping of another connection from the same source (find_appropriate_src); the
    /// model always starts from the packet's own port.
    pub(super) fn bind_source(&mut self, to: IpAddr, random: bool, conntrack: &Conntrack, cx: &Context) {
        let before = (self.reply.dst, self.reply.dst_port);
        self.source_bound = true;
        self.reply.dst = to;
        if random || conntrack.is_taken(&self.reply, cx.now, &mut self.reply_seen) {
            pick_port(self, conntrack, cx);
        }
        if before != (self.reply.dst, self.reply.dst_port) {
            self.states = self.states.or(CtStates::SNAT);
        }
    }
}

/// nf_nat_l4proto_unique_tuple, for a source: sets `reply.dst_port` to a free port. If none is found, the last
/// one tried remains, and confirmation will fail.
fn pick_port(ct: &mut CtRef, conntrack: &Conntrack, cx: &Context) {
    let reply = &mut ct.reply;
    // Privileged ports are replaced by privileged ports, since some servers trust them.
    let (min, count): (u32, u32) = match (reply.protocol, reply.dst_port) {
        // Of an echo it is the identifier.
        (Protocol::Icmp, _) => (0, 65_536),
        (Protocol::Tcp | Protocol::Udp | Protocol::Sctp, 0..512) => (1, 511),
        (Protocol::Tcp | Protocol::Udp | Protocol::Sctp, 512..1024) => (600, 424),
        (Protocol::Tcp | Protocol::Udp | Protocol::Sctp, _) => (1024, 64_512),
    };
    let subject = Chance::join(cx.node, cx.flow);
    let mut attempts = count.min(MAX_ATTEMPTS);
    for round in 0.. {
        let start = cx.chance.draw(KernelPurpose::MasqueradePort, subject, round) as u32 & 0xffff;
        for step in 0..attempts {
            // Both are below 2^16, and so is their sum's remainder plus `min`.
            reply.dst_port = (min + (start + step) % count) as u16;
            if !conntrack.is_taken(reply, cx.now, &mut ct.reply_seen) {
                return;
            }
        }
        if attempts >= count || attempts < 16 {
            return;
        }
        attempts /= 2;
    }
}

/// nf_nat_packet: rewrites a packet according to its connection.
pub(super) fn rewrite(skb: &mut Skb, manip: Manip) {
    let Ct::Tracked(ct) = &skb.ct else { return };
    if let Kind::IcmpError(error) = &mut skb.kind {
        rewrite_error(&mut skb.tuple, error, ct, manip);
        return;
    }
    let (answer, rewritten) = match (ct.direction, manip) {
        (Direction::Original, Manip::Source) => (&ct.reply, CtStates::SNAT),
        (Direction::Original, Manip::Destination) => (&ct.reply, CtStates::DNAT),
        (Direction::Reply, Manip::Source) => (&ct.original, CtStates::DNAT),
        (Direction::Reply, Manip::Destination) => (&ct.original, CtStates::SNAT),
    };
    // Decided by the status bits: IPVS rewrites its packets itself, in its own hooks.
    if !ct.states.intersects(rewritten) {
        return;
    }
    match manip {
        Manip::Source => (skb.tuple.src, skb.tuple.src_port) = (answer.dst, answer.dst_port),
        Manip::Destination => (skb.tuple.dst, skb.tuple.dst_port) = (answer.src, answer.src_port),
    }
}

/// nf_nat_icmp_reply_translation: rewrites the quoted packet back to what its sender sent, and the error's own
/// addresses to match it.
fn rewrite_error(outer: &mut Tuple, error: &mut IcmpError, ct: &CtRef, manip: Manip) {
    let (other, rewritten) = match (ct.direction, manip) {
        (Direction::Original, Manip::Source) => (ct.reply, CtStates::SNAT),
        (Direction::Original, Manip::Destination) => (ct.reply, CtStates::DNAT),
        (Direction::Reply, Manip::Source) => (ct.original, CtStates::DNAT),
        (Direction::Reply, Manip::Destination) => (ct.original, CtStates::SNAT),
    };
    if !ct.states.intersects(rewritten) {
        return;
    }
    match manip {
        Manip::Source => {
            (error.inner.dst, error.inner.dst_port) = (other.dst, other.dst_port);
            outer.src = other.dst;
        }
        Manip::Destination => {
            (error.inner.src, error.inner.src_port) = (other.src, other.src_port);
            outer.dst = other.src;
        }
    }
}
