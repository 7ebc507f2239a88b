//! How evenly a Pod's kind is spread over nodes and zones (plugins/podtopologyspread).

use std::collections::BTreeMap;

use super::Cluster;
use super::cache::{CachedNode, is_assigned};
use super::default_selector::default_selector;
use super::score::MAX_NODE_SCORE;
use super::{node_affinity, taint_toleration};
use crate::api::{NodeInclusionPolicy, Pod, Rejection, Selector, Str, WhenUnsatisfiable};

const HOSTNAME: &str = "kubernetes.io/hostname";

/// systemDefaultConstraints: for Pods without constraints of their own, and only for the score.
const SYSTEM_DEFAULTS: [(&str, u32); 2] = [(HOSTNAME, 3), ("topology.kubernetes.io/zone", 5)];

struct Constraint<'a> {
    max_skew: i64,
    topology_key: &'a str,
    /// None matches no Pod.
    selector: Option<Selector>,
    min_domains: usize,
    honors_affinity: bool,
    honors_taints: bool,
    /// Matching Pods on each node that has any.
    counts: BTreeMap<Str, i64>,
}

impl<'a> Constraint<'a> {
    /// filterTopologySpreadConstraints: the Pod's own, with this consequence. `matchLabelKeys` are in the selector
    /// since the Pod was created.
    fn of(cluster: Cluster<'_>, pod: &'a Pod, action: WhenUnsatisfiable) -> Vec<Constraint<'a>> {
        let written = pod.spec.topology_spread_constraints.iter().filter(|c| c.when_unsatisfiable == action);
        let constraint = |written: &'a crate::api::TopologySpreadConstraint| Constraint {
            max_skew: i64::from(written.max_skew),
            topology_key: &written.topology_key,
            selector: written.label_selector.clone(),
            min_domains: written.min_domains.unwrap_or(1) as usize,
            honors_affinity: written.node_affinity_policy != Some(NodeInclusionPolicy::Ignore),
            honors_taints: written.node_taints_policy == Some(NodeInclusionPolicy::Honor),
            counts: count(cluster, pod, written.label_selector.as_ref()),
        };
        written.map(constraint).collect()
    }

    /// buildDefaultConstraints.
    fn defaults(cluster: Cluster<'_>, pod: &Pod) -> Vec<Constraint<'static>> {
        let selector = default_selector(cluster.store, pod);
        if selector == Selector::default() {
            return Vec::new();
        }
        let counts = count(cluster, pod, Some(&selector));
        let constraint = |(topology_key, max_skew)| Constraint {
            max_skew: i64::from(max_skew),
            topology_key,
            selector: Some(selector.clone()),
            min_domains: 1,
            honors_affinity: true,
            honors_taints: false,
            counts: counts.clone(),
        };
        SYSTEM_DEFAULTS.map(constraint).into()
    }

    /// matchNodeInclusionPolicies.
    fn includes(&self, pod: &Pod, node: CachedNode<'_>) -> bool {
        (!self.honors_affinity || node_affinity::matches(&pod.spec, node.node))
            && (!self.honors_taints || taint_toleration::tolerates(&pod.spec, &node.node.spec.taints))
    }

    fn matches(&self, pod: &Pod) -> bool {
        self.selector.as_ref().is_some_and(|selector| selector.matches(&pod.meta.labels))
    }

    fn count_on(&self, node: CachedNode<'_>) -> i64 {
        self.counts.get(&node.node.meta.name).copied().unwrap_or(0)
    }
}

/// countPodsMatchSelector, for all nodes: Pods of the same namespace that are not being deleted. A selector that asks
/// for nothing counts nothing.
fn count(cluster: Cluster<'_>, pod: &Pod, selector: Option<&Selector>) -> BTreeMap<Str, i64> {
    let mut counts = BTreeMap::new();
    let Some(selector) = selector.filter(|selector| **selector != Selector::default()) else { return counts };
    let matching = cluster.store.pods_matched_by(&pod.meta.namespace, selector);
    for other in matching.filter(|other| is_assigned(other) && other.meta.deleted.is_none()) {
        let node = other.spec.node_name.clone().unwrap_or_default();
        *counts.entry(node).or_default() += 1;
    }
    counts
}

fn has_all_keys(node: CachedNode<'_>, constraints: &[Constraint<'_>]) -> bool {
    constraints.iter().all(|constraint| node.node.meta.labels.contains_key(constraint.topology_key))
}

/// The constraints that forbid nodes, and how many matching Pods each domain has (preFilterState).
pub struct Filter<'a> {
    constraints: Vec<(Constraint<'a>, BTreeMap<Str, i64>)>,
}

impl<'a> Filter<'a> {
    /// calPreFilterState. The system's default constraints forbid nothing.
    pub fn new(cluster: Cluster<'_>, pod: &'a Pod) -> Filter<'a> {
        let constraints = Constraint::of(cluster, pod, WhenUnsatisfiable::DoNotSchedule);
        let mut domains = vec![BTreeMap::<Str, i64>::new(); constraints.len()];
        if !constraints.is_empty() {
            for node in cluster.cache.nodes().filter(|node| has_all_keys(*node, &constraints)) {
                for (constraint, domains) in constraints.iter().zip(&mut domains) {
                    if let Some(domain) = node.node.meta.labels.get(constraint.topology_key)
                        && constraint.includes(pod, node)
                    {
                        *domains.entry(domain.clone()).or_default() += constraint.count_on(node);
                    }
                }
            }
        }
        Filter { constraints: constraints.into_iter().zip(domains).collect() }
    }

    pub fn rejects(&self, pod: &Pod, node: CachedNode<'_>) -> Option<Rejection> {
        self.constraints.iter().find_map(|(constraint, domains)| {
            let Some(domain) = node.node.meta.labels.get(constraint.topology_key) else {
                return Some(Rejection::MissingTopologyLabel);
            };
            // minMatchNum: with too few domains there would be one more without Pods.
            let has_enough = domains.len() >= constraint.min_domains;
            let least = domains.values().min().copied().filter(|_| has_enough).unwrap_or(0);
            let here = domains.get(domain).copied().unwrap_or(0);
            let skew = here + i64::from(constraint.matches(pod)) - least;
            (skew > constraint.max_skew).then_some(Rejection::TopologySpread)
        })
    }
}

/// The score of each node, of those that passed the filters; None if the Pod has no constraint to score by.
pub fn scores<'a>(cluster: Cluster<'a>, pod: &Pod, nodes: &[CachedNode<'a>]) -> Option<Vec<i64>> {
    let is_default = pod.spec.topology_spread_constraints.is_empty();
    let constraints = match is_default {
        true => Constraint::defaults(cluster, pod),
        false => Constraint::of(cluster, pod, WhenUnsatisfiable::ScheduleAnyway),
    };
    if constraints.is_empty() {
        return None;
    }
    // With the system's default, a node without a zone is still scored by its name.
    let is_scored = |node: &CachedNode<'_>| is_default || has_all_keys(*node, &constraints);
    let scored: Vec<CachedNode<'a>> = nodes.iter().copied().filter(is_scored).collect();
    let domains: Vec<Domains<'_>> = constraints
        .iter()
        .map(|constraint| Domains::new(cluster, pod, constraint, &scored, !is_default, &constraints))
        .collect();
    let raw = |node: &CachedNode<'_>| {
        let sum: u128 = constraints.iter().zip(&domains).map(|(c, domains)| domains.score(c, *node)).sum();
        is_scored(node).then_some(to_nearest(sum))
    };
    let raw: Vec<Option<i64>> = nodes.iter().map(raw).collect();
    Some(normalize(&raw))
}

/// The matching Pods of each domain that a node of the candidates is in (initPreScoreState, PreScore).
struct Domains<'a> {
    counts: BTreeMap<&'a str, i64>,
    /// topologyNormalizingWeight.
    weight: u128,
}

impl<'a> Domains<'a> {
    fn new(
        cluster: Cluster<'a>,
        pod: &Pod,
        constraint: &Constraint<'_>,
        candidates: &[CachedNode<'a>],
        needs_all_keys: bool,
        all: &[Constraint<'_>],
    ) -> Domains<'a> {
        if constraint.topology_key == HOSTNAME {
            return Domains { counts: BTreeMap::new(), weight: ln(candidates.len() as u64 + 2) };
        }
        // A node without the label is in the domain of the empty value.
        let domain = |node: &CachedNode<'a>| -> &'a str {
            node.node.meta.labels.get(constraint.topology_key).map_or("", |domain| domain)
        };
        let mut counts: BTreeMap<&str, i64> = candidates.iter().map(|node| (domain(node), 0)).collect();
        // A node without matching Pods adds nothing.
        for (name, count) in &constraint.counts {
            let Some(node) = cluster.cache.node(name) else { continue };
            if (!needs_all_keys || has_all_keys(node, all))
                && constraint.includes(pod, node)
                && let Some(sum) = counts.get_mut(domain(&node))
            {
                *sum += count;
            }
        }
        let weight = ln(counts.len() as u64 + 2);
        Domains { counts, weight }
    }

    /// scoreForCount, in units of 2^-60.
    fn score(&self, constraint: &Constraint<'_>, node: CachedNode<'_>) -> u128 {
        let Some(domain) = node.node.meta.labels.get(constraint.topology_key) else { return 0 };
        let count = match constraint.topology_key == HOSTNAME {
            true => constraint.count_on(node),
            false => self.counts.get(&**domain).copied().unwrap_or(0),
        };
        let skew = (constraint.max_skew - 1).unsigned_abs();
        u128::from(count.unsigned_abs()) * self.weight + (u128::from(skew) << UNIT)
    }
}

/// Binary places of the scores before they are rounded.
const UNIT: u32 = 60;

/// The natural logarithm, in units of 2^-60. Upstream reckons with doubles, whose error is larger than this one's for
/// every count that a cluster can have; both are rounded to a whole number, which the test finds to be the same.
fn ln(number: u64) -> u128 {
    /// ln 2, in units of 2^-64.
    const LN_2: u128 = 0xb172_17f7_d1cf_79ab;
    let whole = number.ilog2();
    // The number as 1.xxx times a power of two, with 63 places; its square has one more place of the logarithm.
    let mut mantissa = u128::from(number) << (63 - whole);
    let mut log2 = u128::from(whole);
    for _ in 0..UNIT {
        mantissa = (mantissa * mantissa) >> 63;
        let place = mantissa >> 64;
        mantissa >>= place;
        log2 = (log2 << 1) | place;
    }
    (log2 * LN_2) >> 64
}

fn to_nearest(score: u128) -> i64 {
    ((score + (1 << (UNIT - 1))) >> UNIT) as i64
}

/// NormalizeScore: the fewest Pods score highest, nodes without a domain 0.
fn normalize(raw: &[Option<i64>]) -> Vec<i64> {
    let scored = || raw.iter().flatten().copied();
    let (least, most) = (scored().min().unwrap_or(0), scored().max().unwrap_or(0));
    let score = |raw: &Option<i64>| match raw {
        None => 0,
        Some(_) if most == 0 => MAX_NODE_SCORE,
        Some(raw) => MAX_NODE_SCORE * (most + least - raw) / most,
    };
    raw.iter().map(score).collect()
}

/// Whether the Pod has a constraint that a change of this other Pod's existence or labels can satisfy
/// (isSchedulableAfterPodChange).
pub fn counts(pod: &Pod, other: &Pod) -> bool {
    let hard =
        |c: &&crate::api::TopologySpreadConstraint| c.when_unsatisfiable == WhenUnsatisfiable::DoNotSchedule;
    pod.meta.namespace == other.meta.namespace
        && pod
            .spec
            .topology_spread_constraints
            .iter()
            .filter(hard)
            .any(|c| c.label_selector.as_ref().is_some_and(|selector| selector.matches(&other.meta.labels)))
}

#[cfg(test)]
mod tests {
    use super::super::fixture::Fixture;
    use super::*;
    use crate::api::{Operator, Requirement, TopologySpreadConstraint};

    fn constraint(text: &str, selector: Option<&str>, action: WhenUnsatisfiable) -> TopologySpreadConstraint {
        let (max_skew, key) = text.split_once(' ').expect("a skew and a key");
        let exists =
            |key: &str| Requirement { key: key.into(), operator: Operator::Exists, values: Vec::new() };
        let selector = selector.map(|key| Selector {
            match_expressions: key.split_whitespace().map(exists).collect(),
            ..Selector::default()
        });
        TopologySpreadConstraint {
            max_skew: max_skew.parse().expect("a number"),
            topology_key: key.into(),
            when_unsatisfiable: action,
            label_selector: selector,
            min_domains: None,
            node_affinity_policy: None,
            node_taints_policy: None,
            match_label_keys: Vec::new(),
        }
    }

    const ZONES: [&str; 4] = [
        "node-a zone=zone1 node=node-a",
        "node-b zone=zone1 node=node-b",
        "node-x zone=zone2 node=node-x",
        "node-y zone=zone2 node=node-y",
    ];

    /// Pods with label foo: the number on each node.
    fn fixture(nodes: &[&str], foos: &[u32]) -> Fixture {
        let mut fixture = Fixture::default();
        for (node, count) in nodes.iter().zip(foos) {
            let name = fixture.node(node);
            for index in 0..*count {
                fixture.pod(&format!("{name}-{index}"), &name, "foo=");
            }
        }
        fixture
    }

    /// After podtopologyspread/filtering_test.go, TestSingleConstraint: `+` fits, `-` does not, `!` has no label.
    #[test]
    fn a_domain_takes_no_more_than_the_skew_allows() {
        for (constraint_text, selector, foos, expected) in [
            ("1 zone", Some("foo"), [0, 0, 0, 0], "++++"),
            ("1 zone", Some("bar"), [0, 0, 0, 0], "++++"),
            ("1 zone", None, [0, 0, 1, 1], "++++"),
            ("1 zone", Some("foo"), [2, 1, 0, 3], "++++"),
            ("1 zone", Some("foo"), [0, 0, 1, 1], "++--"),
            ("1 rack", Some("foo"), [0, 0, 0, 0], "!!!!"),
            ("1 node", Some("foo"), [2, 1, 0, 3], "--+-"),
            ("2 node", Some("foo"), [2, 1, 0, 3], "-++-"),
        ] {
            let fixture = fixture(&ZONES, &foos);
            let mut pod = fixture.incoming("foo=");
            pod.spec.topology_spread_constraints =
                vec![constraint(constraint_text, selector, WhenUnsatisfiable::DoNotSchedule)];
            assert_eq!(filtered(&fixture, &pod), expected, "{constraint_text} {foos:?}");
        }
    }

    fn filtered(fixture: &Fixture, pod: &Pod) -> String {
        let filter = Filter::new(fixture.cluster(), pod);
        let sign = |node| match filter.rejects(pod, node) {
            None => '+',
            Some(Rejection::TopologySpread) => '-',
            Some(Rejection::MissingTopologyLabel) => '!',
            Some(other) => panic!("{other}"),
        };
        fixture.cluster().cache.nodes().map(sign).collect()
    }

    /// After TestSingleConstraint, the cases of minDomains, of a Pod that does not match itself, of Pods that
    /// terminate.
    #[test]
    fn domains_that_are_not_there_count_as_empty() {
        for (min_domains, labels, foos, expected) in [
            (Some(4), "foo=", [2, 2, 1], "--+"),
            (Some(2), "foo=", [2, 2, 1], "+++"),
            (None, "bar=", [2, 1, 0], "+++"),
        ] {
            let nodes = ["node-a node=a", "node-b node=b", "node-c node=c"];
            let fixture = fixture(&nodes, &foos);
            let mut pod = fixture.incoming(labels);
            let constraint = constraint("2 node", Some("foo"), WhenUnsatisfiable::DoNotSchedule);
            pod.spec.topology_spread_constraints =
                vec![TopologySpreadConstraint { min_domains, ..constraint }];
            assert_eq!(filtered(&fixture, &pod), expected, "{min_domains:?} {foos:?}");
        }
        let mut fixture = fixture(&["node-a node=a", "node-b node=b"], &[1, 1]);
        fixture.terminate("node-a-0");
        let mut pod = fixture.incoming("foo=");
        pod.spec.topology_spread_constraints =
            vec![constraint("1 node", Some("foo"), WhenUnsatisfiable::DoNotSchedule)];
        assert_eq!(filtered(&fixture, &pod), "+-");
    }

    /// After TestSingleConstraint, the cases with nodeAffinity: nodes that the Pod does not ask for are no domains.
    #[test]
    fn nodes_that_are_not_asked_for_are_no_domains() {
        let fixture = fixture(&ZONES, &[2, 1, 0, 3]);
        let mut pod = fixture.incoming("foo=");
        pod.spec.topology_spread_constraints =
            vec![constraint("1 node", Some("foo"), WhenUnsatisfiable::DoNotSchedule)];
        pod.spec.node_selector.insert("zone".into(), "zone2".into());
        assert_eq!(filtered(&fixture, &pod), "+++-");
        pod.spec.topology_spread_constraints[0].node_affinity_policy = Some(NodeInclusionPolicy::Ignore);
        assert_eq!(filtered(&fixture, &pod), "--+-");
    }

    fn host(name: &str, more: &str) -> String {
        format!("{name} kubernetes.io/hostname={name} {more}")
    }

    /// After scoring_test.go, TestPodTopologySpreadScore.
    #[test]
    fn the_domain_with_the_fewest_scores_highest() {
        use WhenUnsatisfiable::ScheduleAnyway;
        let hosts = |more: [&str; 4]| {
            ["node-a", "node-b", "node-c", "node-d"]
                .into_iter()
                .zip(more)
                .map(|(n, m)| host(n, m))
                .collect::<Vec<_>>()
        };
        let zones = ["zone=zone1", "zone=zone1", "zone=zone2", "zone=zone2"];
        let hostname = HOSTNAME;
        for (constraints, zones, foos, candidates, expected) in [
            (vec![format!("1 {hostname}")], [""; 4], [0, 0, 0, 0], 2, vec![100, 100]),
            (vec![format!("1 {hostname}")], [""; 4], [2, 1, 0, 0], 1, vec![100]),
            (vec![format!("1 {hostname}")], [""; 4], [1, 1, 0, 0], 2, vec![100, 100]),
            (vec![format!("1 {hostname}")], [""; 4], [2, 1, 0, 3], 4, vec![20, 60, 100, 0]),
            (vec![format!("2 {hostname}")], [""; 4], [2, 1, 0, 3], 4, vec![33, 66, 100, 16]),
            (vec![format!("3 {hostname}")], [""; 4], [4, 3, 2, 1], 4, vec![44, 66, 77, 100]),
            (vec![format!("1 {hostname}")], [""; 4], [4, 2, 1, 3], 3, vec![33, 83, 100]),
            (vec!["1 zone".into()], zones, [4, 2, 1, 3], 3, vec![75, 75, 100]),
        ] {
            let nodes = hosts(zones);
            let nodes: Vec<&str> = nodes.iter().map(|node| &**node).collect();
            let fixture = fixture(&nodes, &foos);
            let mut pod = fixture.incoming("foo=");
            pod.spec.topology_spread_constraints =
                constraints.iter().map(|text| constraint(text, Some("foo"), ScheduleAnyway)).collect();
            let candidates: Vec<CachedNode<'_>> = fixture.cluster().cache.nodes().take(candidates).collect();
            assert_eq!(
                scores(fixture.cluster(), &pod, &candidates),
                Some(expected),
                "{constraints:?} {foos:?}"
            );
        }
    }

    /// After TestPodTopologySpreadScore, "one node doesn't match topology key", and "system defaulting, nodes don't have
    /// zone, pods match service".
    #[test]
    fn nodes_without_a_domain_score_nothing() {
        let hosts = [host("node-a", ""), "node-b n=node-b".into(), host("node-x", "")];
        let fixture = fixture(&hosts.each_ref().map(|node| &**node), &[4, 2, 1]);
        let mut pod = fixture.incoming("foo=");
        pod.spec.topology_spread_constraints =
            vec![constraint(&format!("1 {HOSTNAME}"), Some("foo"), WhenUnsatisfiable::ScheduleAnyway)];
        let nodes: Vec<CachedNode<'_>> = fixture.cluster().cache.nodes().collect();
        assert_eq!(scores(fixture.cluster(), &pod, &nodes), Some(vec![16, 0, 100]));
    }

    #[test]
    fn a_pod_of_a_service_is_spread_by_default() {
        let hosts = ["node-a", "node-b", "node-c", "node-d"].map(|name| host(name, ""));
        let mut fixture = fixture(&hosts.each_ref().map(|node| &**node), &[4, 3, 2, 1]);
        let pod = fixture.incoming("foo=");
        let nodes = |fixture: &Fixture| {
            scores(fixture.cluster(), &pod, &fixture.cluster().cache.nodes().collect::<Vec<_>>())
        };
        assert_eq!(nodes(&fixture), None);
        fixture.service("web", "foo=");
        assert_eq!(nodes(&fixture), Some(vec![44, 66, 77, 100]));
    }

    #[test]
    fn rounded_scores_are_those_of_doubles() {
        for size in 0..1_000_u64 {
            let double = ((size + 2) as f64).ln();
            for count in 0..500_u64 {
                let ours = to_nearest(u128::from(count) * ln(size + 2));
                assert_eq!(ours, (count as f64 * double).round() as i64, "{count} in one of {size}");
            }
        }
    }
}
