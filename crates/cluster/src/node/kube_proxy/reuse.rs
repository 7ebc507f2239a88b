//! What a sync need not write, because the one before it wrote just that.

use std::sync::Arc;

use super::{Ports, Synced};

/// Which service ports' rules may stay as the last sync wrote them.
#[derive(Clone, Debug)]
pub struct Reuse<'a> {
    last: Option<&'a Synced>,
    /// For each service port that is to have rules, its place at the last sync, if it is unchanged since.
    places: Vec<Option<u32>>,
}

impl<'a> Reuse<'a> {
    /// Everything is written.
    pub const NOTHING: Reuse<'static> = Reuse { last: None, places: Vec::new() };

    /// `last` was in the same mode, and with the same configuration. So what it wrote for a port that did not
    /// change is what would be written.
    pub(super) fn of(last: &'a Synced, new: &Ports) -> Reuse<'a> {
        let mut places = Vec::with_capacity(new.len());
        let mut before = (0u32..).zip(&last.ports).peekable();
        for (name, port) in new {
            // A port that is the very same has the same name: no names are compared for most of them.
            while before.next_if(|(_, (old, was))| !Arc::ptr_eq(was, port) && *old < name).is_some() {}
            let same = before.next_if(|(_, (_, was))| Arc::ptr_eq(was, port));
            places.push(same.map(|(at, _)| at));
        }
        Reuse { last: Some(last), places }
    }

    pub(super) fn last(&self) -> Option<&'a Synced> {
        self.last
    }

    /// Where a port's rules stand among those of the last sync, by the port's place among the new ones.
    pub(super) fn place(&self, port: usize) -> Option<usize> {
        self.places.get(port).copied().flatten().map(|at| at as usize)
    }
}
