//! A run: a World, the actions that made it what it is, and the way back.
//!
//! The scenario, the seed and the log of actions *are* the run; snapshots only save the time of
//! doing it again from the start.

use super::{LogEntry, Refusal, Time, Touched, World};
use crate::api::{Action, Manifest, TimedAction};

#[derive(Clone, Debug)]
pub struct Run {
    world: World,
    /// Actions by time; those at one moment in the order in which they were done.
    log: Vec<TimedAction>,
    /// What the scenario itself does: it comes whatever a person does before.
    script: Vec<TimedAction>,
    /// How many of `log` the World has had.
    done: u32,
    /// Worlds of earlier moments, each with how many actions it had had.
    snapshots: Vec<(World, u32)>,
    /// For each action that can be undone, in their order: the World just before it, and the
    /// action's place in `log`.
    undo: Vec<(World, u32)>,
    /// Actions that were undone, the last one first to come back.
    redo: Vec<TimedAction>,
    events_at_snapshot: u64,
}

impl Run {
    /// A snapshot every so many events ...
    const SNAPSHOT_EVERY: u64 = 4_096;
    /// ... and at most so many; when there are more, every other one of the older half goes.
    const SNAPSHOTS_KEPT: usize = 48;
    const UNDO_KEPT: usize = 64;

    pub fn new(manifest: &Manifest, seed: Option<u64>) -> (Run, Vec<Refusal>) {
        let mut script = manifest.scenario.as_ref().map(|s| s.actions.clone()).unwrap_or_default();
        script.sort_by_key(|a| a.at);
        let (world, refusals) = World::load(manifest, seed);
        let run = Run {
            // The way back to the first moment is there from the beginning.
            snapshots: vec![(world.clone(), 0)],
            world,
            log: script.clone(),
            script,
            done: 0,
            undo: Vec::new(),
            redo: Vec::new(),
            events_at_snapshot: 0,
        };
        (run, refusals)
    }

    /// Goes on with a run that was recorded: of its actions the scenario's own are those in
    /// `script`, the others were a person's. As the run comes past those, they can be undone again.
    /// `undone` is what [`Run::undone`] gave.
    pub fn resume(
        manifest: &Manifest,
        script: Vec<TimedAction>,
        undone: Vec<TimedAction>,
    ) -> (Run, Vec<Refusal>) {
        let (run, refusals) = Run::new(manifest, None);
        (Run { script, redo: undone, ..run }, refusals)
    }

    pub fn world(&self) -> &World {
        &self.world
    }

    /// Every action of the run, those still to come included.
    pub fn actions(&self) -> &[TimedAction] {
        &self.log
    }

    /// What was undone, the last one first to come back.
    pub fn undone(&self) -> &[TimedAction] {
        &self.redo
    }

    pub fn take_touched(&mut self) -> Touched {
        self.world.take_touched()
    }

    /// Runs on until `until`, or until about `budget` events were processed. True when it got
    /// there.
    pub fn advance_to(&mut self, until: Time, budget: u64) -> bool {
        let stop = self.world.events().saturating_add(budget);
        loop {
            let left = stop.saturating_sub(self.world.events());
            if left == 0 {
                return false;
            }
            let next = self.log.get(self.done as usize).map(|a| a.at);
            let leg = next.map_or(until, |at| at.min(until));
            let slice = left.min(Run::SNAPSHOT_EVERY);
            let arrived = self.world.advance_to(leg, slice);
            self.take_snapshot_if_due();
            if !arrived {
                continue;
            }
            match next {
                Some(at) if at <= until => self.do_next_logged(),
                Some(_) | None => return true,
            }
        }
    }

    /// Runs to the next moment at which something happens, and through it.
    pub fn step(&mut self) -> bool {
        let next_action = self.log.get(self.done as usize).map(|a| a.at);
        let next = [self.world.next_event_at(), next_action].into_iter().flatten().min();
        let Some(at) = next else { return false };
        self.advance_to(at, u64::MAX)
    }

    /// An action of the script can be refused, and one that an earlier run took: it is then passed over, and the
    /// log says so.
    fn do_next_logged(&mut self) {
        let next = self.log[self.done as usize].clone();
        let before = (!self.script.contains(&next)).then(|| (self.world.clone(), self.done));
        self.done += 1;
        match (self.world.apply(&next.action), before) {
            (Ok(()), Some(before)) => self.keep_for_undo(before),
            (Ok(()), None) => {}
            (Err(refusals), _) => {
                for refusal in refusals {
                    self.world.record(LogEntry::Refused { refusal });
                }
            }
        }
    }

    fn keep_for_undo(&mut self, before: (World, u32)) {
        let place = self.undo.partition_point(|(_, done)| *done < before.1);
        if self.undo.get(place).is_some_and(|(_, done)| *done == before.1) {
            return;
        }
        self.undo.insert(place, before);
        if self.undo.len() > Run::UNDO_KEPT {
            self.undo.remove(0);
        }
    }

    fn take_snapshot_if_due(&mut self) {
        if self.world.events() >= self.events_at_snapshot + Run::SNAPSHOT_EVERY {
            self.take_snapshot();
        }
    }

    fn take_snapshot(&mut self) {
        self.events_at_snapshot = self.world.events();
        self.snapshots.push((self.world.clone(), self.done));
        if self.snapshots.len() > Run::SNAPSHOTS_KEPT {
            let half = self.snapshots.len() / 2;
            let mut index = 0;
            self.snapshots.retain(|_| {
                index += 1;
                index == 1 || index > half || index % 2 == 1
            });
        }
    }

    /// Does something now. What a person did later, and what was undone, is forgotten: the run
    /// takes another way from here. The scenario's own actions still come. What is refused
    /// changes nothing.
    pub fn act(&mut self, action: Action) -> Result<(), Vec<Refusal>> {
        // A frame may have ended in the middle of a moment; done again from the log, the action
        // comes at the end of it.
        self.advance_to(self.world.now(), u64::MAX);
        let before = (self.world.clone(), self.done);
        self.world.apply(&action)?;
        let at = self.world.now();
        self.log.truncate(self.done as usize);
        self.log.push(TimedAction { at, action });
        // All of the script up to now has been done: see advance_to.
        self.log.extend(self.script.iter().filter(|a| a.at > at).cloned());
        self.done += 1;
        self.redo.clear();
        self.forget_from(at);
        self.undo.retain(|(_, done)| *done < before.1);
        self.keep_for_undo(before);
        Ok(())
    }

    /// Snapshots of a future that will not be any more.
    fn forget_from(&mut self, at: Time) {
        self.snapshots
            .retain(|(world, _)| world.now() <= at && world.now() < at || world.now() == Time::ZERO);
        self.events_at_snapshot = self.snapshots.last().map_or(0, |(world, _)| world.events());
    }

    pub fn can_undo(&self) -> bool {
        !self.undo.is_empty()
    }

    pub fn can_redo(&self) -> bool {
        !self.redo.is_empty()
    }

    /// The run as it was before the last action, at that moment. In a run that was resumed in the
    /// middle, a person's actions may be still to come: they wait to be done again, too.
    pub fn undo(&mut self) -> Option<Action> {
        let (world, done) = self.undo.pop()?;
        let undone = self.log.remove(done as usize);
        let (scripted, others): (Vec<_>, Vec<_>) =
            self.log.split_off(done as usize).into_iter().partition(|a| self.script.contains(a));
        self.log.extend(scripted);
        self.redo.extend(others.into_iter().rev());
        let at = world.now();
        self.world = world;
        self.done = done;
        self.touch_everything();
        self.forget_from(at);
        self.redo.push(undone.clone());
        Some(undone.action)
    }

    /// Does again what was undone, at the moment at which it was done first (or now, if that
    /// has passed).
    pub fn redo(&mut self) -> Option<Action> {
        let again = self.redo.pop()?;
        let rest = std::mem::take(&mut self.redo);
        self.advance_to(again.at, u64::MAX);
        let result = self.act(again.action.clone());
        self.redo = rest;
        result.ok().map(|()| again.action)
    }

    /// Goes to any moment: forwards by running on, backwards from the nearest snapshot.
    pub fn seek(&mut self, to: Time, budget: u64) -> bool {
        if to < self.world.now() {
            let nearest = self.snapshots.iter().rev().find(|(world, _)| world.now() <= to);
            let Some((world, done)) = nearest.or(self.snapshots.first()).cloned() else { return false };
            self.world = world;
            self.done = done;
            self.touch_everything();
        }
        self.advance_to(to, budget)
    }

    fn touch_everything(&mut self) {
        let all: Vec<_> = self.world.machines.keys().copied().collect();
        let touched = &mut self.world.touched;
        touched.scene = true;
        touched.traffic = true;
        touched.log = true;
        touched.rules.extend(all);
    }
}
