//! The workers that probe a container: one for each of its probes (prober/worker.go).
//!
//! Upstream's workers run at each tick of their period. Here a worker runs only as long as another result could
//! change something: what succeeds again and again costs nothing. When what it asks changes, it goes on at its next
//! tick.

use crate::api::{Container, Probe, ProbeKind};
use crate::sim::{Span, Time};

/// What one run of a probe found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Success,
    Failure,
    /// It could not be run, because its port has a name that the container does not have. Such a result is thrown away.
    Error,
}

#[derive(Clone, Debug)]
pub(super) struct Worker {
    initial_delay: Span,
    period: Span,
    success_threshold: u32,
    failure_threshold: u32,
    /// A moment of its ticks. Upstream that is when the worker was made: when the kubelet took up the Pod.
    ticks_from: Time,
    /// What the kubelet goes by; `None` is unknown.
    result: Option<bool>,
    last: Option<Outcome>,
    /// How many times in a row it was the last outcome.
    run: u32,
    /// After it made the kubelet kill the container: until there is a new process.
    is_on_hold: bool,
    planned: Option<Time>,
    kind: ProbeKind,
}

impl Worker {
    fn new(kind: ProbeKind, probe: &Probe, ticks_from: Time) -> Worker {
        let seconds = |seconds: u32| Span::from_secs(u64::from(seconds));
        Worker {
            initial_delay: seconds(probe.initial_delay_s),
            period: seconds(probe.period_s.max(1)),
            success_threshold: probe.success_threshold.max(1),
            failure_threshold: probe.failure_threshold.max(1),
            ticks_from,
            result: initial(kind),
            last: None,
            run: 0,
            is_on_hold: false,
            planned: None,
            kind,
        }
    }

    /// A new process: the result begins anew. The last outcome and how often it came are kept, as upstream's are.
    fn renew(&mut self) {
        self.result = initial(self.kind);
        self.is_on_hold = false;
        self.planned = None;
    }

    pub fn is_due(&self, now: Time) -> bool {
        self.planned == Some(now)
    }

    /// Takes an outcome in (doProbe). True if the result that the kubelet goes by is another one now, or if the
    /// container must be killed.
    pub fn observe(&mut self, outcome: Outcome) -> bool {
        self.planned = None;
        let (holds, threshold) = match outcome {
            Outcome::Error => return false,
            Outcome::Success => (true, self.success_threshold),
            Outcome::Failure => (false, self.failure_threshold),
        };
        self.run = if self.last == Some(outcome) { self.run.saturating_add(1) } else { 1 };
        self.last = Some(outcome);
        if self.run < threshold {
            return false;
        }
        let changed = self.result != Some(holds);
        self.result = Some(holds);
        if !holds && self.kind != ProbeKind::Readiness {
            self.is_on_hold = true;
            self.run = 0;
        }
        changed
    }

    /// Whether the last outcome was the first of its row.
    pub fn is_first_of_row(&self) -> bool {
        self.run == 1 || self.is_on_hold
    }

    /// Whether the same outcome, however often, would change nothing.
    fn is_settled(&self, outcome: Outcome) -> bool {
        match outcome {
            _ if self.is_on_hold => true,
            // It stands by until there is a new process.
            _ if self.kind == ProbeKind::Startup && self.result == Some(true) => true,
            Outcome::Error => true,
            // The first failure is said, even of what is not ready yet.
            Outcome::Failure => self.last == Some(outcome) && self.result == Some(false),
            Outcome::Success => self.last.is_none_or(|last| last == outcome) && self.result == Some(true),
        }
    }

    /// When it runs next, if it must: `outcome` is what it would find now. `at_once`: the kubelet asks it to run now,
    /// as it does for readiness when a container has started.
    pub fn plan(&mut self, outcome: Outcome, started: Time, now: Time, at_once: bool) -> Option<Time> {
        if self.planned.is_some() || self.is_settled(outcome) {
            return None;
        }
        let allowed = started + self.initial_delay;
        let at = if at_once && allowed <= now { now } else { self.tick_from(now, allowed) };
        self.planned = Some(at);
        self.planned
    }

    /// Its first tick after `now` that is not before `allowed`.
    fn tick_from(&self, now: Time, allowed: Time) -> Time {
        let first = Time(allowed.0.max(now.0 + 1));
        let since = first.since(self.ticks_from).0;
        self.ticks_from + Span(since.div_ceil(self.period.0).saturating_mul(self.period.0))
    }
}

/// The result before the first outcome counts (newWorker).
fn initial(kind: ProbeKind) -> Option<bool> {
    match kind {
        ProbeKind::Startup => None,
        ProbeKind::Liveness => Some(true),
        ProbeKind::Readiness => Some(false),
    }
}

/// A container's workers; none for a probe that it does not have.
#[derive(Clone, Debug)]
pub(super) struct Workers {
    startup: Option<Worker>,
    liveness: Option<Worker>,
    readiness: Option<Worker>,
}

impl Workers {
    pub fn new(spec: &Container, ticks_from: Time) -> Workers {
        let worker =
            |kind, probe: &Option<Probe>| probe.as_ref().map(|probe| Worker::new(kind, probe, ticks_from));
        Workers {
            startup: worker(ProbeKind::Startup, &spec.startup),
            liveness: worker(ProbeKind::Liveness, &spec.liveness),
            readiness: worker(ProbeKind::Readiness, &spec.readiness),
        }
    }

    pub fn get(&self, kind: ProbeKind) -> Option<&Worker> {
        match kind {
            ProbeKind::Startup => self.startup.as_ref(),
            ProbeKind::Liveness => self.liveness.as_ref(),
            ProbeKind::Readiness => self.readiness.as_ref(),
        }
    }

    pub fn get_mut(&mut self, kind: ProbeKind) -> Option<&mut Worker> {
        match kind {
            ProbeKind::Startup => self.startup.as_mut(),
            ProbeKind::Liveness => self.liveness.as_mut(),
            ProbeKind::Readiness => self.readiness.as_mut(),
        }
    }

    fn all(&mut self) -> impl Iterator<Item = &mut Worker> {
        [&mut self.startup, &mut self.liveness, &mut self.readiness].into_iter().flatten()
    }

    pub fn are_none(&self) -> bool {
        self.startup.is_none() && self.liveness.is_none() && self.readiness.is_none()
    }

    /// A new process.
    pub fn renew(&mut self) {
        self.all().for_each(Worker::renew);
    }

    /// The process has ended: it is not ready (doProbe, "Non-running container probed").
    pub fn process_ended(&mut self) {
        self.forget_plans();
        if let Some(readiness) = &mut self.readiness {
            readiness.result = Some(false);
        }
    }

    pub fn forget_plans(&mut self) {
        self.all().for_each(|worker| worker.planned = None);
    }

    /// Before the Pod's deletion ends its containers (prober_manager.go, StopLivenessAndStartup). The last results are
    /// good ones, so that the end is quiet.
    pub fn stop_liveness_and_startup(&mut self) {
        for worker in [&mut self.startup, &mut self.liveness].into_iter().flatten() {
            worker.result = Some(true);
            worker.is_on_hold = true;
            worker.planned = None;
        }
    }

    /// The kubelet has just started: its workers begin at a random point of their period (worker.go, run).
    pub fn restart(&mut self, mut from: impl FnMut(Span) -> Time) {
        self.all().for_each(|worker| worker.ticks_from = from(worker.period));
    }

    pub fn startup_passed(&self) -> bool {
        self.startup.as_ref().is_none_or(|worker| worker.result == Some(true))
    }

    /// `None` without a readiness probe.
    pub fn readiness(&self) -> Option<bool> {
        self.readiness.as_ref().map(|worker| worker.result == Some(true))
    }

    /// It has a readiness probe that fails, and will go on doing so as long as nothing changes.
    pub fn readiness_is_stuck(&self) -> bool {
        let stuck = |worker: &Worker| worker.result != Some(true) && worker.planned.is_none();
        self.readiness.as_ref().is_some_and(stuck)
    }
}

#[cfg(test)]
mod tests {
    use super::Outcome::{Error, Failure, Success};
    use super::*;

    fn worker(kind: ProbeKind, probe: &Probe) -> Worker {
        Worker::new(kind, probe, Time::ZERO)
    }

    fn probe(success_threshold: u32, failure_threshold: u32) -> Probe {
        Probe { success_threshold, failure_threshold, ..Probe::DEFAULT }
    }

    fn results(worker: &mut Worker, outcomes: &[Outcome]) -> Vec<Option<bool>> {
        let mut after = |outcome: &Outcome| {
            worker.observe(*outcome);
            worker.result
        };
        outcomes.iter().map(&mut after).collect()
    }

    fn at(seconds: u64) -> Time {
        Time::ZERO + Span::from_secs(seconds)
    }

    /// prober/worker_test.go, TestInitialDelay: before the delay is over, the result is the initial one.
    #[test]
    fn initial_results() {
        for (kind, expected) in [
            (ProbeKind::Readiness, Some(false)),
            (ProbeKind::Liveness, Some(true)),
            (ProbeKind::Startup, None),
        ] {
            let mut worker = worker(kind, &Probe { initial_delay_s: 10, ..Probe::DEFAULT });
            assert_eq!(worker.result, expected, "{kind:?}");
            let outcome = if expected == Some(true) { Failure } else { Success };
            assert_eq!(worker.plan(outcome, at(3), at(3), true), Some(at(20)), "the first tick after 13 s");
        }
    }

    /// TestFailureThreshold: two failures are not enough, success sets the count back, three are.
    #[test]
    fn failures_count_in_a_row() {
        let mut worker = worker(ProbeKind::Readiness, &probe(1, 3));
        let found =
            results(&mut worker, &[Success, Failure, Failure, Success, Failure, Failure, Failure, Failure]);
        let (yes, no) = (Some(true), Some(false));
        assert_eq!(found, [yes, yes, yes, yes, yes, yes, no, no]);
    }

    /// TestSuccessThreshold.
    #[test]
    fn successes_count_in_a_row() {
        let mut worker = worker(ProbeKind::Readiness, &probe(3, 1));
        let found = results(&mut worker, &[Success, Success, Success, Failure, Success, Success, Success]);
        let (yes, no) = (Some(true), Some(false));
        assert_eq!(found, [no, no, yes, no, no, no, yes]);
    }

    /// TestOnHoldOnLivenessOrStartupCheckFailure: after a failure that kills, nothing is asked until there is a new
    /// process; readiness goes on.
    #[test]
    fn what_kills_is_on_hold_until_a_new_process() {
        for kind in [ProbeKind::Liveness, ProbeKind::Startup] {
            let mut worker = worker(kind, &probe(1, 1));
            assert!(worker.observe(Failure));
            assert_eq!(worker.result, Some(false));
            assert_eq!(worker.plan(Success, at(0), at(1), false), None);
            worker.renew();
            assert_eq!(worker.result, initial(kind));
            worker.observe(Success);
            assert_eq!(worker.result, Some(true));
        }
        let mut readiness = worker(ProbeKind::Readiness, &probe(1, 1));
        readiness.observe(Failure);
        assert_eq!(readiness.plan(Success, at(0), at(1), false), Some(at(10)));
    }

    /// TestResultRunOnLivenessCheckFailure and TestResultRunOnStartupCheckFailure: the count begins anew after a kill.
    #[test]
    fn the_count_begins_anew_after_a_kill() {
        let mut worker = worker(ProbeKind::Liveness, &probe(1, 3));
        results(&mut worker, &[Success, Failure, Failure]);
        assert_eq!((worker.run, worker.result), (2, Some(true)));
        worker.observe(Failure);
        assert_eq!((worker.run, worker.result), (0, Some(false)));
    }

    /// TestProbe: an error of the prober is thrown away.
    #[test]
    fn errors_are_thrown_away() {
        let mut worker = worker(ProbeKind::Readiness, &probe(1, 1));
        assert_eq!(results(&mut worker, &[Error, Success, Error]), [Some(false), Some(true), Some(true)]);
        assert_eq!(worker.plan(Error, at(0), at(1), true), None, "nor is it worth another run");
    }

    #[test]
    fn nothing_is_planned_when_nothing_can_change() {
        let mut worker = worker(ProbeKind::Readiness, &probe(2, 3));
        assert_eq!(worker.plan(Failure, at(0), at(0), true), Some(at(0)), "the first failure is said");
        worker.observe(Failure);
        assert_eq!(worker.plan(Failure, at(0), at(0), false), None, "it is not ready already");
        let mut worker = super::Worker::new(ProbeKind::Readiness, &probe(2, 3), Time::ZERO);
        assert_eq!(worker.plan(Success, at(0), at(0), true), Some(at(0)));
        worker.observe(Success);
        assert_eq!(worker.plan(Success, at(0), at(0), false), Some(at(10)), "one is not enough");
        worker.observe(Success);
        assert_eq!(worker.plan(Success, at(0), at(10), false), None);
        assert_eq!(worker.plan(Failure, at(0), at(14), false), Some(at(20)));
        worker.observe(Failure);
        assert_eq!(
            worker.plan(Success, at(0), at(20), false),
            Some(at(30)),
            "a success ends the row of failures"
        );
    }
}
