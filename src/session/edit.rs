//! What a person does to the run: act, and undo.

use super::{Motion, Session};
use cluster::api::{Action, Uid};
use cluster::sim::{Changes, Refusal, Run};
use leptos::prelude::*;

/// What is done meanwhile would come before actions of the text, or of kept work, and these would be lost. Another
/// moment is not looked at either: the run would end there.
const STILL_OPENING: &str = "The text is still being opened. Wait until it is, or press Stop here.";

impl Session {
    /// Does something to the cluster, now. False when it is refused; the reason is then shown.
    pub fn act(&self, action: Action) -> bool {
        let result = self.try_act(action);
        let is_done = result.is_ok();
        for refusal in result.unwrap_or_else(|refused| refused) {
            self.notices.refused(refusal);
        }
        is_done
    }

    /// The same for a place that says itself why it is refused. See [`Run::act`].
    pub fn try_act(&self, action: Action) -> Result<Vec<Refusal>, Vec<Refusal>> {
        self.record_attempt(&action);
        if self.is_opening() {
            self.say_still_opening();
            return Err(Vec::new());
        }
        let refused = self.with_run(|run| run.act(action))?;
        self.changed();
        Ok(refused)
    }

    /// Untracked.
    pub(super) fn is_opening(&self) -> bool {
        matches!(self.motion.get_untracked(), Motion::Opening(_))
    }

    pub(super) fn say_still_opening(&self) {
        self.notices.problem(STILL_OPENING);
    }

    pub fn delete_pod(&self, uid: Uid) {
        if let Some(object) = self.with_world(|world| world.store().object_ref(uid)) {
            self.act(Action::delete(object));
        }
    }

    /// The run as it was before the last action, at that moment.
    pub fn undo(&self) {
        let undone = self.with_run_that_stands(Run::undo);
        match undone {
            Some(action) => self.notices.done(format!("Undone: {}.", words::action(&action))),
            None => self.go_back_to_what_was_before(),
        }
        self.changed();
    }

    pub fn redo(&self) {
        let done = self.with_run_that_stands(Run::redo);
        if let Some(action) = done {
            self.notices.done(format!("Done again: {}.", words::action(&action)));
        }
        self.changed();
    }

    /// Changes the run only when it is fully opened: while stored work is being opened, its last actions may not have
    /// been carried out yet.
    fn with_run_that_stands<R>(&self, change: impl FnOnce(&mut Run) -> Option<R>) -> Option<R> {
        if self.is_opening() { None } else { self.with_run(change) }
    }

    /// Another text was opened, or this one again: that can be undone too.
    fn go_back_to_what_was_before(&self) {
        let lab = self.lab();
        let Some((mut run, source, motion)) = lab.before.take() else { return };
        run.set_history_budget(Run::HISTORY_BUDGET);
        *lab.run.borrow_mut() = run;
        *lab.source.borrow_mut() = source;
        self.motion.set(motion);
        self.after_opening();
    }

    /// Tracked.
    pub fn can_undo(&self) -> bool {
        self.history.get().0
    }

    /// Tracked.
    pub fn can_redo(&self) -> bool {
        self.history.get().1
    }

    /// Whether there is work of the reader's own that starting again would lose.
    pub fn has_work(&self) -> bool {
        let lab = self.lab();
        lab.run.borrow().actions().len() != lab.source.borrow().given_actions
    }

    pub fn with_run<R>(&self, change: impl FnOnce(&mut Run) -> R) -> R {
        change(&mut self.lab().run.borrow_mut())
    }

    /// Called after a change of the run outside a frame.
    pub(super) fn changed(&self) {
        self.publish_history();
        self.record();
        self.save_soon();
        self.repaint();
    }

    /// Also each frame: in a run that goes on with kept work, the way back grows as it comes past
    /// the actions.
    pub(super) fn publish_history(&self) {
        let history = {
            let lab = self.lab();
            let run = lab.run.borrow();
            (run.can_undo() || lab.before.borrow().is_some(), run.can_redo())
        };
        if history != self.history.get_untracked() {
            self.history.set(history);
        }
    }

    /// Marks everything as changed: another run stands, or another moment of this one.
    pub(super) fn touch_everything(&self) {
        let lab = self.lab();
        let rules = lab.run.borrow().world().machines().keys().copied().collect();
        let changes = Changes { scene: true, traffic: true, rules, log: true, ..Changes::default() };
        lab.frames.add_changes(changes);
    }
}
