//! A run: a World, the actions that made it what it is, and the way back.
//!
//! The scenario, the seed and the log of actions *are* the run; snapshots only save the time of
//! doing it again from the start.

use super::history::{History, Moment};
use super::{Changes, LogEntry, Refusal, Time, World};
use crate::api::{Action, MAX_ACTIONS, MAX_TEXT_BYTES, Manifest, TimedAction};

#[derive(Clone, Debug)]
pub struct Run {
    world: World,
    /// Actions by time; those at one moment in the order in which they were done.
    log: Vec<TimedAction>,
    /// What the scenario itself does: it comes whatever a person does before.
    script: Vec<TimedAction>,
    /// How many of `log` the World has had.
    done: u32,
    history: History,
    /// The actions that can be undone, in their order: their places in `log`.
    undo: Vec<u32>,
    /// Actions that were undone, the last one first to come back.
    redo: Vec<TimedAction>,
}

impl Run {
    /// How many bytes snapshots may take, unless [`Run::set_history_budget`] says otherwise.
    pub const HISTORY_BUDGET: u64 = 64_000_000;
    /// Bytes of manifests that a run's actions may apply, together: half of what one text may have, for quoting them
    /// takes room too.
    pub const TEXT_LIMIT: u64 = MAX_TEXT_BYTES as u64 / 2;

    pub fn new(manifest: &Manifest, seed: Option<u64>) -> (Run, Vec<Refusal>) {
        let mut script = manifest.scenario.as_ref().map(|s| s.actions.clone()).unwrap_or_default();
        script.sort_by_key(|a| a.at);
        let (world, refusals) = World::load(manifest, seed);
        let run = Run {
            history: History::new(&world, Run::HISTORY_BUDGET),
            world,
            log: script.clone(),
            script,
            done: 0,
            undo: Vec::new(),
            redo: Vec::new(),
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

    /// How many bytes snapshots may take, which make going back quick. Without any, going back is to run again from
    /// the beginning.
    pub fn set_history_budget(&mut self, bytes: u64) {
        self.history.set_budget(bytes);
    }

    /// How many bytes snapshots take, estimated.
    pub fn history_bytes(&self) -> u64 {
        self.history.bytes()
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

    pub fn take_changes(&mut self) -> Changes {
        self.world.take_changes()
    }

    /// Runs on until `until`, or until about `budget` events were processed. True when it got
    /// there.
    pub fn advance_to(&mut self, until: Time, budget: u64) -> bool {
        self.advance(until, budget, u32::MAX)
    }

    /// The same, but not past so many actions of the log.
    fn advance(&mut self, until: Time, budget: u64, actions: u32) -> bool {
        let stop = self.world.events().saturating_add(budget);
        loop {
            let left = stop.saturating_sub(self.world.events());
            if left == 0 {
                return false;
            }
            let next = self.log.get(self.done as usize).map(|a| a.at);
            let leg = next.map_or(until, |at| at.min(until));
            let slice = left.min(History::SPACING);
            let arrived = self.world.advance_to(leg, slice);
            self.history.keep_if_due(&self.world, self.moment());
            if !arrived {
                continue;
            }
            match next {
                Some(at) if at <= until && self.done < actions => self.do_next_logged(),
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
        let place = self.done;
        let is_persons = !self.script.contains(&next);
        if is_persons {
            self.history.keep_before_action(&self.world, self.moment());
        }
        self.done += 1;
        match self.world.apply(&next.action) {
            Ok(()) if is_persons => self.can_be_undone(place),
            Ok(()) => {}
            Err(refusals) => {
                for refusal in refusals {
                    self.world.record(LogEntry::Refused { refusal });
                }
            }
        }
    }

    fn can_be_undone(&mut self, place: u32) {
        if let Err(at) = self.undo.binary_search(&place) {
            self.undo.insert(at, place);
        }
    }

    fn moment(&self) -> Moment {
        Moment { events: self.world.events(), now: self.world.now(), actions: self.done }
    }

    /// Does something now. What a person did later, and what was undone, is forgotten: the run
    /// takes another way from here. The scenario's own actions still come. What is refused
    /// changes nothing.
    pub fn act(&mut self, action: Action) -> Result<(), Vec<Refusal>> {
        // A frame may have ended in the middle of a moment; done again from the log, the action
        // comes at the end of it.
        self.advance_to(self.world.now(), u64::MAX);
        self.has_room_for(&action)?;
        let before = self.moment();
        self.history.keep_before_action(&self.world, before);
        self.world.apply(&action)?;
        let at = self.world.now();
        self.log.truncate(self.done as usize);
        self.log.push(TimedAction { at, action });
        // All of the script up to now has been done: see advance_to.
        self.log.extend(self.script.iter().filter(|a| a.at > at).cloned());
        self.done += 1;
        self.redo.clear();
        self.history.forget_after(before);
        self.undo.retain(|place| *place < before.actions);
        self.can_be_undone(before.actions);
        Ok(())
    }

    /// A run can be shared as one text that holds all of its actions: whether it could be read again with this one.
    fn has_room_for(&self, action: &Action) -> Result<(), Vec<Refusal>> {
        let now = self.world.now();
        let done = self.log.iter().take(self.done as usize).map(|timed| &timed.action);
        let later = self.script.iter().filter(|timed| timed.at > now).map(|timed| &timed.action);
        let all = done.chain(later);
        if all.clone().count() >= MAX_ACTIONS as usize {
            return Err(vec![Refusal::TooManyActions { limit: MAX_ACTIONS }]);
        }
        let bytes: u64 = all.chain([action]).map(text_bytes).sum();
        if text_bytes(action) > 0 && bytes > Run::TEXT_LIMIT {
            return Err(vec![Refusal::TooMuchText { bytes, limit: Run::TEXT_LIMIT }]);
        }
        Ok(())
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
        let place = self.undo.pop()?;
        self.go_before(place);
        let undone = self.log.remove(place as usize);
        let (scripted, others): (Vec<_>, Vec<_>) =
            self.log.split_off(place as usize).into_iter().partition(|a| self.script.contains(a));
        self.log.extend(scripted);
        self.redo.extend(others.into_iter().rev());
        self.history.forget_after(self.moment());
        self.redo.push(undone.clone());
        Some(undone.action)
    }

    /// To just before the action at that place of the log.
    fn go_before(&mut self, place: u32) {
        let at = self.log[place as usize].at;
        let is_past = self.done > place || self.world.now() > at;
        self.go_to_nearest(at, place, is_past);
        self.advance(at, u64::MAX, place);
    }

    /// To the nearest snapshot before a time and an action, if it is further on than the run, or if the run `is_past`
    /// them.
    fn go_to_nearest(&mut self, to: Time, actions: u32, is_past: bool) {
        let Some(nearest) = self.history.nearest(to, actions) else { return };
        if is_past || nearest.moment > self.moment() {
            self.done = nearest.moment.actions;
            self.world = World::clone(&nearest.world);
            self.touch_everything();
        }
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

    /// Goes to any moment, from the nearest snapshot before it.
    pub fn seek(&mut self, to: Time, budget: u64) -> bool {
        self.go_to_nearest(to, u32::MAX, to < self.world.now());
        self.advance_to(to, budget)
    }

    fn touch_everything(&mut self) {
        let all: Vec<_> = self.world.machines.keys().copied().collect();
        let changes = &mut self.world.changes;
        changes.scene = true;
        changes.traffic = true;
        changes.log = true;
        changes.rules.extend(all);
    }
}

fn text_bytes(action: &Action) -> u64 {
    if let Action::Apply { text } = action { text.text().len() as u64 } else { 0 }
}
