//! An estimate of a World's memory, for the budget of a run's history. The simulation does not depend on it.

use std::sync::Arc;

use super::{Event, Time, World};
use crate::api::Uid;
use crate::node::kubelet::PodRuntime;

impl World {
    /// All of it.
    pub fn bytes(&self) -> u64 {
        let nothing = World::new(self.seed(), self.timing.as_ref().clone(), self.config.as_ref().clone());
        self.bytes_beside(&nothing)
    }

    /// The memory that is not shared with an older World of the same run.
    pub(super) fn bytes_beside(&self, older: &World) -> u64 {
        let machines =
            self.machines.iter().map(|(uid, machine)| machine.bytes_beside(older.machines.get(uid)));
        let shared = |uid: &Uid, runtime: &Arc<PodRuntime>| {
            older.pods.get(uid).is_some_and(|old| Arc::ptr_eq(old, runtime))
        };
        let own = self.pods.iter().filter(|(uid, runtime)| !shared(uid, runtime));
        let runtimes: u64 = own.map(|(_, runtime)| runtime.bytes()).sum();
        let pods = self.pods.len() * size_of::<(Uid, Arc<PodRuntime>)>();
        let events = self.clock.planned() * size_of::<(Time, u64, Event)>();
        let ordinals = self.name_ordinals.len() * size_of::<(Uid, u32)>();
        size_of::<World>() as u64
            + self.store.bytes_beside(&older.store)
            + machines.sum::<u64>()
            + (pods + events + ordinals) as u64
            + self.watch_events.bytes()
            + self.scheduler.bytes_beside(&older.scheduler)
            + runtimes
            + self.traffic.bytes_beside(&older.traffic)
            + self.journal.bytes_beside(&older.journal)
    }
}
