//! What the picture shows of a World, without places: one plain value for each box, so that a box
//! is drawn again only when its value has changed.

mod nodes;
mod outside;
mod pods;
mod rules;
mod services;

use cluster::sim::World;

pub use nodes::{NodeFacts, NodeState};
pub use outside::{BalancerFacts, Call, ClientFacts};
pub use pods::{PodFacts, PodState};
pub use rules::{Row, RowKind, RuleFacts, proxy_age, rules_of_node};
pub use services::{ServiceFacts, ServiceForm};

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Facts {
    pub services: Vec<ServiceFacts>,
    pub nodes: Vec<NodeFacts>,
    /// Bound or not, oldest first.
    pub pods: Vec<PodFacts>,
    /// Clients outside the cluster; those inside are calls of their Pods.
    pub clients: Vec<ClientFacts>,
    pub balancers: Vec<BalancerFacts>,
}

impl Facts {
    pub fn of(world: &World) -> Facts {
        let services = services::all(world);
        let calls = outside::calls_by_pod(world);
        Facts {
            nodes: nodes::all(world),
            pods: pods::all(world, calls),
            clients: outside::clients(world),
            balancers: outside::balancers(world),
            services,
        }
    }
}
