//! Which nodes a Pod tolerates (plugins/tainttoleration, plugins/nodeunschedulable).

use crate::api::{Node, PodSpec, Taint, TaintEffect, Toleration, tolerate};

/// FindMatchingUntoleratedTaint, of the taints that keep Pods away.
pub fn tolerates(pod: &PodSpec, taints: &[Taint]) -> bool {
    let mut forbidding = taints.iter().filter(|taint| taint.effect.forbids_scheduling());
    forbidding.all(|taint| tolerate(&pod.tolerations, taint))
}

/// NodeUnschedulable.Filter: a cordoned node takes Pods that tolerate the taint which it has, too.
pub fn may_schedule(pod: &PodSpec, node: &Node) -> bool {
    let taint = || Taint::new(Taint::UNSCHEDULABLE, TaintEffect::NoSchedule);
    !node.spec.unschedulable || tolerate(&pod.tolerations, &taint())
}

/// countIntolerableTaintsPreferNoSchedule: the fewer the better.
pub fn intolerable(pod: &PodSpec, taints: &[Taint]) -> i64 {
    let about_preference = |toleration: &&Toleration| {
        toleration.effect.is_none_or(|effect| effect == TaintEffect::PreferNoSchedule)
    };
    let is_tolerated = |taint: &Taint| {
        pod.tolerations.iter().filter(about_preference).any(|toleration| toleration.tolerates(taint))
    };
    let preferring = taints.iter().filter(|taint| taint.effect == TaintEffect::PreferNoSchedule);
    preferring.filter(|taint| !is_tolerated(taint)).count() as i64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{NodeSpec, TolerationOperator};
    use TaintEffect::{NoExecute, NoSchedule, PreferNoSchedule};
    use TolerationOperator::{Equal, Exists};

    fn taint(key: &str, value: &str, effect: TaintEffect) -> Taint {
        Taint { value: value.into(), ..Taint::new(key, effect) }
    }

    fn pod(tolerations: &[(&str, TolerationOperator, &str, Option<TaintEffect>)]) -> PodSpec {
        let toleration =
            |(key, operator, value, effect): &(&str, TolerationOperator, &str, Option<TaintEffect>)| {
                Toleration {
                    key: (*key).into(),
                    operator: Some(*operator),
                    value: (*value).into(),
                    effect: *effect,
                    toleration_seconds: None,
                }
            };
        PodSpec { tolerations: tolerations.iter().map(toleration).collect(), ..PodSpec::default() }
    }

    /// After plugins/tainttoleration/taint_toleration_test.go, TestTaintTolerationFilter.
    #[test]
    fn every_taint_that_forbids_must_be_tolerated() {
        let user1 = taint("dedicated", "user1", NoSchedule);
        for (tolerations, taints, expected) in [
            (&[][..], vec![user1.clone()], false),
            (&[("dedicated", Equal, "user1", Some(NoSchedule))], vec![user1.clone()], true),
            (&[("dedicated", Equal, "user2", Some(NoSchedule))], vec![user1.clone()], false),
            (&[("foo", Exists, "", Some(NoSchedule))], vec![taint("foo", "bar", NoSchedule)], true),
            (
                &[("dedicated", Equal, "user2", Some(NoSchedule)), ("foo", Exists, "", Some(NoSchedule))],
                vec![taint("dedicated", "user2", NoSchedule), taint("foo", "bar", NoSchedule)],
                true,
            ),
            (&[("foo", Equal, "bar", Some(PreferNoSchedule))], vec![taint("foo", "bar", NoSchedule)], false),
            (&[("foo", Equal, "bar", None)], vec![taint("foo", "bar", NoSchedule)], true),
            (
                &[("dedicated", Equal, "user2", Some(NoSchedule))],
                vec![taint("dedicated", "user1", PreferNoSchedule)],
                true,
            ),
            (&[], vec![taint("dedicated", "user1", PreferNoSchedule)], true),
            (&[], vec![taint("dedicated", "user1", NoExecute)], false),
        ] {
            assert_eq!(tolerates(&pod(tolerations), &taints), expected, "{tolerations:?} {taints:?}");
        }
    }

    /// After TestTaintTolerationScore: the counts before they are normalized.
    #[test]
    fn taints_that_only_prefer_count() {
        for (tolerations, taints, expected) in [
            (
                &[("foo", Equal, "bar", Some(PreferNoSchedule))][..],
                vec![taint("foo", "bar", PreferNoSchedule)],
                0,
            ),
            (
                &[("foo", Equal, "bar", Some(PreferNoSchedule))],
                vec![taint("foo", "blah", PreferNoSchedule)],
                1,
            ),
            (
                &[
                    ("cpu-type", Equal, "arm64", Some(PreferNoSchedule)),
                    ("disk-type", Equal, "ssd", Some(PreferNoSchedule)),
                ],
                vec![
                    taint("cpu-type", "arm64", PreferNoSchedule),
                    taint("disk-type", "ssd", PreferNoSchedule),
                ],
                0,
            ),
            (
                &[("foo", Equal, "bar", Some(NoSchedule))],
                vec![taint("foo", "bar", PreferNoSchedule), taint("foo", "bar", NoSchedule)],
                1,
            ),
            (&[("foo", Equal, "bar", None)], vec![taint("foo", "bar", PreferNoSchedule)], 0),
        ] {
            assert_eq!(intolerable(&pod(tolerations), &taints), expected, "{tolerations:?} {taints:?}");
        }
    }

    /// After plugins/nodeunschedulable/node_unschedulable_test.go, TestNodeUnschedulable.
    #[test]
    fn a_cordoned_node_must_be_tolerated() {
        let tolerant = pod(&[(Taint::UNSCHEDULABLE, Exists, "", Some(NoSchedule))]);
        for (pod, unschedulable, expected) in
            [(&pod(&[]), true, false), (&pod(&[]), false, true), (&tolerant, true, true)]
        {
            let node = Node { spec: NodeSpec { unschedulable, ..NodeSpec::default() }, ..Node::default() };
            assert_eq!(may_schedule(pod, &node), expected);
        }
    }
}
