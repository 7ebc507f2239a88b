//! How the control plane reacts to a node that stops reporting, and to one that reports again.
//! Source: pkg/controller/nodelifecycle (node_lifecycle_controller.go), tainteviction.

use std::sync::Arc;

use crate::api::{Node, NodeCondition, NsName, Pod, PodCondition, Taint, TaintEffect, Toleration, Uid};
use crate::sim::{Event, LogEntry, NodeStep, World};

impl World {
    /// The kubelet has stopped reporting: starts the grace period and the eviction timer.
    pub(crate) fn node_went_silent(&mut self, node: Uid) {
        let Some(machine) = self.machines.get_mut(&node) else { return };
        machine.silence += 1;
        let epoch = machine.silence;
        let unknown = self.clock.now() + self.timing.node_monitor_grace;
        self.schedule(unknown, Event::Node { node, epoch, step: NodeStep::Unknown });
        let evict = unknown + self.timing.node_eviction;
        self.schedule(evict, Event::Node { node, epoch, step: NodeStep::Evict });
    }

    pub(crate) fn node_step(&mut self, node: Uid, epoch: u32, step: NodeStep) {
        let Some(machine) = self.machines.get(&node) else { return };
        let by_silence = matches!(step, NodeStep::Unknown | NodeStep::Evict | NodeStep::Reconnected);
        if epoch != if by_silence { machine.silence } else { machine.boot } {
            return;
        }
        let name = machine.name.clone();
        match step {
            NodeStep::Ready if machine.is_silent() => {}
            NodeStep::Ready => self.set_node_condition(&name, NodeCondition::True),
            NodeStep::Reconnected => {
                self.set_node_condition(&name, NodeCondition::True);
                self.kubelet_reconnects(node);
            }
            NodeStep::Unknown => {
                self.set_node_condition(&name, NodeCondition::Unknown);
                self.mark_pods_unready(&name);
            }
            NodeStep::Evict => self.evict_pods(&name),
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
        let delay = self.watch_delay(node, 2);
        let at = self.clock.now() + delay;
        let Some(machine) = self.machines.get_mut(&node) else { return };
        machine.silence += 1;
        if std::mem::take(&mut machine.booted_cut_off) {
            self.node_boots(node, delay);
            self.pods_regain_power(node, delay);
            return;
        }
        let epoch = machine.silence;
        self.schedule(at, Event::Node { node, epoch, step: NodeStep::Reconnected });
        self.proxy_catches_up(node, delay);
    }

    fn set_node_condition(&mut self, name: &str, condition: NodeCondition) {
        let key = NsName::new("", name);
        if self.store.nodes.get(&key).is_some_and(|n| n.ready == condition) {
            return;
        }
        self.update_object::<Node>(&key, |n| n.ready = condition);
        self.record(LogEntry::NodeCondition { node: key.name, condition });
    }

    /// controller/util/node, MarkPodsNotReady: changes only the status in the API server. The kubelet reports its
    /// own when it can reach the API server again.
    fn mark_pods_unready(&mut self, node: &str) {
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

    /// Deletes the node's Pods but those that tolerate an unreachable node for ever, as a DaemonSet's do. They stay
    /// Terminating until the kubelet reports that they have stopped. A Pod's own `tolerationSeconds` are not read: all
    /// others have the default's.
    pub(crate) fn evict_pods(&mut self, node: &str) {
        let unreachable = Taint::new(Taint::UNREACHABLE, TaintEffect::NoExecute);
        let for_ever = |toleration: &Toleration| {
            toleration.toleration_seconds.is_none() && toleration.tolerates(&unreachable)
        };
        let goes = |pod: &&Arc<Pod>| !pod.spec.tolerations.iter().any(for_ever);
        let doomed: Vec<NsName> = self.store.pods_on(node).filter(goes).map(|pod| pod.meta.key()).collect();
        for key in doomed {
            self.delete_pod(&key, None);
        }
    }

    pub(crate) fn pods_on(&self, node: &str) -> Vec<NsName> {
        self.store.pods_on(node).map(|p| p.meta.key()).collect()
    }
}
