//! The steps that the kubelet plans, and who carries them out.

use super::pod::PodRuntime;
use crate::api::{ProbeKind, Uid};
use crate::node::Machine;
use crate::sim::{Event, Span, Time, World};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KubeletStep {
    /// The network is set up: the Pod has its address.
    Sandbox,
    /// Something that the Pod waited for may have changed.
    Sync,
    /// The kubelet has seen a change of its spec.
    Update,
    /// `activeDeadlineSeconds` is over.
    Deadline,
    /// The kubelet has seen the deletion.
    Terminate,
    /// The kubelet reports to the API server that nothing is left of the Pod.
    Removed,
    /// A step of one container, by its place among the Pod's init containers and containers.
    Container(u32, ContainerStep),
    Probe(u32, ProbeKind),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ContainerStep {
    /// Its process starts.
    Start,
    /// Its postStart hook has returned.
    PostStarted,
    /// Its process listens.
    Listens,
    /// Its process ends of itself.
    Ends,
    /// After a pull that failed: the kubelet finds that it must wait before it pulls again.
    PullBackOff,
    /// Its back-off is over.
    Retry,
    /// Its preStop hook has returned.
    PreStopped,
    /// It has waited long enough for the containers that stop before it.
    TurnOver,
    /// Its process has ended after a SIGTERM, or was killed.
    Stopped,
}

impl World {
    pub(super) fn plan(&mut self, pod: Uid, delay: Span, step: KubeletStep) {
        let Some(epoch) = self.pods.get(&pod).map(|runtime| epoch_of(runtime, step)) else { return };
        let at = self.clock.now() + delay;
        self.schedule(at, Event::Kubelet { pod, epoch, step });
    }

    pub(super) fn plan_container(&mut self, pod: Uid, index: u32, delay: Span, step: ContainerStep) {
        self.plan(pod, delay, KubeletStep::Container(index, step));
    }

    pub(crate) fn kubelet_step(&mut self, pod: Uid, epoch: u32, step: KubeletStep) {
        let Some(runtime) = self.pods.get(&pod) else { return };
        let runs = self.machines.get(&runtime.node).is_some_and(Machine::has_kubelet);
        if !runs || !is_current(runtime, epoch, step, self.clock.now()) {
            return;
        }
        match step {
            KubeletStep::Sandbox => self.sandbox_ready(pod),
            KubeletStep::Sync => self.sync_pod(pod),
            KubeletStep::Update => self.update_pod(pod),
            KubeletStep::Deadline => self.deadline_exceeded(pod),
            KubeletStep::Terminate => self.terminate_deleted(pod),
            KubeletStep::Removed => self.pod_stopped(pod),
            KubeletStep::Container(index, step) => self.container_step(pod, index, step),
            KubeletStep::Probe(index, kind) => self.probe(pod, index, kind),
        }
    }

    fn container_step(&mut self, pod: Uid, index: u32, step: ContainerStep) {
        match step {
            ContainerStep::Start => self.container_starts(pod, index),
            ContainerStep::PostStarted => self.container_started(pod, index),
            ContainerStep::Listens => self.process_listens(pod, index),
            ContainerStep::Ends => self.process_ends(pod, index),
            ContainerStep::PullBackOff => self.pull_backs_off(pod, index),
            ContainerStep::Retry => self.retry(pod, index),
            ContainerStep::PreStopped => self.pre_stopped(pod, index),
            ContainerStep::TurnOver => self.sigterm(pod, index),
            ContainerStep::Stopped => self.process_stopped(pod, index),
        }
    }
}

/// A step of a container is planned for one process of it, one of the Pod for one of its sandboxes.
fn epoch_of(runtime: &PodRuntime, step: KubeletStep) -> u32 {
    match step {
        KubeletStep::Sandbox
        | KubeletStep::Sync
        | KubeletStep::Update
        | KubeletStep::Deadline
        | KubeletStep::Terminate
        | KubeletStep::Removed => runtime.epoch,
        KubeletStep::Container(index, _) | KubeletStep::Probe(index, _) => runtime.container(index).epoch,
    }
}

fn is_current(runtime: &PodRuntime, epoch: u32, step: KubeletStep, now: Time) -> bool {
    match step {
        KubeletStep::Sandbox
        | KubeletStep::Sync
        | KubeletStep::Update
        | KubeletStep::Deadline
        | KubeletStep::Terminate
        | KubeletStep::Removed => epoch_of(runtime, step) == epoch,
        KubeletStep::Container(index, of_it) => {
            let container = runtime.container(index);
            let is_due = match of_it {
                ContainerStep::PreStopped | ContainerStep::TurnOver | ContainerStep::Stopped => {
                    container.stopping.is_some_and(|stopping| stopping.due <= now)
                }
                ContainerStep::Start
                | ContainerStep::PostStarted
                | ContainerStep::Listens
                | ContainerStep::Ends
                | ContainerStep::PullBackOff
                | ContainerStep::Retry => true,
            };
            container.epoch == epoch && is_due
        }
        KubeletStep::Probe(index, kind) => {
            runtime.container(index).workers.get(kind).is_some_and(|worker| worker.is_due(now))
        }
    }
}
