//! What a Pod does with the packets of a connection.

use super::ConnectionId;
use crate::api::Uid;
use crate::node::kubelet::Process;
use crate::sim::{Event, World};
use crate::trace::{PacketKind, PacketVerdict, Place};
use netfilter::Tuple;

impl World {
    /// A packet reached a Pod. What it does depends on the process, and on whether this Pod is
    /// the one that took the connection.
    pub(crate) fn server_receives(
        &mut self,
        connection: ConnectionId,
        kind: PacketKind,
        pod: Uid,
        tuple: Tuple,
    ) -> PacketVerdict {
        let datagram = !tuple.protocol.connects();
        let Some(live) = self.traffic.connections.get(&connection) else {
            return PacketVerdict::NotExpected;
        };
        let (mine, one_way) = (live.record.server.as_ref().is_some_and(|(_, uid)| *uid == pod), live.one_way);
        let process = self.process_in(pod, live.server_container);
        match kind {
            PacketKind::Syn | PacketKind::Request if kind == PacketKind::Syn || datagram => {
                let Some(container) = self.listener(pod, tuple.dst_port) else {
                    let no = if datagram { PacketKind::PortUnreachable } else { PacketKind::Reset };
                    self.send(connection, no, Place::Pod(pod), tuple.reversed());
                    return PacketVerdict::NothingListens;
                };
                self.accept(connection, (pod, container), tuple);
                if one_way {
                    return PacketVerdict::Delivered;
                }
                if datagram {
                    self.plan_answer(connection);
                } else {
                    self.send(connection, PacketKind::SynAck, Place::Pod(pod), tuple.reversed());
                }
            }
            PacketKind::Request if mine && process != Process::Stopped => self.plan_answer(connection),
            PacketKind::Request => {
                self.send(connection, PacketKind::Reset, Place::Pod(pod), tuple.reversed());
                return PacketVerdict::NothingListens;
            }
            PacketKind::DnsQuery(family) => {
                return self.dns_server_receives(connection, family, pod, tuple);
            }
            PacketKind::EchoRequest => {
                self.accept(connection, (pod, 0), tuple);
                self.count_answered(connection, pod);
                return self.echo(connection, Place::Pod(pod), tuple);
            }
            // The server closes its end too, unless its response or the end of its process has done so.
            PacketKind::Fin if mine => {
                if live.keep_alive {
                    self.close_server(connection);
                }
            }
            PacketKind::Syn
            | PacketKind::SynAck
            | PacketKind::Response
            | PacketKind::Fin
            | PacketKind::ServerFin
            | PacketKind::Reset
            | PacketKind::PortUnreachable
            | PacketKind::HostUnreachable
            | PacketKind::EchoReply
            | PacketKind::DnsAnswer(_) => return PacketVerdict::NotExpected,
        }
        PacketVerdict::Delivered
    }

    pub(super) fn accept(&mut self, connection: ConnectionId, (pod, container): (Uid, u32), tuple: Tuple) {
        let key = self.pods.get(&pod).map(|r| r.key.clone());
        let Some(live) = self.traffic.connections.get_mut(&connection) else { return };
        live.record.server = key.map(|key| (key, pod));
        live.record.server_saw = Some((tuple.src, tuple.src_port));
        live.server_container = container;
        live.server_tuple = Some(tuple);
    }

    pub(super) fn plan_answer(&mut self, connection: ConnectionId) {
        let Some(live) = self.traffic.connections.get(&connection) else { return };
        let request = live.record.requests;
        self.schedule(self.clock.now() + self.timing.app_answer, Event::Answer { connection, request });
    }

    /// The app sends its response, to the client address that the server's socket has.
    pub(crate) fn app_answers(&mut self, connection: ConnectionId, request: u32) {
        let Some(live) = self.traffic.connections.get(&connection) else { return };
        let (Some((_, pod)), Some(tuple)) = (live.record.server.as_ref(), live.server_tuple) else { return };
        let pod = *pod;
        let has_address = self.pods.get(&pod).is_some_and(|runtime| runtime.has_address(tuple.dst));
        let alive = has_address && self.process_in(pod, live.server_container) != Process::Stopped;
        if !alive || live.record.requests != request {
            return;
        }
        self.count_answered(connection, pod);
        self.send(connection, PacketKind::Response, Place::Pod(pod), tuple.reversed());
    }

    /// The Pod that has the connection answers its present request.
    pub(super) fn count_answered(&mut self, connection: ConnectionId, pod: Uid) {
        let Some(live) = self.traffic.connections.get(&connection) else { return };
        let (began, server) = (live.request_began, live.record.server.clone());
        if let Some((key, _)) = server {
            self.stats_of(began).answered(pod, &key);
        }
    }
}
