//! A run: a World, the log of actions that led to it, and snapshots for going back.
//!
//! The scenario, the seed and the log of actions fully determine a run. Snapshots only save the time of replaying
//! it from the start.

use super::history::{History, Progress};
use super::{Changes, Loading, LogEntry, Moment, Refusal, Time, World};
use crate::api::{Action, MAX_ACTIONS, MAX_TEXT_BYTES, Manifest, TimedAction};

#[derive(Clone, Debug)]
pub struct Run {
    world: World,
    /// Actions by moment; those at the same moment in the order in which they were carried out.
    log: Vec<TimedAction>,
    /// The scenario's own actions, by moment: they are carried out whatever the user does before.
    script: Vec<TimedAction>,
    /// How many actions of `log` have been carried out.
    done: u32,
    history: History,
    /// The actions that can be undone, in their order, as indexes of `log`.
    undo: Vec<u32>,
    /// Actions that were undone; the last one is redone first.
    redo: Vec<TimedAction>,
    /// The run without any action, on its way to the origin.
    scout: Option<Box<World>>,
}

impl Loading<'_> {
    /// The run, after the steps that are left; and what the API server refused: those objects are left out.
    pub fn finish(self) -> (Run, Vec<Refusal>) {
        let mut script = self.manifest.scenario.as_ref().map(|s| s.actions.clone()).unwrap_or_default();
        script.sort_by_key(|a| a.at);
        let (world, refusals) = self.into_world();
        let run = Run {
            history: History::new(&world, Run::HISTORY_BUDGET),
            world,
            log: script.clone(),
            script,
            done: 0,
            undo: Vec::new(),
            redo: Vec::new(),
            scout: None,
        };
        (run, refusals)
    }
}

impl Run {
    /// How many bytes snapshots may take, unless [`Run::set_history_budget`] says otherwise.
    pub const HISTORY_BUDGET: u64 = 64_000_000;
    /// The most bytes of manifests that a run's actions may apply, together: half of a text's limit, since quoting
    /// them takes space too.
    pub const TEXT_LIMIT: u64 = MAX_TEXT_BYTES as u64 / 2;

    /// The run of a text, and what the API server refused of it.
    pub fn new(manifest: &Manifest, seed: Option<u64>) -> (Run, Vec<Refusal>) {
        Loading::new(manifest, seed).finish()
    }

    /// Continues a recorded run, which stands at its beginning. Its actions in `script` are the scenario's own; the
    /// others are the user's, and can be undone again once the run has passed them. `undone` is the result of
    /// [`Run::undone`].
    pub fn resume(self, mut script: Vec<TimedAction>, undone: Vec<TimedAction>) -> Run {
        script.sort_by_key(|a| a.at);
        Run { script, redo: undone, ..self }
    }

    /// Sets how many bytes snapshots may take. They make going back fast; without any, the run is replayed from the
    /// beginning.
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

    /// Every action of the run, including those still to come.
    pub fn actions(&self) -> &[TimedAction] {
        &self.log
    }

    /// The actions that were undone; the last one is redone first.
    pub fn undone(&self) -> &[TimedAction] {
        &self.redo
    }

    pub fn take_changes(&mut self) -> Changes {
        self.world.take_changes()
    }

    /// When the clients begin: actions are timed from there. `None` as long as that is not known.
    pub fn origin(&self) -> Option<Time> {
        self.world.origin()
    }

    /// `None` as long as the origin is not known.
    pub fn time_of(&self, moment: Moment) -> Option<Time> {
        Some(moment.in_run(self.origin()?))
    }

    /// Runs until the origin is known, or until about `budget` events were processed. True if it is.
    pub fn find_origin(&mut self, budget: u64) -> bool {
        if self.acts_before_unknown_origin() {
            return self.scout_origin(budget);
        }
        let stop = self.world.events().saturating_add(budget);
        while self.origin().is_none() && self.world.events() < stop {
            let left = stop - self.world.events();
            self.world.advance_to(Time(u64::MAX), left.min(History::SPACING));
            self.history.keep_if_due(&self.world, self.progress());
        }
        self.origin().is_some()
    }

    /// Runs until the clients begin, or until about `budget` events were processed. True if they have begun.
    pub fn advance_to_origin(&mut self, budget: u64) -> bool {
        self.find_origin(budget) && self.origin().is_some_and(|origin| self.advance_to(origin, budget))
    }

    /// Whether an action comes first whose time is not known: it is before the origin, which it must not move.
    fn acts_before_unknown_origin(&self) -> bool {
        let next = self.log.get(self.done as usize);
        self.origin().is_none() && next.is_some_and(|next| next.at < Moment::ORIGIN)
    }

    /// Looks for the origin where nobody does anything. True when it is known.
    fn scout_origin(&mut self, budget: u64) -> bool {
        let beginning = || Box::new(World::clone(self.history.beginning()));
        let mut scout = self.scout.take().unwrap_or_else(beginning);
        scout.advance_to(Time(u64::MAX), budget);
        self.world.set_origin(scout.origin());
        if self.origin().is_none() {
            self.scout = Some(scout);
        }
        self.origin().is_some()
    }

    /// Runs until `until`, or until about `budget` events were processed. True if `until` was reached.
    pub fn advance_to(&mut self, until: Time, budget: u64) -> bool {
        self.advance(until, budget, u32::MAX)
    }

    /// The same, but carries out at most `actions` actions of the log.
    fn advance(&mut self, until: Time, budget: u64, actions: u32) -> bool {
        let stop = self.world.events().saturating_add(budget);
        loop {
            let left = stop.saturating_sub(self.world.events());
            if left == 0 || (self.acts_before_unknown_origin() && !self.scout_origin(left)) {
                return false;
            }
            let next = self.next_action_at();
            let leg = next.map_or(until, |at| at.min(until));
            let slice = left.min(History::SPACING);
            let arrived = self.world.advance_to(leg, slice);
            self.history.keep_if_due(&self.world, self.progress());
            if !arrived {
                continue;
            }
            match next {
                Some(at) if at <= until && self.done < actions => self.do_next_logged(),
                Some(_) | None => return true,
            }
        }
    }

    /// When the next action of the log is due. `None` if there is none, or if it waits for the origin.
    fn next_action_at(&self) -> Option<Time> {
        self.time_of(self.log.get(self.done as usize)?.at)
    }

    /// Runs to the next moment at which something happens, and through it.
    pub fn step(&mut self) -> bool {
        if self.acts_before_unknown_origin() {
            self.scout_origin(u64::MAX);
        }
        let next = [self.world.next_event_at(), self.next_action_at()].into_iter().flatten().min();
        let Some(at) = next else { return false };
        self.advance_to(at, u64::MAX)
    }

    /// An action of the scenario, or of a recorded run, can be refused. It is then skipped, and the log says so.
    fn do_next_logged(&mut self) {
        let next = self.log[self.done as usize].clone();
        let place = self.done;
        let is_persons = !self.is_scripted(&next);
        if is_persons {
            self.history.keep_before_action(&self.world, self.progress());
        }
        self.done += 1;
        match self.world.apply(&next.action) {
            Ok(_) if is_persons => self.can_be_undone(place),
            Ok(_) => {}
            Err(refusals) => {
                for refusal in refusals {
                    self.world.record(LogEntry::Refused { refusal });
                }
            }
        }
    }

    /// Whether an action of the log is one of the scenario's own.
    fn is_scripted(&self, action: &TimedAction) -> bool {
        let from = self.script.partition_point(|own| own.at < action.at);
        self.script.iter().skip(from).take_while(|own| own.at == action.at).any(|own| own == action)
    }

    fn can_be_undone(&mut self, place: u32) {
        if let Err(at) = self.undo.binary_search(&place) {
            self.undo.insert(at, place);
        }
    }

    fn progress(&self) -> Progress {
        Progress { events: self.world.events(), now: self.world.now(), actions: self.done }
    }

    /// Carries out an action now. The user's later actions, and those that were undone, are dropped; the
    /// scenario's own actions stay. A refused action changes nothing. Returns what of a text was refused while the rest
    /// of it was applied.
    pub fn act(&mut self, action: Action) -> Result<Vec<Refusal>, Vec<Refusal>> {
        // A frame may have ended between two events of the same moment. On replay the action comes after all events
        // of its moment, so it must do so here too.
        self.advance_to(self.world.now(), u64::MAX);
        if self.origin().is_none() {
            self.scout_origin(u64::MAX);
        }
        self.has_room_for(&action)?;
        let before = self.progress();
        self.history.keep_before_action(&self.world, before);
        let refused = self.world.apply(&action)?;
        let at = self.world.moment(self.world.now());
        self.log.truncate(self.done as usize);
        self.log.push(TimedAction { at, action });
        // advance_to has carried out all of the script up to now.
        self.log.extend(self.script.iter().filter(|a| a.at > at).cloned());
        self.done += 1;
        self.redo.clear();
        self.history.forget_after(before);
        self.undo.retain(|place| *place < before.actions);
        self.can_be_undone(before.actions);
        Ok(refused)
    }

    /// Whether the run's text, which holds all of its actions, could still be read with this action added.
    fn has_room_for(&self, action: &Action) -> Result<(), Vec<Refusal>> {
        let now = self.world.moment(self.world.now());
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

    /// Goes back to just before the last action. In a run that was resumed in the middle, the user's actions that
    /// are still to come are then redoable too.
    pub fn undo(&mut self) -> Option<Action> {
        let place = self.undo.pop()?;
        self.go_before(place);
        let undone = self.log.remove(place as usize);
        let (scripted, others): (Vec<_>, Vec<_>) =
            self.log.split_off(place as usize).into_iter().partition(|a| self.is_scripted(a));
        self.log.extend(scripted);
        self.redo.extend(others.into_iter().rev());
        self.history.forget_after(self.progress());
        self.redo.push(undone.clone());
        Some(undone.action)
    }

    /// Goes to just before the action with that index in the log.
    fn go_before(&mut self, place: u32) {
        let at = self.time_of(self.log[place as usize].at).expect("what was done has its time");
        let is_past = self.done > place || self.world.now() > at;
        self.go_to_nearest(at, place, is_past);
        self.advance(at, u64::MAX, place);
    }

    /// Goes to the nearest snapshot before a time and an action, if the run `is_past` them or if the snapshot is later
    /// than the run.
    fn go_to_nearest(&mut self, to: Time, actions: u32, is_past: bool) {
        let Some(nearest) = self.history.nearest(to, actions) else { return };
        if is_past || nearest.progress > self.progress() {
            let origin = self.origin();
            self.done = nearest.progress.actions;
            self.world = World::clone(&nearest.world);
            self.world.set_origin(origin);
            self.touch_everything();
        }
    }

    /// Redoes the last action that was undone, at its original moment (or now, if that has passed).
    pub fn redo(&mut self) -> Option<Action> {
        let again = self.redo.pop()?;
        let rest = std::mem::take(&mut self.redo);
        self.find_origin(u64::MAX);
        let at = self.time_of(again.at).expect("the origin was found");
        self.advance_to(at, u64::MAX);
        let result = self.act(again.action.clone());
        self.redo = rest;
        result.ok().map(|_| again.action)
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
    action.text().map_or(0, |text| text.len() as u64)
}
