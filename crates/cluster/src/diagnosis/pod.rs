//! Why a Pod is not ready.

use serde::Serialize;

use crate::api::{
    ConditionStatus, ContainerState, ContainerStatus, Name, Phase, Pod, PodSpec, ProbeKind, Str,
    TerminatedReason, WaitingReason,
};
use crate::node::kubelet::{MissingConfiguration, PodRuntime, StoppingStage, UnmetProbe};
use crate::sim::World;

/// The first thing, on its way from the scheduler to its last probe, that it lacks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum NotReady {
    /// The scheduler has not come to it yet.
    NotScheduled,
    /// One of its `schedulingGates` is left.
    Gated {
        gate: Str,
    },
    /// Another scheduler was to bind it, and there is none.
    OtherScheduler {
        name: Str,
    },
    /// No node fits, in the scheduler's words.
    Unschedulable {
        message: Str,
    },
    /// Its `nodeName` is nobody's.
    NoSuchNode {
        node: Name,
    },
    /// Its node has no power.
    NodeOff {
        node: Name,
    },
    /// The API server has not heard of its node for a while.
    NodeNotReady {
        node: Name,
    },
    /// It was deleted.
    Terminating(Ending),
    /// All its containers have ended, and well.
    Succeeded,
    /// Its kubelet did not take it.
    Rejected {
        reason: Str,
        message: Option<Str>,
    },
    /// Its containers have ended for good. The reason and the message are those of its status, if it has any.
    Failed {
        reason: Option<Str>,
        message: Option<Str>,
    },
    /// A volume that needs it cannot be mounted.
    CannotMount(MissingConfiguration),
    /// Its network and its first container are being made.
    Creating,
    /// So many of its init containers have ended well.
    Init {
        done: u32,
        of: u32,
        container: Str,
        why: ContainerTrouble,
    },
    Container {
        container: Str,
        why: ContainerTrouble,
    },
    /// `readinessGates` asks for a condition that is not True.
    Gate {
        condition: Str,
    },
    /// It is ready on its node, and the API server has not heard of it.
    NotReported,
}

/// How far a Pod that was deleted has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Ending {
    /// Its kubelet has not seen it yet, or cannot.
    NotSeen,
    /// It has no node, or one that does not exist: no kubelet will end it.
    NoKubelet,
    /// A preStop hook runs, and the process serves on.
    PreStop,
    /// Its processes got SIGTERM.
    Sigterm,
    /// None runs any more.
    Stopped,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum ContainerTrouble {
    /// It is not started, or not again.
    Waiting {
        reason: WaitingReason,
        message: Option<Str>,
        restarts: u32,
    },
    /// It waits after a probe, which asks this port, has killed it.
    Killed {
        probe: ProbeKind,
        port: Option<u16>,
        message: Option<Str>,
        restarts: u32,
    },
    /// Its process has ended.
    Ended {
        reason: TerminatedReason,
        exit_code: i32,
        restarts: u32,
    },
    /// An init container's process runs.
    Runs,
    Probe(UnmetProbe),
}

impl NotReady {
    /// Whether it is the same, but for what the Pod's own kubelet counts and says of a back-off.
    pub(super) fn is_like(&self, other: &NotReady) -> bool {
        self.of_any_pod() == other.of_any_pod()
    }

    fn of_any_pod(&self) -> NotReady {
        let mut of_any = self.clone();
        if let NotReady::Container { why, .. } | NotReady::Init { why, .. } = &mut of_any {
            match why {
                ContainerTrouble::Killed { restarts, message, .. }
                | ContainerTrouble::Waiting { reason: WaitingReason::CrashLoopBackOff, restarts, message } => {
                    (*restarts, *message) = (0, None);
                }
                ContainerTrouble::Waiting { restarts, .. } | ContainerTrouble::Ended { restarts, .. } => {
                    *restarts = 0;
                }
                ContainerTrouble::Runs | ContainerTrouble::Probe(_) => {}
            }
        }
        of_any
    }
}

impl World {
    /// `None` for a Pod that is ready.
    pub fn not_ready(&self, pod: &Pod) -> Option<NotReady> {
        let runtime = self.pod_runtime(pod.meta.uid);
        if let Some(NotReady::NodeOff { node }) = self.node_trouble(pod) {
            return Some(NotReady::NodeOff { node });
        }
        if pod.meta.deleted.is_some() {
            let has_kubelet =
                pod.spec.node_name.as_ref().is_some_and(|node| self.machine_named(node).is_some());
            let unseen = if has_kubelet { Ending::NotSeen } else { Ending::NoKubelet };
            return Some(NotReady::Terminating(runtime.map_or(unseen, ending)));
        }
        match pod.status.phase {
            Phase::Succeeded => return Some(NotReady::Succeeded),
            Phase::Failed => {
                let (reason, message) = (pod.status.reason.clone(), pod.status.message.clone());
                // It never had a container.
                return Some(match reason {
                    Some(reason) if pod.status.container_statuses.is_empty() => {
                        NotReady::Rejected { reason, message }
                    }
                    reason => NotReady::Failed { reason, message },
                });
            }
            Phase::Pending | Phase::Running => {}
        }
        if pod.status.is_ready() {
            return None;
        }
        let Some(node) = &pod.spec.node_name else { return Some(unscheduled(pod)) };
        if self.store().node(node).is_none() {
            return Some(NotReady::NoSuchNode { node: node.clone() });
        }
        let trouble = self.node_trouble(pod);
        trouble.or_else(|| Some(runtime.map_or(NotReady::Creating, |runtime| self.on_its_node(pod, runtime))))
    }

    fn node_trouble(&self, pod: &Pod) -> Option<NotReady> {
        let node = pod.spec.node_name.clone()?;
        let machine = self.machine_named(&node)?;
        if !machine.power {
            return Some(NotReady::NodeOff { node });
        }
        let is_known = self.store().node(&node).is_some_and(|known| known.ready() == ConditionStatus::True);
        (!is_known).then_some(NotReady::NodeNotReady { node })
    }

    fn on_its_node(&self, pod: &Pod, runtime: &PodRuntime) -> NotReady {
        if let Some(what) = self.failing_mount(runtime.uid) {
            return NotReady::CannotMount(what);
        }
        let init = self.unfinished_init(pod, runtime);
        init.or_else(|| self.unready_container(pod, runtime)).unwrap_or_else(|| {
            let is_met = |gate: &&Str| pod.status.conditions.other(gate).is_some_and(|c| c.is_true());
            let unmet = pod.spec.readiness_gates.iter().find(|gate| !is_met(gate));
            unmet.map_or(NotReady::NotReported, |gate| NotReady::Gate { condition: gate.clone() })
        })
    }

    /// The first init container that has not come to its end, or sidecar that has not started.
    fn unfinished_init(&self, pod: &Pod, runtime: &PodRuntime) -> Option<NotReady> {
        let statuses = &pod.status.init_container_statuses;
        let is_sidecar = |name: &str| pod.spec.sidecars().any(|sidecar| &*sidecar.name == name);
        let is_done = |status: &&ContainerStatus| match is_sidecar(&status.name) {
            true => status.started,
            false => status.ready,
        };
        let at = statuses.iter().position(|status| !is_done(&status))?;
        let status = &statuses[at];
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        let why = match self.trouble(runtime, status) {
            Some(why) => why,
            None => ContainerTrouble::Runs,
        };
        if is_creating(&why) && at == 0 {
            return Some(NotReady::Creating);
        }
        Some(NotReady::Init {
            done: count(at),
            of: count(statuses.len()),
            container: status.name.clone(),
            why,
        })
    }

    /// What has failed is said before what is only on its way.
    fn unready_container(&self, pod: &Pod, runtime: &PodRuntime) -> Option<NotReady> {
        let unready = pod.status.all_containers().filter(|status| !status.ready);
        let troubles = unready.filter_map(|status| Some((status, self.trouble(runtime, status)?)));
        let all: Vec<_> = troubles.collect();
        let first = all.iter().find(|(_, why)| !is_creating(why)).or(all.first())?;
        Some(match is_creating(&first.1) {
            true => NotReady::Creating,
            false => NotReady::Container { container: first.0.name.clone(), why: first.1.clone() },
        })
    }

    /// `None` for a process that runs and that no probe keeps from being ready.
    fn trouble(&self, runtime: &PodRuntime, status: &ContainerStatus) -> Option<ContainerTrouble> {
        let restarts = status.restart_count;
        match &status.state {
            ContainerState::Waiting { reason, message } => {
                let (reason, message) = (*reason, message.clone());
                let killed = self.killed_by(runtime.uid, &status.name);
                Some(match killed.filter(|_| reason == WaitingReason::CrashLoopBackOff) {
                    Some((probe, port)) => ContainerTrouble::Killed { probe, port, message, restarts },
                    None => ContainerTrouble::Waiting { reason, message, restarts },
                })
            }
            ContainerState::Terminated(ended) => {
                Some(ContainerTrouble::Ended { reason: ended.reason, exit_code: ended.exit_code, restarts })
            }
            ContainerState::Running { .. } => {
                self.unmet_probe(runtime.uid, &status.name).map(ContainerTrouble::Probe)
            }
        }
    }
}

/// It is on its way, and nothing has failed.
fn is_creating(why: &ContainerTrouble) -> bool {
    match why {
        ContainerTrouble::Waiting { reason, .. } => match reason {
            WaitingReason::ContainerCreating | WaitingReason::PodInitializing => true,
            WaitingReason::CrashLoopBackOff
            | WaitingReason::ErrImagePull
            | WaitingReason::ImagePullBackOff
            | WaitingReason::ErrImageNeverPull
            | WaitingReason::CreateContainerConfigError => false,
        },
        ContainerTrouble::Killed { .. }
        | ContainerTrouble::Ended { .. }
        | ContainerTrouble::Runs
        | ContainerTrouble::Probe(_) => false,
    }
}

fn unscheduled(pod: &Pod) -> NotReady {
    if let Some(gate) = pod.spec.scheduling_gates.first() {
        return NotReady::Gated { gate: gate.clone() };
    }
    if &*pod.spec.scheduler_name != PodSpec::DEFAULT_SCHEDULER {
        return NotReady::OtherScheduler { name: pod.spec.scheduler_name.clone() };
    }
    let said = pod.status.conditions.scheduled.as_ref().filter(|condition| !condition.is_true());
    let message = said.and_then(|condition| condition.message.clone());
    message.map_or(NotReady::NotScheduled, |message| NotReady::Unschedulable { message })
}

fn ending(runtime: &PodRuntime) -> Ending {
    let stopping = runtime.containers.iter().filter(|container| container.process.runs());
    let stages: Vec<_> =
        stopping.map(|container| container.stopping.map(|stopping| stopping.stage)).collect();
    let is_in_hook = |stage: &Option<StoppingStage>| match stage {
        Some(StoppingStage::PreStop) => true,
        Some(StoppingStage::Turn | StoppingStage::Sigterm) | None => false,
    };
    match runtime.terminating {
        None => Ending::NotSeen,
        Some(_) if stages.is_empty() => Ending::Stopped,
        Some(_) if stages.iter().any(is_in_hook) => Ending::PreStop,
        Some(_) => Ending::Sigterm,
    }
}
