//! A Pod's phase, from its containers' statuses (kubelet_pods.go, getPhase).

use crate::api::{ContainerState, ContainerStatus, Phase, PodSpec, RestartPolicy};

#[derive(Default)]
struct Counts {
    pending_init: u32,
    failed_init: u32,
    pending_sidecars: u32,
    unknown: u32,
    running: u32,
    waiting: u32,
    stopped: u32,
    succeeded: u32,
}

/// `is_terminal`: its containers are not started again, whatever the restart policy. `has_initialized`: a main
/// container has run before.
pub(super) fn phase(
    spec: &PodSpec,
    statuses: &[&ContainerStatus],
    is_terminal: bool,
    has_initialized: bool,
) -> Phase {
    let mut counts = Counts::default();
    let status_of = |name: &str| statuses.iter().find(|status| &*status.name == name).copied();
    for container in &spec.init_containers {
        let status = status_of(&container.name);
        if container.is_sidecar() { counts.sidecar(status) } else { counts.init(status) }
    }
    spec.containers.iter().for_each(|container| counts.main(status_of(&container.name)));
    counts.phase(spec.restart_policy, is_terminal, has_initialized)
}

impl Counts {
    fn init(&mut self, status: Option<&ContainerStatus>) {
        let failed = |exit_code: i32| u32::from(exit_code != 0);
        match status.map(|status| (&status.state, &status.last_state)) {
            Some((ContainerState::Terminated(ended), _)) => self.failed_init += failed(ended.exit_code),
            Some((ContainerState::Waiting { .. }, Some(last))) => self.failed_init += failed(last.exit_code),
            Some((ContainerState::Running { .. } | ContainerState::Waiting { .. }, _)) | None => {
                self.pending_init += 1;
            }
        }
    }

    /// One that has ended does not count.
    fn sidecar(&mut self, status: Option<&ContainerStatus>) {
        let Some(status) = status else {
            self.unknown += 1;
            return;
        };
        match (&status.state, &status.last_state) {
            (ContainerState::Running { .. }, _) => {
                self.pending_sidecars += u32::from(!status.started);
                self.running += 1;
            }
            (ContainerState::Waiting { .. }, None) => {
                self.pending_sidecars += 1;
                self.waiting += 1;
            }
            (ContainerState::Terminated(_), _) | (ContainerState::Waiting { .. }, Some(_)) => {}
        }
    }

    fn main(&mut self, status: Option<&ContainerStatus>) {
        match status.map(|status| (&status.state, &status.last_state)) {
            None => self.unknown += 1,
            Some((ContainerState::Running { .. }, _)) => self.running += 1,
            Some((ContainerState::Terminated(ended), _)) => {
                self.stopped += 1;
                self.succeeded += u32::from(ended.exit_code == 0);
            }
            Some((ContainerState::Waiting { .. }, Some(_))) => self.stopped += 1,
            Some((ContainerState::Waiting { .. }, None)) => self.waiting += 1,
        }
    }

    fn phase(&self, policy: RestartPolicy, is_terminal: bool, has_initialized: bool) -> Phase {
        if self.failed_init > 0 && policy == RestartPolicy::Never {
            return Phase::Failed;
        }
        let initializes = self.pending_init > 0 || (self.pending_sidecars > 0 && !has_initialized);
        if initializes || self.waiting > 0 || self.unknown > 0 {
            return Phase::Pending;
        }
        if self.running > 0 {
            return Phase::Running;
        }
        if self.stopped == 0 {
            return Phase::Pending;
        }
        let all_succeeded = self.stopped == self.succeeded;
        match policy {
            _ if is_terminal && all_succeeded => Phase::Succeeded,
            _ if is_terminal => Phase::Failed,
            // All are about to be started again.
            RestartPolicy::Always => Phase::Running,
            RestartPolicy::OnFailure | RestartPolicy::Never if all_succeeded => Phase::Succeeded,
            RestartPolicy::Never => Phase::Failed,
            RestartPolicy::OnFailure => Phase::Running,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{Container, Terminated, WaitingReason};
    use crate::sim::Time;

    fn spec(policy: RestartPolicy, init: &[(&str, bool)], main: &[&str]) -> PodSpec {
        let named = |name: &str| Container { name: name.into(), ..Container::default() };
        let init = init.iter().map(|(name, is_sidecar)| Container {
            restart_policy: is_sidecar.then_some(RestartPolicy::Always),
            ..named(name)
        });
        PodSpec {
            restart_policy: policy,
            init_containers: init.collect(),
            containers: main.iter().map(|name| named(name)).collect(),
            ..PodSpec::default()
        }
    }

    /// `r` running, `s` succeeded, `f` failed, `w` waiting, `b` waiting after a failure.
    fn status(name: &str, state: char) -> ContainerStatus {
        let ended = |code| Terminated::exited(code, Time::ZERO, Time::ZERO);
        let waiting = ContainerState::Waiting { reason: WaitingReason::CrashLoopBackOff, message: None };
        let (state, last_state) = match state {
            'r' => (ContainerState::Running { since: Time::ZERO }, None),
            's' => (ContainerState::Terminated(ended(0)), None),
            'f' => (ContainerState::Terminated(ended(1)), None),
            'w' => (waiting, None),
            'b' => (waiting, Some(ended(1))),
            other => panic!("no state {other}"),
        };
        let started = state.is_running();
        let name = name.into();
        ContainerStatus {
            name,
            image: "".into(),
            state,
            last_state,
            ready: started,
            started,
            restart_count: 0,
        }
    }

    fn check(spec: &PodSpec, states: &[(&str, char)], flags: (bool, bool), expected: Phase) {
        let statuses: Vec<ContainerStatus> =
            states.iter().map(|(name, state)| status(name, *state)).collect();
        let statuses: Vec<&ContainerStatus> = statuses.iter().collect();
        assert_eq!(
            phase(spec, &statuses, flags.0, flags.1),
            expected,
            "{states:?} {flags:?} {:?}",
            spec.restart_policy
        );
    }

    /// kubelet_pods_test.go: TestPodPhaseWithRestartAlways, TestPodPhaseWithRestartNever,
    /// TestPodPhaseWithRestartOnFailure.
    #[test]
    fn of_two_containers() {
        use Phase::{Failed, Pending, Running, Succeeded};
        // The states of A and B; the phase with Always, Never, OnFailure; with Always when the Pod is terminal.
        for (a, b, always, never, on_failure, terminal) in [
            ("", "", Pending, Pending, Pending, Pending),
            ("r", "r", Running, Running, Running, Running),
            ("s", "s", Running, Succeeded, Succeeded, Succeeded),
            ("f", "f", Running, Failed, Running, Failed),
            ("r", "s", Running, Running, Running, Running),
            ("r", "", Pending, Pending, Pending, Pending),
            ("r", "w", Pending, Pending, Pending, Pending),
            ("r", "b", Running, Running, Running, Running),
            ("b", "b", Running, Failed, Running, Failed),
            ("s", "f", Running, Failed, Running, Failed),
        ] {
            let states: Vec<(&str, char)> = [("A", a), ("B", b)]
                .into_iter()
                .filter_map(|(name, state)| Some((name, state.chars().next()?)))
                .collect();
            for (policy, expected) in [
                (RestartPolicy::Always, always),
                (RestartPolicy::Never, never),
                (RestartPolicy::OnFailure, on_failure),
            ] {
                check(&spec(policy, &[], &["A", "B"]), &states, (false, false), expected);
            }
            check(&spec(RestartPolicy::Always, &[], &["A", "B"]), &states, (true, false), terminal);
        }
    }

    /// TestPodPhaseWithRestartAlwaysInitContainers, TestPodPhaseWithRestartNeverInitContainers.
    #[test]
    fn with_an_init_container() {
        use Phase::{Failed, Pending, Running, Succeeded};
        for (states, always, never) in [
            ("", Pending, Pending),
            ("r", Pending, Pending),
            ("s", Pending, Pending),
            ("f", Pending, Failed),
            ("b", Pending, Failed),
            ("w", Pending, Pending),
            ("sr", Running, Running),
            ("ss", Running, Succeeded),
            ("sf", Running, Failed),
        ] {
            let states: Vec<(&str, char)> = ["init", "A"].into_iter().zip(states.chars()).collect();
            check(&spec(RestartPolicy::Always, &[("init", false)], &["A"]), &states, (false, false), always);
            check(&spec(RestartPolicy::Never, &[("init", false)], &["A"]), &states, (false, false), never);
        }
    }

    /// TestPodPhaseWithRestartAlwaysRestartableInitContainers and its neighbours.
    #[test]
    fn with_a_sidecar() {
        use Phase::{Failed, Pending, Running, Succeeded};
        for (states, initialized, always, never) in [
            ("", false, Pending, Pending),
            ("r", false, Pending, Pending),
            ("w", false, Pending, Pending),
            ("f", false, Pending, Pending),
            ("rr", true, Running, Running),
            ("rs", true, Running, Running),
            ("fr", true, Running, Running),
            ("ss", true, Running, Succeeded),
            ("fs", true, Running, Succeeded),
            ("sf", true, Running, Failed),
            ("wr", true, Pending, Pending),
        ] {
            let states: Vec<(&str, char)> = ["proxy", "A"].into_iter().zip(states.chars()).collect();
            for (policy, expected) in [(RestartPolicy::Always, always), (RestartPolicy::Never, never)] {
                check(&spec(policy, &[("proxy", true)], &["A"]), &states, (false, initialized), expected);
            }
        }
    }
}
