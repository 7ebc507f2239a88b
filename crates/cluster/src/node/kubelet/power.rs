//! What becomes of a node's Pods when it loses power, and when it has power again.

use super::container::Process;
use super::step::KubeletStep;
use crate::api::{Terminated, TerminatedReason, Uid};
use crate::sim::{Chance, Purpose, Span, World};

/// What containerd says of a container whose process it does not find after a start.
const UNKNOWN_EXIT: i32 = 255;

impl World {
    /// Its processes end and its links go down, without any report to the API server.
    pub(crate) fn pods_lose_power(&mut self, node: Uid) {
        let now = self.clock.now();
        let here = self.pods_of_node(node);
        for pod in &here {
            let runtime = self.runtime_mut(*pod);
            runtime.addresses = None;
            runtime.forget_plans();
            for container in &mut runtime.containers {
                container.process = Process::Stopped;
                container.stopping = None;
                container.has_run = false;
                container.workers.process_ended();
                let Some(running) = container.running.take() else { continue };
                let ended = Terminated {
                    exit_code: UNKNOWN_EXIT,
                    reason: TerminatedReason::Unknown,
                    started_at: running.since,
                    finished_at: now,
                };
                container.ended_before = container.ended.replace(ended);
            }
        }
        if let Some(machine) = self.machines.get_mut(&node) {
            machine.host_network_pods.clear();
            machine.without_address.clear();
            machine.port_maps.clear();
        }
        self.machine_falls_silent(node, &here);
    }

    /// Its kubelet has started: it makes new sandboxes, with new addresses, for the Pods that are still bound to it and
    /// not deleted, and reports the others as removed.
    pub(crate) fn pods_regain_power(&mut self, node: Uid) {
        let (now, chance) = (self.clock.now(), self.chance);
        for pod in self.pods_of_node(node) {
            let runtime = self.runtime_mut(pod);
            let subject = Chance::subject(&runtime.key.name);
            let epoch = u64::from(runtime.epoch);
            for container in &mut runtime.containers {
                let phase = |period: Span| chance.below(Purpose::ProbePhase, subject, epoch, period.0);
                container.workers.restart(|period| now + Span(phase(period)));
            }
            let key = runtime.key.clone();
            let stored = self.store.pods.get(&key).filter(|stored| stored.meta.uid == pod);
            let step = match stored {
                Some(stored) if stored.meta.deleted.is_some() => KubeletStep::Removed,
                Some(stored) if self.missed_change(stored) => KubeletStep::Update,
                Some(_) => KubeletStep::Sync,
                None => KubeletStep::Removed,
            };
            self.plan(pod, Span::ZERO, step);
        }
    }

    /// The machine is gone, and with it all that ran there.
    pub(crate) fn pods_go_with_machine(&mut self, node: Uid) {
        for pod in self.pods_of_node(node) {
            self.kill_all(pod);
            self.release_sandbox(pod);
            self.pods.remove(&pod);
            self.touch_pod(pod);
        }
    }

    fn pods_of_node(&self, node: Uid) -> Vec<Uid> {
        self.pods.iter().filter(|(_, runtime)| runtime.node == node).map(|(uid, _)| *uid).collect()
    }
}
