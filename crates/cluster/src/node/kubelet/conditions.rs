//! The conditions that the kubelet writes, from the containers' statuses (status/generate.go).

use crate::api::{ContainerStatus, Phase, PodCondition, PodConditions, PodSpec, Str};

/// What the conditions are computed from: the spec, the statuses of all its containers, and the phase.
pub(super) struct Containers<'a> {
    pub spec: &'a PodSpec,
    pub statuses: &'a [&'a ContainerStatus],
    pub phase: Phase,
}

fn because(reason: &'static str, message: Option<String>) -> PodCondition {
    let message = message.map(|message| message.as_str().into());
    PodCondition { reason: Some(reason), message, ..PodCondition::new(false) }
}

/// As Go prints a list of strings.
fn listed(names: &[&Str]) -> String {
    format!("[{}]", names.iter().map(|name| &***name).collect::<Vec<_>>().join(" "))
}

/// `None` if there is nothing to say.
fn message(unknown: &[&Str], others: &[&Str], state: &str) -> Option<String> {
    let mut parts = Vec::new();
    if !unknown.is_empty() {
        parts.push(format!("containers with unknown status: {}", listed(unknown)));
    }
    if !others.is_empty() {
        parts.push(format!("containers with {state} status: {}", listed(others)));
    }
    (!parts.is_empty()).then(|| parts.join(", "))
}

impl<'a> Containers<'a> {
    fn status_of(&self, name: &str) -> Option<&'a ContainerStatus> {
        self.statuses.iter().find(|status| &*status.name == name).copied()
    }

    /// GenerateContainersReadyCondition: sidecars and main containers, all ready.
    pub fn containers_ready(&self) -> PodCondition {
        let (mut unknown, mut unready) = (Vec::new(), Vec::new());
        for container in self.spec.sidecars().chain(&self.spec.containers) {
            match self.status_of(&container.name) {
                None => unknown.push(&container.name),
                Some(status) if !status.ready => unready.push(&container.name),
                Some(_) => {}
            }
        }
        match self.phase {
            Phase::Succeeded if unknown.is_empty() => return because("PodCompleted", None),
            Phase::Failed => return because("PodFailed", None),
            Phase::Pending | Phase::Running | Phase::Succeeded => {}
        }
        match message(&unknown, &unready, "unready") {
            Some(message) => because("ContainersNotReady", Some(message)),
            None => PodCondition::new(true),
        }
    }

    /// GeneratePodReadyCondition: that, and every readiness gate's condition.
    pub fn ready(&self, conditions: &PodConditions) -> PodCondition {
        let containers_ready = self.containers_ready();
        if !containers_ready.is_true() {
            return containers_ready;
        }
        let unmet = self.spec.readiness_gates.iter().filter_map(|gate| match conditions.other(gate) {
            None => Some(format!("corresponding condition of pod readiness gate \"{gate}\" does not exist.")),
            Some(condition) if condition.is_true() => None,
            Some(condition) => Some(format!(
                "the status of pod readiness gate \"{gate}\" is not \"True\", but {}",
                condition.status.as_str()
            )),
        });
        let unmet: Vec<String> = unmet.collect();
        match unmet.is_empty() {
            true => PodCondition::new(true),
            false => because("ReadinessGatesNotReady", Some(unmet.join(", "))),
        }
    }

    /// GeneratePodInitializedCondition: all init containers have completed, and sidecars have started.
    pub fn initialized(&self, has_initialized: bool) -> PodCondition {
        let (mut unknown, mut incomplete) = (Vec::new(), Vec::new());
        for container in &self.spec.init_containers {
            match self.status_of(&container.name) {
                None => unknown.push(&container.name),
                Some(status) if !is_initialized(container.is_sidecar(), status) => {
                    incomplete.push(&container.name)
                }
                Some(_) => {}
            }
        }
        if self.phase == Phase::Succeeded && unknown.is_empty() {
            return PodCondition { reason: Some("PodCompleted"), ..PodCondition::new(true) };
        }
        if has_initialized {
            return PodCondition::new(true);
        }
        match message(&unknown, &incomplete, "incomplete") {
            Some(message) => because("ContainersNotInitialized", Some(message)),
            None => PodCondition::new(true),
        }
    }
}

fn is_initialized(is_sidecar: bool, status: &ContainerStatus) -> bool {
    if is_sidecar { status.started } else { status.ready }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{Container, ContainerState, RestartPolicy, WaitingReason};

    fn container(name: &str, restart_policy: Option<RestartPolicy>) -> Container {
        Container { name: name.into(), restart_policy, ..Container::default() }
    }

    fn status(name: &str, ready: bool, started: bool) -> ContainerStatus {
        let state = ContainerState::Waiting { reason: WaitingReason::ContainerCreating, message: None };
        ContainerStatus {
            name: name.into(),
            image: "".into(),
            state,
            last_state: None,
            ready,
            started,
            restart_count: 0,
        }
    }

    type Said<'a> = (bool, Option<&'a str>, Option<&'a str>);

    fn said(condition: &PodCondition) -> Said<'_> {
        (condition.is_true(), condition.reason, condition.message.as_deref())
    }

    /// generate_test.go, TestGenerateContainersReadyCondition.
    #[test]
    fn containers_ready() {
        let sidecar = || container("s", Some(RestartPolicy::Always));
        let a = || container("1", None);
        let b = || container("2", None);
        let not_ready = Some("ContainersNotReady");
        /// Init containers, containers, which of them are ready, the Pod's phase, and what is said.
        type Case<'a> = (Vec<Container>, Vec<Container>, &'a [(&'a str, bool)], Phase, Said<'a>);
        let cases: &[Case<'_>] = &[
            (vec![], vec![], &[], Phase::Running, (true, None, None)),
            (
                vec![],
                vec![a()],
                &[],
                Phase::Running,
                (false, not_ready, Some("containers with unknown status: [1]")),
            ),
            (vec![], vec![a(), b()], &[("1", true), ("2", true)], Phase::Running, (true, None, None)),
            (
                vec![],
                vec![a(), b()],
                &[("1", true), ("2", false)],
                Phase::Running,
                (false, not_ready, Some("containers with unready status: [2]")),
            ),
            (
                vec![],
                vec![a(), b()],
                &[("1", false)],
                Phase::Running,
                (
                    false,
                    not_ready,
                    Some("containers with unknown status: [2], containers with unready status: [1]"),
                ),
            ),
            (vec![], vec![a()], &[("1", false)], Phase::Succeeded, (false, Some("PodCompleted"), None)),
            (vec![], vec![a()], &[("1", true)], Phase::Failed, (false, Some("PodFailed"), None)),
            (vec![sidecar()], vec![a()], &[("s", true), ("1", true)], Phase::Running, (true, None, None)),
            (
                vec![sidecar()],
                vec![a()],
                &[("s", false), ("1", true)],
                Phase::Running,
                (false, not_ready, Some("containers with unready status: [s]")),
            ),
        ];
        for (init, main, states, phase, expected) in cases {
            let spec =
                PodSpec { init_containers: init.clone(), containers: main.clone(), ..PodSpec::default() };
            let statuses: Vec<ContainerStatus> =
                states.iter().map(|(name, ready)| status(name, *ready, *ready)).collect();
            let statuses: Vec<&ContainerStatus> = statuses.iter().collect();
            let containers = Containers { spec: &spec, statuses: &statuses, phase: *phase };
            assert_eq!(said(&containers.containers_ready()), *expected, "{states:?} {phase:?}");
        }
    }

    /// TestGeneratePodReadyCondition.
    #[test]
    fn ready() {
        /// Readiness gates, conditions, and what is said.
        type Case<'a> = (&'a [&'a str], &'a [(&'a str, bool)], Said<'a>);
        let cases: &[Case<'_>] = &[
            (&[], &[], (true, None, None)),
            (
                &["gate1"],
                &[],
                (
                    false,
                    Some("ReadinessGatesNotReady"),
                    Some("corresponding condition of pod readiness gate \"gate1\" does not exist."),
                ),
            ),
            (
                &["gate1"],
                &[("gate1", false)],
                (
                    false,
                    Some("ReadinessGatesNotReady"),
                    Some("the status of pod readiness gate \"gate1\" is not \"True\", but False"),
                ),
            ),
            (&["gate1"], &[("gate1", true)], (true, None, None)),
            (
                &["gate1", "gate2"],
                &[("gate1", true)],
                (
                    false,
                    Some("ReadinessGatesNotReady"),
                    Some("corresponding condition of pod readiness gate \"gate2\" does not exist."),
                ),
            ),
        ];
        for (gates, conditions, expected) in cases {
            let spec = PodSpec {
                readiness_gates: gates.iter().map(|gate| (*gate).into()).collect(),
                ..PodSpec::default()
            };
            let others = conditions.iter().map(|(type_, holds)| ((*type_).into(), PodCondition::new(*holds)));
            let conditions = PodConditions { others: others.collect(), ..PodConditions::default() };
            let containers = Containers { spec: &spec, statuses: &[], phase: Phase::Running };
            assert_eq!(said(&containers.ready(&conditions)), *expected, "{gates:?}");
        }
    }

    /// TestGeneratePodInitializedCondition.
    #[test]
    fn initialized() {
        let spec = PodSpec {
            init_containers: vec![container("1", None), container("s", Some(RestartPolicy::Always))],
            ..PodSpec::default()
        };
        let not = Some("ContainersNotInitialized");
        let check = |states: &[(&str, bool, bool)], phase, has_initialized, expected: Said<'_>| {
            let statuses: Vec<ContainerStatus> =
                states.iter().map(|(name, ready, started)| status(name, *ready, *started)).collect();
            let statuses: Vec<&ContainerStatus> = statuses.iter().collect();
            let containers = Containers { spec: &spec, statuses: &statuses, phase };
            assert_eq!(said(&containers.initialized(has_initialized)), expected, "{states:?}");
        };
        let done = ("1", true, false);
        check(&[], Phase::Pending, false, (false, not, Some("containers with unknown status: [1 s]")));
        check(
            &[done, ("s", false, false)],
            Phase::Pending,
            false,
            (false, not, Some("containers with incomplete status: [s]")),
        );
        check(&[done, ("s", false, true)], Phase::Running, false, (true, None, None));
        check(&[done, ("s", false, false)], Phase::Running, true, (true, None, None));
        check(&[done, ("s", false, false)], Phase::Succeeded, false, (true, Some("PodCompleted"), None));
    }
}
