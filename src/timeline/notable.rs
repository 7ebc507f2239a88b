//! The notable events, which get a mark on the track.

use crate::session::{Session, selection_of_ref};
use crate::ui::{Tab, Ui};
use cluster::api::{Action, ConditionStatus, Kind, ObjectRef};
use cluster::sim::{LogEntry, Logged, Time};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    pub at: Time,
    /// Short: there is little room.
    pub label: String,
    /// The whole of it.
    pub said: String,
    /// Bad news.
    pub bad: bool,
    pub about: Option<ObjectRef>,
    /// How many entries share it.
    pub count: u32,
}

impl Mark {
    fn new(logged: &Logged) -> Option<Mark> {
        let (label, bad) = notable(&logged.entry)?;
        let said = words::happened(&logged.entry);
        Some(Mark { at: logged.at, label, said, bad, about: logged.entry.about(), count: 1 })
    }
}

/// The label of a notable entry, and whether it is bad news.
pub fn notable(entry: &LogEntry) -> Option<(String, bool)> {
    let label = |text: &str, bad: bool| Some((text.to_string(), bad));
    match entry {
        LogEntry::Did { action } => Some((done(action)?, false)),
        LogEntry::ClientsBegan { .. } => label("clients begin", false),
        LogEntry::Killing { .. } => label("Pod killed", true),
        LogEntry::Crashed { .. } => label("Pod crashed", true),
        LogEntry::Completed { .. } => label("completed", false),
        LogEntry::FailedPull { .. } => label("no image", true),
        LogEntry::FailedConfiguration { .. } => label("cannot be configured", true),
        LogEntry::FailedMount { .. } => label("cannot mount", true),
        LogEntry::DeadlineExceeded { .. } => label("deadline exceeded", true),
        LogEntry::Ready { ready: true, .. } => label("Pod ready", false),
        LogEntry::Ready { ready: false, .. } => label("Pod not ready", true),
        LogEntry::FailedCreate { .. } => label("Pods not created", true),
        LogEntry::FailedScheduling { .. } => label("Pod fits nowhere", true),
        LogEntry::NoPodAddress { .. } => label("no address left", true),
        LogEntry::SliceChanged { .. } => label("EndpointSlice", false),
        LogEntry::ProxySynced { node } => Some((format!("{node} synced"), false)),
        LogEntry::ProxySyncFailed { node, .. } => Some((format!("{node}: sync failed"), true)),
        LogEntry::NodeCondition { node, condition: ConditionStatus::True } => {
            Some((format!("{node} Ready"), false))
        }
        LogEntry::NodeCondition { node, condition: ConditionStatus::False | ConditionStatus::Unknown } => {
            Some((format!("{node} NotReady"), true))
        }
        LogEntry::EnsuredLoadBalancer { .. } => label("load balancer", false),
        LogEntry::DeletedLoadBalancer { .. } => label("load balancer gone", false),
        LogEntry::IpAllocated { .. } => label("address", false),
        LogEntry::AllocationFailed { .. } => label("no address", true),
        LogEntry::NodeAssigned { node, .. } => Some((format!("{node} answers for it"), false)),
        LogEntry::JobCompleted { .. } => label("Job complete", false),
        LogEntry::JobFailed { .. } => label("Job failed", true),
        LogEntry::EvictionRefused { .. } => label("eviction refused", true),
        LogEntry::NamespaceGone { .. } => label("Namespace gone", false),
        LogEntry::PodRejected { reason, .. } => label(reason, true),
        LogEntry::OrphanedPod { .. } => label("garbage collected", true),
        LogEntry::TaintManagerEviction { cancelled, .. } => {
            label(if *cancelled { "eviction cancelled" } else { "evicted" }, !cancelled)
        }
        LogEntry::SuccessfulCreate { .. }
        | LogEntry::SuccessfulDelete { .. }
        | LogEntry::SuccessfulCreateClaim { .. }
        | LogEntry::ScalingReplicaSet { .. }
        | LogEntry::EndedDaemonPod { .. }
        | LogEntry::JobSuspended { .. }
        | LogEntry::CreatedJob { .. }
        | LogEntry::DeletedJob { .. }
        | LogEntry::SawCompletedJob { .. }
        | LogEntry::JobAlreadyActive { .. }
        | LogEntry::Refused { .. }
        | LogEntry::Warned { .. }
        | LogEntry::Scheduled { .. }
        | LogEntry::Pulled { .. }
        | LogEntry::Created { .. }
        | LogEntry::Started { .. }
        | LogEntry::Unhealthy { .. }
        | LogEntry::BackOff { .. }
        | LogEntry::BackOffPull { .. }
        | LogEntry::PodGone { .. }
        | LogEntry::EnsuringLoadBalancer { .. }
        | LogEntry::DeletingLoadBalancer { .. } => None,
    }
}

/// What a person did, in two words or three.
fn done(action: &Action) -> Option<String> {
    Some(match action {
        // Its Pod's own entry follows.
        Action::DeleteObject { object, .. } if object.kind == Kind::Pod => return None,
        Action::CrashPod { .. }
        | Action::FinishPod { .. }
        | Action::SendOne { .. }
        | Action::SetRate { .. } => return None,
        Action::AddClient { .. } => "client added".into(),
        Action::Apply { .. } => "manifests applied".into(),
        Action::Create { .. } => "manifests created".into(),
        Action::Replace { .. } => "manifests replaced".into(),
        Action::Patch { object, .. } => format!("{} patched", object.kind),
        Action::DeleteObject { object, .. } => format!("{} deleted", object.kind),
        Action::SetLabels { .. } => "labels changed".into(),
        Action::SetSelector { .. } => "selector changed".into(),
        Action::SetServiceType { type_, .. } => format!("now {}", type_.as_str()),
        Action::Scale { replicas, .. } => format!("scaled to {replicas}"),
        Action::RolloutRestart { .. } => "restarted".into(),
        Action::RolloutUndo { .. } => "rolled back".into(),
        Action::PauseRollout { on: true, .. } => "paused".into(),
        Action::PauseRollout { on: false, .. } => "resumed".into(),
        Action::SetImage { .. } => "new image".into(),
        Action::Drain { node, .. } => format!("drain of {node}"),
        Action::SetReadiness { pass: true, .. } => "probe passes".into(),
        Action::SetReadiness { pass: false, .. } => "probe fails".into(),
        Action::SetLiveness { pass: true, .. } => "liveness passes".into(),
        Action::SetLiveness { pass: false, .. } => "liveness fails".into(),
        Action::SetPodCondition { .. } | Action::SetApp { .. } | Action::SetMissing { .. } => {
            words::action(action)
        }
        Action::RemoveClient { .. } => "client removed".into(),
        Action::SetServicePolicy { .. }
        | Action::PowerNode { .. }
        | Action::Cordon { .. }
        | Action::Taint { .. }
        | Action::CutOffNode { .. }
        | Action::PauseKubeProxy { .. }
        | Action::SetProxyMode { .. }
        | Action::SetIpMode { .. }
        | Action::AddNode { .. } => words::action(action),
    })
}

/// The marks since `from`, oldest first; those that say the same at nearly the same time are one.
pub fn marks<'a>(log: impl DoubleEndedIterator<Item = &'a Logged>, from: Time, most: usize) -> Vec<Mark> {
    let mut marks: Vec<Mark> = Vec::new();
    for logged in log.rev().take_while(|logged| logged.at >= from) {
        let Some(mark) = Mark::new(logged) else { continue };
        if marks.iter_mut().rev().take(LOOK_BACK).any(|newer| merge(newer, &mark)) {
            continue;
        }
        if marks.len() == most {
            break;
        }
        marks.push(mark);
    }
    marks.sort_by_key(|mark| mark.at);
    marks
}

/// How many marks of other kinds may lie between two that are one.
const LOOK_BACK: usize = 3;
const NEAR: u64 = 1_500_000_000;

/// Puts an older mark into a newer one that says the same.
fn merge(newer: &mut Mark, older: &Mark) -> bool {
    let label = match (newer.label.strip_suffix(SYNCED), older.label.strip_suffix(SYNCED)) {
        (Some(new), Some(old)) => [&nodes(new, old), SYNCED].concat(),
        _ if newer.label == older.label => newer.label.clone(),
        _ => return false,
    };
    if newer.at.since(older.at).0 > NEAR {
        return false;
    }
    newer.said = [&older.said, "; ", &newer.said].concat();
    *newer = Mark { label, said: std::mem::take(&mut newer.said), count: newer.count + 1, ..older.clone() };
    true
}

const SYNCED: &str = " synced";

/// Nodes write their rules one after another: `node-1, 2, 3`.
fn nodes(known: &str, one_more: &str) -> String {
    let is_known =
        known.split(',').map(str::trim_start).any(|n| n == one_more || ["node-", n].concat() == one_more);
    match is_known {
        true => known.to_string(),
        false => format!("{one_more}, {}", known.strip_prefix("node-").unwrap_or(known)),
    }
}

/// A mark was clicked: what it is about, and its events.
pub fn show(session: Session, ui: Ui, about: Option<ObjectRef>) {
    if let Some(object) = about {
        session.select(session.with_world(|world| selection_of_ref(world.store(), &object)));
    }
    ui.show(Tab::Events);
}

#[cfg(test)]
mod tests {
    use super::*;
    use cluster::api::NsName;

    fn synced(millis: u64, node: &str) -> Logged {
        Logged { at: Time(millis * 1_000_000), entry: LogEntry::ProxySynced { node: node.into() } }
    }

    #[test]
    fn nodes_that_sync_together_share_a_mark() {
        let log = [
            synced(1_000, "node-1"),
            synced(1_200, "node-2"),
            synced(1_900, "node-3"),
            synced(9_000, "node-1"),
        ];
        let labels: Vec<String> = marks(log.iter(), Time(0), 10).into_iter().map(|m| m.label).collect();
        assert_eq!(labels, ["node-1, 2, 3 synced", "node-1 synced"]);
    }

    #[test]
    fn only_what_is_recent_is_marked() {
        let log = [synced(1_000, "a"), synced(5_000, "b"), synced(9_000, "c")];
        let labels: Vec<String> =
            marks(log.iter(), Time(5_000_000_000), 1).into_iter().map(|m| m.label).collect();
        assert_eq!(labels, ["c synced"]);
    }

    #[test]
    fn equal_entries_share_a_mark() {
        let ready = |millis: u64, pod: &str| Logged {
            at: Time(millis * 1_000_000),
            entry: LogEntry::Ready { pod: NsName::new("default", pod), ready: true },
        };
        let log = [ready(1_000, "a"), synced(1_100, "node-1"), ready(1_200, "b")];
        let marks = marks(log.iter(), Time(0), 10);
        assert_eq!(marks.len(), 2);
        assert_eq!((marks[0].count, &*marks[0].said), (2, "Pod a is ready; Pod b is ready"));
    }

    #[test]
    fn a_deleted_pod_is_told_once() {
        let pod = NsName::new("default", "web");
        let object =
            cluster::api::ObjectRef { kind: Kind::Pod, namespace: "default".into(), name: "web".into() };
        assert_eq!(notable(&LogEntry::Did { action: Action::delete(object) }), None);
        let container = cluster::sim::LoggedContainer { name: "web".into(), is_init: false };
        let why = cluster::sim::KillReason::Stopped;
        assert_eq!(notable(&LogEntry::Killing { pod, container, why }), Some(("Pod killed".into(), true)));
    }
}
