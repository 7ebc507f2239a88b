//! The events of the queue.

use std::fmt::{self, Write};
use std::sync::Arc;

use crate::api::{EndpointSlice, Name, NsName, ObjectRef, Service, ServiceCidr, Str, Uid};
use crate::node::kubelet::KubeletStep;
use crate::sim::Time;
use crate::store::Objects;
use crate::traffic::{ClientId, ConnectionId, PacketId};
use netfilter::Family;

#[derive(Clone, Debug)]
pub(crate) enum Event {
    /// A controller takes an item from its work queue.
    Reconcile(WorkItem),
    /// An item that had to wait for a time comes into the work queue.
    Requeue(WorkItem),
    /// A step of a Pod's lifecycle on its node. `epoch` is that of the Pod when the step was scheduled: a step
    /// from before a restart does nothing.
    Kubelet { pod: Uid, epoch: u32, step: KubeletStep },
    /// The next watch event that is under way to a node's kube-proxy arrives there.
    ProxyObserve { node: Uid, watch: u32 },
    /// A kube-proxy that missed changes lists all objects again.
    ProxyRelist { node: Uid, watch: u32 },
    /// A node's kube-proxy writes the rules of one family.
    ProxySync { node: Uid, family: Family, start: u32 },
    /// A node's kube-proxy tries again what has failed at that moment.
    ProxyRetry { node: Uid, family: Family, start: u32, failed_at: Time },
    /// What a node's kube-proxy could not write has waited for so long that its health check may fail.
    ProxyLate { node: Uid },
    /// A node's kube-proxy in IPVS mode checks the terminating real servers of one family.
    ProxyTerminates { node: Uid, family: Family, start: u32 },
    /// A node's kube-proxy restarts.
    ProxyRestart { node: Uid, boot: u32 },
    /// A step of a node's lifecycle. `epoch` is the machine's `boot`, or its `silence` for the consequences of a
    /// silent kubelet.
    Node { node: Uid, epoch: u32, step: NodeStep },
    /// The cloud has provisioned a load balancer.
    Cloud { service: NsName, request: u32 },
    /// MetalLB's speakers find that the node's is not there.
    SpeakerLost { node: Uid, boot: u32 },
    /// A load balancer's health check of a node has got the same new result often enough in a row.
    HealthChecked { service: NsName, node: Uid, check: u32 },
    /// A client's next request.
    ClientFire { client: ClientId, epoch: u32 },
    /// A packet reaches the end of its link.
    Arrive { packet: PacketId },
    /// A process answers a request.
    Answer { connection: ConnectionId, request: u32 },
    /// A connection's timer fires: the client's time-out, or TCP's retransmission timer.
    Connection { connection: ConnectionId, request: u32, timer: ConnectionTimer },
    /// A node's ARP or neighbour discovery for a packet's next address gets no reply.
    NeighbourTimeout { packet: PacketId },
}

impl Event {
    /// The names of its variant and of the variant of what is in it, if that is an enum: `Reconcile NodeHealth`.
    pub fn name(&self) -> String {
        let mut name = VariantName(String::new());
        // An error ends it.
        let _ = write!(name, "{self:?}");
        name.0
    }
}

/// Is written a value's debug form, and keeps of it the names of variants that it begins with: two at most.
struct VariantName(String);

impl fmt::Write for VariantName {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for c in text.chars() {
            match c {
                '(' if !self.0.contains(' ') => self.0.push(' '),
                c if c.is_alphanumeric() => self.0.push(c),
                _ => return Err(fmt::Error),
            }
        }
        Ok(())
    }
}

/// What a controller's work queue holds: one object, whose desired state the controller reads from the store, and of
/// which it writes what is missing (client-go util/workqueue). Waiting twice for one object is waiting once.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum WorkItem {
    Deployment(NsName),
    ReplicaSet(NsName),
    ReplicationController(NsName),
    StatefulSet(NsName),
    DaemonSet(NsName),
    Job(NsName),
    CronJob(NsName),
    DisruptionBudget(NsName),
    /// A Pod that `kubectl drain` asks again to be evicted.
    Eviction {
        node: Name,
        pod: NsName,
        uid: Uid,
    },
    /// The taints of a node's conditions, and of one that is cordoned.
    NodeTaints(Name),
    /// The node lifecycle controller looks at the health of all nodes.
    NodeHealth,
    /// The Pods of a node whose taints NoExecute have changed, or that has some and a new Pod.
    NoExecuteTaints(Name),
    /// A Namespace that is Terminating.
    Namespace(Name),
    /// The Pod garbage collector looks at all Pods.
    PodGc,
    /// A Pod does not tolerate its node's taints any longer.
    TaintEviction {
        pod: NsName,
        uid: Uid,
    },
    /// A Pod without a node, which the scheduler shall queue: it is new, or may fit by now.
    PodToSchedule(NsName),
    /// The scheduler takes the next Pod from its queue.
    NextPodToSchedule,
    /// A Service's EndpointSlices.
    EndpointSlices(NsName),
    /// A Service's Endpoints.
    Endpoints(NsName),
    /// The slices that mirror the Endpoints of that name.
    MirroredSlices(NsName),
    /// A Service's load balancer.
    LoadBalancer(NsName),
    /// Which node answers for a Service's address from the pool.
    Announcement(NsName),
    /// The nodes that all load balancers send to.
    BalancedNodes,
    /// A ServiceCIDR's condition, and its end.
    ServiceCidr(Name),
    /// The ServiceCIDR that a cluster has by itself, if it is gone.
    DefaultServiceCidr,
    /// What the garbage collector deletes: the dependents of an owner that is gone.
    DependentsOf(Uid),
    /// An object that is Terminating, and may wait for its dependents.
    Terminating(ObjectRef),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NodeStep {
    /// The kubelet reports Ready.
    Ready,
    /// The API server can be reached again: the kubelet reports and receives what it missed.
    Reconnected,
    /// The node lifecycle controller has waited long enough for a silent kubelet.
    Unknown,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ConnectionTimer {
    /// The client stops waiting.
    GiveUp,
    /// TCP retransmits; `attempt` counts from 1.
    /// `syn`: the SYN, otherwise data.
    Retransmit { attempt: u32, syn: bool },
    /// The resolver stops waiting for the answers about its nth name.
    Lookup { name: u32, attempt: u32 },
}

/// A watch event.
#[derive(Clone, Debug)]
pub(crate) enum WatchChange {
    Service(WatchedObject<Service>),
    Slice(WatchedObject<EndpointSlice>),
    ServiceCidr(WatchedObject<ServiceCidr>),
    /// The zone of the node's own Node.
    Zone(Option<Str>),
}

/// An object as it was, if it is not new, and as it is, if it was not deleted.
#[derive(Clone, Debug)]
pub(crate) struct WatchedObject<T> {
    pub key: NsName,
    pub old: Option<Arc<T>>,
    pub new: Option<Arc<T>>,
    /// What there is of its kind with this change: who has seen all changes before it sees this.
    pub all: Objects<T>,
}

#[cfg(test)]
mod tests {
    use super::{Event, WorkItem};
    use crate::api::NsName;

    #[test]
    fn an_events_name_is_what_happens_without_to_what() {
        let reconcile = |item| Event::Reconcile(item).name();
        assert_eq!(
            reconcile(WorkItem::EndpointSlices(NsName::new("default", "web"))),
            "Reconcile EndpointSlices"
        );
        assert_eq!(reconcile(WorkItem::NodeHealth), "Reconcile NodeHealth");
        assert_eq!(Event::ProxyRestart { node: Default::default(), boot: 1 }.name(), "ProxyRestart");
    }
}
