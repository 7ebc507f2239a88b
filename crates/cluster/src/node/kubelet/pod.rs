//! A Pod's actual state on its node. The API server may not have heard of it yet.

use std::net::IpAddr;
use std::sync::Arc;

use super::container::{ContainerRuntime, Process, Role};
use crate::api::{Container, Meta, NsName, Pod, PodSpec, PodStatus, Uid};
use crate::sim::{Span, Time};
use netfilter::PerFamily;

#[derive(Clone, Debug)]
pub struct PodRuntime {
    pub key: NsName,
    pub uid: Uid,
    pub node: Uid,
    /// Of its network namespace, while there is one: its end of a veth pair, or, with `hostNetwork`, the node's own.
    pub addresses: Option<PerFamily<IpAddr>>,
    pub host_network: bool,
    /// Its init containers and then its containers, as in the spec.
    pub containers: Vec<ContainerRuntime>,
    /// The Pod's status as the kubelet knows it. It reports it as soon as the API server can be reached
    /// (pkg/kubelet/status, status_manager.go).
    pub status: PodStatus,
    /// While its containers are being stopped for good, and after.
    pub terminating: Option<Termination>,
    /// As the kubelet got it.
    pub(super) pod: Arc<Pod>,
    /// When the kubelet took it up.
    pub(super) start_time: Time,
    /// The network is being set up.
    pub(super) sandbox_planned: bool,
    /// What could not be mounted: nothing starts before it can.
    pub(super) fails_to_mount: bool,
    /// Stopped and cleaned up while the API server could not be reached.
    pub(super) gone: bool,
    /// Of `kubectl delete --grace-period`.
    pub(super) deletion_grace: Option<Span>,
    /// Incremented when its sandbox ends: steps that were planned before have no effect.
    pub(super) epoch: u32,
}

/// Why a Pod's containers are stopped for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Termination {
    /// It was deleted.
    Deleted,
    /// All has ended that had to run.
    Finished,
    /// Its `activeDeadlineSeconds` are over.
    DeadlineExceeded,
}

impl PodRuntime {
    pub(super) fn new(pod: &Arc<Pod>, node: Uid, now: Time) -> PodRuntime {
        let init = pod.spec.init_containers.iter().map(|container| {
            let role = if container.is_sidecar() { Role::Sidecar } else { Role::Init };
            ContainerRuntime::new(role, container, now)
        });
        let main = pod.spec.containers.iter().map(|spec| ContainerRuntime::new(Role::Main, spec, now));
        PodRuntime {
            key: pod.meta.key(),
            uid: pod.meta.uid,
            node,
            addresses: None,
            host_network: pod.spec.host_network,
            containers: init.chain(main).collect(),
            status: pod.status.clone(),
            terminating: None,
            pod: pod.clone(),
            start_time: now,
            sandbox_planned: false,
            fails_to_mount: false,
            gone: false,
            deletion_grace: None,
            epoch: 0,
        }
    }

    /// As the kubelet got it.
    pub(crate) fn spec(&self) -> &PodSpec {
        &self.pod.spec
    }

    /// Whether the address belongs to the Pod's network namespace.
    pub(crate) fn has_address(&self, address: IpAddr) -> bool {
        address.is_loopback() || self.addresses.is_some_and(|own| own.contains(&address))
    }

    /// The place of its first main container.
    pub(crate) fn main_index(&self) -> Option<u32> {
        self.indices().find(|index| self.container(*index).role == Role::Main)
    }

    /// The process of its first main container, which is what a client in the Pod is.
    pub fn main_process(&self) -> Process {
        self.main_index().map_or(Process::Stopped, |index| self.container(index).process)
    }

    /// How often its first main container was restarted.
    pub fn main_restarts(&self) -> u32 {
        self.main_index().map_or(0, |index| self.container(index).restart_count)
    }

    /// Whether a process of one of its containers accepts connections.
    pub fn serves(&self) -> bool {
        self.containers.iter().any(|container| container.process.serves())
    }

    /// Whether nobody made a readiness probe of it fail.
    pub fn passes_readiness(&self) -> bool {
        self.containers.iter().all(|container| container.passes_readiness)
    }

    pub fn passes_liveness(&self) -> bool {
        self.containers.iter().all(|container| container.passes_liveness)
    }

    /// Whether it is on its way to be ready: nothing that it waits for must be done by somebody.
    pub(crate) fn may_become_ready(&self) -> bool {
        let is_held = |container: &ContainerRuntime| {
            let fails = container.is_started() && container.workers.readiness_is_stuck();
            container.waits.is_some() || !container.passes_readiness || fails
        };
        let gates = &self.pod.spec.readiness_gates;
        let is_met = |gate: &crate::api::Str| self.status.conditions.other(gate).is_some_and(|c| c.is_true());
        // Somebody may meet a gate, and nothing else is waited for, once the containers are ready.
        let are_ready = self.status.conditions.containers_ready.as_ref().is_some_and(|c| c.is_true());
        let waits_for_gate = are_ready && !gates.iter().all(is_met);
        let is_stopped = self.terminating.is_some() || self.fails_to_mount;
        !is_stopped && !waits_for_gate && !self.containers.iter().any(is_held)
    }

    /// The containers' specs, in the order of `containers`.
    pub(super) fn specs(&self) -> impl Iterator<Item = &Container> {
        self.pod.spec.all_containers()
    }

    pub(super) fn spec_of(&self, index: u32) -> &Container {
        self.specs().nth(index as usize).expect("a container has its spec")
    }

    pub(crate) fn container(&self, index: u32) -> &ContainerRuntime {
        &self.containers[index as usize]
    }

    pub(super) fn container_mut(&mut self, index: u32) -> &mut ContainerRuntime {
        &mut self.containers[index as usize]
    }

    /// The places of its containers.
    pub(super) fn indices(&self) -> std::ops::Range<u32> {
        0..u32::try_from(self.containers.len()).expect("a document holds fewer containers")
    }

    /// The place of a container by its name.
    pub(super) fn index_of(&self, name: &str) -> Option<u32> {
        self.indices().find(|index| &*self.spec_of(*index).name == name)
    }

    pub(super) fn grace(&self) -> Span {
        self.deletion_grace.unwrap_or(self.pod.spec.grace_period())
    }

    /// The grace period that was asked for, if the kubelet is to go by it from now on.
    pub(super) fn news_of_grace(&self, stored: &Meta) -> Option<Span> {
        let asked = stored.deletion_grace_s.map(|seconds| Span::from_secs(u64::from(seconds.max(1))));
        asked.filter(|asked| self.terminating.is_none() || *asked < self.grace())
    }

    pub(super) fn any_runs(&self) -> bool {
        self.containers.iter().any(|container| container.process.runs())
    }

    /// A main container has run in the present sandbox (HasAnyRegularContainerCreated): the init containers are not
    /// run again.
    pub(super) fn is_initialized(&self) -> bool {
        self.containers.iter().any(|container| container.role == Role::Main && container.has_run)
    }

    /// Makes all steps that were planned have no effect.
    pub(super) fn forget_plans(&mut self) {
        self.epoch += 1;
        self.sandbox_planned = false;
        self.containers.iter_mut().for_each(ContainerRuntime::forget_plans);
    }

    /// Its estimated memory.
    pub(crate) fn bytes(&self) -> u64 {
        let containers = self.containers.len() * size_of::<ContainerRuntime>();
        (size_of::<PodRuntime>() + containers) as u64
    }
}
