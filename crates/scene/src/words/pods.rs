//! A Pod's card.

use std::borrow::Cow;

use cluster::api::WaitingReason;

use super::NO_ADDRESS_YET;
use super::clients::calls_in_full;
use crate::facts::{Held, Part, PodFacts, PodState};

pub const WAITING_FOR_A_NODE: &str = "Waiting for a node";

/// As kubectl's column STATUS has it, where it has a word.
pub fn pod_state(state: &PodState) -> Cow<'static, str> {
    Cow::Borrowed(match state {
        PodState::Pending => "Pending",
        PodState::SchedulingGated => "SchedulingGated",
        PodState::Rejected(reason) => return reason.to_string().into(),
        PodState::Creating => "ContainerCreating",
        PodState::Init { done, of, held: None } => return format!("Init:{done}/{of}").into(),
        PodState::Init { held: Some(Held::Waits(reason)), .. } => {
            return format!("Init:{}", reason.as_str()).into();
        }
        PodState::Init { held: Some(Held::Error), .. } => "Init:Error",
        PodState::Ready => "Ready",
        PodState::NotReady => "Not ready",
        PodState::PreStop => "Terminating: preStop",
        PodState::Terminating => "Terminating",
        PodState::Crashed(true) => "CrashLoopBackOff",
        PodState::Crashed(false) => "Error",
        PodState::Held(reason) => reason.as_str(),
        PodState::Completed => "Completed",
        PodState::NodeOff => "Node off",
    })
}

/// For cards that have no room for the whole word.
pub fn pod_state_short(state: &PodState) -> Cow<'static, str> {
    match state {
        PodState::Creating => "Creating".into(),
        PodState::SchedulingGated => "Gated".into(),
        PodState::PreStop => "preStop".into(),
        PodState::Crashed(true) => "CrashLoop".into(),
        PodState::Held(reason) => held_short(*reason).into(),
        PodState::Init { held: Some(Held::Waits(_)), .. } => "Init: held".into(),
        PodState::Pending
        | PodState::Rejected(_)
        | PodState::Init { held: Some(Held::Error) | None, .. }
        | PodState::Ready
        | PodState::NotReady
        | PodState::Terminating
        | PodState::Crashed(false)
        | PodState::Completed
        | PodState::NodeOff => pod_state(state),
    }
}

fn held_short(reason: WaitingReason) -> &'static str {
    match reason {
        WaitingReason::ErrImagePull | WaitingReason::ImagePullBackOff | WaitingReason::ErrImageNeverPull => {
            "No image"
        }
        WaitingReason::CreateContainerConfigError => "No config",
        WaitingReason::CrashLoopBackOff => "CrashLoop",
        WaitingReason::ContainerCreating | WaitingReason::PodInitializing => "Creating",
    }
}

/// A line of its card: `StatefulSet #0`, `DaemonSet`, `Job`; `host network` for one that has its node's address.
pub fn part(pod: &PodFacts) -> Option<String> {
    let part = pod.part.as_ref().map(|part| match part {
        Part::Ordinal(ordinal) => format!("StatefulSet #{ordinal}"),
        Part::OfNode => "DaemonSet".into(),
        Part::Task => "Job".into(),
    });
    match part {
        Some(part) if pod.host_network => Some(format!("{part}, host")),
        None if pod.host_network => Some("host network".into()),
        part => part,
    }
}

fn part_in_full(pod: &PodFacts) -> String {
    let part = pod.part.as_ref().map(|part| match part {
        Part::Ordinal(ordinal) => format!(", number {ordinal} of its StatefulSet"),
        Part::OfNode => ", one of a DaemonSet's, one for each node".into(),
        Part::Task => ", of a Job, which comes to an end".into(),
    });
    let host = if pod.host_network { ", at its node's own address" } else { "" };
    part.unwrap_or_default() + host
}

pub const GONE: &str = "Gone";

/// `trouble`: what it lacks, and what is assumed of it.
pub fn pod_label(pod: &PodFacts, services: &[&str], trouble: &[String]) -> String {
    let of = if services.is_empty() { "no Service".to_owned() } else { services.join(", ") };
    let ip = pod.ip.as_deref().unwrap_or(NO_ADDRESS_YET);
    let (calls, part) = (calls_in_full(&pod.calls), part_in_full(pod));
    let restarts = match pod.restarts {
        0 => String::new(),
        1 => "; 1 restart".into(),
        n => format!("; {n} restarts"),
    };
    let trouble: String = trouble.iter().map(|why| format!("; {why}")).collect();
    format!(
        "Pod {}, {}, {ip}, behind {of}{calls}{part}{restarts}{trouble}",
        pod.key.name,
        pod_state(&pod.state)
    )
}

pub fn ghost_label(name: &str) -> String {
    format!("Pod {name} is gone, and its replacement does not run yet")
}
