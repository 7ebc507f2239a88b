//! The testbed's wires and routing tables, as the model is told of them.

use std::collections::BTreeSet;
use std::net::IpAddr;

use netfilter::{Family, Route};

use crate::plan::{self, PODS, Place};

#[derive(Clone)]
pub struct Topology {
    pub family: Family,
    pub nodes: u8,
    /// Pods whose link is down.
    pub unplugged: BTreeSet<Place>,
}

/// Where a node sends an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    Here,
    Pod(Place),
    /// To an address of the node's PodCIDR that nobody answers for.
    NoNeighbor,
    Node(u8),
    Outside,
    /// To the default gateway, which drops it.
    DefaultGateway,
}

impl Topology {
    pub fn next(&self, node: u8, to: IpAddr) -> Next {
        let family = self.family;
        if to.is_loopback() || to == plan::node_ip(family, node) || to == plan::bridge_ip(family, node) {
            return Next::Here;
        }
        if plan::pod_range(family, node).contains(to) {
            let mut pods = (0..PODS).map(|pod| Place::Pod(node, pod));
            let owner = pods.find(|pod| plan::address_of(family, *pod) == to);
            let plugged = owner.filter(|pod| !self.unplugged.contains(pod));
            return plugged.map_or(Next::NoNeighbor, Next::Pod);
        }
        let holds =
            |other: &u8| plan::node_ip(family, *other) == to || plan::pod_range(family, *other).contains(to);
        match (0..self.nodes).find(holds) {
            Some(other) => Next::Node(other),
            None if (0..2).any(|which| plan::client_ip(family, which) == to) => Next::Outside,
            None => Next::DefaultGateway,
        }
    }

    /// The same, as a stack asks for it.
    pub fn route(&self, node: u8, to: IpAddr) -> Route {
        match self.next(node, to) {
            Next::Here => Route::Local,
            Next::Pod(_) | Next::NoNeighbor => Route::Out(plan::bridge_ip(self.family, node)),
            Next::Node(_) | Next::Outside | Next::DefaultGateway => {
                Route::Out(plan::node_ip(self.family, node))
            }
        }
    }
}
