//! Which of the Pods that are bound to its node a kubelet takes (pkg/kubelet/lifecycle, predicate.go). One that it does
//! not take has failed for good.

use std::sync::Arc;

use crate::api::{Node, Phase, Pod, PodConditions, PodStatus, Rejection, Str};
use crate::control::AdmissionFailure;
use crate::sim::{LogEntry, World};

/// The reason and the message that the Pod's status will have, and its event.
fn said(failure: &AdmissionFailure) -> (Str, String) {
    let predicate = |name: &str, why: &str| (Str::from(name), format!("Predicate {name} failed: {why}"));
    match failure {
        AdmissionFailure::Insufficient { resource, requested, used, capacity } => {
            let reason = format!("OutOf{resource}");
            let message = format!(
                "Node didn't have enough resource: {resource}, requested: {requested}, used: {used}, capacity: \
                 {capacity}"
            );
            (reason.as_str().into(), message)
        }
        AdmissionFailure::NodeAffinity => predicate("NodeAffinity", &Rejection::NodeAffinity.to_string()),
        AdmissionFailure::NodePorts => predicate("NodePorts", &Rejection::NodePorts.to_string()),
        AdmissionFailure::TaintToleration => {
            predicate("TaintToleration", "node(s) had taints that the pod didn't tolerate")
        }
    }
}

impl World {
    /// Whether the kubelet takes the Pod. If not, it says so in its status (kubelet.go, rejectPod).
    pub(super) fn admits(&mut self, pod: &Pod, node: &Arc<Node>) -> bool {
        let is_active = |other: &Pod| {
            let runtime = self.pods.get(&other.meta.uid);
            runtime.is_some_and(|runtime| !runtime.status.phase.is_terminal())
        };
        let Some(failure) = self.admission_check(pod, node, is_active) else { return true };
        let (reason, message) = said(&failure);
        let (key, now) = (pod.meta.key(), self.clock.now());
        let status = PodStatus {
            phase: Phase::Failed,
            reason: Some(reason.clone()),
            message: Some(format!("Pod was rejected: {message}").as_str().into()),
            conditions: PodConditions {
                disruption_target: pod.status.conditions.disruption_target.clone(),
                others: pod.status.conditions.others.clone(),
                ..PodConditions::default()
            },
            start_time: Some(now),
            ..PodStatus::default()
        };
        self.update_object::<Pod>(&key, |pod| pod.status = status);
        self.record(LogEntry::PodRejected { pod: key, reason, message: message.as_str().into() });
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// predicate_test.go, TestGeneralPredicates; and the reasons of lifecycle's constants.
    #[test]
    fn the_words_are_upstreams() {
        let insufficient = |resource: &str, requested, used, capacity| {
            said(&AdmissionFailure::Insufficient { resource: resource.into(), requested, used, capacity })
        };
        for ((reason, message), expected) in [
            (
                insufficient("cpu", 8, 5, 10),
                "OutOfcpu: Node didn't have enough resource: cpu, requested: 8, used: 5, capacity: 10",
            ),
            (
                insufficient("memory", 10, 19, 20),
                "OutOfmemory: Node didn't have enough resource: memory, requested: 10, used: 19, capacity: 20",
            ),
            (
                insufficient("pods", 1, 110, 110),
                "OutOfpods: Node didn't have enough resource: pods, requested: 1, used: 110, capacity: 110",
            ),
            (
                said(&AdmissionFailure::NodePorts),
                "NodePorts: Predicate NodePorts failed: node(s) didn't have free ports for the requested pod ports",
            ),
            (
                said(&AdmissionFailure::NodeAffinity),
                "NodeAffinity: Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector",
            ),
        ] {
            assert_eq!(format!("{reason}: {message}"), expected);
        }
    }
}
