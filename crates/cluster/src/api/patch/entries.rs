//! The entries of a map that is patched: in their order, and found by their keys at once.

use std::collections::BTreeMap;

use crate::api::{Entry, Position, Str, Tree, Value};

pub(super) struct Entries {
    /// `None`: removed.
    entries: Vec<Option<Entry>>,
    places: BTreeMap<Str, usize>,
}

impl Entries {
    /// None of what is no map.
    pub fn of(tree: &Tree) -> Entries {
        let entries: Vec<Option<Entry>> = tree.entries().iter().cloned().map(Some).collect();
        let keys = tree.entries().iter().enumerate();
        let places = keys.map(|(place, entry)| (entry.key.clone(), place)).collect();
        Entries { entries, places }
    }

    pub fn get(&self, key: &str) -> Option<&Tree> {
        let place = self.places.get(key)?;
        self.entries[*place].as_ref().map(|entry| &entry.value)
    }

    /// A new key comes last.
    pub fn put(&mut self, key: &Str, value: Tree) {
        let entry = Entry { key: key.clone(), position: value.position, value };
        match self.places.get(key) {
            Some(place) => self.entries[*place] = Some(entry),
            None => {
                self.places.insert(key.clone(), self.entries.len());
                self.entries.push(Some(entry));
            }
        }
    }

    pub fn remove(&mut self, key: &str) {
        if let Some(place) = self.places.remove(key) {
            self.entries[place] = None;
        }
    }

    pub fn into_map(self, position: Position) -> Tree {
        let entries: Vec<Entry> = self.entries.into_iter().flatten().collect();
        Tree { value: Value::Map(entries.into()), position }
    }
}
