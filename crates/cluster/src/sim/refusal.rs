//! Why an action is refused.

use serde::Serialize;

use super::drain::DrainBlockers;
use crate::api::{Diagnostic, Kind, Name, NsName, ObjectRef, PatchProblem, Source, Str, TaintChange};
use netfilter::Cidr;

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum Refusal {
    NotFound {
        object: ObjectRef,
    },
    /// `kubectl create` of an object that is there.
    AlreadyExists {
        object: ObjectRef,
    },
    /// The text of an object that is to be created has a resourceVersion.
    ResourceVersionOfNew {
        object: ObjectRef,
    },
    /// The text is of an older resourceVersion.
    Conflict {
        object: ObjectRef,
    },
    PatchFailed {
        object: ObjectRef,
        problem: PatchProblem,
    },
    /// The text, or the object that the edit would make, is not valid.
    Invalid {
        diagnostics: Vec<Diagnostic>,
    },
    ClusterIpsExhausted {
        range: Cidr,
    },
    NodePortsExhausted,
    LoadBalancersExhausted,
    /// The cluster is in no cloud that would make load balancers.
    NoCloud,
    /// Objects of that kind cannot be edited or deleted this way.
    NotEditable {
        object: ObjectRef,
    },
    NodeExists {
        node: Name,
    },
    TooManyNodes {
        limit: u32,
    },
    /// Other nodes and the Scenario's address pool have all of the nodes' network.
    NoNodeAddressLeft {
        network: Cidr,
    },
    /// The Pod range has no part for another node.
    NoPodRangeLeft {
        range: Cidr,
    },
    /// The range that a Node brings is not in the cluster's.
    PodRangeNotInCluster {
        range: Cidr,
        cluster: Cidr,
    },
    /// The range that a Node brings is another node's, or too small.
    PodRangeNotFree {
        range: Cidr,
    },
    /// The limit on objects of one kind in the cluster.
    TooManyObjects {
        kind: Kind,
        limit: u32,
    },
    /// The limit on actions in a run: with more, its text could not be read again.
    TooManyActions {
        limit: u32,
    },
    /// The limit on the manifests that a run's actions apply, together.
    TooMuchText {
        bytes: u64,
        limit: u64,
    },
    TooManyClients {
        limit: u32,
    },
    TooManyReplicas {
        limit: u32,
    },
    ClientExists {
        client: Name,
    },
    NoSuchClient {
        client: Name,
    },
    /// The client's target is no URL, `host:port` or `service/namespace/name`.
    BadTarget {
        client: Name,
    },
    /// The client's Pods do not run, or too many of its requests wait.
    ClientNotRunning {
        client: Name,
    },
    /// Pods on the node, or their data, would be lost for good.
    CannotDrain {
        node: Name,
        blockers: DrainBlockers,
    },
    /// The Pod's `priorityClassName` is nobody's name.
    NoPriorityClass {
        pod: NsName,
        class: Name,
    },
    /// The Pod's `priority` is not its class's.
    PriorityIsComputed {
        pod: NsName,
        given: i32,
        computed: i32,
    },
    /// There is no such revision to go back to; no earlier one at all, if `revision` is `None`.
    NoSuchRevision {
        object: ObjectRef,
        revision: Option<u64>,
    },
    /// A paused Deployment is neither restarted nor rolled back.
    RolloutPaused {
        deployment: NsName,
    },
    /// The template has no container of that name.
    NoContainerInTemplate {
        object: ObjectRef,
        container: Name,
    },
    /// An eviction asks one budget only.
    ManyBudgets {
        pod: NsName,
    },
    /// A new object for a Namespace that is Terminating.
    NamespaceTerminating {
        object: ObjectRef,
    },
    ImmortalNamespace {
        namespace: Name,
    },
    /// The node has no such taint to take away.
    NoSuchTaint {
        node: Name,
        taint: TaintChange,
    },
    NodeIsOff {
        node: Name,
    },
    PodNotRunning {
        pod: NsName,
    },
    NoSuchContainer {
        pod: NsName,
        container: Str,
    },
    /// The limit on what is said of programs, or of what is missing.
    TooManyAssumptions {
        limit: u32,
    },
}

impl Refusal {
    /// The same of an object that was applied from a text: its findings have places there.
    pub(super) fn placed(mut self, source: &Source) -> Refusal {
        if let Refusal::Invalid { diagnostics } = &mut self {
            for finding in diagnostics.iter_mut().filter(|finding| finding.line == 0) {
                (finding.line, finding.column) = source.place_of(&finding.path);
            }
        }
        self
    }

    /// The object that was refused, if it is one.
    pub fn object(&self) -> Option<ObjectRef> {
        match self {
            Refusal::NotFound { object }
            | Refusal::AlreadyExists { object }
            | Refusal::ResourceVersionOfNew { object }
            | Refusal::Conflict { object }
            | Refusal::PatchFailed { object, .. }
            | Refusal::NotEditable { object }
            | Refusal::NamespaceTerminating { object }
            | Refusal::NoSuchRevision { object, .. }
            | Refusal::NoContainerInTemplate { object, .. } => Some(object.clone()),
            Refusal::NoPriorityClass { pod, .. }
            | Refusal::PriorityIsComputed { pod, .. }
            | Refusal::ManyBudgets { pod }
            | Refusal::PodNotRunning { pod }
            | Refusal::NoSuchContainer { pod, .. } => Some(ObjectRef::of_key(Kind::Pod, pod)),
            Refusal::RolloutPaused { deployment } => Some(ObjectRef::of_key(Kind::Deployment, deployment)),
            Refusal::ImmortalNamespace { namespace } => Some(ObjectRef::of_namespace(namespace)),
            Refusal::NodeExists { node }
            | Refusal::CannotDrain { node, .. }
            | Refusal::NoSuchTaint { node, .. }
            | Refusal::NodeIsOff { node } => Some(ObjectRef::node(node)),
            Refusal::Invalid { .. }
            | Refusal::ClusterIpsExhausted { .. }
            | Refusal::NodePortsExhausted
            | Refusal::LoadBalancersExhausted
            | Refusal::NoCloud
            | Refusal::TooManyNodes { .. }
            | Refusal::NoNodeAddressLeft { .. }
            | Refusal::NoPodRangeLeft { .. }
            | Refusal::PodRangeNotInCluster { .. }
            | Refusal::PodRangeNotFree { .. }
            | Refusal::TooManyObjects { .. }
            | Refusal::TooManyActions { .. }
            | Refusal::TooMuchText { .. }
            | Refusal::TooManyClients { .. }
            | Refusal::TooManyReplicas { .. }
            | Refusal::ClientExists { .. }
            | Refusal::NoSuchClient { .. }
            | Refusal::BadTarget { .. }
            | Refusal::ClientNotRunning { .. }
            | Refusal::TooManyAssumptions { .. } => None,
        }
    }
}
