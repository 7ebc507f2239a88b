//! Which place inside its node each Pod has. A Pod keeps its place while others come and go; one
//! that dies leaves a ghost there until its replacement runs.

use std::collections::BTreeMap;

use cluster::api::{NsName, Uid};
use cluster::sim::{Span, Time, World};

use super::facts::{Facts, PodFacts, PodState};

/// What is remembered of a Pod for when it is gone.
#[derive(Clone, Debug, PartialEq)]
pub struct Tenant {
    pub uid: Uid,
    pub key: NsName,
    pub ip: Option<String>,
    pub services: Vec<Uid>,
    pub owner: Option<Uid>,
    /// When it was found to be gone: a ghost from then on.
    pub gone: Option<Time>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Slots {
    at: Time,
    nodes: BTreeMap<Uid, Vec<Option<Tenant>>>,
}

/// How long a Pod that nobody replaces leaves its ghost.
const LONE_GHOST: Span = Span::from_secs(8);

impl Slots {
    pub fn of(&self, node: Uid) -> &[Option<Tenant>] {
        self.nodes.get(&node).map_or(&[], Vec::as_slice)
    }

    /// The places in the fullest node.
    pub fn most(&self) -> usize {
        self.nodes.values().map(Vec::len).max().unwrap_or(0)
    }

    /// The places as they are after the World has changed.
    pub fn updated(&self, world: &World, facts: &Facts) -> Slots {
        let now = world.now();
        let mut slots = self.clone();
        if now < self.at {
            // Time was turned back, or this is another cluster: what is gone there is not known.
            slots.tenants_mut(|slot| *slot = slot.take().filter(|t| t.gone.is_none()));
        }
        slots.at = now;
        slots.nodes.retain(|uid, _| facts.nodes.iter().any(|n| n.uid == *uid));
        slots.tenants_mut(|slot| {
            if let Some(tenant) = slot {
                let here = facts.pods.iter().find(|p| p.uid == tenant.uid && p.key == tenant.key);
                match here {
                    Some(pod) => *tenant = tenant_of(pod),
                    None => tenant.gone = tenant.gone.or(Some(now)),
                }
                if here.is_none() && !still_missed(world, facts, tenant, now) {
                    *slot = None;
                }
            }
        });
        for pod in &facts.pods {
            slots.place(pod);
        }
        for places in slots.nodes.values_mut() {
            while places.last().is_some_and(Option::is_none) {
                places.pop();
            }
        }
        slots
    }

    fn tenants_mut(&mut self, change: impl Fn(&mut Option<Tenant>)) {
        self.nodes.values_mut().flatten().for_each(change);
    }

    /// Its own place; else that of a ghost which it replaces; else the first that is free.
    fn place(&mut self, pod: &PodFacts) {
        let Some(node) = pod.node else { return };
        let places = self.nodes.entry(node).or_default();
        if places.iter().flatten().any(|t| t.gone.is_none() && t.uid == pod.uid) {
            return;
        }
        let replaces =
            |t: &Tenant| t.gone.is_some() && (t.key == pod.key || t.owner.is_some() && t.owner == pod.owner);
        let place = places
            .iter()
            .position(|slot| slot.as_ref().is_some_and(replaces))
            .or_else(|| places.iter().position(Option::is_none));
        let tenant = Some(tenant_of(pod));
        match place {
            Some(index) => places[index] = tenant,
            None => places.push(tenant),
        }
    }
}

fn tenant_of(pod: &PodFacts) -> Tenant {
    Tenant {
        uid: pod.uid,
        key: pod.key.clone(),
        ip: pod.ip.clone(),
        services: pod.services.clone(),
        owner: pod.owner,
        gone: None,
    }
}

/// Whether a Pod that is gone still wants for a replacement that runs.
fn still_missed(world: &World, facts: &Facts, tenant: &Tenant, now: Time) -> bool {
    let Some(owner) = tenant.owner else {
        return tenant.gone.is_none_or(|gone| now.since(gone) < LONE_GHOST);
    };
    let set = world.store().replica_sets.iter().find(|rs| rs.meta.uid == owner);
    let ready = facts.pods.iter().filter(|p| p.owner == Some(owner) && p.state == PodState::Ready).count();
    set.is_some_and(|set| ready < set.replicas as usize)
}
