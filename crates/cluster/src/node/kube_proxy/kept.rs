//! What a sync need not write, because it is there already.

use std::sync::Arc;

use super::Ports;
use crate::net::netfilter::Rules;

/// Rules that are in force, and for which service ports they may stay as they are.
#[derive(Clone, Debug)]
pub struct Kept<'a> {
    rules: Option<&'a Rules>,
    /// For each service port that is to have rules, the place of its old ones, if they may stay.
    places: Vec<Option<u32>>,
}

impl<'a> Kept<'a> {
    /// Everything is written.
    pub const NOTHING: Kept<'static> = Kept { rules: None, places: Vec::new() };

    /// `rules` were written for `old`, in the same mode and with the same configuration as those that
    /// are to be written for `new`. What is kept for a port that did not change is the same as what would
    /// be written.
    pub fn of(rules: &'a Rules, old: &Ports, new: &Ports) -> Kept<'a> {
        let mut places = Vec::with_capacity(new.len());
        let mut before = (0u32..).zip(old).peekable();
        for (name, port) in new {
            // A port that is the very same has the same name: no names are compared for most of them.
            while before.next_if(|(_, (old, was))| !Arc::ptr_eq(was, port) && *old < name).is_some() {}
            let same = before.next_if(|(_, (_, was))| Arc::ptr_eq(was, port));
            places.push(same.map(|(at, _)| at));
        }
        Kept { rules: Some(rules), places }
    }

    pub(super) fn rules(&self) -> Option<&'a Rules> {
        self.rules
    }

    /// Where the old rules of a port stand, by the port's place among the new ones.
    pub(super) fn place(&self, port: usize) -> Option<usize> {
        self.places.get(port).copied().flatten().map(|at| at as usize)
    }
}
