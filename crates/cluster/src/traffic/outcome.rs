//! What became of a request: its record, the counts that it belongs to, and the archive.

use super::connection::{Live, SocketState, of_datagram};
use super::{ConnectionId, Stats};
use crate::api::{NsName, Uid};
use crate::sim::{Time, World};
use crate::trace::{Lost, Outcome, PacketKind, PacketTrace};

impl World {
    /// The connection ends for the client, successfully or not.
    pub(crate) fn end_connection(&mut self, connection: ConnectionId, outcome: Outcome) {
        let now = self.clock.now();
        let Some(live) = self.traffic.connections.get_mut(&connection) else { return };
        if live.record.ended.is_some() {
            return;
        }
        live.record.ended = Some((now, outcome));
        live.record.lost = live.lost.filter(|_| outcome.is_loss()).map(|(_, lost)| lost);
        live.state = SocketState::Closed;
        live.lookup = None;
        let lost = live.record.lost;
        let began = live.request_began;
        let (client, id, service) =
            (live.record.client_name.clone(), live.record.client, live.record.service.clone());
        if let Some(client) = self.traffic.clients.get_mut(&id) {
            client.open = client.open.saturating_sub(1);
        }
        self.count(&client, service.as_ref(), outcome, began);
        if let Some(lost) = lost {
            self.count_lost(&client, service.as_ref(), lost, began);
        }
        self.archive_when_quiet(connection);
    }

    /// The counts that a request belongs to, by when it began.
    pub(super) fn stats_of(&mut self, began: Time) -> &mut Stats {
        let is_counted = self.clients_began() && self.origin().is_some_and(|origin| began >= origin);
        if is_counted { &mut self.traffic.stats } else { &mut self.traffic.stats_before }
    }

    pub(super) fn count_lost(
        &mut self,
        client: &str,
        service: Option<&(NsName, Uid)>,
        lost: Lost,
        began: Time,
    ) {
        let stats = self.stats_of(began);
        if let Some(counts) = stats.clients.get_mut(client) {
            counts.count_lost(lost);
        }
        if let Some(counts) = service.and_then(|(key, _)| stats.services.get_mut(key)) {
            counts.count_lost(lost);
        }
    }

    /// A request that ends now.
    pub(super) fn count(
        &mut self,
        client: &str,
        service: Option<&(NsName, Uid)>,
        outcome: Outcome,
        began: Time,
    ) {
        self.changes.traffic = true;
        let latency = self.clock.now().since(began);
        let stats = self.stats_of(began);
        if let Some(counts) = stats.clients.get_mut(client) {
            counts.count(outcome, latency);
        }
        if let Some((key, _)) = service {
            let counts = stats.services.entry(key.clone()).or_default();
            counts.sent += 1;
            counts.count(outcome, latency);
        }
    }

    /// One of the connection's packets has ended.
    pub(crate) fn packet_ended(&mut self, connection: ConnectionId, trace: &PacketTrace) {
        let Some(live) = self.traffic.connections.get_mut(&connection) else { return };
        live.in_flight = live.in_flight.saturating_sub(1);
        if live.one_way && trace.kind == PacketKind::Request {
            self.datagram_ended(connection, trace);
            self.archive_when_quiet(connection);
            return;
        }
        // A lost ICMP error does not count as a loss of its own.
        let lost = trace.lost.filter(|_| !trace.kind.is_error());
        if let (Some((_, verdict)), Some(lost)) = (trace.ended, lost) {
            live.lost = Some((verdict, lost));
            // The client had timed out before it was known how its packet ended.
            let ended = live.record.ended.map(|(_, outcome)| outcome);
            let waited = matches!(ended, Some(Outcome::TimedOut { .. }))
                || matches!(ended, Some(Outcome::NoDns { .. })) && trace.kind.is_lookup();
            if waited && live.record.lost.is_none() {
                live.record.lost = Some(lost);
                let (client, service) = (live.record.client_name.clone(), live.record.service.clone());
                let began = live.request_began;
                self.count_lost(&client, service.as_ref(), lost, began);
            }
        }
        self.archive_when_quiet(connection);
    }

    /// A request of a one-way sender ended with its datagram.
    pub(super) fn datagram_ended(&mut self, connection: ConnectionId, trace: &PacketTrace) {
        let Some(live) = self.traffic.connections.get_mut(&connection) else { return };
        let (Some((_, verdict)), Some(sent)) = (trace.ended, trace.hops.first()) else { return };
        live.record.lost = trace.lost;
        let outcome = of_datagram(verdict);
        live.record.answered += u32::from(outcome == Outcome::Delivered);
        let (client, service) = (live.record.client_name.clone(), live.record.service.clone());
        let server = live.record.server.clone().filter(|_| outcome == Outcome::Delivered);
        self.count(&client, service.as_ref(), outcome, sent.at);
        if let Some((key, pod)) = server {
            self.stats_of(sent.at).answered(pod, &key);
        }
        if let Some(lost) = trace.lost {
            self.count_lost(&client, service.as_ref(), lost, sent.at);
        }
    }

    pub(super) fn archive_when_quiet(&mut self, connection: ConnectionId) {
        let quiet = |live: &Live| live.record.ended.is_some() && live.in_flight == 0;
        if self.traffic.connections.get(&connection).is_some_and(|live| quiet(live))
            && let Some(live) = self.traffic.connections.remove(&connection)
        {
            self.traffic.archive(*live);
        }
    }
}
