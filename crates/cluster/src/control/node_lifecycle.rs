//! How the control plane reacts to a node that stops reporting, and to one that reports again.
//! Source: pkg/controller/nodelifecycle (node_lifecycle_controller.go). What its taints do to Pods is in
//! `taint_eviction.rs`.

use std::collections::BTreeMap;
use std::sync::Arc;

use litemap::LiteMap;

use super::taint_eviction::TimedEviction;
use crate::api::rfc3339;
use crate::api::{
    ConditionStatus, Name, Node, NodeConditions, NsName, Pod, PodCondition, Str, Taint, TaintEffect, Uid,
};
use crate::node::kubelet::Notice;
use crate::sim::{Event, LogEntry, NodeStep, Span, Time, WorkItem, World};

/// nodeMonitorPeriod: how often the controller looks at all nodes. It has begun with the run.
const MONITOR_PERIOD: Span = Span::from_secs(5);
/// evictionLimiterQPS (0.1), and secondaryEvictionLimiterQPS (0.01): from one node of a zone that gets a taint
/// NoExecute to the next.
const EVICTION_PERIOD: Span = Span::from_secs(10);
const SECONDARY_EVICTION_PERIOD: Span = Span::from_secs(100);
/// largeClusterThreshold, of nodes in a zone.
const LARGE_CLUSTER: u32 = 50;
/// unhealthyZoneThreshold, in hundredths.
const UNHEALTHY_ZONE_PERCENT: u32 = 55;

/// What the node lifecycle and taint eviction controllers remember.
#[derive(Clone, Debug, Default)]
pub(crate) struct NodeLifecycle {
    /// When a node of the zone last got a taint NoExecute.
    tainted: LiteMap<Str, Time>,
    pub(super) evictions: LiteMap<Uid, TimedEviction>,
}

/// The nodes of one zone.
#[derive(Clone, Copy, Default)]
struct Zone {
    ready: u32,
    not_ready: u32,
}

impl Zone {
    /// ComputeZoneState and setLimiterInZone: how long until the next node of it may get a taint. `None`: none gets one
    /// while so many are not ready that the fault may be the network's.
    fn period(self) -> Option<Span> {
        let all = self.ready + self.not_ready;
        let is_partly_disrupted =
            self.ready > 0 && self.not_ready > 2 && 100 * self.not_ready >= UNHEALTHY_ZONE_PERCENT * all;
        match is_partly_disrupted {
            false => Some(EVICTION_PERIOD),
            true => (all > LARGE_CLUSTER).then_some(SECONDARY_EVICTION_PERIOD),
        }
    }
}

/// component-helpers node/topology, GetZoneKey.
fn zone_key(node: &Node) -> Str {
    let label = |key: &str| node.meta.labels.get(key).map_or("", |value| &**value);
    let (zone, region) = (label("topology.kubernetes.io/zone"), label("topology.kubernetes.io/region"));
    format!("{region}:{zone}").as_str().into()
}

/// isNodeExcludedFromDisruptionChecks.
fn is_counted(node: &Node) -> bool {
    !node.meta.labels.contains_key("node.kubernetes.io/exclude-disruption")
}

/// The taints NoSchedule that a node shall have: for its conditions (nodeConditionToTaintKeyStatusMap; a kubelet here
/// never reports pressure), and if it is cordoned.
fn condition_taints(node: &Node) -> Vec<Taint> {
    let of_ready = match node.ready() {
        ConditionStatus::True => None,
        ConditionStatus::False => Some(Taint::NOT_READY),
        ConditionStatus::Unknown => Some(Taint::UNREACHABLE),
    };
    let cordoned = node.spec.unschedulable.then_some(Taint::UNSCHEDULABLE);
    let keys = of_ready.into_iter().chain(cordoned);
    keys.map(|key| Taint::new(key, TaintEffect::NoSchedule)).collect()
}

/// Whether the controller takes a taint away that it has no reason for.
fn is_condition_taint(taint: &Taint) -> bool {
    let keys = [
        Taint::NOT_READY,
        Taint::UNREACHABLE,
        Taint::UNSCHEDULABLE,
        "node.kubernetes.io/network-unavailable",
        "node.kubernetes.io/memory-pressure",
        "node.kubernetes.io/disk-pressure",
        "node.kubernetes.io/pid-pressure",
    ];
    taint.effect == TaintEffect::NoSchedule && keys.contains(&&*taint.key)
}

fn has(taints: &[Taint], taint: &Taint) -> bool {
    taints.iter().any(|other| other.is_same(taint))
}

/// The taints as they are with these and without those (SwapNodeControllerTaint); `None` if they are so already.
fn swapped(taints: &[Taint], add: &[Taint], remove: &[Taint], now: Time) -> Option<Vec<Taint>> {
    let mut new: Vec<Taint> = taints.iter().filter(|taint| !has(remove, taint)).cloned().collect();
    let added = Some(Str::from(rfc3339::print(now).as_str()));
    let missing = add.iter().filter(|taint| !has(taints, taint));
    new.extend(missing.map(|taint| Taint { time_added: added.clone(), ..taint.clone() }));
    (new != taints).then_some(new)
}

impl World {
    /// The kubelet has stopped reporting: after --node-monitor-grace-period that is said of its node.
    pub(crate) fn node_went_silent(&mut self, node: Uid) {
        let Some(machine) = self.machines.get_mut(&node) else { return };
        machine.silence += 1;
        let epoch = machine.silence;
        let unknown = self.clock.now() + self.timing.node_monitor_grace;
        self.schedule(unknown, Event::Node { node, epoch, step: NodeStep::Unknown });
    }

    pub(crate) fn node_step(&mut self, node: Uid, epoch: u32, step: NodeStep) {
        let Some(machine) = self.machines.get(&node) else { return };
        let by_silence = matches!(step, NodeStep::Unknown | NodeStep::Reconnected);
        if epoch != if by_silence { machine.silence } else { machine.boot } {
            return;
        }
        let name = machine.name.clone();
        match step {
            NodeStep::Ready => self.kubelet_has_started(node),
            // It reports when it has started.
            NodeStep::Reconnected if machine.boots => {}
            NodeStep::Reconnected => {
                self.kubelet_reports_ready(&name);
                self.kubelet_reconnects(node);
            }
            NodeStep::Unknown => self.nobody_reports(&name),
        }
    }

    /// The connection between the node and the API server breaks, or works again. Pod traffic and the cloud's
    /// health checks do not use it.
    pub(crate) fn cut_off(&mut self, node: Uid, on: bool) {
        let Some(machine) = self.machines.get_mut(&node).filter(|m| m.cut_off != on) else { return };
        let was_silent = machine.is_silent();
        machine.cut_off = on;
        self.changes.scene = true;
        self.changes.rules.insert(node);
        if on {
            self.break_watch(node);
            if !was_silent {
                self.node_went_silent(node);
            }
        } else if self.machines[&node].power {
            self.node_reconnects(node);
        }
    }

    fn node_reconnects(&mut self, node: Uid) {
        let delay = self.watch_delay(node, Notice::Connection);
        let at = self.clock.now() + delay;
        let Some(machine) = self.machines.get_mut(&node) else { return };
        machine.silence += 1;
        if std::mem::take(&mut machine.booted_cut_off) {
            self.node_boots(node, delay);
            return;
        }
        let epoch = machine.silence;
        self.schedule(at, Event::Node { node, epoch, step: NodeStep::Reconnected });
        self.proxy_catches_up(node, delay);
    }

    /// The machine has booted. What it shall run its kubelet learns from the API server alone.
    fn kubelet_has_started(&mut self, node: Uid) {
        let Some(machine) = self.machines.get_mut(&node) else { return };
        machine.boots = false;
        machine.booted_cut_off = machine.cut_off;
        if machine.is_silent() {
            return;
        }
        let name = machine.name.clone();
        self.kubelet_reports_ready(&name);
        self.pods_regain_power(node);
        self.speaker_joins(node);
        self.kubelet_lists(&name);
    }

    fn kubelet_reports_ready(&mut self, name: &Name) {
        self.set_conditions(name, NodeConditions::reported(true, self.clock.now()));
    }

    /// tryUpdateNodeHealth, once --node-monitor-grace-period is over, and the rest of that look at all nodes.
    fn nobody_reports(&mut self, name: &Name) {
        let Some(node) = self.store.node(name).cloned() else { return };
        self.set_conditions(name, node.conditions.clone().unknown(self.clock.now()));
        if node.ready() == ConditionStatus::True {
            self.mark_pods_not_ready(name);
        }
        self.monitor_node_health();
    }

    fn set_conditions(&mut self, name: &Name, conditions: NodeConditions) {
        let Some(node) = self.store.node(name).cloned() else { return };
        let conditions = conditions.after(&node.conditions);
        let condition = conditions.ready.status;
        if node.ready() == condition {
            return;
        }
        self.update_object::<Node>(&node.meta.key(), |node| node.conditions = conditions);
        self.record(LogEntry::NodeCondition { node: name.clone(), condition });
    }

    /// controller/util/node, MarkPodsNotReady: changes only the status in the API server. The kubelet reports its
    /// own when it can reach the API server again.
    fn mark_pods_not_ready(&mut self, node: &str) {
        for key in self.pods_on(node) {
            if self.store.pods.get(&key).is_some_and(|p| p.status.is_ready()) {
                let now = self.clock.now();
                self.update_object::<Pod>(&key, |p| {
                    let ready = &mut p.status.conditions.ready;
                    *ready = Some(PodCondition::new(false).after(ready.as_ref(), now));
                });
                self.record(LogEntry::Ready { pod: key, ready: false });
            }
        }
    }

    /// A Node was written.
    pub(crate) fn node_lifecycle_follows(&mut self, old: Option<&Arc<Node>>, new: Option<&Arc<Node>>) {
        if let Some(node) = new {
            let wanted = condition_taints(node);
            let there = node.spec.taints.iter().filter(|taint| is_condition_taint(taint));
            if there.clone().count() != wanted.len() || !there.into_iter().all(|taint| has(&wanted, taint)) {
                self.enqueue(WorkItem::NodeTaints(node.meta.name.clone()));
            }
        }
        // A node that comes ready changes nothing.
        let health = |node: Option<&Arc<Node>>| node.map_or(ConditionStatus::True, |node| node.ready());
        let no_execute = |node: Option<&Arc<Node>>| {
            let own = |key: &str| Taint::new(key, TaintEffect::NoExecute);
            let taints = node.map_or(&[][..], |node| &node.spec.taints);
            [own(Taint::NOT_READY), own(Taint::UNREACHABLE)].map(|taint| has(taints, &taint))
        };
        if health(old) != health(new) || no_execute(old) != no_execute(new) {
            self.look_at_health_later(Span(1));
        }
    }

    /// At the controller's next look, but not before `wait`.
    fn look_at_health_later(&mut self, wait: Span) {
        let from = self.clock.now() + wait;
        let next = Time(from.0.div_ceil(MONITOR_PERIOD.0) * MONITOR_PERIOD.0);
        self.enqueue_after(WorkItem::NodeHealth, next.since(self.clock.now()));
    }

    /// doNoScheduleTaintingPass.
    pub(crate) fn sync_condition_taints(&mut self, name: &Name) {
        let Some(node) = self.store.node(name).cloned() else { return };
        let wanted = condition_taints(&node);
        let there = node.spec.taints.iter().filter(|taint| is_condition_taint(taint));
        let surplus: Vec<Taint> = there.filter(|taint| !has(&wanted, taint)).cloned().collect();
        self.swap_taints(&node, &wanted, &surplus);
    }

    fn swap_taints(&mut self, node: &Node, add: &[Taint], remove: &[Taint]) {
        if let Some(taints) = swapped(&node.spec.taints, add, remove, self.clock.now()) {
            self.update_object::<Node>(&node.meta.key(), |node| node.spec.taints = taints);
        }
    }

    /// monitorNodeHealth (processTaintBaseEviction, handleDisruption) and doNoExecuteTaintingPass: which nodes have the
    /// taints that drive Pods away. If no node at all is ready the fault is taken to be the controller's own, and none
    /// has.
    pub(crate) fn monitor_node_health(&mut self) {
        let nodes: Vec<Arc<Node>> = self.store.nodes.iter().cloned().collect();
        let mut zones: BTreeMap<Str, Zone> = BTreeMap::new();
        for node in nodes.iter().filter(|node| is_counted(node)) {
            let zone = zones.entry(zone_key(node)).or_default();
            match node.ready() {
                ConditionStatus::True => zone.ready += 1,
                ConditionStatus::False | ConditionStatus::Unknown => zone.not_ready += 1,
            }
        }
        let all_disrupted = zones.values().all(|zone| zone.ready == 0);
        let [not_ready, unreachable] =
            [Taint::NOT_READY, Taint::UNREACHABLE].map(|key| Taint::new(key, TaintEffect::NoExecute));
        for node in &nodes {
            let (add, remove) = match node.ready() {
                _ if all_disrupted => (None, vec![not_ready.clone(), unreachable.clone()]),
                ConditionStatus::True => (None, vec![not_ready.clone(), unreachable.clone()]),
                ConditionStatus::False => (Some(not_ready.clone()), vec![unreachable.clone()]),
                ConditionStatus::Unknown => (Some(unreachable.clone()), vec![not_ready.clone()]),
            };
            let has_one = has(&node.spec.taints, &not_ready) || has(&node.spec.taints, &unreachable);
            if add.is_none() || has_one || self.may_taint(node, &zones) {
                self.swap_taints(node, add.as_slice(), &remove);
            }
        }
    }

    /// RateLimitedTimedQueue.Try: whether it is the zone's turn. If not, it is later.
    fn may_taint(&mut self, node: &Node, zones: &BTreeMap<Str, Zone>) -> bool {
        let (key, now) = (zone_key(node), self.clock.now());
        let Some(period) = zones.get(&key).copied().unwrap_or_default().period() else { return false };
        let next = self.node_lifecycle.tainted.get(&key).map_or(Time::ZERO, |last| *last + period);
        if next > now {
            self.enqueue_after(WorkItem::NodeHealth, next.since(now));
            return false;
        }
        self.node_lifecycle.tainted.insert(key, now);
        true
    }

    pub(crate) fn pods_on(&self, node: &str) -> Vec<NsName> {
        self.store.pods_on(node).map(|p| p.meta.key()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The cases of node_lifecycle_controller_test.go, TestMonitorNodeHealthEvictPodsWithDisruption's zones: of so many
    /// nodes so many are not ready.
    #[test]
    fn the_fewer_are_ready_the_slower_they_are_tainted() {
        for (all, not_ready, expected) in [
            (1, 1, Some(EVICTION_PERIOD)),
            (3, 2, Some(EVICTION_PERIOD)),
            (4, 3, None),
            (6, 3, Some(EVICTION_PERIOD)),
            (20, 11, None),
            (20, 20, Some(EVICTION_PERIOD)),
            (60, 40, Some(SECONDARY_EVICTION_PERIOD)),
            (60, 30, Some(EVICTION_PERIOD)),
        ] {
            let zone = Zone { ready: all - not_ready, not_ready };
            assert_eq!(zone.period(), expected, "{not_ready} of {all}");
        }
    }

    /// After node_lifecycle_controller_test.go, TestTaintsNodeByCondition.
    #[test]
    fn taints_of_conditions_follow_the_conditions() {
        let mut node = Node::default();
        let keys = |node: &Node| {
            condition_taints(node).iter().map(|taint| taint.key.to_string()).collect::<Vec<String>>()
        };
        assert!(keys(&node).is_empty());
        node.spec.unschedulable = true;
        node.conditions = node.conditions.unknown(Time(5));
        assert_eq!(keys(&node), [Taint::UNREACHABLE, Taint::UNSCHEDULABLE]);
        assert!(
            node.conditions.iter().iter().all(|(_, c)| c.reason == "NodeStatusUnknown" && c.since == Time(5))
        );
        node.conditions = NodeConditions::reported(false, Time(9)).after(&node.conditions);
        assert_eq!(keys(&node), [Taint::NOT_READY, Taint::UNSCHEDULABLE]);
        assert_eq!(node.conditions.ready.reason, "KubeletNotReady");
    }

    #[test]
    fn a_swap_leaves_the_taints_of_others() {
        let taint = |key: &str, effect| Taint::new(key, effect);
        let own = taint("own", TaintEffect::NoSchedule);
        let unreachable = taint(Taint::UNREACHABLE, TaintEffect::NoExecute);
        let not_ready = taint(Taint::NOT_READY, TaintEffect::NoExecute);
        let there = [own.clone(), not_ready.clone()];
        let new = swapped(&there, std::slice::from_ref(&unreachable), &[not_ready], Time::ZERO);
        let new = new.expect("something changes");
        assert!(new[0] == own && new[1].is_same(&unreachable) && new.len() == 2);
        assert_eq!(new[1].time_added.as_deref(), Some("2026-01-01T00:00:00Z"));
        assert_eq!(swapped(&new, &[unreachable], &[], Time(9)), None, "it keeps its time");
    }
}
