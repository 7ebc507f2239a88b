//! One question put many times: is each endpoint reached that the model knows, and how often?

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use crate::case::Case;
use crate::coverage::Phase;
use crate::flows::Flow;
use crate::netns;
use crate::outcome::Outcome;
use crate::plan;
use crate::shares::Counts;

const KERNEL_TIMES: usize = 150;
const MODEL_TIMES: usize = 1_500;
/// An answer of which the model gives so many in a hundred fails to come from the kernel, by
/// chance, less than once in 10^8 questions.
const SURELY_SEEN_PERCENT: usize = 12;

impl Case<'_> {
    /// Asks for a flow again and again.
    pub fn ask_repeatedly(&mut self, flow: &Flow) -> netns::Outcome {
        self.phase = Phase::Shares;
        let model = self.sample(flow, MODEL_TIMES);
        let kernel = self.ask_all(&vec![*flow; KERNEL_TIMES])?;
        self.check_reached(flow, &model, &kernel);
        let (name, label) = self.question_of(flow, &model);
        let mut counts = Counts::default();
        model.iter().for_each(|outcome| counts.model(label(outcome)));
        kernel.iter().for_each(|outcome| counts.kernel(label(outcome)));
        self.counters.shares.add(name, &counts);
        Ok(())
    }

    /// What the model's draws come to from here.
    fn sample(&mut self, flow: &Flow, times: usize) -> Vec<Outcome> {
        let now = Instant::now();
        let tuple = flow.tuple(1_000);
        (0..times).map(|_| self.fresh(now).ask(flow.origin, tuple)).collect()
    }

    fn check_reached(&mut self, flow: &Flow, model: &[Outcome], kernel: &[Outcome]) {
        let reached: BTreeSet<String> = kernel.iter().map(who).collect();
        let mut known: BTreeMap<String, usize> = BTreeMap::new();
        model.iter().for_each(|outcome| *known.entry(who(outcome)).or_default() += 1);
        for (answer, count) in known {
            if count * 100 >= SURELY_SEEN_PERCENT * MODEL_TIMES && !reached.contains(&answer) {
                let what = format!("{flow}, {KERNEL_TIMES} times");
                self.difference(&what, &format!("only {reached:?}"), &format!("{answer}, too"));
            }
        }
    }

    /// Rules choose by an endpoint's place in their order, so all questions with so many endpoints
    /// are one: many counts in few cells show a small bias. Where an endpoint refuses it has no
    /// place, and the question stands alone.
    fn question_of(&self, flow: &Flow, model: &[Outcome]) -> (String, impl Fn(&Outcome) -> String + use<>) {
        let family = self.cluster.family;
        let text = move |outcome: &Outcome| {
            let Outcome::Answered(answer) = outcome else { return None };
            Some(std::net::SocketAddr::new(plan::address_of(family, answer.by), answer.port).to_string())
        };
        let places: Option<BTreeSet<String>> = model.iter().map(text).collect();
        let name = match &places {
            Some(places) => {
                format!("{} mode, {} endpoints", self.cluster.backend.mode.as_str(), places.len())
            }
            None => format!("seed {}: {flow}", self.cluster.seed),
        };
        let label = move |outcome: &Outcome| {
            let place = text(outcome)
                .zip(places.as_ref())
                .and_then(|(text, all)| all.iter().position(|t| *t == text));
            place.map_or_else(|| who(outcome), |place| format!("number {place}"))
        };
        (name, label)
    }
}

/// Who answered, and on which port.
pub fn who(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Answered(answer) => format!("{} {}", answer.by, answer.port),
        Outcome::AnswerLost(_) | Outcome::Refused(_) | Outcome::Silence => outcome.to_string(),
    }
}
