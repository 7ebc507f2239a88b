//! Session affinity: the same endpoint again within the time-out, and any of them after it.

use std::thread;
use std::time::{Duration, Instant};

use cluster::api::SessionAffinity;

use crate::flows::{self, Flow};
use crate::outcome::{Answer, Outcome};
use crate::repeats::who;
use crate::shares::Counts;
use crate::space;
use crate::trial::Trial;

/// The time-out of those Services whose end is waited for.
pub const SHORT_S: u32 = 2;
/// How often a client comes back within the time-out.
const TIMES: usize = 4;
/// At most so many Services of a cluster are asked.
const SERVICES: usize = 3;
const MODEL_TIMES: usize = 200;

impl Trial<'_> {
    pub fn affinity(&mut self) -> space::Outcome {
        let flows = self.sticky_flows();
        let mut waiting: Vec<(Flow, Answer, Instant)> = Vec::new();
        for (flow, timeout) in flows {
            let answered = self.ask_all(&vec![flow; TIMES])?;
            self.tally.flows += 1;
            if let (Some(Outcome::Answered(last)), SHORT_S) = (answered.last(), timeout) {
                waiting.push((flow, *last, Instant::now()));
            }
        }
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
    fn after_the_end(&mut self, flow: &Flow, last: &Answer) -> space::Outcome {
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
            self.tally.shares.add(format!("after affinity's end, of {}", choice.len()), &counts);
        }
        Ok(())
    }

    /// A client for each of some Services with affinity, with its time-out.
    fn sticky_flows(&mut self) -> Vec<(Flow, u32)> {
        let mut flows = Vec::new();
        let services: Vec<_> = self.cluster.services.values().cloned().collect();
        for (number, service) in services.iter().enumerate() {
            let SessionAffinity::ClientIP { timeout_s } = service.spec.session_affinity else { continue };
            let drawn = flows::to_cluster_ip(&self.cluster, &mut self.dice, number, service);
            let drawn = drawn.filter(|flow| !self.hides_its_choice(flow));
            flows.extend(drawn.map(|flow| (flow, timeout_s)));
        }
        flows.truncate(SERVICES);
        flows
    }
}

fn same_or_other(last: &str, outcome: &Outcome) -> String {
    if who(outcome) == last { "the same".into() } else { "another".into() }
}
