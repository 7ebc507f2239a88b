//! What a person does to the run: act, undo, and the controls of time.

use super::{Deed, Motion, Selection, Session, pace};
use crate::text;
use cluster::api::Action;
use cluster::sim::{Refusal, Run, Time, World};
use cluster::trace::PacketTrace;
use leptos::prelude::*;

pub fn perform(session: Session, deed: Deed) {
    match deed {
        Deed::Undo => session.undo(),
        Deed::Redo => session.redo(),
        Deed::Step => session.step(),
        Deed::StepBack => session.step_back(),
        Deed::DeleteSelected => session.delete_selected(),
        Deed::SetServiceType(service, type_) => {
            session.act(Action::SetServiceType { service, type_ });
        }
    }
}

impl Session {
    /// Does something to the cluster, now. False when it is refused; the reason is then shown.
    pub fn act(&self, action: Action) -> bool {
        let refusals = self.try_act(action).err();
        for refusal in refusals.iter().flatten() {
            self.notices.problem(text::refusal(refusal));
        }
        refusals.is_none()
    }

    /// The same for a place that says itself why it is refused.
    pub fn try_act(&self, action: Action) -> Result<(), Vec<Refusal>> {
        self.record_attempt(&action);
        self.with_run(|run| run.act(action))?;
        self.changed();
        Ok(())
    }

    fn delete_selected(&self) {
        let Some(Selection::Pod(uid)) = self.selection.get_untracked() else { return };
        if let Some(object) = self.with_world(|world| world.store().object_ref(uid)) {
            self.act(Action::DeleteObject { object });
        }
    }

    /// The run as it was before the last action, at that moment.
    pub fn undo(&self) {
        let undone = self.with_run_that_stands(Run::undo);
        match undone {
            Some(action) => self.notices.done(format!("Undone: {}.", text::action(&action))),
            None => self.go_back_to_what_was_before(),
        }
        self.changed();
    }

    pub fn redo(&self) {
        let done = self.with_run_that_stands(Run::redo);
        if let Some(action) = done {
            self.notices.done(format!("Done again: {}.", text::action(&action)));
        }
        self.changed();
    }

    /// While work that was kept is being opened, its actions come one by one: the last may not be
    /// there yet.
    fn with_run_that_stands<R>(&self, change: impl FnOnce(&mut Run) -> Option<R>) -> Option<R> {
        let opening = matches!(self.motion.get_untracked(), Motion::Opening(_));
        if opening { None } else { self.with_run(change) }
    }

    /// Another text was opened, or this one again: that can be undone too.
    fn go_back_to_what_was_before(&self) {
        let lab = self.lab();
        let Some((mut run, source)) = lab.before.take() else { return };
        run.set_history_budget(Run::HISTORY_BUDGET);
        *lab.run.borrow_mut() = run;
        *lab.source.borrow_mut() = source;
        self.after_opening();
    }

    /// Pauses, and goes on to the next moment at which something is to be seen.
    pub fn step(&self) {
        self.pause();
        let (_, touched) = pace::step(&mut self.lab().run.borrow_mut());
        self.lab().frames.add_touched(touched);
        self.repaint();
        self.stepped.set(self.with_world(moved));
    }

    pub fn step_back(&self) {
        self.pause();
        pace::step_back(&mut self.lab().run.borrow_mut());
        self.changed();
    }

    /// Goes to another moment of this run.
    pub fn seek(&self, to: Time) {
        self.with_run(|run| {
            run.seek(to, u64::MAX);
        });
        self.changed();
    }
}

/// What packets do at this very moment: no more than anybody listens to.
fn moved(world: &World) -> String {
    const SAID: usize = 3;
    let now = world.now();
    let ended = world.traffic().connections.values().flat_map(|live| &live.record.packets).map(|p| &**p);
    let flying = world.traffic().flights.values().map(|flight| &flight.trace);
    let last = |trace: &&PacketTrace| trace.hops.last().is_some_and(|hop| hop.at == now);
    let mut moved: Vec<&PacketTrace> = ended.chain(flying).filter(last).collect();
    moved.sort_by_key(|trace| trace.id);
    let rest = moved.len().saturating_sub(SAID);
    let said = moved.iter().take(SAID).filter_map(|trace| {
        let what = words::hop(world, trace, trace.hops.last()?);
        Some(format!("{}: {what}. ", words::packet_kind(trace.kind)))
    });
    let mut said: String = said.collect();
    if rest > 0 {
        said.push_str(&format!("And {rest} more."));
    }
    said
}
