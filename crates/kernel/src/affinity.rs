//! Session affinity: the same endpoint again within the time-out, and any of them after it.

use std::thread;
use std::time::{Duration, Instant};

use crate::case::Case;
use crate::coverage::Phase;
use crate::flows::Flow;
use crate::netns;
use crate::outcome::{Answer, Outcome};
use crate::repeats::who;
use crate::shares::Counts;

/// The time-out of those Services whose end is waited for.
pub const SHORT_S: u32 = 2;
/// How often a client comes back within the time-out.
const TIMES: usize = 4;
const MODEL_TIMES: usize = 200;

impl Case<'_> {
    pub fn affinity(&mut self, sticky: &[(Flow, u32)]) -> netns::Outcome {
        let mut waiting: Vec<(Flow, Answer, Instant)> = Vec::new();
        self.phase = Phase::Affinity;
        for (flow, timeout) in sticky {
            let answered = self.ask_all(&[*flow; TIMES])?;
            self.counters.flows += 1;
            if let (Some(Outcome::Answered(last)), SHORT_S) = (answered.last(), *timeout) {
                waiting.push((*flow, *last, Instant::now()));
            }
        }
        self.phase = Phase::AffinityEnds;
        for (flow, last, at) in waiting {
            // The time that the rules count is the kernel's: there is no event to wait for.
            let end = at + Duration::from_millis(u64::from(SHORT_S) * 1_000 + 100);
            thread::sleep(end.saturating_duration_since(Instant::now()));
            self.after_the_end(&flow, &last)?;
        }
        Ok(())
    }

    /// Whoever comes back now is drawn for anew. One draw tells little, so they are pooled over
    /// all clusters, by how many there are to choose from.
    fn after_the_end(&mut self, flow: &Flow, last: &Answer) -> netns::Outcome {
        let last = who(&Outcome::Answered(*last));
        let now = Instant::now();
        let tuple = flow.tuple(1_000);
        let mut counts = Counts::default();
        let mut choice = std::collections::BTreeSet::new();
        for _ in 0..MODEL_TIMES {
            let outcome = self.fresh(now).ask(flow.origin, tuple);
            counts.model(same_or_other(&last, &outcome));
            choice.insert(who(&outcome));
        }
        for outcome in self.ask_all(std::slice::from_ref(flow))? {
            counts.kernel(same_or_other(&last, &outcome));
        }
        if choice.len() > 1 {
            self.counters.shares.add(format!("after affinity's end, of {}", choice.len()), &counts);
        }
        Ok(())
    }
}

fn same_or_other(last: &str, outcome: &Outcome) -> String {
    if who(outcome) == last { "the same".into() } else { "another".into() }
}
