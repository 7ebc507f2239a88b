//! A person at a cluster: acts, waits, goes back in time, takes back and does again. Whatever that was, the
//! recorded run is the same run, in every way there is of coming to it.

use cluster::api::{Manifest, Scenario, Severity, TimedAction, parse};
use cluster::sim::{Run, Span, Time};
use proptest::prelude::*;

use crate::action::{Kind, make};
use crate::cluster::Cluster;
use crate::invariants;
use crate::pick::Picks;
use crate::state::digest;

#[derive(Clone, Debug)]
pub struct Sequence {
    pub cluster: Cluster,
    pub seed: u64,
    pub steps: Vec<Step>,
    /// How many bytes snapshots may take.
    pub history_budget: u64,
}

#[derive(Clone, Debug)]
pub enum Step {
    /// Milliseconds.
    Wait(u16),
    Act(Kind, Vec<u16>),
    /// So many events, which may end in the middle of a moment, as frames do.
    Events(u8),
    /// To so many percent of the time until now.
    Back(u8),
    Undo,
    Redo,
}

impl Sequence {
    pub fn any() -> impl Strategy<Value = Sequence> {
        let act = || (0..Kind::ALL.len(), proptest::collection::vec(any::<u16>(), 0..8));
        let step = prop_oneof![
            10 => act().prop_map(|(kind, picks)| Step::Act(Kind::ALL[kind], picks)),
            5 => (0..9_000u16).prop_map(Step::Wait),
            1 => (1..60u8).prop_map(Step::Events),
            1 => (0..100u8).prop_map(Step::Back),
            1 => Just(Step::Undo),
            1 => Just(Step::Redo),
        ];
        let steps = proptest::collection::vec(step, 1..24);
        let history_budget = prop_oneof![Just(Run::HISTORY_BUDGET), Just(1_000_000), Just(0)];
        (Cluster::any(), any::<u16>(), steps, history_budget).prop_map(
            |(cluster, seed, steps, history_budget)| Sequence {
                cluster,
                seed: u64::from(seed),
                steps,
                history_budget,
            },
        )
    }

    /// Panics where something does not hold.
    pub fn check(&self) {
        let mut player = Player { run: self.cluster.start(self.seed), refused: Vec::new() };
        player.run.set_history_budget(self.history_budget);
        player.wait(Span::from_secs(8));
        for step in &self.steps {
            player.step(step);
        }
        player.wait(Span::from_secs(3));
        let Player { mut run, refused } = player;
        same_when_opened_again(&self.cluster.manifest(), &mut run);
        same_with_refused_actions_in_its_script(&self.cluster.manifest(), &mut run, &refused);
        same_after_seeking(&mut run);
        same_when_undone_and_done_again(&mut run);
    }
}

struct Player {
    run: Run,
    /// What was refused, when, and how many actions the run had had.
    refused: Vec<(usize, TimedAction)>,
}

impl Player {
    fn step(&mut self, step: &Step) {
        match step {
            Step::Wait(millis) => self.wait(Span::from_millis(u64::from(*millis))),
            Step::Act(kind, picks) => self.act(*kind, picks),
            Step::Events(count) => {
                let to = self.run.world().now() + Span::from_secs(60);
                self.run.advance_to(to, u64::from(*count));
            }
            Step::Back(percent) => {
                let to = Time(self.run.world().now().0 / 100 * u64::from(*percent));
                assert!(self.run.seek(to, u64::MAX), "it comes there");
                // What was done later is still to come, and what was refused is not.
                let to = self.run.world().moment(to);
                self.refused.retain(|(_, action)| action.at <= to);
            }
            Step::Undo => {
                self.run.undo();
                let now = self.run.world().moment(self.run.world().now());
                self.refused.retain(|(_, action)| action.at < now);
            }
            Step::Redo => {
                self.run.redo();
            }
        }
        invariants::check(self.run.world());
    }

    /// In small steps: what must hold is checked at many moments.
    fn wait(&mut self, span: Span) {
        for _ in 0..4 {
            let to = self.run.world().now() + Span(span.0 / 4);
            assert!(self.run.advance_to(to, u64::MAX), "it comes there");
            invariants::check(self.run.world());
        }
    }

    fn act(&mut self, kind: Kind, picks: &[u16]) {
        // As the run does before it acts: see Run::act.
        let now = self.run.world().now();
        self.run.advance_to(now, u64::MAX);
        let action = make(kind, &mut Picks::new(picks), self.run.world());
        let mut before = self.run.clone();
        if self.run.act(action.clone()).is_err() {
            assert_eq!(
                digest(&mut self.run),
                digest(&mut before),
                "what is refused changes nothing: {action:?}"
            );
            let now = self.run.world().moment(now);
            let had = self.run.actions().iter().filter(|a| a.at <= now).count();
            self.refused.push((had, TimedAction { at: now, action }));
        }
    }
}

/// The scenario that a run is shared as, printed and read again.
fn shared(original: &Manifest, actions: Vec<TimedAction>, seed: u64) -> Manifest {
    let scenario = original.scenario.clone().unwrap_or_default();
    let scenario = Scenario { seed: Some(seed), actions, ..scenario };
    let text = scenario.to_text();
    let read = parse(&text);
    let errors = read.diagnostics.iter().filter(|d| d.severity == Severity::Error);
    assert_eq!(errors.count(), 0, "what is shared can be read: {:?}\n{text}", read.diagnostics);
    assert_eq!(read.scenario.as_ref(), Some(&scenario), "what is shared reads back\n{text}");
    Manifest { scenario: read.scenario, ..original.clone() }
}

fn same_when_opened_again(original: &Manifest, run: &mut Run) {
    let manifest = shared(original, run.actions().to_vec(), run.world().seed());
    let mut again = Run::new(&manifest, None).0.resume(Vec::new(), Vec::new());
    assert!(again.advance_to(run.world().now(), u64::MAX));
    assert_eq!(again.world().hash(), run.world().hash(), "the shared run is the same run");
    assert_eq!(digest(&mut again), digest(run), "the shared run is in the same state");
}

/// A script says what it was refused in the log; nothing else is otherwise, then or later.
fn same_with_refused_actions_in_its_script(
    original: &Manifest,
    run: &mut Run,
    refused: &[(usize, TimedAction)],
) {
    let mut actions = run.actions().to_vec();
    for (place, action) in refused.iter().rev() {
        actions.insert((*place).min(actions.len()), action.clone());
    }
    let seed = run.world().seed();
    let manifest = Manifest {
        scenario: original.scenario.clone().map(|s| Scenario { seed: Some(seed), actions, ..s }),
        ..original.clone()
    };
    let (mut scripted, _) = Run::new(&manifest, None);
    let mut plain = run.clone();
    for later in [0, 30] {
        let to = run.world().now() + Span::from_secs(later);
        assert!(scripted.advance_to(to, u64::MAX) && plain.advance_to(to, u64::MAX));
        assert_eq!(scripted.world().hash(), plain.world().hash(), "refused actions leave the run as it is");
        let counts = |run: &Run| format!("{:?}", run.world().traffic().stats);
        assert_eq!(counts(&scripted), counts(&plain), "refused actions count nowhere");
    }
}

fn same_after_seeking(run: &mut Run) {
    let (now, hash, state) = (run.world().now(), run.world().hash(), digest(run));
    for percent in [70, 5, 40] {
        assert!(run.seek(Time(now.0 / 100 * percent), u64::MAX) && run.seek(now, u64::MAX));
        assert_eq!(run.world().hash(), hash, "a run that was gone back in to {percent} % goes on as it did");
        assert_eq!(digest(run), state, "and is in the same state");
    }
}

fn same_when_undone_and_done_again(run: &mut Run) {
    let (now, hash, state) = (run.world().now(), run.world().hash(), digest(run));
    let undone = std::iter::from_fn(|| run.undo()).count();
    invariants::check(run.world());
    for _ in 0..undone {
        assert!(run.redo().is_some(), "what was undone can be done again");
    }
    // What was undone may have been to come yet.
    assert!(run.seek(now, u64::MAX));
    assert_eq!(run.world().hash(), hash, "undone and done again it is the same run");
    assert_eq!(digest(run), state, "and in the same state");
}
