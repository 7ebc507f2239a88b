//! Simulated time and the queue of events: earliest first, and at the same moment in the order of scheduling.

use super::{Event, EventQueue, Time};

/// Nothing else advances simulated time.
#[derive(Clone, Debug, Default)]
pub(crate) struct Clock {
    now: Time,
    queue: EventQueue<Event>,
    /// How many events have been processed.
    events: u64,
}

impl Clock {
    pub fn now(&self) -> Time {
        self.now
    }

    /// How many events have been processed.
    pub fn events(&self) -> u64 {
        self.events
    }

    /// When the next event is due; `None` if none is scheduled.
    pub fn next_event_at(&self) -> Option<Time> {
        self.queue.next_at()
    }

    pub fn next_event(&self) -> Option<&Event> {
        self.queue.peek()
    }

    /// How many events are scheduled.
    pub fn planned(&self) -> usize {
        self.queue.len()
    }

    pub fn schedule(&mut self, at: Time, event: Event) {
        self.queue.push(at, event);
    }

    /// Takes places among events of the same moment, for as many that are scheduled later.
    pub fn reserve(&mut self, count: u64) -> u64 {
        self.queue.reserve(count)
    }

    /// As if it had been scheduled when its place was reserved.
    pub fn schedule_reserved(&mut self, at: Time, place: u64, event: Event) {
        self.queue.push_reserved(at, place, event);
    }

    /// Advances to the next event and returns it, if it is due at `until` or before.
    pub fn next_until(&mut self, until: Time) -> Option<Event> {
        let (at, event) = self.queue.pop_until(until)?;
        debug_assert!(at >= self.now, "time does not run backwards: {at:?} after {:?}", self.now);
        self.now = at;
        self.events += 1;
        Some(event)
    }

    /// Advances to `until`. No event may be due before.
    pub fn pass_to(&mut self, until: Time) {
        self.now = self.now.max(until);
    }
}
