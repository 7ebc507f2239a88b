//! What happens in a cluster only after somebody did something to it: Pods end, nodes fall silent,
//! kube-proxies start anew, old ReplicaSets go.
//!
//! A World calls it through this table, which [`super::Run::take_hand`] gives it: a run that is only
//! watched is linked without.

use std::sync::Arc;

use super::{Event, World};
use crate::api::{Deployment, NsName, Pod, ReplicaSet, Service, Str, Uid};
use crate::control::Groups;
use crate::dns::Answer;
use crate::node::kubelet::KubeletStep;
use crate::node::{CleanConntrack, Machine, WriteRules, clean_conntrack, leftover_chains, write_changes};

#[derive(Debug)]
pub(crate) struct AfterDeed {
    event: fn(&mut World, Event),
    pub kubelet_ends: fn(&mut World, Uid, KubeletStep),
    pub delete_pod: fn(&mut World, &NsName, Option<u32>),
    pub delete_surplus: fn(&mut World, Vec<Arc<Pod>>, u32),
    /// No built-in scenario has annotations.
    pub hint_by_cpu: fn(&World, &Service, &mut Groups),
    pub scale_down_old: fn(&mut World, &Deployment, &ReplicaSet, &[Arc<ReplicaSet>], u32),
    /// What an update of a Service leaves out.
    pub carry_over: fn(&World, &mut Service, &Service),
    /// UDP entries that lead where kube-proxy's rules do not any more. No built-in scenario has a UDP port.
    pub clean_conntrack: CleanConntrack,
    /// A sync that writes only what has changed. What is only watched is small.
    pub write_rules: WriteRules,
    /// No built-in scenario calls anything in cluster DNS but Services of the caller's own namespace.
    pub resolve: fn(&World, &str, &str, u64, u64) -> Answer,
    /// Only in a large cluster: no built-in scenario has one.
    pub leftover_chains: fn(&Machine) -> Vec<Str>,
}

pub(crate) static AFTER_DEED: AfterDeed = AfterDeed {
    event: World::process_after_deed,
    kubelet_ends: World::kubelet_ends,
    delete_pod: World::delete_pod,
    delete_surplus: World::delete_surplus,
    hint_by_cpu: World::hint_by_cpu,
    scale_down_old: World::scale_down_old,
    carry_over: World::carry_over,
    clean_conntrack,
    write_rules: write_changes,
    resolve: World::resolve,
    leftover_chains,
};

impl World {
    pub(crate) fn after_deed(&self) -> &'static AfterDeed {
        self.after_deed.expect("nobody acts in a run that is only watched")
    }

    pub(crate) fn write_rules(&self) -> Option<WriteRules> {
        self.after_deed.map(|deed| deed.write_rules)
    }

    /// An event that the World does not process by itself.
    pub(super) fn process_other(&mut self, event: Event) {
        (self.after_deed().event)(self, event);
    }

    fn process_after_deed(&mut self, event: Event) {
        match event {
            Event::ProxyRelist { node, watch } => self.proxy_relists(node, watch),
            Event::ProxyTerminates { node, start } => self.proxy_terminates(node, start),
            Event::ProxyRestart { node, boot } => self.proxy_restarts(node, boot),
            Event::Node { node, epoch, step } => self.node_step(node, epoch, step),
            other => unreachable!("the World processes this by itself: {other:?}"),
        }
    }
}
