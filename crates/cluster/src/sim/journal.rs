//! A run's log and hash.

use std::sync::Arc;

use super::{Archive, Limit, LogEntry, Logged, Time};

#[derive(Clone, Debug)]
pub(crate) struct Journal {
    /// Shared with snapshots until the next entry, which may be far off.
    log: Arc<Archive<Logged>>,
    hash: u64,
}

impl Journal {
    /// How much of the log is kept.
    const LOG: Limit = Limit { items: 4_096, bytes: 4_000_000 };

    pub fn new(seed: u64) -> Journal {
        Journal { log: Arc::default(), hash: seed }
    }

    /// Oldest first.
    pub fn log(&self) -> &Archive<Logged> {
        &self.log
    }

    pub fn hash(&self) -> u64 {
        self.hash
    }

    pub fn record(&mut self, at: Time, entry: LogEntry) {
        let logged = Logged { at, entry };
        let bytes = logged.bytes();
        Arc::make_mut(&mut self.log).push(Arc::new(logged), bytes, Journal::LOG);
    }

    /// The memory that is not shared with an older state of it.
    pub fn bytes_beside(&self, older: &Journal) -> u64 {
        if Arc::ptr_eq(&self.log, &older.log) { 0 } else { self.log.bytes_beside(&older.log) }
    }

    /// Mixes words into the hash.
    pub fn digest(&mut self, words: &[u64]) {
        for word in words {
            self.hash = (self.hash.rotate_left(5) ^ word).wrapping_mul(0x517c_c1b7_2722_0a95);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::LoggedContainer;

    #[test]
    fn a_snapshot_shares_the_log_until_the_next_entry() {
        let container = LoggedContainer { name: "web".into(), is_init: false };
        let entry = || LogEntry::Crashed {
            pod: crate::api::NsName::new("default", "web"),
            container: container.clone(),
        };
        let mut journal = Journal::new(1);
        journal.record(Time(1), entry());
        let snapshot = journal.clone();
        journal.digest(&[1]);
        assert_eq!(journal.bytes_beside(&snapshot), 0);
        journal.record(Time(2), entry());
        assert!(journal.bytes_beside(&snapshot) > 0);
        assert_eq!((snapshot.log().len(), journal.log().len()), (1, 2));
    }
}
