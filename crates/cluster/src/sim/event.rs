//! What the queue holds: everything that happens later.

use std::sync::Arc;

use crate::api::{EndpointSlice, NsName, Service, Str, Uid};
use crate::node::kubelet::KubeletStep;
use crate::traffic::{ClientId, ConnectionId, PacketId};

#[derive(Clone, Debug)]
pub(crate) enum Event {
    /// A controller's turn: it looks at the store and writes what is missing.
    Reconcile(Controller),
    /// A step in a Pod's life on its node. `epoch` is the Pod's when the step was planned: a
    /// step from before a restart does nothing.
    Kubelet { pod: Uid, epoch: u32, step: KubeletStep },
    /// A watch event arrives at a node's kube-proxy.
    ProxyObserve { node: Uid, watch: u32, change: WatchChange },
    /// A kube-proxy that missed changes lists everything anew.
    ProxyRelist { node: Uid, watch: u32 },
    /// A node's kube-proxy writes its rules.
    ProxySync { node: Uid, start: u32 },
    /// A node's kube-proxy in IPVS mode looks at the real servers that are to go.
    ProxyTerminates { node: Uid, start: u32 },
    /// A node's kube-proxy ends and starts anew.
    ProxyRestart { node: Uid, boot: u32 },
    /// A step in a node's life. `epoch` is its boot, or its silence for what a silent kubelet
    /// entails.
    Node { node: Uid, epoch: u32, step: NodeStep },
    /// The cloud did what it was asked to.
    Cloud { service: NsName, request: u32 },
    /// A load balancer's health check of a node has had the same new answer often enough.
    HealthChecked { service: NsName, node: Uid, check: u32 },
    /// A client's next request.
    ClientFire { client: ClientId, epoch: u32 },
    /// A packet reaches the end of its link.
    Arrive { packet: PacketId },
    /// A process answers a request.
    Answer { connection: ConnectionId, request: u32 },
    /// A client's patience with a connection, or TCP's retransmission timer, runs out.
    Connection { connection: ConnectionId, request: u32, timer: ConnectionTimer },
    /// A node gives up asking who has the address that a packet is for.
    NeighborTimeout { packet: PacketId },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Controller {
    Deployment,
    ReplicaSet,
    Scheduler,
    EndpointSlice,
    Cloud,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NodeStep {
    /// The kubelet reports Ready.
    Ready,
    /// The API server is within reach again: the kubelet tells and hears what it missed.
    Reconnected,
    /// The node lifecycle controller has waited long enough for a silent kubelet.
    Unknown,
    /// The Pods' toleration of an unreachable node has run out.
    Evict,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ConnectionTimer {
    /// The client stops waiting.
    GiveUp,
    /// TCP sends again; `attempt` counts from 1.
    /// Of a SYN, or of data.
    Retransmit { attempt: u32, syn: bool },
}

/// What an informer hears: the object as it is now, or that it is gone.
#[derive(Clone, Debug)]
pub(crate) enum WatchChange {
    Service(NsName, Option<Arc<Service>>),
    Slice(NsName, Option<Arc<EndpointSlice>>),
    /// The zone of the node's own Node.
    Zone(Option<Str>),
}
