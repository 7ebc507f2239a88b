//! A Pod's card.

use super::NO_ADDRESS_YET;
use super::clients::calls_in_full;
use crate::facts::{PodFacts, PodState};

pub const WAITING_FOR_A_NODE: &str = "Waiting for a node";

pub fn pod_state(state: PodState) -> &'static str {
    match state {
        PodState::Pending => "Pending",
        PodState::Creating => "ContainerCreating",
        PodState::Ready => "Ready",
        PodState::NotReady => "Not ready",
        PodState::Terminating => "Terminating",
        PodState::Crashed(true) => "CrashLoopBackOff",
        PodState::Crashed(false) => "Error",
        PodState::Completed => "Completed",
        PodState::NodeOff => "Node off",
    }
}

/// For cards that have no room for the whole word.
pub fn pod_state_short(state: PodState) -> &'static str {
    match state {
        PodState::Creating => "Creating",
        PodState::Crashed(true) => "CrashLoop",
        PodState::Pending
        | PodState::Ready
        | PodState::NotReady
        | PodState::Terminating
        | PodState::Crashed(false)
        | PodState::Completed
        | PodState::NodeOff => pod_state(state),
    }
}

pub const GONE: &str = "Gone";

pub fn pod_label(pod: &PodFacts, services: &[&str]) -> String {
    let of = if services.is_empty() { "no Service".to_owned() } else { services.join(", ") };
    let ip = pod.ip.as_deref().unwrap_or(NO_ADDRESS_YET);
    let calls = calls_in_full(&pod.calls);
    format!("Pod {}, {}, {ip}, behind {of}{calls}", pod.key.name, pod_state(pod.state))
}

pub fn ghost_label(name: &str) -> String {
    format!("Pod {name} is gone, and its replacement does not run yet")
}
