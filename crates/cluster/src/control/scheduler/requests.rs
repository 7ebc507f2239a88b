//! What a Pod requests (component-helpers resource/helpers.go, PodRequests), in the integers that the scheduler
//! reckons with (scheduler framework/types.go, Resource).

use std::cmp::max;

use litemap::LiteMap;

use crate::api::{CPU, Container, EPHEMERAL_STORAGE, MEMORY, PODS, PodSpec, ResourceList, Str};

#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Resources {
    pub cpu_milli: i64,
    /// Bytes.
    pub memory: i64,
    /// Bytes.
    pub ephemeral_storage: i64,
    /// Huge pages and extended resources.
    pub scalar: LiteMap<Str, i64>,
}

/// schedutil, DefaultMilliCPURequest and DefaultMemoryRequest: what a container that requests nothing counts for in
/// the score, so that such Pods do not all go to one node.
const DEFAULT_CPU_MILLI: i64 = 100;
const DEFAULT_MEMORY: i64 = 200 << 20;

impl Resources {
    pub fn new(list: &ResourceList) -> Resources {
        let mut resources = Resources::default();
        for (name, quantity) in list {
            match &**name {
                CPU => resources.cpu_milli = quantity.milli_value(),
                MEMORY => resources.memory = quantity.value(),
                EPHEMERAL_STORAGE => resources.ephemeral_storage = quantity.value(),
                PODS => {}
                _ => drop(resources.scalar.insert(name.clone(), quantity.value())),
            }
        }
        resources
    }

    pub fn requested_by(pod: &PodSpec) -> Resources {
        pod_requests(pod, |container| Resources::new(&container.resources.requests))
    }

    /// The same, where each container requests at least something.
    pub fn non_zero_requested_by(pod: &PodSpec) -> Resources {
        pod_requests(pod, |container| {
            let requests = &container.resources.requests;
            let mut resources = Resources::new(requests);
            if !requests.contains_key(CPU) {
                resources.cpu_milli = DEFAULT_CPU_MILLI;
            }
            if !requests.contains_key(MEMORY) {
                resources.memory = DEFAULT_MEMORY;
            }
            resources
        })
    }

    pub fn add(&mut self, other: &Resources) {
        self.combine(other, i64::saturating_add);
    }

    pub fn subtract(&mut self, other: &Resources) {
        self.combine(other, i64::saturating_sub);
    }

    fn raise_to(&mut self, other: &Resources) {
        self.combine(other, max);
    }

    fn combine(&mut self, other: &Resources, combine: fn(i64, i64) -> i64) {
        self.cpu_milli = combine(self.cpu_milli, other.cpu_milli);
        self.memory = combine(self.memory, other.memory);
        self.ephemeral_storage = combine(self.ephemeral_storage, other.ephemeral_storage);
        for (name, amount) in &other.scalar {
            let mine = self.scalar.entry(name.clone()).or_default();
            *mine = combine(*mine, *amount);
        }
    }
}

/// Containers run together; init containers one after the other, beside the sidecars that were started before them.
fn pod_requests(pod: &PodSpec, of: impl Fn(&Container) -> Resources) -> Resources {
    let mut together = Resources::default();
    for container in &pod.containers {
        together.add(&of(container));
    }
    let (mut sidecars, mut initial) = (Resources::default(), Resources::default());
    for container in &pod.init_containers {
        let mut requests = of(container);
        if container.is_sidecar() {
            together.add(&requests);
            sidecars.add(&requests);
            requests = sidecars.clone();
        } else {
            requests.add(&sidecars);
        }
        initial.raise_to(&requests);
    }
    together.raise_to(&initial);
    let whole = &pod.resources.requests;
    let of_pod = Resources::new(whole);
    if whole.contains_key(CPU) {
        together.cpu_milli = of_pod.cpu_milli;
    }
    if whole.contains_key(MEMORY) {
        together.memory = of_pod.memory;
    }
    together.add(&Resources::new(&pod.overhead));
    together
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{Quantity, ResourceRequirements, RestartPolicy};

    fn list(resources: &[(&str, &str)]) -> ResourceList {
        let quantity = |text: &str| Quantity::parse(text).expect("a quantity");
        resources.iter().map(|(name, text)| (Str::from(*name), quantity(text))).collect()
    }

    fn container(requests: &[(&str, &str)], is_sidecar: bool) -> Container {
        let resources = ResourceRequirements { requests: list(requests), ..ResourceRequirements::default() };
        let restart_policy = is_sidecar.then_some(RestartPolicy::Always);
        Container { resources, restart_policy, ..Container::default() }
    }

    fn requested(init: Vec<Container>, containers: Vec<Container>, overhead: &[(&str, &str)]) -> (i64, i64) {
        let spec =
            PodSpec { init_containers: init, containers, overhead: list(overhead), ..PodSpec::default() };
        let requests = Resources::requested_by(&spec);
        (requests.cpu_milli, requests.memory)
    }

    /// After component-helpers resource/helpers_test.go, TestPodResourceRequests.
    #[test]
    fn init_containers_count_with_the_sidecars_before_them() {
        let of = |cpu: &str, is_sidecar| container(&[("cpu", cpu)], is_sidecar);
        assert_eq!(requested(vec![], vec![of("1", false), of("2", false)], &[]).0, 3_000);
        assert_eq!(requested(vec![of("5", false)], vec![of("2", false)], &[]).0, 5_000);
        assert_eq!(requested(vec![of("1", false)], vec![of("2", false)], &[("cpu", "500m")]).0, 2_500);
        // A sidecar runs beside the containers.
        assert_eq!(requested(vec![of("1", true)], vec![of("2", false)], &[]).0, 3_000);
        // An init container runs beside the sidecars before it, not beside those after it.
        assert_eq!(requested(vec![of("1", true), of("10", false)], vec![of("2", false)], &[]).0, 11_000);
        assert_eq!(requested(vec![of("10", false), of("1", true)], vec![of("2", false)], &[]).0, 10_000);
        assert_eq!(
            requested(vec![of("1", true), of("10", false), of("5", true)], vec![of("2", false)], &[]).0,
            11_000
        );
    }

    #[test]
    fn what_is_requested_of_the_whole_pod_is_said_last() {
        let mut spec = PodSpec {
            containers: vec![container(&[("cpu", "1"), ("memory", "1Gi"), ("example.com/gpu", "2")], false)],
            ..PodSpec::default()
        };
        spec.resources.requests = list(&[("cpu", "3")]);
        let requests = Resources::requested_by(&spec);
        assert_eq!((requests.cpu_milli, requests.memory), (3_000, 1 << 30));
        assert_eq!(requests.scalar.get("example.com/gpu"), Some(&2));
    }

    #[test]
    fn a_container_without_requests_counts_for_something_in_the_score() {
        let spec = PodSpec {
            containers: vec![container(&[], false), container(&[("cpu", "0")], false)],
            ..PodSpec::default()
        };
        let requests = Resources::non_zero_requested_by(&spec);
        assert_eq!((requests.cpu_milli, requests.memory), (100, 400 << 20));
        assert_eq!(Resources::requested_by(&spec), Resources::default());
    }
}
