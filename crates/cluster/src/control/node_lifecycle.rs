//! What the control plane makes of a node that stops reporting, and of one that comes back.
//! Source: pkg/controller/nodelifecycle (node_lifecycle_controller.go), tainteviction.

use crate::api::{Node, NodeCondition, NsName, Pod, Uid};
use crate::sim::{Controller, Event, LogEntry, NodeStep, World};

impl World {
    /// The kubelet has fallen silent: both clocks start.
    pub(crate) fn node_went_silent(&mut self, node: Uid, boot: u32) {
        let unknown = self.now + self.timing.node_monitor_grace;
        self.schedule(unknown, Event::Node { node, boot, step: NodeStep::Unknown });
        let evict = unknown + self.timing.node_eviction;
        self.schedule(evict, Event::Node { node, boot, step: NodeStep::Evict });
    }

    pub(crate) fn node_step(&mut self, node: Uid, boot: u32, step: NodeStep) {
        let Some(machine) = self.machines.get(&node) else { return };
        if machine.boot != boot {
            return;
        }
        let name = machine.name.clone();
        let power = machine.power;
        match step {
            NodeStep::Ready => self.set_node_condition(&name, NodeCondition::True),
            NodeStep::Unknown => {
                self.set_node_condition(&name, NodeCondition::Unknown);
                self.mark_pods_unready(&name);
            }
            NodeStep::Evict => self.evict_pods(&name),
            NodeStep::CloudHealth => {
                if power {
                    self.cloud.healthy.insert(node);
                } else {
                    self.cloud.healthy.remove(&node);
                }
                self.touch_all_services();
            }
        }
    }

    fn set_node_condition(&mut self, name: &str, condition: NodeCondition) {
        let key = NsName::new("", name);
        if self.store.nodes.get(&key).is_some_and(|n| n.ready == condition) {
            return;
        }
        self.update_object::<Node>(&key, |n| n.ready = condition);
        self.record(LogEntry::NodeCondition { node: key.name, condition });
        self.enqueue(Controller::Scheduler);
    }

    /// controller/util/node, MarkPodsNotReady.
    fn mark_pods_unready(&mut self, node: &str) {
        for key in self.pods_on(node) {
            if self.store.pods.get(&key).is_some_and(|p| p.status.ready) {
                self.set_pod_ready(&key, false);
            }
        }
    }

    /// The Pods are deleted; they stay Terminating for as long as nobody on the node can say
    /// that they have stopped.
    fn evict_pods(&mut self, node: &str) {
        for key in self.pods_on(node) {
            self.delete_pod(&key, None);
        }
    }

    pub(crate) fn pods_on(&self, node: &str) -> Vec<NsName> {
        let on = |p: &&std::sync::Arc<Pod>| p.spec.node_name.as_deref() == Some(node);
        self.store.pods.iter().filter(on).map(|p| p.meta.key()).collect()
    }
}
