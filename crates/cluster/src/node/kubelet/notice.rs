//! How long news take between the API server and those who watch it.

use crate::api::Uid;
use crate::sim::{Chance, Purpose, Span, World};

/// What is under way to a watcher, or from it. Each draws its own delay: the number is part of what the draw is keyed
/// by, so none is ever given another one.
#[derive(Clone, Copy)]
pub(crate) enum Notice {
    /// A Pod was deleted.
    Deletion = 0,
    /// Nothing is left of a Pod.
    End = 1,
    /// The API server can be reached again.
    Connection = 2,
    /// Somebody has set a Pod's condition.
    Condition = 3,
    /// What a Pod waits for may be there.
    Prerequisite = 4,
    /// A Pod's spec has changed.
    Spec = 5,
}

impl World {
    /// How long a notice takes to reach a watcher of this subject.
    pub(crate) fn watch_delay(&self, subject: Uid, notice: Notice) -> Span {
        let spread = self.timing.watch_delay_spread.0.max(1);
        let key = Chance::join(u64::from(subject.0), self.store.resource_version());
        let purpose = Purpose::WatchDelay;
        self.timing.watch_delay + Span(self.chance.below(purpose, key, notice as u64, spread))
    }
}
