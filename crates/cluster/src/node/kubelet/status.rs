//! A Pod's status, made of what runs on the node (kubelet_pods.go, generateAPIPodStatus).

use std::net::IpAddr;

use super::conditions::Containers;
use super::container::{ContainerRuntime, Role};
use super::phase::phase;
use super::pod::{PodRuntime, Termination};
use crate::api::{
    Container, ContainerState, ContainerStatus, Phase, PodCondition, PodConditions, PodStatus, Str,
    WaitingReason,
};
use crate::sim::Time;
use netfilter::PerFamily;

/// `of_others`: the conditions that others have written, as the kubelet has last seen them.
pub(super) fn status(
    runtime: &PodRuntime,
    of_others: &PodConditions,
    host_ips: Option<PerFamily<IpAddr>>,
    now: Time,
) -> PodStatus {
    let (init, main) = container_statuses(runtime);
    let all: Vec<&ContainerStatus> = init.iter().chain(&main).collect();
    let has_initialized = runtime.is_initialized();
    let phase = phase_after(runtime, phase(&runtime.pod.spec, &all, is_terminal(runtime), has_initialized));
    let containers = Containers { spec: &runtime.pod.spec, statuses: &all, phase };
    let conditions = conditions(runtime, &containers, of_others, now);
    let (reason, message) = reason(runtime);
    PodStatus {
        phase,
        reason,
        message,
        conditions,
        host_ips,
        // They stay when the sandbox has gone.
        pod_ips: runtime.addresses.or(runtime.status.pod_ips),
        start_time: Some(runtime.start_time),
        init_container_statuses: init,
        container_statuses: main,
    }
}

/// Its containers are stopped for good, and none runs any more (podIsTerminal).
fn is_terminal(runtime: &PodRuntime) -> bool {
    runtime.terminating.is_some() && !runtime.any_runs()
}

/// No phase follows a terminal one, and none goes back from Running. (Upstream's goes back to Pending where a node that
/// restarts makes init containers run again.)
fn phase_after(runtime: &PodRuntime, phase: Phase) -> Phase {
    let old = runtime.status.phase;
    match (old, phase) {
        _ if runtime.terminating == Some(Termination::DeadlineExceeded) => Phase::Failed,
        (Phase::Succeeded | Phase::Failed, _) | (Phase::Running, Phase::Pending) => old,
        (Phase::Pending | Phase::Running, new) => new,
    }
}

/// They stay as long as the phase that they explain.
fn reason(runtime: &PodRuntime) -> (Option<Str>, Option<Str>) {
    match runtime.terminating {
        // active_deadline.go
        Some(Termination::DeadlineExceeded) => {
            let message = "Pod was active on the node longer than the specified deadline";
            (Some("DeadlineExceeded".into()), Some(message.into()))
        }
        Some(Termination::Deleted | Termination::Finished) | None => {
            (runtime.status.reason.clone(), runtime.status.message.clone())
        }
    }
}

fn conditions(
    runtime: &PodRuntime,
    containers: &Containers<'_>,
    of_others: &PodConditions,
    now: Time,
) -> PodConditions {
    let old = &runtime.status.conditions;
    let has_initialized = runtime.is_initialized();
    let after = |new: PodCondition, old: &Option<PodCondition>| Some(new.after(old.as_ref(), now));
    let has_sandbox = runtime.addresses.is_some();
    let scheduled = of_others.scheduled.clone().filter(PodCondition::is_true);
    PodConditions {
        scheduled: scheduled.or_else(|| after(PodCondition::new(true), &old.scheduled)),
        ready_to_start_containers: after(PodCondition::new(has_sandbox), &old.ready_to_start_containers),
        initialized: after(containers.initialized(has_initialized), &old.initialized),
        ready: after(containers.ready(of_others), &old.ready),
        containers_ready: after(containers.containers_ready(), &old.containers_ready),
        disruption_target: of_others.disruption_target.clone(),
        others: of_others.others.clone(),
    }
}

/// Of its init containers in their order, and of the others by name (SortStatusesOfInitContainers,
/// SortedContainerStatuses).
fn container_statuses(runtime: &PodRuntime) -> (Vec<ContainerStatus>, Vec<ContainerStatus>) {
    let waits_for = match runtime.pod.spec.init_containers.is_empty() {
        true => WaitingReason::ContainerCreating,
        false => WaitingReason::PodInitializing,
    };
    let (mut init, mut main) = (Vec::new(), Vec::new());
    for (spec, container) in runtime.specs().zip(&runtime.containers) {
        let status = container_status(spec, container, waits_for);
        if container.role == Role::Main { main.push(status) } else { init.push(status) }
    }
    main.sort_by(|a, b| a.name.cmp(&b.name));
    (init, main)
}

fn container_status(
    spec: &Container,
    container: &ContainerRuntime,
    default: WaitingReason,
) -> ContainerStatus {
    let waiting = |reason, message| ContainerState::Waiting { reason, message };
    let (state, last_state) = match (&container.running, &container.waits, container.ended) {
        (Some(running), _, ended) if running.is_reported => {
            (ContainerState::Running { since: running.since }, ended)
        }
        (Some(_), _, ended) => (waiting(default, None), ended),
        (None, Some((reason, message)), ended) => (waiting(*reason, message.clone()), ended),
        (None, None, Some(ended)) => (ContainerState::Terminated(ended), container.ended_before),
        (None, None, None) => (waiting(default, None), None),
    };
    ContainerStatus {
        name: spec.name.clone(),
        image: spec.image.clone(),
        state,
        last_state,
        ready: container.is_ready(),
        started: container.is_started(),
        restart_count: container.restart_count,
    }
}
