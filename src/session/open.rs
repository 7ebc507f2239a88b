//! Opening a text: its cluster runs until it has settled and its clients begin, in slices, so that the page stays
//! responsive.

use super::slices::{SLICE_MS, first_slice_ms};
use super::{Motion, Session, Source, pace};
use crate::browser;
use cluster::sim::{Moment, Run};
use leptos::prelude::*;

/// What the history of the run that was there before may take: two whole ones at once would be too much.
const HISTORY_BUDGET_ASIDE: u64 = Run::HISTORY_BUDGET / 8;

/// How a lab begins once its text stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StartMode {
    Playing,
    Paused,
}

impl Session {
    pub fn open_run(&self, run: Run, source: Source, start: StartMode) {
        self.save_now();
        let lab = self.lab();
        let mut run = lab.run.replace(run);
        run.set_history_budget(HISTORY_BUDGET_ASIDE);
        let first_slice = first_slice_ms(source.bytes());
        let source = lab.source.replace(source);
        let had_something = self.has_opened();
        let motion = self.motion.get_untracked();
        *lab.before.borrow_mut() = had_something.then_some((run, source, motion));
        lab.start_mode.set(start);
        self.motion.set(Motion::Opening(Moment::ORIGIN));
        self.record();
        self.run_up(first_slice);
        self.after_opening();
    }

    /// Clears what views keep of the old run.
    pub(super) fn after_opening(&self) {
        self.select(None);
        self.hover.set(None);
        self.menu.set(None);
        self.opened.update(|n| *n += 1);
        self.lab().frames.draw_whole();
        self.touch_everything();
        self.changed();
    }

    /// A frame's share of opening.
    pub(super) fn open_further(&self) {
        self.run_up(SLICE_MS);
    }

    /// Gives up waiting for the text's moment, and goes on from where its run has got to.
    pub fn stop_opening(&self) {
        self.opened_up();
    }

    fn run_up(&self, slice_ms: f64) {
        let lab = self.lab();
        let deadline = browser::clock() + slice_ms;
        let at = lab.source.borrow().opens_at().unwrap_or(Moment::ORIGIN);
        let stands = run_to(&mut lab.run.borrow_mut(), at, deadline);
        if stands {
            self.opened_up();
        } else {
            let got_to = self.with_world(|world| world.moment(world.now()));
            self.motion.set(Motion::Opening(got_to));
        }
    }

    fn opened_up(&self) {
        self.motion.set(match self.lab().start_mode.get() {
            StartMode::Playing => Motion::Playing,
            StartMode::Paused => Motion::Paused,
        });
        self.touch_everything();
        self.repaint();
    }
}

/// Runs to a moment, as far as it comes by the deadline. True when it is there.
fn run_to(run: &mut Run, moment: Moment, deadline: f64) -> bool {
    if run.origin().is_none() && !pace::find_origin(run, deadline, browser::clock) {
        return false;
    }
    let Some(to) = run.time_of(moment) else { return false };
    if to < run.world().now() {
        run.seek(to, 0);
    }
    pace::run_until(run, to, deadline, browser::clock)
}
