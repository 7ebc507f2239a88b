//! The same deeds here. A Pod becomes ready when the recording says that one of its kind did: it has a readiness gate,
//! which is told then. Everything else is ours.

use std::sync::Arc;

use cluster::api::{Action, NsName, Pod, parse};
use cluster::sim::{LogEntry, Run, Span, Time, World};

use super::seen::Seen;

/// The condition that the Pods' readiness gates ask for.
pub const GATE: &str = "example.com/told";

/// Without clients; a Job's containers run until they are told to end.
const CLUSTER: &str = "\n---\napiVersion: packetyard/v1alpha1\nkind: Scenario\n\
                       spec: {dns: ideal, clients: [], timing: realistic, apps: [{of: Job/default/web, exits: {after: 600s}}]}\n";
const CLUSTER_WITHOUT_JOB: &str = "\n---\napiVersion: packetyard/v1alpha1\nkind: Scenario\nspec: {dns: ideal, clients: [], timing: realistic}\n";

/// How long a Pod may take to start or end.
const PATIENCE: Span = Span::from_secs(90);
/// How long nothing happens after a step: a load balancer's address takes 40 s.
const QUIET: Span = Span::from_secs(60);

pub struct Replay {
    pub run: Run,
    pub seen: Seen,
}

/// With a readiness gate in every Pod that does not end of itself.
fn gated(manifest: &str) -> String {
    let gate = format!("readinessGates: [{{conditionType: {GATE}}}], containers: [");
    let with_gate = |document: &str| match document.contains("kind: Job") {
        true => document.to_string(),
        false => document.replace("containers: [", &gate),
    };
    manifest.split("\n---\n").map(with_gate).collect::<Vec<_>>().join("\n---\n")
}

impl Replay {
    pub fn begin(manifest: &str) -> Replay {
        let cluster = if manifest.contains("kind: Job") { CLUSTER } else { CLUSTER_WITHOUT_JOB };
        let manifest = parse(&[&gated(manifest), cluster].concat());
        let (run, refusals) = Run::new(&manifest, Some(7));
        assert_eq!(refusals, [], "the API server takes it");
        let mut replay = Replay { run, seen: Seen::default() };
        replay.look();
        replay
    }

    pub fn world(&self) -> &World {
        self.run.world()
    }

    /// False if it is refused, or a part of it.
    pub fn act(&mut self, action: Action) -> bool {
        let before = self.refused();
        let is_done = self.run.act(action).is_ok();
        self.look();
        is_done && self.refused() == before
    }

    fn refused(&self) -> usize {
        let log = self.world().log().iter();
        log.filter(|logged| matches!(logged.entry, LogEntry::Refused { .. })).count()
    }

    pub fn apply(&mut self, manifest: &str) -> bool {
        self.act(Action::apply(&gated(manifest)))
    }

    /// Does what kubelets did in the recording, and waits for what controllers did, in its order. What was done at once
    /// there is done at once.
    pub fn follow(&mut self, from: usize, recorded: &[String]) {
        let mut at = 0;
        while let Some(line) = recorded.get(at) {
            let together = recorded[at..].iter().take_while(|next| *next == line).count();
            match line.split_once(' ') {
                Some(("ready", label)) => self.become_ready(label, together),
                Some(("succeeded", label)) => self.succeed(label, together),
                Some(("wait", seconds)) => self.pass(Span::from_secs(seconds.parse().expect("seconds"))),
                _ => {
                    let before = recorded[..at].iter().filter(|other| *other == line).count();
                    self.wait_until(|replay| replay.count(from, line) >= before + together);
                }
            }
            at += together;
        }
    }

    /// How often that has followed.
    fn count(&self, from: usize, line: &str) -> usize {
        self.seen.followed[from..].iter().filter(|own| *own == line).count()
    }

    pub fn settle(&mut self) {
        self.pass(QUIET);
    }

    fn pass(&mut self, span: Span) {
        let end = self.world().now() + span;
        while self.step(end) {}
    }

    /// One event, if there is one until then.
    fn step(&mut self, until: Time) -> bool {
        let next = self.world().next_event_at().filter(|next| *next <= until);
        self.run.advance_to(next.unwrap_or(until), 1);
        self.look();
        next.is_some()
    }

    fn wait_until(&mut self, is_reached: impl Fn(&Replay) -> bool) {
        let end = self.world().now() + PATIENCE;
        while !is_reached(self) && self.step(end) {}
    }

    /// So many of those that are not, the oldest first, at one moment.
    fn become_ready(&mut self, label: &str, together: usize) {
        let ready = |replay: &Replay| {
            replay.seen.pods.values().filter(|pod| pod.label == label && pod.is_ready).count()
        };
        let before = ready(self);
        self.wait_until(|replay| {
            replay.waiting(label).len() >= together || ready(replay) >= before + together
        });
        match &self.waiting(label)[..] {
            [one, other] | [one, other, ..] if together == 2 => self.tell_both([one.clone(), other.clone()]),
            pods => pods.iter().take(together).for_each(|pod| self.tell(pod)),
        }
        self.wait_until(|replay| ready(replay) >= before + together);
    }

    fn tell(&mut self, pod: &NsName) {
        let action = Action::SetPodCondition { pod: pod.clone(), type_: GATE.into(), status: true };
        self.run.act(action).expect("it is there");
    }

    /// So that both are ready at one moment, before any controller sees one of them: each kubelet takes its own time to
    /// see what it is told.
    fn tell_both(&mut self, [mut first, mut second]: [NsName; 2]) {
        for _ in 0..4 {
            let slow = self.delay_of(&first);
            self.tell(&first);
            let fast = self.delay_of(&second);
            if fast <= slow {
                self.run.advance_to(self.world().now() + Span(slow.0 - fast.0), u64::MAX);
                return self.tell(&second);
            }
            self.run.undo();
            std::mem::swap(&mut first, &mut second);
        }
        self.tell(&first);
        self.tell(&second);
    }

    /// How long a Pod would take to be ready if it were told now.
    fn delay_of(&mut self, pod: &NsName) -> Span {
        let begin = self.world().now();
        self.tell(pod);
        let is_ready = |run: &Run| run.world().store().pods.get(pod).is_some_and(|pod| pod.status.is_ready());
        while !is_ready(&self.run) && self.run.step() {}
        let delay = self.world().now().since(begin);
        self.run.undo();
        delay
    }

    /// The oldest that run, when everybody has seen them run.
    fn succeed(&mut self, label: &str, together: usize) {
        self.pass(Span::from_secs(1));
        let from = self.seen.followed.len();
        let pods = self.world().store().pods.iter();
        let runs = |pod: &&Arc<Pod>| {
            let seen = self.seen.pods.get(&pod.meta.uid);
            seen.is_some_and(|seen| seen.label == label && seen.is_ready && !seen.is_terminating)
        };
        let pods: Vec<NsName> = pods.filter(runs).map(|pod| pod.meta.key()).take(together).collect();
        for pod in pods {
            assert!(self.act(Action::FinishPod { pod, container: None, exit_code: 0 }), "it runs");
        }
        self.wait_until(|replay| replay.count(from, &format!("succeeded {label}")) >= together);
    }

    /// Those whose containers are ready, and whose gate is closed.
    fn waiting(&self, label: &str) -> Vec<NsName> {
        let pods = self.world().store().pods.iter();
        let waits = |pod: &&Arc<Pod>| {
            let seen = self.seen.pods.get(&pod.meta.uid);
            seen.is_some_and(|seen| seen.label == label && !seen.is_ready && !seen.is_terminating)
                && pod.status.conditions.containers_ready.as_ref().is_some_and(|ready| ready.is_true())
                && pod.status.conditions.other(GATE).is_none()
                && pod.spec.readiness_gates.iter().any(|gate| &**gate == GATE)
        };
        let mut waiting: Vec<_> = pods.filter(waits).collect();
        waiting.sort_by_key(|pod| (pod.meta.created, pod.meta.uid));
        waiting.into_iter().map(|pod| pod.meta.key()).collect()
    }

    fn look(&mut self) {
        self.seen.look(self.run.world());
    }
}
