//! A packet to an address on a connected network that nobody has: it waits for ARP or neighbour discovery, in vain.

use super::PacketId;
use super::journey::Flight;
use crate::api::Uid;
use crate::sim::{Event, World};
use crate::trace::{HopKind, PacketKind, PacketVerdict, Place};

impl World {
    /// The packet waits in the node during ARP or neighbour discovery.
    pub(super) fn resolve_neighbour(&mut self, flight: Box<Flight>) {
        let packet = flight.trace.id;
        let at = self.clock.now() + self.timing.neighbour_timeout;
        self.traffic.flights.insert(packet, flight);
        self.schedule(at, Event::NeighbourTimeout { packet });
    }

    /// Packets that wait in a node are lost when it loses power.
    pub(super) fn drop_waiting_packets(&mut self, node: Uid) {
        let waits = |flight: &Flight| {
            flight
                .trace
                .hops
                .last()
                .is_some_and(|h| h.place == Place::Node(node) && h.kind == HopKind::Dropped)
        };
        let flights = &self.traffic.flights;
        let waiting: Vec<PacketId> = flights.iter().filter(|(_, f)| waits(f)).map(|(id, _)| *id).collect();
        for packet in waiting {
            if let Some(flight) = self.traffic.flights.remove(&packet) {
                self.end_flight_here(*flight, PacketVerdict::NodeIsOff);
            }
        }
    }

    pub(crate) fn neighbour_timed_out(&mut self, packet: PacketId) {
        let Some(flight) = self.traffic.flights.remove(&packet) else { return };
        let place = flight.trace.hops.last().map(|h| h.place);
        let (connection, tuple, kind) = (flight.trace.connection, flight.tuple, flight.trace.kind);
        self.end_flight_here(*flight, PacketVerdict::NoNeighbor);
        // RFC 1122: never an error about an error.
        if let (Some(Place::Node(node)), false) = (place, kind.is_error()) {
            self.send_error(connection, PacketKind::HostUnreachable, node, tuple);
        }
    }
}
