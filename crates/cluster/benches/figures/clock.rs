//! How long something takes.

/// Time on a processor, where the system tells it (Linux): on a machine that others use too, it is
/// what this thread used. Else time as it passes.
pub enum Clock {
    Processor(u64),
    #[expect(clippy::disallowed_types, reason = "a benchmark measures real time")]
    Wall(std::time::Instant),
}

impl Clock {
    pub fn start() -> Clock {
        #[expect(clippy::disallowed_types, reason = "a benchmark measures real time")]
        let wall = || Clock::Wall(std::time::Instant::now());
        processor_time().map_or_else(wall, Clock::Processor)
    }

    pub fn seconds(&self) -> f64 {
        match self {
            Clock::Processor(from) => processor_time().map_or(0.0, |to| (to - from) as f64 / 1e9),
            Clock::Wall(from) => from.elapsed().as_secs_f64(),
        }
    }
}

/// This thread's, in nanoseconds.
fn processor_time() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    text.split(' ').next()?.parse().ok()
}
