//! Which part of the run the track shows, and where on it a moment is.

use cluster::sim::{Span, Time};

/// While it is long enough, nothing on the track moves but the moment that is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    pub from: Time,
    pub span: Span,
}

const SECOND: u64 = 1_000_000_000;
/// In seconds; each has six parts that are easily read. Longer ones are twice the last, again and again.
const SPANS: [u64; 6] = [30, 60, 120, 180, 360, 720];
/// Of the time before the clients began.
const BEFORE: Span = Span::from_secs(10);

impl Window {
    /// Of a run whose clients began at `origin`, which is known until `latest`, and shown at `now`.
    pub fn of(origin: Option<Time>, latest: Time, now: Time) -> Window {
        let beginning = origin.map_or(Time::ZERO, |origin| Time(origin.0.saturating_sub(BEFORE.0)));
        let whole_seconds = Time(now.0 / SECOND * SECOND);
        let from = beginning.min(whole_seconds);
        let needed = latest.since(from).0;
        let known = SPANS.iter().map(|seconds| seconds * SECOND).find(|span| *span >= needed);
        let mut span = known.unwrap_or(SPANS[SPANS.len() - 1] * SECOND);
        while span < needed {
            span = span.saturating_mul(2);
        }
        Window { from, span: Span(span) }
    }

    pub fn until(self) -> Time {
        self.from + self.span
    }

    /// In percent of the track.
    pub fn position(self, at: Time) -> f64 {
        at.since(self.from).0 as f64 / self.span.0 as f64 * 100.0
    }

    /// The moments that are named, each a whole number of seconds from `origin`.
    pub fn named(self, origin: Time) -> Vec<Time> {
        let step = self.span.0 / 6;
        let first = self.from.0.saturating_sub(origin.0 % step).div_ceil(step) * step + origin.0 % step;
        (0..7).map(|nth| Time(first + nth * step)).filter(|at| *at < self.until()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Time {
        Time(seconds * SECOND)
    }

    #[test]
    fn it_stands_still_until_it_is_too_short() {
        let window = |now| Window::of(Some(at(13)), at(now), at(now));
        assert_eq!(window(14), Window { from: at(3), span: Span::from_secs(30) });
        assert_eq!(window(33), window(14));
        assert_eq!(window(34), Window { from: at(3), span: Span::from_secs(60) });
        assert_eq!(window(900), Window { from: at(3), span: Span::from_secs(1440) });
    }

    #[test]
    fn the_moment_that_is_shown_is_on_it() {
        for now in [0, 3, 8, 500, 899, 900] {
            let window = Window::of(Some(at(8)), at(900), at(now));
            assert!((0.0..=100.0).contains(&window.position(at(now))), "{now}");
            assert!(window.position(at(900)) <= 100.0, "and so is the latest");
        }
    }

    #[test]
    fn moments_are_named_from_the_origin() {
        let window = Window::of(Some(at(13)), at(20), at(20));
        assert_eq!(window.named(at(13)), [at(3), at(8), at(13), at(18), at(23), at(28)]);
    }
}
