//! A connection's timers: how long its client waits, and when something is sent again.

use super::ConnectionId;
use super::connection::{Live, SocketState};
use crate::sim::{ConnectionTimer, Event, Span, World};
use crate::trace::{LossClass, Lost, Outcome, PacketKind, PacketVerdict};
use netfilter::Protocol;

/// net.ipv4.tcp_syn_retries and tcp_retries2, limited to what can happen before a client's time-out.
const MAX_RETRANSMITS: u32 = 15;

impl World {
    pub(super) fn plan_give_up(&mut self, connection: ConnectionId, request: u32) {
        let waits = |live: &Live| !live.one_way || live.state == SocketState::Resolving;
        let live = self.traffic.connections.get(&connection);
        let Some(live) = live.filter(|live| waits(live)) else { return };
        let give_up = self.clock.now() + live.timeout;
        self.schedule(give_up, Event::Connection { connection, request, timer: ConnectionTimer::GiveUp });
    }

    /// RFC 6298: each retransmission waits twice as long. A SYN has a fixed first time-out; that of a segment depends
    /// on the round-trip time of the handshake (net/ipv4/tcp_input.c, tcp_set_rto). SCTP's INIT waits three times as
    /// long (RFC 9260, RTO.Initial), and its data as long as a SYN (RTO.Min).
    pub(super) fn plan_retransmit(&mut self, connection: ConnectionId, attempt: u32) {
        let Some(live) = self.traffic.connections.get(&connection) else { return };
        let syn = live.state == SocketState::SynSent;
        let first = match (live.record.tuple.map(|tuple| tuple.protocol), syn) {
            (Some(Protocol::Tcp), true) => self.timing.tcp_initial_rto,
            (Some(Protocol::Tcp), false) => self.timing.tcp_rto,
            (Some(Protocol::Sctp), true) => self.timing.tcp_initial_rto.times(3),
            (Some(Protocol::Sctp), false) => self.timing.tcp_initial_rto,
            (Some(Protocol::Udp | Protocol::Icmp) | None, _) => return,
        };
        if first >= live.timeout {
            return;
        }
        let request = live.record.requests;
        let wait = Span(first.0.saturating_mul(1 << (attempt - 1).min(30)));
        let timer = ConnectionTimer::Retransmit { attempt, syn };
        self.schedule(self.clock.now() + wait, Event::Connection { connection, request, timer });
    }

    /// No packet was lost, but whoever took the connection can send none any more.
    fn note_silent_server(&mut self, connection: ConnectionId) {
        let Some(live) = self.traffic.connections.get(&connection) else { return };
        let (None, Some((_, pod))) = (live.lost, &live.record.server) else { return };
        let machine = self.pods.get(pod).and_then(|runtime| self.machines.get(&runtime.node));
        let (verdict, class) = match machine.map(|machine| machine.power) {
            Some(true) => return,
            Some(false) => (PacketVerdict::NodeIsOff, LossClass::NodeIsOff),
            None => (PacketVerdict::ServerGone, LossClass::EstablishedGone),
        };
        if let Some(live) = self.traffic.connections.get_mut(&connection) {
            live.lost = Some((verdict, Lost { class, stale_rule: false }));
        }
    }

    pub(crate) fn connection_timer(
        &mut self,
        connection: ConnectionId,
        request: u32,
        timer: ConnectionTimer,
    ) {
        let Some(live) = self.traffic.connections.get(&connection) else { return };
        let waits =
            matches!(live.state, SocketState::Resolving | SocketState::SynSent | SocketState::Waiting);
        if !waits || live.record.requests != request {
            return;
        }
        match timer {
            ConnectionTimer::GiveUp => {
                self.note_silent_server(connection);
                let Some(live) = self.traffic.connections.get(&connection) else { return };
                let lost = live.lost.map(|(verdict, _)| verdict);
                let outcome = match live.state == SocketState::Resolving {
                    true => Outcome::NoDns { lost },
                    false => Outcome::TimedOut { lost },
                };
                self.end_connection(connection, outcome);
            }
            ConnectionTimer::Retransmit { attempt, syn }
                if attempt <= MAX_RETRANSMITS && syn == (live.state == SocketState::SynSent) =>
            {
                let kind = if syn { PacketKind::Syn } else { PacketKind::Request };
                if let Some(tuple) = live.record.tuple {
                    self.send(connection, kind, live.record.source, tuple);
                    self.plan_retransmit(connection, attempt + 1);
                }
            }
            ConnectionTimer::Retransmit { .. } => {}
            ConnectionTimer::Lookup { name, attempt } => self.lookup_timed_out(connection, name, attempt),
        }
    }
}
