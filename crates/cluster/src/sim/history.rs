//! Snapshots of earlier moments of a run, for going back. They only save time: replaying the log of actions from any
//! of them gives the same run.
//!
//! Together they take at most a given number of bytes. When they take more, the least useful ones are dropped: those
//! far from the run's present moment and close to their neighbours. So older snapshots are further apart.

use std::sync::Arc;

use super::{Time, World};

/// How far a run has got. Of two, the greater comes later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Progress {
    pub events: u64,
    pub now: Time,
    /// How many of the log's actions have been carried out.
    pub actions: u32,
}

#[derive(Clone, Debug)]
pub(super) struct Snapshot {
    pub world: Arc<World>,
    pub progress: Progress,
    /// The memory that it does not share with the snapshot before it.
    bytes: u64,
}

#[derive(Clone, Debug)]
pub(super) struct History {
    /// The most bytes that `snapshots` may take. The first is kept in any case.
    budget: u64,
    /// In the run's order. The first is its beginning.
    snapshots: Vec<Snapshot>,
    /// How many events the run had processed when the last one was taken, whether or not there was room to keep it.
    last_taken: u64,
}

impl Snapshot {
    fn new(world: &World, progress: Progress, before: Option<&Snapshot>) -> Snapshot {
        let mut world = world.clone();
        // The snapshot needs no list of changes: after going back, everything is drawn again.
        world.take_changes();
        let bytes = before.map_or_else(|| world.bytes(), |before| world.bytes_beside(&before.world));
        Snapshot { world: Arc::new(world), progress, bytes }
    }
}

impl History {
    /// A snapshot is taken each time that this many events were processed ...
    pub const SPACING: u64 = 4_096;
    /// ... and just before a user's action, unless there is one at most this many events before.
    const SPACING_OF_ACTIONS: u64 = 256;

    /// While more events than these are planned, none is taken: the copy of so large a queue would hold up a page.
    const PLANNED: usize = 8_192;

    pub fn new(beginning: &World, budget: u64) -> History {
        let progress = Progress { events: beginning.events(), now: beginning.now(), actions: 0 };
        History {
            budget,
            snapshots: vec![Snapshot::new(beginning, progress, None)],
            last_taken: progress.events,
        }
    }

    /// The run before anything has happened.
    pub fn beginning(&self) -> &World {
        &self.snapshots.first().expect("the beginning is kept in any case").world
    }

    pub fn set_budget(&mut self, bytes: u64) {
        self.budget = bytes;
        let last = self.snapshots.last().map(|snapshot| snapshot.progress.events);
        self.thin(last.unwrap_or(0));
    }

    /// The estimated memory of all snapshots.
    pub fn bytes(&self) -> u64 {
        self.snapshots.iter().map(|snapshot| snapshot.bytes).sum()
    }

    /// Takes a snapshot if one is due.
    pub fn keep_if_due(&mut self, world: &World, progress: Progress) {
        self.keep(world, progress, History::SPACING);
    }

    /// The same before a user's action, which may be undone.
    pub fn keep_before_action(&mut self, world: &World, progress: Progress) {
        self.keep(world, progress, History::SPACING_OF_ACTIONS);
    }

    fn keep(&mut self, world: &World, progress: Progress, spacing: u64) {
        let at = self.snapshots.partition_point(|snapshot| snapshot.progress <= progress);
        let before = at.checked_sub(1).and_then(|before| self.snapshots.get(before));
        let is_near_to = |events: u64| (events..events + spacing).contains(&progress.events);
        let is_near =
            is_near_to(self.last_taken) || before.is_some_and(|before| is_near_to(before.progress.events));
        let has_no_room = self.snapshots.len() == 1 && self.bytes() >= self.budget;
        if is_near || has_no_room || world.planned() > History::PLANNED {
            return;
        }
        self.last_taken = progress.events;
        let snapshot = Snapshot::new(world, progress, before);
        self.snapshots.insert(at, snapshot);
        self.update_bytes(at + 1);
        self.thin(progress.events);
    }

    /// Estimates the snapshot's memory again, because the one before it has changed.
    fn update_bytes(&mut self, at: usize) {
        let Some((until, from)) = self.snapshots.split_at_mut_checked(at) else { return };
        if let (Some(before), Some(snapshot)) = (until.last(), from.first_mut()) {
            snapshot.bytes = snapshot.world.bytes_beside(&before.world);
        }
    }

    /// Drops snapshots until they are within the budget. `events`: how many the run has processed.
    fn thin(&mut self, events: u64) {
        while self.bytes() > self.budget && self.snapshots.len() > 1 {
            let at = self.least_useful(events);
            self.snapshots.remove(at);
            self.update_bytes(at);
        }
    }

    /// The least useful snapshot: the distance between its neighbours is smallest, relative to its distance from now.
    fn least_useful(&self, events: u64) -> usize {
        let at = |index: usize| self.snapshots.get(index).map(|snapshot| snapshot.progress.events);
        let gap_and_distance = |index: &usize| {
            let (before, own) = (at(index - 1).unwrap_or(0), at(*index).unwrap_or(0));
            let gap = at(index + 1).unwrap_or(events.max(own)) - before;
            (u128::from(gap) + 1, u128::from(own.abs_diff(events)) + u128::from(History::SPACING))
        };
        let less = |a: &usize, b: &usize| {
            let ((gap_a, distance_a), (gap_b, distance_b)) = (gap_and_distance(a), gap_and_distance(b));
            (gap_a * distance_b).cmp(&(gap_b * distance_a))
        };
        // The first is never dropped.
        (1..self.snapshots.len()).min_by(less).unwrap_or(1)
    }

    /// The last snapshot that is neither after `to` nor after this many actions.
    pub fn nearest(&self, to: Time, actions: u32) -> Option<&Snapshot> {
        let fits = |snapshot: &&Snapshot| snapshot.progress.now <= to && snapshot.progress.actions <= actions;
        self.snapshots.iter().rev().find(fits)
    }

    /// The run changes from there on: drops the snapshots after it.
    pub fn forget_after(&mut self, progress: Progress) {
        let end = self.snapshots.partition_point(|snapshot| snapshot.progress <= progress);
        self.snapshots.truncate(end.max(1));
    }
}

#[cfg(test)]
mod tests {
    use super::{History, Progress};
    use crate::api::parse;
    use crate::sim::{Event, Time, World};

    const WEB: &str =
        include_str!("../../tests/scenarios/a-service-is-called-from-inside-and-from-outside/input.yaml");

    /// In a cluster that is larger than the history, taking one again and again would take all the time there is.
    #[test]
    fn a_snapshot_that_there_is_no_room_for_is_not_taken_again_at_once() {
        let (mut world, _) = World::load(&parse(WEB), Some(7));
        let mut history = History::new(&world, 0);
        history.set_budget(history.bytes() + 1);
        let progress = |world: &World| Progress { events: world.events(), now: world.now(), actions: 0 };
        let mut taken = Vec::new();
        for events in [History::SPACING, 1, History::SPACING] {
            let goal = world.events() + events;
            while world.events() < goal {
                world.advance_to(Time(u64::MAX), goal - world.events());
            }
            history.keep_if_due(&world, progress(&world));
            assert_eq!(history.snapshots.len(), 1, "there is no room");
            taken.push(history.last_taken);
        }
        assert!(taken[0] > 0 && taken[1] == taken[0] && taken[2] > taken[1], "{taken:?}");
    }

    #[test]
    fn a_snapshot_waits_while_very_much_is_planned() {
        let (mut world, _) = World::load(&parse(WEB), Some(7));
        let mut history = History::new(&world, u64::MAX);
        let later = Time(1_000_000_000);
        for _ in 0..=History::PLANNED {
            world.schedule(later, Event::ProxyRestart { node: Default::default(), boot: 0 });
        }
        let progress = |world: &World| Progress { events: world.events(), now: world.now(), actions: 0 };
        let goal = history.last_taken + History::SPACING;
        let mut keep_at = |world: &mut World, goal: u64| {
            while world.events() < goal {
                world.advance_to(Time(u64::MAX), goal - world.events());
            }
            history.keep_if_due(world, progress(world));
            history.snapshots.len()
        };
        assert_eq!(keep_at(&mut world, 1), 1);
        assert!(world.planned() > History::PLANNED, "nothing of it has come yet");
        assert_eq!(keep_at(&mut world, goal), 2, "there is room for it again");
    }
}
