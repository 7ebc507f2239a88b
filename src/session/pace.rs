//! How far to simulate in a frame, and what to report if that takes too long. Pure: the clock is passed in.

use cluster::sim::{Changes, Run, Time};
use scene::facts::SystemObjects;

/// Simulated seconds for each second: the slider's stops. Each is about half as much again
/// as the one before, so that even steps multiply.
pub const SPEEDS: [f64; 19] =
    [0.02, 0.03, 0.04, 0.05, 0.07, 0.1, 0.14, 0.2, 0.3, 0.5, 0.7, 1.0, 1.4, 2.0, 3.0, 5.0, 7.0, 10.0, 20.0];
pub const USUAL: f64 = 1.0;

/// Simulation's share of a frame. The rest is for drawing.
pub const FRAME_BUDGET_MS: f64 = 6.0;
/// If the pause between two frames was longer, the tab was suspended.
const LONGEST_FRAME_MS: f64 = 100.0;
/// Events between two looks at the clock. In a large cluster one can take milliseconds.
const EVENTS_PER_LOOK: u64 = 1;
/// How many events a step may pass over before something is to be seen.
const EVENTS_PER_STEP: u32 = 10_000;

/// Keeps account of what was asked for and what was done.
#[derive(Debug, Default)]
pub struct Pace {
    /// Nanoseconds below one, carried over.
    rest: f64,
    /// Smoothed: 1 when every frame got where it should.
    kept: Option<f64>,
}

impl Pace {
    /// Where a frame of this length should get to.
    pub fn target(&mut self, now: Time, frame_ms: f64, speed: f64) -> Time {
        let nanos = frame_ms.clamp(0.0, LONGEST_FRAME_MS) * 1e6 * speed + self.rest;
        let whole = nanos.floor();
        self.rest = nanos - whole;
        Time(now.0.saturating_add(whole as u64))
    }

    /// A frame went from `from` to `to` and should have gone to `target`.
    pub fn went(&mut self, from: Time, to: Time, target: Time) {
        let asked = target.since(from).0.max(1) as f64;
        let share = to.since(from).0 as f64 / asked;
        let kept = self.kept.unwrap_or(1.0);
        self.kept = Some(kept + (share - kept) * 0.1);
    }

    /// The part of the speed that is kept, when that is worth saying.
    pub fn lag(&self) -> Option<f64> {
        self.kept.filter(|kept| *kept < 0.9)
    }
}

/// The stop of the slider for a speed.
pub fn stop_of(speed: f64) -> usize {
    SPEEDS.iter().rposition(|stop| *stop <= speed).unwrap_or(0)
}

/// Runs on until `target`, or until `clock` (in milliseconds) passes `deadline`. True when it
/// got there.
pub fn run_until(run: &mut Run, target: Time, deadline: f64, clock: impl Fn() -> f64) -> bool {
    loop {
        if run.advance_to(target, EVENTS_PER_LOOK) {
            return true;
        }
        if clock() >= deadline {
            return false;
        }
    }
}

/// Runs on until it is known when the clients begin, or until `clock` passes `deadline`. True when it is.
pub fn find_origin(run: &mut Run, deadline: f64, clock: impl Fn() -> f64) -> bool {
    loop {
        if run.find_origin(EVENTS_PER_LOOK) {
            return true;
        }
        if clock() >= deadline {
            return false;
        }
    }
}

/// Runs on to the next moment that shows. False when nothing happens any more.
pub fn step(run: &mut Run, system: SystemObjects) -> (bool, Changes) {
    let mut changes = run.take_changes();
    for _ in 0..EVENTS_PER_STEP {
        if !run.step() {
            return (false, changes);
        }
        let now = run.take_changes();
        let shows = shows(&now, system);
        changes.merge(now);
        if shows {
            break;
        }
    }
    (true, changes)
}

/// Goes back to the last moment before now that showed.
pub fn step_back(run: &mut Run, system: SystemObjects) -> bool {
    let now = run.world().now();
    if now == Time::ZERO {
        return false;
    }
    let mut reach = 500_000_000;
    loop {
        let from = Time(now.0.saturating_sub(reach));
        let mut probe = run.clone();
        probe.seek(from, u64::MAX);
        let last = last_step_before(&mut probe, system, now);
        if last.is_some() || from == Time::ZERO {
            return run.seek(last.unwrap_or(Time::ZERO), u64::MAX);
        }
        reach *= 8;
    }
}

fn last_step_before(probe: &mut Run, system: SystemObjects, end: Time) -> Option<Time> {
    let mut last = None;
    while step(probe, system).0 && probe.world().now() < end {
        last = Some(probe.world().now());
    }
    last
}

/// Lookups are seen where the cluster's DNS is.
fn shows(changes: &Changes, system: SystemObjects) -> bool {
    let lookups = changes.lookups && system == SystemObjects::Shown;
    changes.scene || changes.traffic || lookups || changes.log || !changes.rules.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slider_and_the_speed_agree() {
        for (stop, speed) in SPEEDS.iter().enumerate() {
            assert_eq!(stop_of(*speed), stop);
        }
        assert!(SPEEDS.contains(&USUAL));
        assert!(SPEEDS.windows(2).all(|pair| (1.2..=2.0).contains(&(pair[1] / pair[0]))));
    }

    #[test]
    fn fractions_of_a_nanosecond_are_not_lost() {
        let mut pace = Pace::default();
        let mut now = Time::ZERO;
        for _ in 0..600 {
            now = pace.target(now, 1000.0 / 60.0, 1.0);
        }
        assert!(now.since(Time(10_000_000_000)).0 < 10 && Time(10_000_000_000).since(now).0 < 10);
    }

    #[test]
    fn a_sleeping_tab_is_no_leap() {
        assert_eq!(Pace::default().target(Time::ZERO, 60_000.0, 1.0), Time(100_000_000));
    }

    #[test]
    fn lag_is_told_when_it_lasts() {
        let mut pace = Pace::default();
        pace.went(Time(0), Time(5), Time(10));
        assert_eq!(pace.lag(), None);
        for _ in 0..30 {
            pace.went(Time(0), Time(5), Time(10));
        }
        assert!(pace.lag().is_some_and(|lag| (0.45..0.6).contains(&lag)));
    }
}
