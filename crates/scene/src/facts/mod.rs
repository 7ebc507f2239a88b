//! What the picture shows of a World, without places: one plain value for each box, so that a box
//! is drawn again only when its value has changed.

mod nodes;
mod outside;
mod pods;
mod rules;
mod services;

use cluster::api::ObjectRef;
use cluster::sim::{LogEntry, World};
use netfilter::{Cidr, PerFamily};

pub use nodes::{NodeFacts, NodeState};
pub use outside::{BalancerFacts, Call, ClientFacts};
pub use pods::{Held, Part, PodFacts, PodState};
pub use rules::{For, Row, RowKind, RuleFacts, RuleOutcome, proxy_age, rules_of_node};
pub use services::{Announcer, ServiceFacts, ServiceForm};

/// Whether the objects that the cluster has by itself are in the picture: its DNS, and the API server's Service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum SystemObjects {
    #[default]
    Hidden,
    Shown,
}

impl SystemObjects {
    /// Whether the object is in the picture.
    pub fn shows(self, world: &World, object: &ObjectRef) -> bool {
        match self {
            SystemObjects::Hidden => !world.is_system(object),
            SystemObjects::Shown => true,
        }
    }

    /// Whether an entry of the log is about an object in the picture, or about none.
    pub fn shows_entry(self, world: &World, entry: &LogEntry) -> bool {
        entry.about().is_none_or(|object| self.shows(world, &object))
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Facts {
    pub pod_ranges: PerFamily<Cidr>,
    pub service_ranges: PerFamily<Cidr>,
    pub services: Vec<ServiceFacts>,
    pub nodes: Vec<NodeFacts>,
    /// Bound or not, oldest first.
    pub pods: Vec<PodFacts>,
    /// Clients outside the cluster; those inside are calls of their Pods.
    pub clients: Vec<ClientFacts>,
    pub balancers: Vec<BalancerFacts>,
}

impl Facts {
    pub fn of(world: &World, system: SystemObjects) -> Facts {
        let services = services::all(world, system);
        let calls = outside::calls_by_pod(world);
        let config = world.config();
        Facts {
            pod_ranges: config.pod_cidrs,
            service_ranges: config.service_cidrs,
            nodes: nodes::all(world),
            pods: pods::all(world, system, calls),
            clients: outside::clients(world),
            balancers: outside::balancers(world),
            services,
        }
    }
}
