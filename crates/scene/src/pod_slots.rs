//! The slot of each Pod inside its node. A Pod keeps its slot while others are added and removed. A Pod that is
//! removed leaves a ghost in its slot until its replacement runs.

use cluster::api::{NsName, Uid};
use cluster::sim::{Span, Time, World};
use litemap::LiteMap;

use super::facts::{Facts, PodFacts, PodState};

/// What is kept of a Pod in case it is removed.
#[derive(Clone, Debug, PartialEq)]
pub struct Occupant {
    pub uid: Uid,
    pub key: NsName,
    pub ip: Option<String>,
    pub services: Vec<Uid>,
    pub owner: Option<Uid>,
    /// When it came to its place.
    came: Time,
    /// When it was seen to be on its way out.
    leaving: Option<Time>,
    /// When its removal was noticed: it is a ghost from then on.
    pub gone: Option<Time>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct PodSlots {
    at: Time,
    nodes: LiteMap<Uid, Vec<Option<Occupant>>>,
}

/// How long the ghost of a Pod without a replacement is shown.
const LONE_GHOST: Span = Span::from_secs(8);

impl PodSlots {
    pub fn of(&self, node: Uid) -> &[Option<Occupant>] {
        self.nodes.get(&node).map_or(&[], Vec::as_slice)
    }

    pub fn has_ghosts(&self) -> bool {
        self.nodes.values().flatten().flatten().any(|occupant| occupant.gone.is_some())
    }

    /// Where a Pod is gone for good, the one of the same owner that came while it was leaving takes its place.
    fn close_gaps(&mut self, before: &PodSlots) {
        for (node, places) in self.nodes.iter_mut() {
            for (index, left) in before.of(*node).iter().enumerate() {
                let Some(left) = left.as_ref().filter(|_| places.get(index).is_some_and(Option::is_none))
                else {
                    continue;
                };
                let replaces = |other: &Occupant| {
                    other.owner.is_some() && other.owner == left.owner && Some(other.came) >= left.leaving
                };
                let later =
                    places.iter().skip(index + 1).rposition(|slot| slot.as_ref().is_some_and(replaces));
                if let (Some(later), true) = (later, left.leaving.is_some()) {
                    places.swap(index, index + 1 + later);
                }
            }
        }
    }

    /// The places in the fullest node.
    pub fn most(&self) -> usize {
        self.nodes.values().map(Vec::len).max().unwrap_or(0)
    }

    /// The places as they are after the World has changed.
    pub fn updated(&self, world: &World, facts: &Facts) -> PodSlots {
        let now = world.now();
        let mut slots = self.clone();
        // After going back in time, or in another cluster, missing Pods were not removed: they leave no ghosts.
        let turned_back = now < self.at;
        slots.at = now;
        slots.nodes.retain(|uid, _| facts.nodes.iter().any(|n| n.uid == *uid));
        slots.occupants_mut(|slot| {
            if let Some(occupant) = slot {
                let here = facts.pods.iter().find(|p| p.uid == occupant.uid && p.key == occupant.key);
                match here {
                    Some(pod) => {
                        *occupant = Occupant { came: occupant.came, ..occupant_of(pod, now) }.after(occupant)
                    }
                    None => occupant.gone = occupant.gone.or(Some(now)),
                }
                if here.is_none() && (turned_back || !still_missed(world, facts, occupant, now)) {
                    *slot = None;
                }
            }
        });
        for pod in &facts.pods {
            slots.place(pod);
        }
        slots.close_gaps(self);
        for (_, places) in slots.nodes.iter_mut() {
            while places.last().is_some_and(Option::is_none) {
                places.pop();
            }
        }
        slots
    }

    fn occupants_mut(&mut self, change: impl Fn(&mut Option<Occupant>)) {
        self.nodes.iter_mut().flat_map(|(_, places)| places).for_each(change);
    }

    /// Takes the Pod's own slot; or that of a ghost which it replaces; or the first free one.
    fn place(&mut self, pod: &PodFacts) {
        let Some(node) = pod.node else { return };
        let places = self.nodes.entry(node).or_default();
        if places.iter().flatten().any(|t| t.gone.is_none() && t.uid == pod.uid) {
            return;
        }
        let replaces = |t: &Occupant| {
            t.gone.is_some() && (t.key == pod.key || t.owner.is_some() && t.owner == pod.owner)
        };
        let place = places
            .iter()
            .position(|slot| slot.as_ref().is_some_and(replaces))
            .or_else(|| places.iter().position(Option::is_none));
        let occupant = Some(occupant_of(pod, self.at));
        match place {
            Some(index) => places[index] = occupant,
            None => places.push(occupant),
        }
    }
}

impl Occupant {
    fn after(self, before: &Occupant) -> Occupant {
        Occupant { leaving: before.leaving.or(self.leaving), ..self }
    }
}

fn occupant_of(pod: &PodFacts, now: Time) -> Occupant {
    Occupant {
        uid: pod.uid,
        key: pod.key.clone(),
        ip: pod.ip.clone(),
        services: pod.services.clone(),
        owner: pod.owner,
        came: now,
        leaving: matches!(pod.state, PodState::PreStop | PodState::Terminating).then_some(now),
        gone: None,
    }
}

/// Whether the replacement of a removed Pod does not run yet.
fn still_missed(world: &World, facts: &Facts, occupant: &Occupant, now: Time) -> bool {
    let Some(owner) = occupant.owner else {
        return occupant.gone.is_none_or(|gone| now.since(gone) < LONE_GHOST);
    };
    let set = world.store().replica_sets.iter().find(|rs| rs.meta.uid == owner);
    let ready = facts.pods.iter().filter(|p| p.owner == Some(owner) && p.state == PodState::Ready).count();
    set.is_some_and(|set| ready < set.spec.replicas as usize)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::SystemObjects;
    use crate::testing::{WEB, kill, pass, pods, run, settle};

    fn living(slots: &PodSlots) -> Vec<(Uid, usize, Uid)> {
        let nodes = slots.nodes.iter();
        let places = nodes.flat_map(|(node, places)| places.iter().enumerate().map(move |p| (*node, p)));
        places
            .filter_map(|(node, (i, t))| t.as_ref().filter(|t| t.gone.is_none()).map(|t| (node, i, t.uid)))
            .collect()
    }

    fn ghosts(slots: &PodSlots) -> usize {
        slots.nodes.values().flatten().flatten().filter(|t| t.gone.is_some()).count()
    }

    #[test]
    fn a_pod_keeps_its_place_while_another_is_replaced() {
        let mut run = run(WEB, 3);
        let mut slots =
            PodSlots::default().updated(run.world(), &Facts::of(run.world(), SystemObjects::Hidden));
        let before = living(&slots);
        let victim = pods(run.world(), "web")[0].clone();
        let gone = run.world().store().pods.get(&victim).map(|p| p.meta.uid);
        kill(&mut run, &victim.name);
        for _ in 0..80 {
            pass(&mut run, 250);
            slots = slots.updated(run.world(), &Facts::of(run.world(), SystemObjects::Hidden));
            let now = living(&slots);
            for place in before.iter().filter(|(_, _, uid)| Some(*uid) != gone) {
                assert!(now.contains(place), "{place:?} has not moved");
            }
        }
        assert_eq!(ghosts(&slots), 0, "its replacement runs");
        assert_eq!(living(&slots).len(), before.len());
    }

    #[test]
    fn a_pod_that_is_gone_leaves_a_ghost_until_its_replacement_runs() {
        let mut run = run(WEB, 3);
        let mut slots =
            PodSlots::default().updated(run.world(), &Facts::of(run.world(), SystemObjects::Hidden));
        for pod in pods(run.world(), "web") {
            kill(&mut run, &pod.name);
        }
        let mut most = 0;
        for _ in 0..200 {
            pass(&mut run, 50);
            slots = slots.updated(run.world(), &Facts::of(run.world(), SystemObjects::Hidden));
            most = most.max(ghosts(&slots));
        }
        settle(&mut run);
        slots = slots.updated(run.world(), &Facts::of(run.world(), SystemObjects::Hidden));
        assert!(most > 0 || slots.most() > 2, "somebody was missed, or replaced at once");
        assert_eq!(ghosts(&slots), 0);
    }

    #[test]
    fn the_replacement_takes_the_place_of_the_pod_that_was_leaving_when_it_came() {
        let run = run(WEB, 3);
        let world = run.world();
        let mut facts = Facts::of(world, SystemObjects::Hidden);
        let old = facts.pods.iter().position(|pod| pod.key.name.starts_with("web")).expect("there is one");
        let slots = PodSlots::default().updated(world, &facts);
        let place_of =
            |slots: &PodSlots, uid: Uid| living(slots).iter().find(|l| l.2 == uid).map(|l| (l.0, l.1));
        let first = place_of(&slots, facts.pods[old].uid);
        facts.pods[old].state = PodState::Terminating;
        let slots = slots.updated(world, &facts);
        let mut new = facts.pods[old].clone();
        (new.uid, new.state) = (Uid(new.uid.0 + 1_000_000), PodState::Ready);
        let uid = new.uid;
        facts.pods.push(new);
        let slots = slots.updated(world, &facts);
        assert_ne!(place_of(&slots, uid), first, "the old one is still there");
        facts.pods.remove(old);
        let slots = slots.updated(world, &facts);
        assert_eq!(place_of(&slots, uid), first);
    }

    #[test]
    fn going_back_in_time_brings_the_pods_back_to_their_places() {
        let mut run = run(WEB, 3);
        let first = PodSlots::default().updated(run.world(), &Facts::of(run.world(), SystemObjects::Hidden));
        let then = run.world().now();
        let victim = pods(run.world(), "payment")[0].name.clone();
        kill(&mut run, &victim);
        pass(&mut run, 20_000);
        let later = first.updated(run.world(), &Facts::of(run.world(), SystemObjects::Hidden));
        assert_ne!(living(&first), living(&later));
        run.seek(then, u64::MAX);
        let again = later.updated(run.world(), &Facts::of(run.world(), SystemObjects::Hidden));
        assert_eq!(ghosts(&again), 0);
        assert_eq!(living(&again).len(), living(&first).len());
    }
}
