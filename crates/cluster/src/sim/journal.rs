//! A run's log and hash.

use std::sync::Arc;

use super::{Archive, Limit, LogEntry, Logged, Time};

#[derive(Clone, Debug)]
pub(crate) struct Journal {
    log: Archive<Logged>,
    hash: u64,
}

impl Journal {
    /// How much of the log is kept.
    const LOG: Limit = Limit { items: 4_096, bytes: 4_000_000 };

    pub fn new(seed: u64) -> Journal {
        Journal { log: Archive::default(), hash: seed }
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
        self.log.push(Arc::new(logged), bytes, Journal::LOG);
    }

    /// Mixes words into the hash.
    pub fn digest(&mut self, words: &[u64]) {
        for word in words {
            self.hash = (self.hash.rotate_left(5) ^ word).wrapping_mul(0x517c_c1b7_2722_0a95);
        }
    }
}
