//! Back-off of what fails again and again (client-go util/flowcontrol/backoff.go, without jitter, as the kubelet and
//! the DaemonSet controller use it).

use crate::sim::{Span, Time};

/// One item's back-off.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Backoff {
    delay: Span,
    /// `None` before the first failure.
    updated: Option<Time>,
}

impl Backoff {
    /// How long the item still has to wait, after what happened to it at `event`; `None` if it need not (
    /// IsInBackOffSince).
    pub fn left(&self, event: Time, now: Time, max: Span) -> Option<Span> {
        let updated = self.updated?;
        let over = event + self.delay;
        (!has_expired(event, updated, max) && now < over).then(|| over.since(now))
    }

    /// Whether the item still has to wait after its last failure (IsInBackOffSinceUpdate).
    pub fn holds(&self, now: Time, max: Span) -> bool {
        self.updated.is_some_and(|updated| !has_expired(now, updated, max) && now.since(updated) < self.delay)
    }

    /// Whether it has behaved for so long that the next failure is as its first (GC).
    pub fn has_expired(&self, now: Time, max: Span) -> bool {
        self.updated.is_none_or(|updated| has_expired(now, updated, max))
    }

    /// The next failure waits twice as long, the first one `initial` (Next). An item that has behaved for twice the
    /// longest delay begins anew.
    pub fn next(&mut self, event: Time, now: Time, initial: Span, max: Span) {
        let anew = self.updated.is_none_or(|updated| has_expired(event, updated, max));
        self.delay = if anew { initial } else { Span(self.delay.0.saturating_mul(2).min(max.0)) };
        self.updated = Some(now);
    }

    pub fn delay(&self) -> Span {
        self.delay
    }
}

fn has_expired(event: Time, updated: Time, max: Span) -> bool {
    event.since(updated) > max.times(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    const INITIAL: Span = Span::from_secs(10);
    const MAX: Span = Span::from_secs(300);

    fn at(seconds: u64) -> Time {
        Time::ZERO + Span::from_secs(seconds)
    }

    /// A container that ends as soon as it is started: after the first end at once, then 10, 20, 40 ... 300 s.
    #[test]
    fn delays_double_up_to_the_longest() {
        let mut backoff = Backoff::default();
        let mut now = at(0);
        let mut waited = Vec::new();
        for _ in 0..8 {
            let left = backoff.left(now, now, MAX).unwrap_or_default();
            waited.push(left.0 / 1_000_000_000);
            now = now + left;
            backoff.next(now, now, INITIAL, MAX);
        }
        assert_eq!(waited, [0, 10, 20, 40, 80, 160, 300, 300]);
    }

    /// TestBackoffGC's rule: who behaves for twice the longest delay begins anew.
    #[test]
    fn ten_minutes_without_a_failure_reset_it() {
        let mut backoff = Backoff::default();
        backoff.next(at(0), at(0), INITIAL, MAX);
        backoff.next(at(10), at(10), INITIAL, MAX);
        assert_eq!(backoff.left(at(610), at(610), MAX), Some(Span::from_secs(20)));
        assert_eq!(backoff.left(at(611), at(611), MAX), None);
        backoff.next(at(611), at(611), INITIAL, MAX);
        assert_eq!(backoff.delay(), INITIAL);
    }

    #[test]
    fn the_delay_counts_from_the_end_not_from_when_it_is_asked() {
        let mut backoff = Backoff::default();
        backoff.next(at(0), at(0), INITIAL, MAX);
        assert_eq!(backoff.left(at(3), at(5), MAX), Some(Span::from_secs(8)));
        assert_eq!(backoff.left(at(3), at(13), MAX), None);
    }
}
