//! One question put many times: is each endpoint chosen as often as the model says?

use std::time::Instant;

use crate::flows::Flow;
use crate::outcome::{Answer, Outcome};
use crate::shares::Counts;
use crate::space;
use crate::trial::Trial;

const KERNEL_TIMES: usize = 60;
const MODEL_TIMES: usize = 600;

impl Trial<'_> {
    /// Picks a flow that was answered and asks for it again and again.
    pub fn shares(&mut self, answered: &[(Flow, Answer)]) -> space::Outcome {
        let mut candidates: Vec<Flow> =
            answered.iter().map(|(flow, _)| *flow).filter(|flow| flow.group.is_none()).collect();
        self.dice.shuffle(&mut candidates);
        let mut chosen = None;
        for flow in candidates {
            let sample = self.sample(&flow);
            let answers: std::collections::BTreeSet<&String> = sample.iter().collect();
            if answers.len() > 1 {
                chosen = Some((flow, sample));
                break;
            }
        }
        let Some((flow, sample)) = chosen else { return Ok(()) };
        let mut counts = Counts::default();
        sample.into_iter().for_each(|answer| counts.model(answer));
        let outcomes = self.ask_all(&vec![flow; KERNEL_TIMES])?;
        outcomes.iter().for_each(|outcome| counts.kernel(who(outcome)));
        self.tally.shares.add(format!("seed {}: {flow}", self.cluster.seed), &counts);
        Ok(())
    }

    /// What the model's draws come to from here.
    fn sample(&mut self, flow: &Flow) -> Vec<String> {
        let now = Instant::now();
        let tuple = flow.tuple(1_000);
        (0..MODEL_TIMES).map(|_| who(&self.fresh(now).ask(flow.origin, tuple))).collect()
    }
}

/// Who answered, and on which port.
pub fn who(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Answered(answer) => format!("{} {}", answer.by, answer.port),
        other => other.to_string(),
    }
}
