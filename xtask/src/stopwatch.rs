//! Wall time.
#![expect(
    clippy::disallowed_types,
    reason = "the ban keeps the wall clock out of the simulation; this is not it"
)]

use std::time::Instant;

pub struct Stopwatch(Instant);

impl Stopwatch {
    pub fn start() -> Self {
        Self(Instant::now())
    }

    pub fn seconds(&self) -> f64 {
        self.0.elapsed().as_secs_f64()
    }

    /// `4.2 s`, or `3 min 20 s` from two minutes on.
    pub fn text(&self) -> String {
        let seconds = self.seconds();
        match seconds < 120.0 {
            true => format!("{seconds:.1} s"),
            false => format!("{} min {} s", seconds as u64 / 60, seconds as u64 % 60),
        }
    }
}
