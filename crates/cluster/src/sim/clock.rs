//! Simulated time and what happens later: the earliest first, of equals the one that was planned first.

use super::{Event, EventQueue, Time};

/// Only here does time go on.
#[derive(Clone, Debug, Default)]
pub(crate) struct Clock {
    now: Time,
    queue: EventQueue<Event>,
    /// How many have happened.
    events: u64,
}

impl Clock {
    pub fn now(&self) -> Time {
        self.now
    }

    /// How many events have happened.
    pub fn events(&self) -> u64 {
        self.events
    }

    /// When something next happens; `None` when nothing will.
    pub fn next_event_at(&self) -> Option<Time> {
        self.queue.next_at()
    }

    /// How many events are still to come.
    pub fn planned(&self) -> usize {
        self.queue.len()
    }

    pub fn schedule(&mut self, at: Time, event: Event) {
        self.queue.push(at, event);
    }

    /// Goes on to the next event, if that is due at `until` or before.
    pub fn next_until(&mut self, until: Time) -> Option<Event> {
        let (at, event) = self.queue.pop_until(until)?;
        debug_assert!(at >= self.now, "time does not run backwards: {at:?} after {:?}", self.now);
        self.now = at;
        self.events += 1;
        Some(event)
    }

    /// Nothing more happens until then.
    pub fn pass_to(&mut self, until: Time) {
        self.now = self.now.max(until);
    }
}
