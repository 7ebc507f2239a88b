//! Which node answers for a Service's address from the pool: MetalLB's speakers in layer 2 mode (C-23). There is one on
//! each node; each finds the same winner, who then answers ARP and neighbour discovery for the address. Source: MetalLB
//! 0.15, speaker/layer2_controller.go, ShouldAnnounce, and speaker/main.go, SetBalancer.

use std::collections::BTreeSet;

use sha2::{Digest, Sha256};

use crate::api::{Name, Node, NsName, Service, Uid};
use crate::sim::{Event, LogEntry, World};

impl World {
    /// Elects the node that answers for a Service's addresses.
    pub(crate) fn reconcile_announcement(&mut self, key: &NsName) {
        let Some(assigned) = self.pool.assigned.get(key) else { return };
        let service = self.store.services.get(key).filter(|service| !service.ingress.is_empty());
        let node = service.and_then(|service| self.elected(service));
        if assigned.node == node {
            return;
        }
        let uid = assigned.service;
        self.changes.scene = true;
        self.changes.objects.insert(uid);
        self.digest(&[u64::from(uid.0), node.map_or(0, |node| u64::from(node.0))]);
        if let Some(name) = node.and_then(|node| self.node_name(node)).cloned() {
            self.record(LogEntry::NodeAssigned { service: key.clone(), node: name });
        }
        if let Some(assigned) = self.pool.assigned.get_mut(key) {
            assigned.node = node;
        }
    }

    pub(super) fn reconcile_announcements(&mut self) {
        let keys: Vec<NsName> = self.pool.assigned.keys().cloned().collect();
        for key in keys {
            self.reconcile_announcement(&key);
        }
    }

    /// The first node of those that may, by the hash of its name and the first of the addresses. Nobody answers for a
    /// Service without an endpoint that serves; with externalTrafficPolicy Local only nodes with such an endpoint do.
    fn elected(&self, service: &Service) -> Option<Uid> {
        let key = service.meta.key();
        let serving: Vec<Option<&Name>> = self
            .store
            .endpoints_of(&key)
            .filter(|endpoint| endpoint.ready || endpoint.serving)
            .map(|endpoint| endpoint.node.as_ref())
            .collect();
        if serving.is_empty() {
            return None;
        }
        let nodes: BTreeSet<&Name> = serving.into_iter().flatten().collect();
        let is_local = service.spec.is_external_policy_local();
        let ip = service.ingress.first()?.ip;
        let candidates = self.pool.speakers.iter().filter_map(|node| {
            let name = self.node_name(*node)?;
            let may = !is_excluded(self.store.node(name)?) && (!is_local || nodes.contains(name));
            may.then(|| (Sha256::digest(format!("{name}#{ip}")), *node))
        });
        candidates.min().map(|(_, node)| node)
    }

    /// The node's speaker runs, and joins the others.
    pub(crate) fn speaker_joins(&mut self, node: Uid) {
        if self.config.cloud.address_pool().is_some() && self.pool.speakers.insert(node) {
            self.reconcile_announcements();
        }
    }

    /// The node has lost power: the other speakers find out by and by.
    pub(crate) fn speaker_falls_silent(&mut self, node: Uid) {
        if self.pool.speakers.contains(&node)
            && let Some(machine) = self.machines.get(&node)
        {
            let boot = machine.boot;
            let at = self.clock.now() + self.timing.speaker_failure;
            self.schedule(at, Event::SpeakerLost { node, boot });
        }
    }

    pub(crate) fn speaker_is_lost(&mut self, node: Uid, boot: u32) {
        if self.machines.get(&node).is_some_and(|machine| machine.boot == boot) {
            self.pool.speakers.remove(&node);
            self.reconcile_announcements();
        }
    }

    /// Of a node that is deleted.
    pub(crate) fn forget_speaker(&mut self, node: Uid) {
        if self.pool.speakers.remove(&node) {
            self.reconcile_announcements();
        }
    }
}

/// internal/k8s/nodes, IsNodeExcludedFromBalancers: whatever the label's value is.
fn is_excluded(node: &Node) -> bool {
    node.meta.labels.contains_key(Node::EXCLUDED_FROM_BALANCERS)
}
