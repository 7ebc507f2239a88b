//! Which rules a sync takes over from the sync before it.

use std::sync::Arc;

use super::{Ports, Synced};

/// The service ports whose rules are taken over from the last sync.
#[derive(Clone, Debug)]
pub struct Reuse<'a> {
    last: Option<&'a Synced>,
    /// For each service port, its index at the last sync if it has not changed since.
    places: Vec<Option<u32>>,
}

impl<'a> Reuse<'a> {
    /// Takes over nothing: a full sync.
    pub const NOTHING: Reuse<'static> = Reuse { last: None, places: Vec::new() };

    /// `last` must have had the same mode and configuration. Then the rules of a port that has not changed are
    /// still right.
    pub(super) fn of(last: &'a Synced, new: &Ports) -> Reuse<'a> {
        let mut places = Vec::with_capacity(new.len());
        let mut before = (0u32..).zip(&last.ports).peekable();
        for (name, port) in new {
            // Compares pointers first: most ports are unchanged, and need no comparison of names.
            while before.next_if(|(_, (old, was))| !Arc::ptr_eq(was, port) && *old < name).is_some() {}
            let same = before.next_if(|(_, (_, was))| Arc::ptr_eq(was, port));
            places.push(same.map(|(at, _)| at));
        }
        Reuse { last: Some(last), places }
    }

    pub(super) fn last(&self) -> Option<&'a Synced> {
        self.last
    }

    /// The index of a port's rules at the last sync, if they can be taken over. `port`: its index now.
    pub(super) fn place(&self, port: usize) -> Option<usize> {
        self.places.get(port).copied().flatten().map(|at| at as usize)
    }
}
