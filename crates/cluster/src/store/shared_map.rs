//! A sorted map whose copies share what they have in common: each change of the API server's objects leaves the map
//! that was there before to those who have seen no more than that.

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

/// The entries are in chunks, in their order. Copying a map copies nothing; a change after that copies one chunk, and
/// the list of them.
#[derive(Clone)]
pub(super) struct SharedMap<K, V> {
    /// None of them is empty.
    chunks: Arc<Vec<Arc<Chunk<K, V>>>>,
    len: u32,
}

type Chunk<K, V> = Vec<(K, V)>;

/// The most entries of a chunk: it takes about as long to copy as the list of chunks of a few thousand entries.
const CHUNK: usize = 64;

impl<K, V> Default for SharedMap<K, V> {
    fn default() -> SharedMap<K, V> {
        SharedMap { chunks: Arc::default(), len: 0 }
    }
}

impl<K: fmt::Debug, V: fmt::Debug> fmt::Debug for SharedMap<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter().map(|(key, value)| (key, value))).finish()
    }
}

impl<K, V> SharedMap<K, V> {
    pub fn len(&self) -> usize {
        self.len as usize
    }

    /// Whether both share all of their entries, which is stricter than having the same.
    pub fn is_same(&self, other: &SharedMap<K, V>) -> bool {
        Arc::ptr_eq(&self.chunks, &other.chunks)
    }

    pub fn iter(&self) -> impl Iterator<Item = &(K, V)> {
        self.chunks.iter().flat_map(|chunk| chunk.iter())
    }

    /// Those from the first one on that is not `before`, which must hold for the first keys only.
    pub fn iter_from<'a>(
        &'a self,
        before: &dyn Fn(&K) -> bool,
    ) -> impl Iterator<Item = &'a (K, V)> + use<'a, K, V> {
        let is_before = |chunk: &Arc<Chunk<K, V>>| chunk.last().is_some_and(|(last, _)| before(last));
        let chunks = self.chunks.get(self.chunks.partition_point(is_before)..).unwrap_or_default();
        let first = chunks.first().map_or(0, |chunk| chunk.partition_point(|(key, _)| before(key)));
        chunks.iter().flat_map(|chunk| chunk.iter()).skip(first)
    }
}

/// Of values that know their own key: what two maps share is under the same key in both.
impl<K: Ord, V> SharedMap<K, Arc<V>> {
    /// Calls `note` with the old and the new value of each key that was added, removed or replaced.
    pub fn differing<'a>(
        old: &'a SharedMap<K, Arc<V>>,
        new: &'a SharedMap<K, Arc<V>>,
        mut note: impl FnMut(Option<&'a Arc<V>>, Option<&'a Arc<V>>),
    ) {
        let (mut old, mut new) = (Cursor::new(&old.chunks), Cursor::new(&new.chunks));
        loop {
            Cursor::pass_shared(&mut old, &mut new);
            let (was, is) = (old.entry(), new.entry());
            // Most entries are unchanged, and comparing references is cheaper than comparing keys.
            let same = matches!((was, is), (Some((_, a)), Some((_, b))) if Arc::ptr_eq(a, b));
            let order = match (was, is) {
                (None, None) => return,
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                _ if same => Ordering::Equal,
                (Some((a, _)), Some((b, _))) => a.cmp(b),
            };
            if !same {
                let before = was.filter(|_| order != Ordering::Greater);
                let after = is.filter(|_| order != Ordering::Less);
                note(before.map(|(_, value)| value), after.map(|(_, value)| value));
            }
            if order != Ordering::Greater {
                old.advance();
            }
            if order != Ordering::Less {
                new.advance();
            }
        }
    }
}

impl<K: Ord + Clone, V: Clone> SharedMap<K, V> {
    /// The chunk that has a key, if any has; and whether, and where in it. `order`: of a key, beside the one sought.
    fn find(&self, order: impl Fn(&K) -> Ordering) -> (usize, Result<usize, usize>) {
        let starts_by =
            |chunk: &Arc<Chunk<K, V>>| chunk.first().is_some_and(|(first, _)| order(first).is_le());
        let of = self.chunks.partition_point(starts_by).saturating_sub(1);
        let chunk = self.chunks.get(of);
        (of, chunk.map_or(Err(0), |chunk| chunk.binary_search_by(|(key, _)| order(key))))
    }

    pub fn get(&self, key: &K) -> Option<&V> {
        self.get_by(|there| there.cmp(key))
    }

    pub fn get_by(&self, order: impl Fn(&K) -> Ordering) -> Option<&V> {
        let (of, at) = self.find(order);
        Some(&self.chunks.get(of)?.get(at.ok()?)?.1)
    }

    pub fn insert(&mut self, key: K, value: V) -> Option<V> {
        let (of, at) = self.find(|there| there.cmp(&key));
        let chunks = Arc::make_mut(&mut self.chunks);
        let Some(chunk) = chunks.get_mut(of).map(Arc::make_mut) else {
            chunks.push(Arc::new(vec![(key, value)]));
            self.len = 1;
            return None;
        };
        match at {
            Ok(at) => Some(std::mem::replace(&mut chunk[at].1, value)),
            Err(at) => {
                chunk.insert(at, (key, value));
                if chunk.len() > CHUNK {
                    let rest = chunk.split_off(CHUNK / 2);
                    chunks.insert(of + 1, Arc::new(rest));
                }
                self.len += 1;
                None
            }
        }
    }

    pub fn remove(&mut self, key: &K) -> Option<V> {
        let (of, Ok(at)) = self.find(|there| there.cmp(key)) else { return None };
        let chunks = Arc::make_mut(&mut self.chunks);
        let chunk = Arc::make_mut(&mut chunks[of]);
        let (_, removed) = chunk.remove(at);
        if chunk.is_empty() {
            chunks.remove(of);
        }
        self.len -= 1;
        Some(removed)
    }
}

/// A place in a map.
struct Cursor<'a, K, V> {
    chunks: &'a [Arc<Chunk<K, V>>],
    /// In the first of them.
    at: usize,
}

impl<'a, K, V> Cursor<'a, K, V> {
    fn new(chunks: &'a [Arc<Chunk<K, V>>]) -> Cursor<'a, K, V> {
        Cursor { chunks, at: 0 }
    }

    fn entry(&self) -> Option<&'a (K, V)> {
        self.chunks.first()?.get(self.at)
    }

    fn advance(&mut self) {
        self.at += 1;
        if self.chunks.first().is_some_and(|chunk| self.at == chunk.len()) {
            self.pass_chunk();
        }
    }

    fn pass_chunk(&mut self) {
        (self.chunks, self.at) = (self.chunks.get(1..).unwrap_or_default(), 0);
    }

    /// Passes over the chunks that both have.
    fn pass_shared(one: &mut Cursor<'_, K, V>, other: &mut Cursor<'_, K, V>) {
        while let (Some(a), Some(b)) = (one.chunks.first(), other.chunks.first())
            && one.at == 0
            && other.at == 0
            && Arc::ptr_eq(a, b)
        {
            one.pass_chunk();
            other.pass_chunk();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use netfilter::{Chance, KernelPurpose};

    /// What a BTreeMap does, for keys that come and go by chance.
    #[test]
    fn it_is_a_sorted_map() {
        let chance = Chance::new(1);
        let (mut map, mut expected) = (SharedMap::default(), BTreeMap::new());
        for step in 0..4_000u64 {
            let draw = |ordinal, bound| chance.below(KernelPurpose::Statistic, step, ordinal, bound);
            let key = draw(0, 700);
            match draw(1, 3) {
                0 => assert_eq!(map.remove(&key), expected.remove(&key)),
                _ => assert_eq!(map.insert(key, step), expected.insert(key, step)),
            }
            let asked = draw(2, 700);
            assert_eq!(map.get(&asked), expected.get(&asked));
            assert_eq!(map.len(), expected.len());
            let rest = map.iter_from(&|key| *key < asked).take(3).map(|(key, _)| *key);
            assert!(rest.eq(expected.range(asked..).take(3).map(|(key, _)| *key)));
        }
        assert!(map.iter().map(|(key, value)| (key, value)).eq(&expected));
        assert!(map.chunks.iter().all(|chunk| (1..=CHUNK).contains(&chunk.len())));
        for key in expected.keys() {
            map.remove(key);
        }
        assert_eq!((map.len(), map.iter().count()), (0, 0));
    }

    #[test]
    fn a_copy_stays_as_it_was_and_shares_what_did_not_change() {
        let mut map = SharedMap::default();
        for key in 0..1_000 {
            map.insert(key, 0);
        }
        let copy = map.clone();
        assert!(map.is_same(&copy));
        map.insert(500, 1);
        map.insert(1_000, 1);
        map.remove(&3);
        assert_eq!((copy.len(), copy.get(&500), copy.get(&3)), (1_000, Some(&0), Some(&0)));
        let shared =
            copy.chunks.iter().filter(|chunk| map.chunks.iter().any(|other| Arc::ptr_eq(chunk, other)));
        assert_eq!(shared.count(), copy.chunks.len() - 3);
    }

    #[test]
    fn differences_are_found_in_order() {
        let mut old = SharedMap::default();
        for key in 0..300 {
            old.insert(key, Arc::new(key));
        }
        let mut new = old.clone();
        new.remove(&0);
        new.insert(40, Arc::new(1_000));
        new.insert(300, Arc::new(300));
        for key in 150..152 {
            new.remove(&key);
        }
        // An equal one is another one.
        new.insert(200, Arc::new(200));
        let mut found = Vec::new();
        let value = |entry: Option<&Arc<i32>>| entry.map(|value| **value);
        SharedMap::differing(&old, &new, |was, is| found.push((value(was), value(is))));
        let gone = |key| (Some(key), None);
        let replaced = |key, by| (Some(key), Some(by));
        let expected =
            [gone(0), replaced(40, 1_000), gone(150), gone(151), replaced(200, 200), (None, Some(300))];
        assert_eq!(found, expected);
    }
}
