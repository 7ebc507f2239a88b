//! What the first view can do with the run by itself; and the deeds that it leaves to the second
//! part ([`super::edit`]).

use super::{Motion, Session};
use cluster::api::{NsName, ServiceType};
use cluster::sim::{Run, Touched};
use leptos::prelude::*;

/// What is asked for by the buttons and keys that are there from the first view on.
#[derive(Clone, Debug)]
pub enum Deed {
    Undo,
    Redo,
    Step,
    StepBack,
    DeleteSelected,
    SetServiceType(NsName, ServiceType),
}

impl Session {
    /// Done at once where the second part is there, else when it has come.
    pub fn ask(&self, deed: Deed) {
        let session = *self;
        self.with_later(move |later| (later.perform)(session, deed));
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

    pub fn play(&self) {
        self.motion.set(Motion::Playing);
        self.wake();
    }

    pub fn pause(&self) {
        self.motion.set(Motion::Paused);
        self.repaint();
    }

    pub fn toggle(&self) {
        match self.motion.get_untracked() {
            Motion::Playing => self.pause(),
            Motion::Paused => self.play(),
            Motion::Opening(_) => {}
        }
    }

    pub fn with_run<R>(&self, change: impl FnOnce(&mut Run) -> R) -> R {
        change(&mut self.lab().run.borrow_mut())
    }

    /// The run is another one than a frame would have made it.
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

    /// What everything shows is stale: the run is not the one that it was.
    pub(super) fn touch_everything(&self) {
        let lab = self.lab();
        let rules = lab.run.borrow().world().machines().keys().copied().collect();
        let touched = Touched { scene: true, traffic: true, rules, log: true, ..Touched::default() };
        lab.frames.add_touched(touched);
    }
}
