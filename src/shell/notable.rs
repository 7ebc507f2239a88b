//! The events that make a mark on the track: what a person would point at.

use crate::session::Selection;
use cluster::api::{Action, NodeCondition, NsName};
use cluster::sim::{LogEntry, Logged, Time, World};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    pub at: Time,
    pub label: String,
    /// Bad news.
    pub bad: bool,
    /// The object that it is about: kind, and namespace and name.
    pub about: Option<(&'static str, NsName)>,
}

/// The label of a notable entry, and whether it is bad news.
pub fn notable(entry: &LogEntry) -> Option<(String, bool)> {
    let (label, bad) = match entry {
        // Its Pod's own entry follows.
        LogEntry::Did { action: Action::DeleteObject { object } } if &*object.kind == "Pod" => return None,
        LogEntry::Did { action: Action::CrashPod { .. } | Action::SendOne { .. } } => return None,
        LogEntry::Did { action: Action::SetRate { .. } } => return None,
        LogEntry::Did { action } => (crate::text::action(action), false),
        LogEntry::Killing { pod } => (format!("{} killed", pod.name), true),
        LogEntry::Crashed { pod } => (format!("{} crashed", pod.name), true),
        LogEntry::Ready { pod, ready: true } => (format!("{} ready", pod.name), false),
        LogEntry::Ready { pod, ready: false } => (format!("{} not ready", pod.name), true),
        LogEntry::NoPodAddress { pod } => (format!("{}: no address left", pod.name), true),
        LogEntry::SliceChanged { service } => (format!("EndpointSlice {}", service.name), false),
        LogEntry::ProxySynced { node } => (format!("{node} synced"), false),
        LogEntry::NodeCondition { node, condition } => {
            let ready = *condition == NodeCondition::True;
            (format!("{node} {}", if ready { "Ready" } else { "NotReady" }), !ready)
        }
        LogEntry::EnsuredLoadBalancer { service, .. } => (format!("load balancer of {}", service.name), false),
        LogEntry::DeletedLoadBalancer { service } => (format!("{}: load balancer gone", service.name), false),
        _ => return None,
    };
    Some((label, bad))
}

/// The marks since `from`, oldest first; those that say the same at nearly the same time are one.
pub fn marks<'a>(log: impl DoubleEndedIterator<Item = &'a Logged>, from: Time, most: usize) -> Vec<Mark> {
    let mut marks: Vec<Mark> = Vec::new();
    for logged in log.rev().take_while(|logged| logged.at >= from) {
        let Some((label, bad)) = notable(&logged.entry) else { continue };
        let mark = Mark { at: logged.at, label, bad, about: logged.entry.about() };
        if !marks.last_mut().is_some_and(|newer| merge(newer, &mark)) {
            if marks.len() == most {
                break;
            }
            marks.push(mark);
        }
    }
    marks.reverse();
    marks
}

/// Nodes write their rules one after another: `node-1, 2, 3 synced`.
fn merge(newer: &mut Mark, older: &Mark) -> bool {
    const NEAR: u64 = 1_500_000_000;
    let node = |mark: &Mark| mark.label.strip_suffix(" synced").map(str::to_owned);
    let (Some(new), Some(old)) = (node(newer), node(older)) else { return false };
    if newer.at.since(older.at).0 > NEAR {
        return false;
    }
    let rest = new.strip_prefix("node-").unwrap_or(&new);
    let known = old == new || new.split(", ").any(|n| ["node-", n].concat() == old);
    if !known {
        newer.label = format!("{old}, {rest} synced");
    }
    newer.at = older.at;
    newer.about.clone_from(&older.about);
    true
}

/// The object that a mark is about, if it still exists.
pub fn select_about(world: &World, kind: &str, key: &NsName) -> Option<Selection> {
    let store = world.store();
    match kind {
        "Pod" => store.pods.get(key).map(|o| Selection::Pod(o.meta.uid)),
        "Service" => store.services.get(key).map(|o| Selection::Service(o.meta.uid)),
        "Node" => store.nodes.get(key).map(|o| Selection::Node(o.meta.uid)),
        "Deployment" => store.deployments.get(key).map(|o| Selection::Deployment(o.meta.uid)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn synced(millis: u64, node: &str) -> Logged {
        Logged { at: Time(millis * 1_000_000), entry: LogEntry::ProxySynced { node: node.into() } }
    }

    #[test]
    fn nodes_that_sync_together_share_a_mark() {
        let log = [synced(1_000, "node-1"), synced(1_200, "node-2"), synced(1_900, "node-3"), synced(9_000, "node-1")];
        let labels: Vec<String> = marks(log.iter(), Time(0), 10).into_iter().map(|m| m.label).collect();
        assert_eq!(labels, ["node-1, 2, 3 synced", "node-1 synced"]);
    }

    #[test]
    fn only_what_is_recent_is_marked() {
        let log = [synced(1_000, "a"), synced(5_000, "b"), synced(9_000, "c")];
        let labels: Vec<String> = marks(log.iter(), Time(5_000_000_000), 1).into_iter().map(|m| m.label).collect();
        assert_eq!(labels, ["c synced"]);
    }

    #[test]
    fn a_deleted_pod_is_told_once() {
        let pod = NsName::new("default", "web");
        let object = cluster::api::ObjectRef { kind: "Pod".into(), namespace: "default".into(), name: "web".into() };
        assert_eq!(notable(&LogEntry::Did { action: Action::DeleteObject { object } }), None);
        assert_eq!(notable(&LogEntry::Killing { pod }), Some(("web killed".into(), true)));
    }
}
