//! How many Pods a rollout may have too many, and too few (deployment_util.go, ResolveFenceposts, MaxSurge,
//! MaxUnavailable).

use crate::api::{Deployment, DeploymentStrategy, IntOrPercent};

pub(super) fn max_surge(deployment: &Deployment) -> u32 {
    match deployment.spec.strategy {
        DeploymentStrategy::Recreate => 0,
        DeploymentStrategy::RollingUpdate { max_surge, max_unavailable } => {
            fenceposts(max_surge, max_unavailable, deployment.spec.replicas).0
        }
    }
}

pub(super) fn max_unavailable(deployment: &Deployment) -> u32 {
    let replicas = deployment.spec.replicas;
    match deployment.spec.strategy {
        DeploymentStrategy::RollingUpdate { max_surge, max_unavailable } if replicas > 0 => {
            fenceposts(max_surge, max_unavailable, replicas).1.min(replicas)
        }
        DeploymentStrategy::RollingUpdate { .. } | DeploymentStrategy::Recreate => 0,
    }
}

/// `spec.replicas` and the surge.
pub(super) fn max_replicas(deployment: &Deployment) -> u32 {
    deployment.spec.replicas.saturating_add(max_surge(deployment))
}

/// Surge rounds up, unavailable rounds down, never both zero.
fn fenceposts(max_surge: IntOrPercent, max_unavailable: IntOrPercent, replicas: u32) -> (u32, u32) {
    let (surge, unavailable) = (max_surge.scaled_up(replicas), max_unavailable.scaled_down(replicas));
    if surge == 0 && unavailable == 0 { (0, 1) } else { (surge, unavailable) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Cases of deployment_util_test.go, TestResolveFenceposts.
    #[test]
    fn surge_rounds_up_and_unavailable_down() {
        let percent = IntOrPercent::Percent;
        for (surge, unavailable, replicas, expected) in [
            (percent(25), percent(25), 3, (1, 0)),
            (percent(25), percent(25), 4, (1, 1)),
            (IntOrPercent::Int(0), percent(10), 3, (0, 1)),
            (IntOrPercent::Int(0), IntOrPercent::Int(0), 10, (0, 1)),
            (IntOrPercent::Int(39), IntOrPercent::Int(0), 10, (39, 0)),
            (percent(39), IntOrPercent::Int(0), 10, (4, 0)),
        ] {
            assert_eq!(fenceposts(surge, unavailable, replicas), expected, "{surge:?} {unavailable:?}");
        }
    }
}
