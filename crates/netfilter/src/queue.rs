//! The event queue: earliest first, and of equals the one that was put in first.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use crate::Time;

/// Cheap to clone when `E` is: one copy of the heap's buffer.
#[derive(Clone, Debug)]
pub struct EventQueue<E> {
    heap: BinaryHeap<Entry<E>>,
    /// Breaks ties first in, first out; never reused.
    next_epoch: u64,
}

#[derive(Clone, Debug)]
struct Entry<E> {
    at: Time,
    epoch: u64,
    event: E,
}

impl<E> PartialEq for Entry<E> {
    fn eq(&self, other: &Entry<E>) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}
impl<E> Eq for Entry<E> {}
impl<E> PartialOrd for Entry<E> {
    fn partial_cmp(&self, other: &Entry<E>) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl<E> Ord for Entry<E> {
    /// Reversed, because `BinaryHeap` gives the greatest first.
    fn cmp(&self, other: &Entry<E>) -> Ordering {
        (other.at, other.epoch).cmp(&(self.at, self.epoch))
    }
}

impl<E> Default for EventQueue<E> {
    fn default() -> EventQueue<E> {
        EventQueue { heap: BinaryHeap::new(), next_epoch: 0 }
    }
}

impl<E> EventQueue<E> {
    pub fn push(&mut self, at: Time, event: E) {
        let epoch = self.reserve(1);
        self.push_reserved(at, epoch, event);
    }

    /// Takes this many places among equals for events that are put in later, and gives the first of them.
    pub fn reserve(&mut self, count: u64) -> u64 {
        let first = self.next_epoch;
        self.next_epoch += count;
        first
    }

    /// Puts an event in as if it had been when its place was reserved.
    pub fn push_reserved(&mut self, at: Time, place: u64, event: E) {
        self.heap.push(Entry { at, epoch: place, event });
    }

    /// When the next event is due.
    pub fn next_at(&self) -> Option<Time> {
        self.heap.peek().map(|e| e.at)
    }

    /// The next event.
    pub fn peek(&self) -> Option<&E> {
        self.heap.peek().map(|e| &e.event)
    }

    /// The next event, if it is due at `until` or before.
    pub fn pop_until(&mut self, until: Time) -> Option<(Time, E)> {
        if self.next_at()? > until {
            return None;
        }
        self.heap.pop().map(|e| (e.at, e.event))
    }

    pub fn len(&self) -> usize {
        self.heap.len()
    }

    pub fn is_empty(&self) -> bool {
        self.heap.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn earliest_first_and_ties_first_in_first_out() {
        let mut queue = EventQueue::default();
        for (at, name) in [(5, "a"), (3, "b"), (5, "c"), (3, "d")] {
            queue.push(Time(at), name);
        }
        let mut order = Vec::new();
        while let Some((_, name)) = queue.pop_until(Time(9)) {
            order.push(name);
        }
        assert_eq!(order, ["b", "d", "a", "c"]);
    }

    #[test]
    fn a_reserved_place_is_before_what_came_after_it() {
        let mut queue = EventQueue::default();
        let first = queue.reserve(2);
        queue.push(Time(5), "c");
        queue.push_reserved(Time(5), first + 1, "b");
        queue.push_reserved(Time(5), first, "a");
        let order: Vec<&str> =
            std::iter::from_fn(|| queue.pop_until(Time(5))).map(|(_, name)| name).collect();
        assert_eq!(order, ["a", "b", "c"]);
    }

    #[test]
    fn what_is_not_due_stays() {
        let mut queue = EventQueue::default();
        queue.push(Time(5), ());
        assert!(queue.pop_until(Time(4)).is_none());
        assert_eq!(queue.next_at(), Some(Time(5)));
    }
}
