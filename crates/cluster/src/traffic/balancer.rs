//! A packet at the cloud's load balancer.

use super::{ConnectionId, Flight};
use crate::api::{CloudProvider, Uid};
use crate::sim::World;
use crate::trace::{HopKind, PacketVerdict, Place};
use netfilter::{Family, Protocol, Tuple};

/// The two tuples of a connection through a load balancer with `ipMode: Proxy`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Proxied {
    /// As the client sees it.
    outer: Tuple,
    /// As the node sees it.
    inner: Tuple,
}

impl World {
    pub(super) fn receive_at_balancer(&mut self, service: Uid, flight: Box<Flight>) {
        let connection = flight.trace.connection;
        let proxied = self.traffic.connections.get(&connection).and_then(|l| l.proxied);
        if let Some(proxied) = proxied.filter(|p| flight.trace.kind.is_reply() && is_back(p, &flight)) {
            self.proxy_answers(service, flight, proxied);
            return;
        }
        if flight.tuple.protocol == Protocol::Icmp {
            self.end_flight(flight, PacketVerdict::NotBalanced);
            return;
        }
        match self.balancers_choice(service, connection) {
            Some(node) => self.balance(service, flight, node),
            None => self.end_flight(flight, PacketVerdict::NoHealthyNode),
        }
    }

    fn balance(&mut self, service: Uid, mut flight: Box<Flight>, node: Uid) {
        let before = flight.tuple;
        if self.config.cloud == CloudProvider::Proxy {
            match self.node_port_tuple(service, node, before) {
                Some(inner) => flight.tuple = inner,
                // The Service has no node port to send to.
                None => return self.end_flight(flight, PacketVerdict::NoHealthyNode),
            }
        }
        if let Some(live) = self.traffic.connections.get_mut(&flight.trace.connection) {
            live.balanced_to = Some(node);
            if before != flight.tuple {
                live.proxied = Some(Proxied { outer: before, inner: flight.tuple });
            }
        }
        let name = self.machines[&node].name.clone();
        self.hop(&mut flight, HopKind::Balanced { node: name }, Box::default(), Some(before), None);
        self.transmit(flight, Place::LoadBalancer(service), Place::Node(node), self.timing.link);
    }

    /// The tuple of a proxy's own connection: from its address to the node port.
    fn node_port_tuple(&self, service: Uid, node: Uid, tuple: Tuple) -> Option<Tuple> {
        let service = self.store.service_by_uid(service)?;
        let called = |p: &&crate::api::ServicePort| p.port == tuple.dst_port && p.protocol == tuple.protocol;
        let port = service.spec.ports.iter().find(called).map(|p| p.node_port).filter(|p| *p != 0)?;
        let dst = *self.machines.get(&node)?.addresses.get_or_primary(Family::of(tuple.dst));
        Some(Tuple { src: tuple.dst, dst, dst_port: port, ..tuple })
    }

    fn proxy_answers(&mut self, service: Uid, mut flight: Box<Flight>, proxied: Proxied) {
        let before = flight.tuple;
        flight.tuple = match flight.trace.kind.is_error() {
            true => Tuple { dst: proxied.outer.src, ..before },
            false => proxied.outer.reversed(),
        };
        flight.inner = flight.inner.map(|_| proxied.outer);
        self.hop(&mut flight, HopKind::Forwarded, Box::default(), Some(before), None);
        let (connection, address) = (flight.trace.connection, flight.tuple.dst);
        let to = match self.client_outside(connection, address) {
            Some(client) => Place::Outside(client.id),
            None => self.route_outside(connection, address),
        };
        self.transmit(flight, Place::LoadBalancer(service), to, self.timing.link);
    }

    /// The node for a connection: the same as before, or for a new one a healthy node by its hash.
    fn balancers_choice(&self, service: Uid, connection: ConnectionId) -> Option<Uid> {
        let live = self.traffic.connections.get(&connection);
        if let Some(node) = live.and_then(|l| l.balanced_to).filter(|n| self.machines.contains_key(n)) {
            return Some(node);
        }
        let balancer = self.cloud.balancers.values().find(|b| b.service == service)?;
        let nodes: Vec<Uid> = balancer.eligible().filter(|n| self.machines.contains_key(n)).collect();
        self.node_for(connection, &nodes)
    }
}

fn is_back(proxied: &Proxied, flight: &Flight) -> bool {
    flight.trace.kind.is_error() || flight.tuple == proxied.inner.reversed()
}
