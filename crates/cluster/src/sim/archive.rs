//! A bounded list of the newest items: when it is full, the oldest ones are dropped.

use std::collections::VecDeque;
use std::sync::Arc;

/// Cheap to clone: the items are shared.
#[derive(Clone, Debug)]
pub struct Archive<T> {
    /// Oldest first, each with its size in bytes.
    items: VecDeque<(Arc<T>, u64)>,
    bytes: u64,
    /// How many items were ever added.
    count: u64,
}

/// How much is kept. The newest item is always kept, however large it is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limit {
    pub items: u64,
    /// By the owner's own estimate, which is the same on every machine, so that every machine keeps the same items.
    pub bytes: u64,
}

impl<T> Default for Archive<T> {
    fn default() -> Archive<T> {
        Archive { items: VecDeque::new(), bytes: 0, count: 0 }
    }
}

impl<T> Archive<T> {
    pub(crate) fn push(&mut self, item: Arc<T>, bytes: u64, limit: Limit) {
        self.items.push_back((item, bytes));
        self.bytes += bytes;
        self.count += 1;
        while self.items.len() > 1 && (self.items.len() as u64 > limit.items || self.bytes > limit.bytes) {
            self.bytes -= self.items.pop_front().map_or(0, |(_, bytes)| bytes);
        }
    }

    /// Oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Arc<T>> + ExactSizeIterator {
        self.items.iter().map(|(item, _)| item)
    }

    /// The newest.
    pub fn back(&self) -> Option<&Arc<T>> {
        self.items.back().map(|(item, _)| item)
    }

    pub fn len(&self) -> usize {
        self.items.len()
    }

    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// How many items were ever added.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The memory that is not shared with an older state of it.
    pub(crate) fn bytes_beside(&self, older: &Archive<T>) -> u64 {
        let new = self.count.saturating_sub(older.count);
        let held = self.items.iter().rev().zip(0..new).map(|((_, bytes), _)| bytes);
        held.sum::<u64>() + (self.items.len() * size_of::<(Arc<T>, u64)>()) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(items: impl IntoIterator<Item = (u64, u64)>, limit: Limit) -> Archive<u64> {
        let mut archive = Archive::default();
        items.into_iter().for_each(|(item, bytes)| archive.push(Arc::new(item), bytes, limit));
        archive
    }

    fn kept(archive: &Archive<u64>) -> Vec<u64> {
        archive.iter().map(|item| **item).collect()
    }

    #[test]
    fn the_oldest_go_when_there_are_too_many_or_too_many_bytes() {
        let limit = Limit { items: 3, bytes: 100 };
        assert_eq!(kept(&of((0..5).map(|n| (n, 1)), limit)), [2, 3, 4]);
        assert_eq!(kept(&of([(0, 40), (1, 40), (2, 40)], limit)), [1, 2]);
        assert_eq!(kept(&of([(0, 40), (1, 40), (2, 200)], limit)), [2], "the newest stays");
    }

    #[test]
    fn beside_an_older_one_only_what_is_new_takes_memory() {
        let limit = Limit { items: 3, bytes: 100 };
        let older = of([(0, 10), (1, 10)], limit);
        let mut newer = older.clone();
        let links = |archive: &Archive<u64>| archive.len() as u64 * size_of::<(Arc<u64>, u64)>() as u64;
        assert_eq!(newer.bytes_beside(&older), links(&newer));
        newer.push(Arc::new(2), 7, limit);
        assert_eq!(newer.bytes_beside(&older), 7 + links(&newer));
        assert_eq!(newer.bytes_beside(&Archive::default()), 27 + links(&newer));
    }
}
