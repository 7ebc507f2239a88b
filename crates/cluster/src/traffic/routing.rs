//! Where a node's routing table, and the network outside, send an address.

use std::net::IpAddr;

use super::{Client, ConnectionId};
use crate::api::Uid;
use crate::node::Machine;
use crate::sim::{Purpose, World};
use crate::trace::Place;
use netfilter::Family;

/// Where a node's routing table sends an address.
#[derive(Clone, Copy)]
pub(super) enum Route {
    /// To the node itself.
    Local,
    To(Place),
    /// On a connected network, but no machine or Pod has it.
    NoNeighbour,
}

impl World {
    pub(super) fn route(&self, node: Uid, connection: ConnectionId, address: IpAddr) -> Route {
        let machine = &self.machines[&node];
        if machine.stack.has_address(address) {
            return Route::Local;
        }
        if machine.cni.contains(address) {
            let pod = machine.cni.owner(address);
            return pod.map_or(Route::NoNeighbour, |pod| Route::To(Place::Pod(pod)));
        }
        let holds = |m: &&Machine| m.addresses.contains(&address) || m.cni.contains(address);
        if let Some(other) = self.machines.values().find(holds) {
            return if other.power { Route::To(Place::Node(other.uid)) } else { Route::NoNeighbour };
        }
        if let Some((_, assigned)) = self.assigned_at(address) {
            return self.route_to_pool_address(node, assigned.node);
        }
        let outside = self.client_outside(connection, address);
        match (outside, self.balancer_at(address).and_then(|key| self.cloud.balancers.get(key))) {
            (Some(client), _) => Route::To(Place::Outside(client.id)),
            (None, Some(balancer)) => Route::To(Place::LoadBalancer(balancer.service)),
            // Addresses of deleted clients outside, and all others that are not part of the cluster.
            (None, None) => Route::To(self.route_outside(connection, address)),
        }
    }

    /// On the nodes' network: the node that answers for it has no interface with the address, and does not ask itself.
    fn route_to_pool_address(&self, from: Uid, answers: Option<Uid>) -> Route {
        let other = answers.filter(|node| *node != from).and_then(|node| self.machines.get(&node));
        match other.filter(|machine| machine.power) {
            Some(machine) => Route::To(Place::Node(machine.uid)),
            None => Route::NoNeighbour,
        }
    }

    /// The address of the interface that a packet leaves by: the bridge's towards a Pod.
    pub(super) fn out_address(&self, node: Uid, route: &Route, family: Family) -> IpAddr {
        let machine = &self.machines[&node];
        match route {
            Route::To(Place::Pod(_)) => *machine.cni.gateways().get_or_primary(family),
            Route::To(Place::Outside(_) | Place::LoadBalancer(_) | Place::Node(_) | Place::Internet)
            | Route::Local
            | Route::NoNeighbour => *machine.addresses.get_or_primary(family),
        }
    }

    /// From outside, the cloud's addresses, a pool's and the nodes' are reachable; the cluster's own ranges are not. A
    /// Service's `externalIPs` are assumed to be routed to the nodes: each flow to one node with power, as by
    /// equal-cost multipath.
    pub(super) fn route_outside(&self, connection: ConnectionId, address: IpAddr) -> Place {
        if let Some(service) = self.balancer_at(address).and_then(|key| self.cloud.balancers.get(key)) {
            return Place::LoadBalancer(service.service);
        }
        if let Some((_, assigned)) = self.assigned_at(address) {
            return assigned.node.map_or(Place::Internet, Place::Node);
        }
        if let Some(node) = self.machines.values().find(|m| m.addresses.contains(&address)) {
            return Place::Node(node.uid);
        }
        if !self.store.services.iter().any(|s| s.spec.external_ips.contains(&address)) {
            return Place::Internet;
        }
        let nodes: Vec<Uid> = self.machines.values().filter(|m| m.power).map(|m| m.uid).collect();
        self.node_for(connection, &nodes).map_or(Place::Internet, Place::Node)
    }

    /// One of the nodes, by the flow's hash.
    pub(super) fn node_for(&self, connection: ConnectionId, nodes: &[Uid]) -> Option<Uid> {
        let flow = self.traffic.connections.get(&connection).map_or(connection.0, |l| l.flow);
        let count = nodes.len() as u64;
        (count > 0).then(|| nodes[self.chance.below(Purpose::NodeChoice, flow, 0, count) as usize])
    }

    /// The client outside with an address. If several share it, the connection's own client comes first.
    pub(super) fn client_outside(&self, connection: ConnectionId, address: IpAddr) -> Option<&Client> {
        let clients = &self.traffic.clients;
        let own = self.traffic.connections.get(&connection).and_then(|l| clients.get(&l.record.client));
        own.into_iter().chain(clients.values()).find(|c| c.has_address(address))
    }
}
