//! What is selected: one selection for the whole lab, the same in every view.

use cluster::api::{Kind, ObjectRef, Uid};
use cluster::sim::World;
use cluster::store::Store;
use cluster::traffic::{ClientId, ConnectionId, PacketId};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Selection {
    Pod(Uid),
    Service(Uid),
    Node(Uid),
    /// A Deployment, StatefulSet, Job ...: what makes Pods.
    Workload(Uid),
    Client(ClientId),
    /// The cloud's load balancer of this Service.
    LoadBalancer(Uid),
    Connection(ConnectionId),
    Packet(PacketId),
    /// Any other object, simulated or kept: EndpointSlice, ConfigMap ...
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

/// The selection for an object of that kind.
pub fn selection_of(kind: &Kind, uid: Uid) -> Selection {
    match kind {
        Kind::Pod => Selection::Pod(uid),
        Kind::Service => Selection::Service(uid),
        Kind::Node => Selection::Node(uid),
        Kind::Deployment
        | Kind::ReplicaSet
        | Kind::ReplicationController
        | Kind::StatefulSet
        | Kind::DaemonSet
        | Kind::Job
        | Kind::CronJob => Selection::Workload(uid),
        Kind::Endpoints
        | Kind::ControllerRevision
        | Kind::PodDisruptionBudget
        | Kind::EndpointSlice
        | Kind::Namespace
        | Kind::PriorityClass
        | Kind::ServiceCidr
        | Kind::Other(_) => Selection::Object(uid),
    }
}

/// The selection for the object of that name, if it still exists.
pub fn selection_of_ref(store: &Store, object: &ObjectRef) -> Option<Selection> {
    let object = store.get(object)?;
    Some(selection_of(&object.kind(), object.meta().uid))
}

impl Selection {
    pub fn uid(self) -> Option<Uid> {
        match self {
            Selection::Pod(uid)
            | Selection::Service(uid)
            | Selection::Node(uid)
            | Selection::Workload(uid)
            | Selection::LoadBalancer(uid)
            | Selection::Object(uid) => Some(uid),
            Selection::Client(_) | Selection::Connection(_) | Selection::Packet(_) => None,
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
            Selection::Pod(uid)
            | Selection::Service(uid)
            | Selection::Node(uid)
            | Selection::Workload(uid)
            | Selection::Object(uid) => {
                world.store().object_ref(uid).map(|o| format!("{} {}", o.kind, o.name))
            }
        }
    }
}
