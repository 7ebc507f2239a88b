//! The controls of time.

use super::{Motion, Session, pace};
use cluster::sim::{Time, World};
use cluster::trace::PacketTrace;
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
            Motion::Opening(_) => {}
        }
    }

    /// Pauses, and goes on to the next moment at which something is to be seen.
    pub fn step(&self) {
        self.pause();
        let (_, changes) = pace::step(&mut self.lab().run.borrow_mut());
        self.lab().frames.add_changes(changes);
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
    moved.sort_unstable_by_key(|trace| trace.id);
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
