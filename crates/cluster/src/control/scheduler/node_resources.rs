//! What is left on a node (plugins/noderesources: fit.go, least_allocated.go, balanced_allocation.go).

use super::cache::NodeInfo;
use super::double::Fraction;
use super::requests::Resources;
use super::score::MAX_NODE_SCORE;
use crate::api::{CPU, EPHEMERAL_STORAGE, MEMORY, Rejection};

/// What a node has too little of.
pub struct Insufficient {
    pub reasons: Vec<Rejection>,
    /// Deleting Pods would help: the node has enough of all resources when it is empty.
    pub is_resolvable: bool,
}

/// fitsRequest.
pub fn insufficient(requests: &Resources, info: &NodeInfo) -> Option<Insufficient> {
    let mut found = Insufficient { reasons: Vec::new(), is_resolvable: true };
    if info.pods + 1 > info.allowed_pods {
        found.reasons.push(Rejection::TooManyPods);
    }
    let mut check = |name: &str, request: i64, allocatable: i64, requested: i64| {
        if request > 0 && request > allocatable - requested {
            found.reasons.push(Rejection::Insufficient(name.into()));
            found.is_resolvable &= request <= allocatable;
        }
    };
    let (allocatable, requested) = (&info.allocatable, &info.requested);
    check(CPU, requests.cpu_milli, allocatable.cpu_milli, requested.cpu_milli);
    check(MEMORY, requests.memory, allocatable.memory, requested.memory);
    let storage = (allocatable.ephemeral_storage, requested.ephemeral_storage);
    check(EPHEMERAL_STORAGE, requests.ephemeral_storage, storage.0, storage.1);
    for (name, request) in &requests.scalar {
        let of = |resources: &Resources| resources.scalar.get(name).copied().unwrap_or(0);
        check(name, *request, of(allocatable), of(requested));
    }
    (!found.reasons.is_empty()).then_some(found)
}

/// LeastAllocated, of CPU and memory alike. `requests` are the Pod's non-zero requests.
pub fn least_allocated(requests: &Resources, info: &NodeInfo) -> i64 {
    let used = &info.non_zero_requested;
    let parts = [
        (used.cpu_milli + requests.cpu_milli, info.allocatable.cpu_milli),
        (used.memory + requests.memory, info.allocatable.memory),
    ];
    let counted = parts.iter().filter(|(_, capacity)| *capacity > 0);
    let (mut sum, mut weights) = (0, 0);
    for (requested, capacity) in counted {
        let left = i128::from((capacity - requested).max(0));
        sum += (left * i128::from(MAX_NODE_SCORE) / i128::from(*capacity)) as i64;
        weights += 1;
    }
    if weights == 0 { 0 } else { sum / weights }
}

/// BalancedAllocation: how much more even the use of CPU and memory becomes. None for a Pod that requests neither.
pub fn balanced_allocation(requests: &Resources, info: &NodeInfo) -> Option<i64> {
    if requests.cpu_milli == 0 && requests.memory == 0 {
        return None;
    }
    let without = balance(&info.requested, info);
    let mut together = info.requested.clone();
    together.add(requests);
    let half = MAX_NODE_SCORE / 2;
    Some(half + (half + balance(&together, info) - without) / 2)
}

/// balancedResourceScore: 1 less the standard deviation of two fractions.
fn balance(requested: &Resources, info: &NodeInfo) -> i64 {
    let share = |requested: i64, allocatable: i64| {
        let (part, whole) = (u64::try_from(requested).unwrap_or(0), u64::try_from(allocatable).unwrap_or(0));
        (whole > 0).then(|| Fraction::of(part, whole))
    };
    let cpu = share(requested.cpu_milli, info.allocatable.cpu_milli);
    let memory = share(requested.memory, info.allocatable.memory);
    let deviation = cpu.zip(memory).map_or(Fraction::ZERO, |(cpu, memory)| cpu.half_distance(memory));
    deviation.complement().percent()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resources(cpu_milli: i64, memory: i64) -> Resources {
        Resources { cpu_milli, memory, ..Resources::default() }
    }

    fn node(allocatable: Resources, requested: Resources, pods: i64) -> NodeInfo {
        NodeInfo {
            allocatable,
            non_zero_requested: requested.clone(),
            requested,
            pods,
            allowed_pods: 32,
            ..NodeInfo::default()
        }
    }

    /// After plugins/noderesources/fit_test.go, TestEnoughRequests and TestNotEnoughRequests.
    #[test]
    fn a_node_says_all_that_it_lacks() {
        let gpu = |count| Resources {
            scalar: [("example.com/gpu".into(), count)].into_iter().collect(),
            ..resources(1, 1)
        };
        for (requests, used, pods, expected, is_resolvable) in [
            (resources(0, 0), resources(10, 20), 1, vec![], true),
            (resources(1, 1), resources(10, 20), 1, vec!["Insufficient cpu", "Insufficient memory"], true),
            (resources(1, 1), resources(5, 5), 1, vec![], true),
            (resources(2, 1), resources(9, 5), 1, vec!["Insufficient cpu"], true),
            (resources(1, 2), resources(5, 19), 1, vec!["Insufficient memory"], true),
            (resources(5, 1), resources(5, 19), 1, vec![], true),
            (resources(11, 1), resources(0, 0), 0, vec!["Insufficient cpu"], false),
            (resources(1, 1), resources(5, 5), 32, vec!["Too many pods"], true),
            (resources(0, 0), resources(5, 5), 32, vec!["Too many pods"], true),
            (gpu(3), resources(0, 0), 0, vec!["Insufficient example.com/gpu"], false),
            (gpu(0), resources(0, 0), 0, vec![], true),
        ] {
            let found = insufficient(&requests, &node(resources(10, 20), used, pods));
            let reasons: Vec<String> =
                found.iter().flat_map(|found| &found.reasons).map(ToString::to_string).collect();
            assert_eq!(reasons, expected, "{requests:?}");
            assert_eq!(found.is_none_or(|found| found.is_resolvable), is_resolvable, "{requests:?}");
        }
    }

    /// After least_allocated_test.go, TestLeastAllocatedScoringStrategy.
    #[test]
    fn the_emptier_node_scores_higher() {
        for (requests, capacity, used, expected) in [
            (resources(0, 0), resources(4_000, 10_000), resources(0, 0), 100),
            (resources(3_000, 5_000), resources(4_000, 10_000), resources(0, 0), 37),
            (resources(3_000, 5_000), resources(6_000, 10_000), resources(0, 0), 50),
            (resources(3_000, 5_000), resources(10_000, 20_000), resources(3_000, 0), 57),
            (resources(3_000, 5_000), resources(10_000, 20_000), resources(3_000, 5_000), 45),
            (resources(3_000, 5_000), resources(10_000, 50_000), resources(3_000, 5_000), 60),
            (resources(3_000, 5_000), resources(4_000, 10_000), resources(3_000, 0), 25),
            (resources(1, 1), resources(0, 0), resources(0, 0), 0),
        ] {
            assert_eq!(least_allocated(&requests, &node(capacity, used, 0)), expected, "{requests:?}");
        }
    }

    /// After balanced_allocation_test.go, TestNodeResourcesBalancedAllocation.
    #[test]
    fn the_more_even_node_scores_higher() {
        for (requests, capacity, used, expected) in [
            (resources(0, 0), resources(4_000, 10_000), resources(0, 0), None),
            (resources(3_000, 5_000), resources(4_000, 10_000), resources(0, 0), Some(68)),
            (resources(3_000, 5_000), resources(6_000, 10_000), resources(0, 0), Some(75)),
            (resources(3_000, 5_000), resources(10_000, 20_000), resources(3_000, 0), Some(73)),
            (resources(3_000, 5_000), resources(10_000, 20_000), resources(3_000, 5_000), Some(74)),
        ] {
            assert_eq!(balanced_allocation(&requests, &node(capacity, used, 0)), expected, "{requests:?}");
        }
    }
}
