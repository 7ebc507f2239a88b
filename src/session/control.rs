//! The controls of time.

use super::{Motion, Session, pace};
use cluster::sim::Time;
use leptos::prelude::*;

impl Session {
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
            Motion::Opening(_) => self.say_still_opening(),
        }
    }

    /// Pauses, and goes on to the next moment at which something is to be seen.
    pub fn step(&self) {
        if self.is_opening() {
            return self.say_still_opening();
        }
        self.pause();
        let (_, changes) = pace::step(&mut self.lab().run.borrow_mut(), self.system.get_untracked());
        self.lab().frames.add_changes(changes);
        self.repaint();
        self.stepped.update(|n| *n += 1);
    }

    pub fn step_back(&self) {
        if self.is_opening() {
            return self.say_still_opening();
        }
        self.pause();
        pace::step_back(&mut self.lab().run.borrow_mut(), self.system.get_untracked());
        self.changed();
    }

    /// Goes to another moment of this run.
    pub fn seek(&self, to: Time) {
        if self.is_opening() {
            return self.say_still_opening();
        }
        self.with_run(|run| {
            run.seek(to, u64::MAX);
        });
        self.changed();
    }
}
