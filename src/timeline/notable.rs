//! The notable events, which get a mark on the timeline.

use crate::session::{Selection, Session, selection_of_ref};
use crate::ui::{Tab, Ui};
use cluster::api::{Action, ConditionStatus, Kind, ObjectRef};
use cluster::sim::{LogEntry, Logged, Time};
use cluster::trace::{ConnectionRecord, Outcome, PacketTrace};
use cluster::traffic::{ConnectionId, PacketId};

/// Whose doing it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lane {
    /// What a person or the scenario did.
    Done,
    /// What became of objects.
    Objects,
    /// What kube-proxy wrote on the nodes.
    KubeProxy,
    /// Packets that were lost or refused.
    Lost,
}

impl Lane {
    pub const ALL: [Lane; 4] = [Lane::Done, Lane::Objects, Lane::KubeProxy, Lane::Lost];

    pub fn name(self) -> &'static str {
        match self {
            Lane::Done => "You",
            Lane::Objects => "Objects",
            Lane::KubeProxy => "kube-proxy",
            Lane::Lost => "Lost",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum About {
    Object(ObjectRef),
    Packet(PacketId),
    Connection(ConnectionId),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// Of the first that shares it.
    pub at: Time,
    /// When what names it happened.
    pub named_at: Time,
    pub lane: Lane,
    /// Of the cluster's own objects.
    pub is_system: bool,
    /// Short: there is little room.
    pub label: String,
    /// The whole of it.
    pub said: String,
    /// Bad news.
    pub bad: bool,
    pub about: Option<About>,
    /// How many entries of this label share it.
    pub count: u32,
    /// How many of other labels are told with it.
    pub others: u32,
}

impl Mark {
    pub fn of_entry(logged: &Logged, is_system: bool) -> Option<Mark> {
        let (lane, label, bad) = notable(&logged.entry)?;
        Some(Mark {
            at: logged.at,
            named_at: logged.at,
            lane,
            is_system,
            label,
            said: words::happened(&logged.entry),
            bad,
            about: logged.entry.about().map(About::Object),
            count: 1,
            others: 0,
        })
    }

    /// What is told together is named by the highest.
    fn rank(&self) -> u8 {
        match (self.bad, self.lane) {
            (true, _) => 3,
            (false, Lane::Done) => 2,
            (false, Lane::Objects | Lane::Lost) => 1,
            (false, Lane::KubeProxy) => 0,
        }
    }

    pub fn of_loss(trace: &PacketTrace) -> Option<Mark> {
        let (at, _) = trace.ended?;
        let said = words::loss(trace.lost?);
        let label = said.split([':', ',']).next().unwrap_or(&said).to_owned();
        Some(Mark::of_failure(at, label, said, About::Packet(trace.id)))
    }

    /// A request that ended before a packet of its own was sent: its name led nowhere.
    pub fn of_lookup(record: &ConnectionRecord) -> Option<Mark> {
        let (at, outcome) = record.ended?;
        match outcome {
            Outcome::Unresolved | Outcome::NoDns { .. } | Outcome::NoAddress => {}
            Outcome::Delivered
            | Outcome::Refused { .. }
            | Outcome::HostUnreachable
            | Outcome::NetworkUnreachable
            | Outcome::Reset
            | Outcome::TimedOut { .. }
            | Outcome::NotReceived { .. }
            | Outcome::Abandoned => return None,
        }
        let label = scene::words::call_failed(outcome).to_owned();
        let said = format!("{}: {label}", record.client_name);
        Some(Mark::of_failure(at, label, said, About::Connection(record.id)))
    }

    fn of_failure(at: Time, label: String, said: String, about: About) -> Mark {
        Mark {
            at,
            named_at: at,
            lane: Lane::Lost,
            is_system: false,
            label,
            said,
            bad: true,
            about: Some(about),
            count: 1,
            others: 0,
        }
    }
}

/// The lane and the label of a notable entry, and whether it is bad news.
pub fn notable(entry: &LogEntry) -> Option<(Lane, String, bool)> {
    let label = |text: &str, bad: bool| Some((Lane::Objects, text.to_string(), bad));
    match entry {
        LogEntry::Did { action } => Some((Lane::Done, done(action)?, false)),
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
        LogEntry::ProxySynced { node } => Some((Lane::KubeProxy, format!("{node} synced"), false)),
        LogEntry::ProxySyncFailed { node, .. } => {
            Some((Lane::KubeProxy, format!("{node}: sync failed"), true))
        }
        LogEntry::NodeCondition { node, condition: ConditionStatus::True } => {
            label(&format!("{node} Ready"), false)
        }
        LogEntry::NodeCondition { node, condition: ConditionStatus::False | ConditionStatus::Unknown } => {
            label(&format!("{node} NotReady"), true)
        }
        LogEntry::EnsuredLoadBalancer { .. } => label("load balancer", false),
        LogEntry::DeletedLoadBalancer { .. } => label("load balancer gone", false),
        LogEntry::IpAllocated { .. } => label("address", false),
        LogEntry::AllocationFailed { .. } => label("no address", true),
        LogEntry::NodeAssigned { node, .. } => label(&format!("{node} answers for it"), false),
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

/// Marks of one lane that lie so close to each other that they would touch are one. `is_near` tells of two moments.
pub fn together<'a>(
    marks: impl Iterator<Item = &'a Mark>,
    is_near: impl Fn(Time, Time) -> bool,
) -> Vec<Mark> {
    let mut all: Vec<Mark> = Vec::new();
    for mark in marks {
        match all.last_mut() {
            Some(last) if is_near(last.at, mark.at) => merge(last, mark),
            Some(_) | None => all.push(mark.clone()),
        }
    }
    all
}

/// Of what is told at once, so much is said.
const SAID: u32 = 8;

/// Puts a mark into the one before it. Bad news names both, else what a person did, else what became of objects.
fn merge(into: &mut Mark, next: &Mark) {
    let nodes_of = |mark: &Mark| mark.label.strip_suffix(SYNCED).map(str::to_owned);
    if let (Some(known), Some(one_more)) = (nodes_of(into), nodes_of(next)) {
        into.label = [&nodes(&known, &one_more), SYNCED].concat();
        into.count += 1;
    } else if into.label == next.label {
        into.count += 1;
    } else if next.rank() > into.rank() {
        let others = into.others + into.count;
        let said = std::mem::take(&mut into.said);
        *into = Mark { at: into.at, is_system: into.is_system, others, said, ..next.clone() };
    } else {
        into.others += 1;
    }
    match (into.count + into.others).cmp(&SAID) {
        std::cmp::Ordering::Less => into.said = [&into.said, "; ", &next.said].concat(),
        std::cmp::Ordering::Equal => into.said.push_str("; and more"),
        std::cmp::Ordering::Greater => {}
    }
}

const SYNCED: &str = " synced";

/// Nodes write their rules one after another: `node-1, 2, 3`.
fn nodes(known: &str, one_more: &str) -> String {
    let is_known =
        known.split(',').map(str::trim_start).any(|n| n == one_more || ["node-", n].concat() == one_more);
    match is_known {
        true => known.to_string(),
        false => format!("{known}, {}", one_more.strip_prefix("node-").unwrap_or(one_more)),
    }
}

/// A mark was chosen: the run is shown at its moment, with what it is about, and its events.
pub fn show(session: Session, ui: Ui, mark: &Mark) {
    session.pause();
    session.seek(mark.named_at);
    match &mark.about {
        Some(About::Object(object)) => {
            session.select(session.with_world(|world| selection_of_ref(world.store(), object)));
            ui.show(Tab::Events);
        }
        Some(About::Packet(packet)) => {
            session.select(Some(Selection::Packet(*packet)));
            ui.show(Tab::Path);
        }
        Some(About::Connection(connection)) => {
            session.select(Some(Selection::Connection(*connection)));
            ui.show(Tab::Path);
        }
        None => ui.show(Tab::Events),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cluster::api::NsName;

    fn synced(millis: u64, node: &str) -> Logged {
        Logged { at: Time(millis * 1_000_000), entry: LogEntry::ProxySynced { node: node.into() } }
    }

    /// With their counts, and those of the others.
    fn labels(log: &[Logged]) -> Vec<(String, u32, u32)> {
        let marks: Vec<Mark> = log.iter().filter_map(|logged| Mark::of_entry(logged, false)).collect();
        let near = |a: Time, b: Time| b.since(a).0 < 1_500_000_000;
        together(marks.iter(), near).into_iter().map(|mark| (mark.label, mark.count, mark.others)).collect()
    }

    #[test]
    fn nodes_that_sync_together_share_a_mark() {
        let log = [
            synced(1_000, "node-1"),
            synced(1_200, "node-2"),
            synced(1_900, "node-3"),
            synced(9_000, "node-1"),
        ];
        let expected = [("node-1, 2, 3 synced".to_owned(), 3, 0), ("node-1 synced".to_owned(), 1, 0)];
        assert_eq!(labels(&log), expected);
    }

    #[test]
    fn bad_news_gives_its_name_to_what_is_told_together() {
        let ready = |millis: u64, ready: bool| Logged {
            at: Time(millis * 1_000_000),
            entry: LogEntry::Ready { pod: NsName::new("default", "a"), ready },
        };
        assert_eq!(labels(&[ready(1_000, true), ready(1_100, false)]), [("Pod not ready".to_owned(), 1, 1)]);
    }

    #[test]
    fn a_deleted_pod_is_told_once() {
        let pod = NsName::new("default", "web");
        let object =
            cluster::api::ObjectRef { kind: Kind::Pod, namespace: "default".into(), name: "web".into() };
        assert_eq!(notable(&LogEntry::Did { action: Action::delete(object) }), None);
        let container = cluster::sim::LoggedContainer { name: "web".into(), is_init: false };
        let why = cluster::sim::KillReason::Stopped;
        assert_eq!(
            notable(&LogEntry::Killing { pod, container, why }),
            Some((Lane::Objects, "Pod killed".into(), true))
        );
    }
}
