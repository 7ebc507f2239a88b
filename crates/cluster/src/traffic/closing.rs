//! How connections end that did not end with an answer: a process ends, and its kernel closes what it had
//! open (net/ipv4/tcp.c, tcp_close: FIN); the other end notices, and closes too.

use super::ConnectionId;
use super::connection::SocketState;
use crate::api::Uid;
use crate::sim::World;
use crate::trace::{LossClass, Lost, Outcome, PacketKind, PacketVerdict, Place};
use netfilter::Protocol;

impl World {
    /// A Pod's process has ended, while the Pod has its address still.
    pub(crate) fn process_ended(&mut self, pod: Uid) {
        let place = Place::Pod(pod);
        let open = self.traffic.connections.values().map(|live| &live.record).filter(|r| r.ended.is_none());
        let (mut called, mut served) = (Vec::new(), Vec::new());
        for record in open {
            if record.source == place {
                called.push(record.id);
            }
            if record.server.as_ref().is_some_and(|(_, uid)| *uid == pod) {
                served.push(record.id);
            }
        }
        served.into_iter().for_each(|connection| self.close_server(connection));
        called.into_iter().for_each(|connection| self.close_client(connection));
    }

    /// A machine lost its power, or is gone: its processes and its Pods (`pods`) say nothing any more, and
    /// what waited in it is lost.
    pub(crate) fn machine_falls_silent(&mut self, node: Uid, pods: &[Uid]) {
        let gone = |place| match place {
            Place::Pod(uid) => pods.contains(&uid),
            Place::Node(uid) => uid == node,
            Place::Outside(_) | Place::LoadBalancer(_) | Place::Internet => false,
        };
        let open = self.traffic.connections.values().map(|live| (&live.record, live.state));
        let open = open.filter(|(record, _)| record.ended.is_none() && gone(record.source));
        let open: Vec<_> = open.map(|(record, state)| (record.id, state)).collect();
        open.into_iter().for_each(|(connection, state)| self.end_client(connection, state));
        self.drop_waiting_packets(node);
    }

    /// The client goes, or its Pod: a request under way is abandoned.
    pub(crate) fn close_client(&mut self, connection: ConnectionId) {
        let Some(state) = self.traffic.connections.get(&connection).map(|live| live.state) else { return };
        self.send_fin(connection);
        self.end_client(connection, state);
    }

    /// From the client. A socket in SYN_SENT goes without a word.
    fn send_fin(&mut self, connection: ConnectionId) {
        let Some(live) = self.traffic.connections.get(&connection) else { return };
        let (source, state) = (live.record.source, live.state);
        let tuple = live.record.tuple.filter(|tuple| tuple.protocol == Protocol::Tcp);
        if let (Some(tuple), SocketState::Waiting | SocketState::Idle) = (tuple, state) {
            self.send(connection, PacketKind::Fin, source, tuple);
        }
    }

    fn end_client(&mut self, connection: ConnectionId, state: SocketState) {
        match state {
            SocketState::Idle => self.end_idle(connection),
            _ => self.end_connection(connection, Outcome::Abandoned),
        }
    }

    /// A connection on which every request has had its answer, and was counted.
    fn end_idle(&mut self, connection: ConnectionId) {
        let now = self.clock.now();
        let Some(live) = self.traffic.connections.get_mut(&connection) else { return };
        live.record.ended = Some((now, Outcome::Delivered));
        live.state = SocketState::Closed;
        let client = live.record.client;
        if let Some(client) = self.traffic.clients.get_mut(&client) {
            client.open = client.open.saturating_sub(1);
        }
        self.changes.traffic = true;
        self.archive_when_quiet(connection);
    }

    /// The server's end is closed.
    pub(super) fn close_server(&mut self, connection: ConnectionId) {
        let Some(live) = self.traffic.connections.get_mut(&connection) else { return };
        // Before the client's ACK there is no socket of the server's to be closed.
        let is_open = live.state != SocketState::SynSent && !live.server_closed;
        let (Some((_, pod)), Some(tuple)) = (live.record.server.as_ref(), live.server_tuple) else { return };
        if !is_open || tuple.protocol != Protocol::Tcp {
            return;
        }
        live.server_closed = true;
        let pod = *pod;
        self.send(connection, PacketKind::ServerFin, Place::Pod(pod), tuple.reversed());
    }

    /// The client hears that the server has closed its end. It closes its own; a request that it waits for
    /// will not be answered.
    pub(super) fn server_has_closed(&mut self, connection: ConnectionId) -> PacketVerdict {
        let Some(live) = self.traffic.connections.get_mut(&connection) else {
            return PacketVerdict::NotExpected;
        };
        match live.state {
            SocketState::SynSent => return PacketVerdict::NotExpected,
            SocketState::Closed => return PacketVerdict::Delivered,
            SocketState::Idle => {
                self.close_client(connection);
                return PacketVerdict::Delivered;
            }
            SocketState::Waiting => {}
        }
        live.lost = Some((PacketVerdict::NotExpected, Lost { class: LossClass::Closed, stale_rule: false }));
        self.send_fin(connection);
        self.end_connection(connection, Outcome::Reset);
        PacketVerdict::Delivered
    }
}
