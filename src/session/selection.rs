//! What is selected: one selection for the whole lab, the same in every view.

use cluster::api::Uid;
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

/// A context menu, and where on the viewport it opens.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MenuAt {
    pub of: Selection,
    pub x: f64,
    pub y: f64,
}
