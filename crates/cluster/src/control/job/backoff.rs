//! How long a Job waits before it replaces a Pod that failed (backoff_utils.go).

use super::Sync;
use crate::sim::{Span, Time, World};

/// DefaultJobPodFailureBackOff and MaxJobPodFailureBackOff.
const FIRST: Span = Span(10 * 1_000_000_000);
const MOST: Span = Span(600 * 1_000_000_000);

/// The Pods of a Job that failed since one succeeded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Backoff {
    failures: u32,
    last: Time,
}

impl Backoff {
    /// getRemainingTime: 10 s after the first failure, doubled with each.
    fn remaining(self, now: Time) -> Span {
        if self.failures == 0 {
            return Span::ZERO;
        }
        let wait = Span((FIRST.0 << (self.failures - 1).min(10)).min(MOST.0));
        (self.last + wait).since(now)
    }
}

impl World {
    /// newBackoffRecord, with the moment at which the controller sees a failure as its time.
    pub(super) fn note_failures(&mut self, sync: &Sync<'_>) {
        let (uid, now) = (sync.job.meta.uid, self.now());
        if !sync.newly_succeeded.is_empty() {
            self.job_backoffs.remove(&uid);
        }
        let failures = sync.newly_failed.len() as u32;
        if failures > 0 {
            let backoff = self.job_backoffs.entry(uid).or_default();
            *backoff = Backoff { failures: backoff.failures.saturating_add(failures), last: now };
        }
    }

    pub(super) fn backoff_of(&self, sync: &Sync<'_>) -> Span {
        let backoff = self.job_backoffs.get(&sync.job.meta.uid).copied().unwrap_or_default();
        backoff.remaining(self.now())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Cases of backoff_utils_test.go, TestGetRemainingBackoffTime.
    #[test]
    fn the_wait_doubles_up_to_ten_minutes() {
        let second = |n: u64| Time(n * 1_000_000_000);
        for (failures, now_s, expected_s) in
            [(0, 0, 0), (1, 0, 10), (1, 4, 6), (1, 11, 0), (2, 0, 20), (3, 0, 40), (7, 0, 600), (99, 0, 600)]
        {
            let backoff = Backoff { failures, last: Time::ZERO };
            let remaining = backoff.remaining(second(now_s));
            assert_eq!(remaining, Span::from_secs(expected_s), "{failures} failures, after {now_s} s");
        }
    }
}
