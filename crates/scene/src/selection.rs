//! What is selected: one selection for the whole lab, the same in every view.

use cluster::api::{ObjectRef, Uid};
use cluster::sim::World;
use cluster::store::Store;
use cluster::trace::Place;
use cluster::traffic::{ClientId, ConnectionId, PacketId};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Selection {
    Pod(Uid),
    Service(Uid),
    Node(Uid),
    Deployment(Uid),
    Client(ClientId),
    /// The cloud's load balancer of this Service.
    LoadBalancer(Uid),
    Connection(ConnectionId),
    Packet(PacketId),
    /// Any other object, simulated or kept: ReplicaSet, EndpointSlice, ConfigMap ...
    Object(Uid),
}

/// One hop of a connection's packets: what the inspector's list points at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HopRef {
    pub connection: ConnectionId,
    pub packet: PacketId,
    /// Its place in the packet's `hops`.
    pub hop: usize,
}

/// An object's name outside the core.
pub fn object_of(store: &Store, uid: Uid) -> Option<ObjectRef> {
    let found = |kind: &str, meta: &cluster::api::Meta| {
        (meta.uid == uid).then(|| ObjectRef {
            kind: kind.into(),
            namespace: meta.namespace.clone(),
            name: meta.name.clone(),
        })
    };
    None.or_else(|| store.pods.iter().find_map(|o| found("Pod", &o.meta)))
        .or_else(|| store.services.iter().find_map(|o| found("Service", &o.meta)))
        .or_else(|| store.nodes.iter().find_map(|o| found("Node", &o.meta)))
        .or_else(|| store.deployments.iter().find_map(|o| found("Deployment", &o.meta)))
        .or_else(|| store.replica_sets.iter().find_map(|o| found("ReplicaSet", &o.meta)))
        .or_else(|| store.slices.iter().find_map(|o| found("EndpointSlice", &o.meta)))
        .or_else(|| store.namespaces.values().find_map(|meta| found("Namespace", meta)))
        .or_else(|| store.others.iter().find_map(|o| found(&o.kind, &o.meta)))
}

/// The selection for an object.
pub fn selection_of(kind: &str, uid: Uid) -> Selection {
    match kind {
        "Pod" => Selection::Pod(uid),
        "Service" => Selection::Service(uid),
        "Node" => Selection::Node(uid),
        "Deployment" => Selection::Deployment(uid),
        _ => Selection::Object(uid),
    }
}

impl Selection {
    pub fn uid(self) -> Option<Uid> {
        match self {
            Selection::Pod(uid)
            | Selection::Service(uid)
            | Selection::Node(uid)
            | Selection::Deployment(uid)
            | Selection::LoadBalancer(uid)
            | Selection::Object(uid) => Some(uid),
            Selection::Client(_) | Selection::Connection(_) | Selection::Packet(_) => None,
        }
    }

    /// What a packet's place is in the picture.
    pub fn of_place(place: Place) -> Option<Selection> {
        match place {
            Place::Outside(id) => Some(Selection::Client(id)),
            Place::LoadBalancer(uid) => Some(Selection::LoadBalancer(uid)),
            Place::Node(uid) => Some(Selection::Node(uid)),
            Place::Pod(uid) => Some(Selection::Pod(uid)),
            Place::Internet => None,
        }
    }

    /// As people name it.
    pub fn name(self, world: &World) -> Option<String> {
        match self {
            Selection::Client(id) => world.traffic().clients.get(&id).map(|c| c.spec.name.to_string()),
            Selection::Connection(id) => Some(format!("Connection {}", id.0)),
            Selection::Packet(id) => Some(format!("Packet {}", id.0)),
            Selection::LoadBalancer(uid) => {
                world.store().service_by_uid(uid).map(|s| format!("Load balancer of {}", s.meta.name))
            }
            other => object_of(world.store(), other.uid()?).map(|o| format!("{} {}", o.kind, o.name)),
        }
    }
}
