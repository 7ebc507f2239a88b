//! One loop of animation frames for each lab, which stops whenever nothing can change: the
//! reader has paused, the tab is hidden, the lab is off the screen, or nothing will happen.

use super::pace::{self, FRAME_BUDGET_MS, Pace};
use super::{Lab, Motion, Session};
use crate::browser;
use cluster::sim::Changes;
use leptos::prelude::*;
use std::cell::{Cell, RefCell};
use wasm_bindgen::prelude::*;

/// Texts that count change four times a second, the clock ten times.
const COUNTS_EVERY_MS: f64 = 250.0;
const CLOCK_EVERY_MS: f64 = 100.0;

type Callback = Closure<dyn FnMut(f64)>;

#[derive(Default)]
pub(super) struct Frames {
    callback: RefCell<Option<Callback>>,
    /// The frame that was asked for.
    request: Cell<Option<i32>>,
    /// When the frame before this one was, while time passes.
    last: Cell<Option<f64>>,
    off_screen: Cell<bool>,
    pace: RefCell<Pace>,
    /// What was touched outside a frame.
    changes: RefCell<Changes>,
    /// Of the run that is being opened nothing is drawn yet.
    undrawn: Cell<bool>,
    /// A view has asked for a frame, since it looks from elsewhere, say.
    wanted: Cell<bool>,
    /// Revisions that wait for their turn.
    counts_due: Cell<bool>,
    log_due: Cell<bool>,
    counted_at: Cell<f64>,
    clocked_at: Cell<f64>,
    /// Asks again later, so that the last change of a burst is shown.
    later: RefCell<Option<gloo_timers::callback::Timeout>>,
}

impl Frames {
    pub fn add_changes(&self, changes: Changes) {
        self.changes.borrow_mut().merge(changes);
    }

    /// For another run: it is drawn once while it is opened, and when it stands.
    pub fn draw_whole(&self) {
        self.undrawn.set(true);
    }
}

impl Session {
    /// Called once, by the lab's component: frames end with it.
    pub fn start_frames(&self) {
        let session = *self;
        let callback = Closure::new(move |at| session.frame(at));
        *self.lab().frames.callback.borrow_mut() = Some(callback);
        browser::listen(&document(), "visibilitychange", move |_| {
            session.wake();
            if browser::is_tab_hidden() {
                session.save_now();
            }
        });
        browser::listen(&window(), "pagehide", move |_| session.save_now());
        on_cleanup(move || session.stop_frames());
    }

    fn stop_frames(&self) {
        let Some(lab) = self.try_lab() else { return };
        if let Some(request) = lab.frames.request.take() {
            let _gone = window().cancel_animation_frame(request);
        }
        lab.frames.callback.take();
        lab.frames.later.take();
    }

    /// Off the screen, time stands still.
    pub fn set_on_screen(&self, on_screen: bool) {
        if let Some(lab) = self.try_lab() {
            lab.frames.off_screen.set(!on_screen);
            self.wake();
        }
    }

    /// One more frame, even while paused.
    pub fn repaint(&self) {
        if let Some(lab) = self.try_lab() {
            lab.frames.wanted.set(true);
            self.ask_for_frame(&lab);
        }
    }

    fn ask_for_frame(&self, lab: &Lab) {
        if lab.frames.request.get().is_some() {
            return;
        }
        if let Some(callback) = &*lab.frames.callback.borrow() {
            let request = window().request_animation_frame(callback.as_ref().unchecked_ref());
            lab.frames.request.set(request.ok());
        }
    }

    pub(super) fn wake(&self) {
        if self.time_passes() {
            self.repaint();
        } else if let Some(lab) = self.try_lab() {
            lab.frames.last.set(None);
        }
    }

    /// Whether time passes: the user has not paused, the lab is visible, and events are scheduled.
    fn time_passes(&self) -> bool {
        let Some(lab) = self.try_lab() else { return false };
        let playing = self.motion.try_get_untracked() == Some(Motion::Playing);
        let something_will_happen = || {
            let run = lab.run.borrow();
            let now = run.world().now();
            let last_action = run.actions().last().and_then(|action| run.time_of(action.at));
            run.world().next_event_at().is_some() || last_action.is_some_and(|at| at > now)
        };
        playing && !lab.frames.off_screen.get() && !browser::is_tab_hidden() && something_will_happen()
    }

    fn frame(&self, at: f64) {
        let Some(lab) = self.try_lab() else { return };
        lab.frames.request.set(None);
        if self.has_stopped() {
            return;
        }
        self.record_now();
        let is_wanted = lab.frames.wanted.take();
        if self.is_opening() {
            self.open_further();
            if self.is_opening() && !lab.frames.undrawn.get() {
                return self.frame_while_opening(&lab, is_wanted);
            }
        } else if self.time_passes() {
            self.advance(&lab, at);
        } else {
            lab.frames.last.set(None);
        }
        lab.frames.undrawn.set(false);
        let changes = self.collect(&lab);
        self.publish(&lab, &changes, at);
        self.call_back(&lab, &changes);
        if self.time_passes() || self.is_opening() {
            self.ask_for_frame(&lab);
        }
    }

    /// What has changed is not drawn: to draw a large cluster again and again takes longer than to run it up.
    fn frame_while_opening(&self, lab: &Lab, is_wanted: bool) {
        if is_wanted {
            self.call_back(lab, &Changes::default());
        }
        self.ask_for_frame(lab);
    }

    fn advance(&self, lab: &Lab, at: f64) {
        let frame_ms = lab.frames.last.replace(Some(at)).map_or(0.0, |last| at - last);
        let deadline = browser::clock() + FRAME_BUDGET_MS;
        let mut run = lab.run.borrow_mut();
        let mut pace = lab.frames.pace.borrow_mut();
        let from = run.world().now();
        let target = pace.target(from, frame_ms, self.speed.get_untracked());
        pace::run_until(&mut run, target, deadline, browser::clock);
        if frame_ms > 0.0 {
            pace.went(from, run.world().now(), target);
        }
    }

    fn collect(&self, lab: &Lab) -> Changes {
        let mut changes = lab.frames.changes.take();
        changes.merge(lab.run.borrow_mut().take_changes());
        changes
    }

    /// Raises the revisions of what was touched, each as often as it may.
    fn publish(&self, lab: &Lab, changes: &Changes, at: f64) {
        let frames = &lab.frames;
        let raise = |revision: &RwSignal<u32>| revision.update(|r| *r = r.wrapping_add(1));
        if changes.scene {
            raise(&self.scene);
        }
        if !changes.rules.is_empty() {
            raise(&self.rules);
        }
        frames.counts_due.set(frames.counts_due.get() || changes.traffic || changes.lookups);
        frames.log_due.set(frames.log_due.get() || changes.log);
        if at - frames.counted_at.get() >= COUNTS_EVERY_MS {
            frames.counted_at.set(at);
            if frames.counts_due.take() {
                raise(&self.traffic);
            }
            if frames.log_due.take() {
                raise(&self.log);
            }
            let lag = frames.pace.borrow().lag().filter(|_| self.is_playing_now());
            if lag != self.lag.get_untracked() {
                self.lag.set(lag);
            }
        }
        self.publish_clock(lab, at);
        self.publish_history();
        if (frames.counts_due.get() || frames.log_due.get()) && !self.time_passes() {
            let session = *self;
            let again =
                gloo_timers::callback::Timeout::new(COUNTS_EVERY_MS as u32, move || session.repaint());
            *frames.later.borrow_mut() = Some(again);
        }
    }

    fn publish_clock(&self, lab: &Lab, at: f64) {
        let now = lab.run.borrow().world().now();
        let due = at - lab.frames.clocked_at.get() >= CLOCK_EVERY_MS || !self.is_playing_now();
        if due && now != self.clock.get_untracked() {
            lab.frames.clocked_at.set(at);
            self.clock.set(now);
        }
    }

    fn is_playing_now(&self) -> bool {
        self.motion.get_untracked() == Motion::Playing
    }

    fn call_back(&self, lab: &Lab, changes: &Changes) {
        let callbacks = lab.callbacks.borrow().clone();
        let run = lab.run.borrow();
        for (_, callback) in callbacks {
            callback(run.world(), changes);
        }
    }
}
