//! How connections end without a response: a process ends and its kernel closes the open sockets (net/ipv4/tcp.c,
//! tcp_close: FIN); the other end receives that and closes too.

use super::ConnectionId;
use super::connection::SocketState;
use crate::api::Uid;
use crate::sim::World;
use crate::trace::{LossClass, Lost, Outcome, PacketKind, PacketVerdict, Place};

impl World {
    /// The process of a Pod's container has ended, but the Pod still has its address. The clients in a Pod are in its
    /// first main container. Those in a node's network namespace are not told apart, and finish what they began.
    pub(crate) fn process_ended(&mut self, pod: Uid, container: u32) {
        let place = Place::Pod(pod);
        let is_client = self.pods.get(&pod).and_then(|runtime| runtime.main_index()) == Some(container);
        let open = self.traffic.connections.values().filter(|live| live.record.ended.is_none());
        let (mut called, mut served) = (Vec::new(), Vec::new());
        for live in open {
            let record = &live.record;
            if is_client && record.source == place {
                called.push(record.id);
            }
            let is_server = record.server.as_ref().is_some_and(|(_, uid)| *uid == pod);
            if is_server && live.server_container == container {
                served.push(record.id);
            }
        }
        served.into_iter().for_each(|connection| self.close_server(connection));
        called.into_iter().for_each(|connection| self.close_client(connection));
    }

    /// A machine lost power or was deleted: its processes and Pods (`pods`) send nothing any more, and packets
    /// that waited in it are lost.
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

    /// The client or its Pod was deleted: its open request is abandoned.
    pub(crate) fn close_client(&mut self, connection: ConnectionId) {
        let Some(state) = self.traffic.connections.get(&connection).map(|live| live.state) else { return };
        self.send_fin(connection);
        self.end_client(connection, state);
    }

    /// The client sends FIN. A socket in SYN_SENT is closed without sending anything.
    fn send_fin(&mut self, connection: ConnectionId) {
        let Some(live) = self.traffic.connections.get(&connection) else { return };
        let (source, state) = (live.record.source, live.state);
        let tuple = live.record.tuple.filter(|tuple| tuple.protocol.connects());
        if let (Some(tuple), SocketState::Waiting | SocketState::Idle) = (tuple, state) {
            self.send(connection, PacketKind::Fin, source, tuple);
        }
    }

    fn end_client(&mut self, connection: ConnectionId, state: SocketState) {
        match state {
            SocketState::Idle => self.end_idle(connection),
            SocketState::Resolving | SocketState::SynSent | SocketState::Waiting | SocketState::Closed => {
                self.end_connection(connection, Outcome::Abandoned)
            }
        }
    }

    /// Ends a connection without an open request. Its requests were counted before.
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
        // Before the client's ACK the server has no socket to close.
        let before = matches!(live.state, SocketState::Resolving | SocketState::SynSent);
        let is_open = !before && !live.server_closed;
        let (Some((_, pod)), Some(tuple)) = (live.record.server.as_ref(), live.server_tuple) else { return };
        if !is_open || !tuple.protocol.connects() {
            return;
        }
        live.server_closed = true;
        let pod = *pod;
        self.send(connection, PacketKind::ServerFin, Place::Pod(pod), tuple.reversed());
    }

    /// The client receives the server's FIN and closes its end too. A request without a response has failed.
    pub(super) fn server_has_closed(&mut self, connection: ConnectionId) -> PacketVerdict {
        let Some(live) = self.traffic.connections.get_mut(&connection) else {
            return PacketVerdict::NotExpected;
        };
        match live.state {
            SocketState::Resolving | SocketState::SynSent => return PacketVerdict::NotExpected,
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
