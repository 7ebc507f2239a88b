//! Which Pods a Pod asks to be beside, and which it avoids (plugins/interpodaffinity).

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Cluster;
use super::cache::{CachedNode, is_assigned};
use super::double::Fraction;
use crate::api::{Affinity, Labels, Pod, PodAffinityTerm, Rejection, Selector, Str};
use crate::store::Store;

/// hardPodAffinityWeight: what the required affinity of a Pod that is there counts for, if the new one matches it.
const HARD_AFFINITY_WEIGHT: i64 = 1;

/// A label of nodes and its value, and a count.
type Domains<'a> = BTreeMap<(&'a str, &'a str), i64>;

/// Of the node that an existing Pod is on.
fn add<'a>(domains: &mut Domains<'a>, cluster: Cluster<'a>, existing: &Pod, key: &'a str, count: i64) {
    let node = existing.spec.node_name.as_ref().and_then(|name| cluster.cache.node(name));
    if let Some(value) = node.and_then(|node| node.node.meta.labels.get(key)) {
        *domains.entry((key, &**value)).or_default() += count;
    }
}

/// The terms that its affinity requires.
pub fn wanted(pod: &Pod) -> &[PodAffinityTerm] {
    pod.spec.affinity.as_ref().map_or(&[], |affinity| &affinity.pod_affinity.required)
}

/// The terms that its anti-affinity requires.
pub fn avoided(pod: &Pod) -> &[PodAffinityTerm] {
    pod.spec.affinity.as_ref().map_or(&[], |affinity| &affinity.pod_anti_affinity.required)
}

/// preFilterState.
pub struct Filter<'a> {
    required: &'a [PodAffinityTerm],
    anti: &'a [PodAffinityTerm],
    /// Pods that match all of the Pod's affinity terms.
    affine: Domains<'a>,
    /// Pods that match one of its anti-affinity terms.
    avoided: Domains<'a>,
    /// Pods with an anti-affinity term that the Pod matches.
    avoiding: Domains<'a>,
    matches_itself: bool,
}

impl<'a> Filter<'a> {
    pub fn new(cluster: Cluster<'a>, pod: &'a Pod) -> Filter<'a> {
        let (required, anti) = (wanted(pod), avoided(pod));
        let matches_all = |other: &Pod| required.iter().all(|term| matches(cluster.store, term, pod, other));
        let mut affine = Domains::new();
        if let Some(first) = required.first() {
            for existing in matched(cluster.store, first, pod).filter(|other| matches_all(other)) {
                required.iter().for_each(|term| add(&mut affine, cluster, existing, &term.topology_key, 1));
            }
        }
        let mut avoided = Domains::new();
        for term in anti {
            for existing in matched(cluster.store, term, pod) {
                add(&mut avoided, cluster, existing, &term.topology_key, 1);
            }
        }
        Filter {
            required,
            anti,
            affine,
            avoided,
            avoiding: avoiding(cluster, pod),
            matches_itself: matches_all(pod),
        }
    }

    /// The reason, in the order of InterPodAffinity.Filter.
    pub fn rejects(&self, node: CachedNode<'_>) -> Option<Rejection> {
        if !self.has_affinity(node) {
            return Some(Rejection::PodAffinity);
        }
        let labels = &node.node.meta.labels;
        let is_avoided = |term: &PodAffinityTerm| {
            labels
                .get(&term.topology_key)
                .is_some_and(|value| self.avoided.contains_key(&(&*term.topology_key, &**value)))
        };
        if self.anti.iter().any(is_avoided) {
            return Some(Rejection::PodAntiAffinity);
        }
        let avoids =
            self.avoiding.keys().any(|(key, value)| labels.get(*key).is_some_and(|label| &**label == *value));
        avoids.then_some(Rejection::ExistingPodAntiAffinity)
    }

    /// satisfyPodAffinity: the first of a series that is affine to itself may go anywhere.
    fn has_affinity(&self, node: CachedNode<'_>) -> bool {
        let value = |term: &'a PodAffinityTerm| node.node.meta.labels.get(&term.topology_key);
        if self.required.iter().any(|term| value(term).is_none()) {
            return false;
        }
        let is_first = self.affine.is_empty() && self.matches_itself;
        is_first
            || self.required.iter().all(|term| {
                value(term).is_some_and(|value| self.affine.contains_key(&(&*term.topology_key, &**value)))
            })
    }
}

/// getExistingAntiAffinityCounts.
fn avoiding<'a>(cluster: Cluster<'a>, pod: &Pod) -> Domains<'a> {
    let mut domains = Domains::new();
    for (existing, affinity) in with_affinity(cluster) {
        for term in &affinity.pod_anti_affinity.required {
            if matches(cluster.store, term, existing, pod) {
                add(&mut domains, cluster, existing, &term.topology_key, 1);
            }
        }
    }
    domains
}

/// The Pods on nodes that have terms about other Pods.
fn with_affinity(cluster: Cluster<'_>) -> impl Iterator<Item = (&Arc<Pod>, &Affinity)> {
    cluster.cache.pods_with_affinity().filter_map(move |key| {
        let pod = cluster.store.pods.get(key)?;
        Some((pod, pod.spec.affinity.as_deref()?))
    })
}

/// The score of each node; None if no Pod has anything to say (PreScore, Score, NormalizeScore).
pub fn scores(cluster: Cluster<'_>, pod: &Pod, nodes: &[CachedNode<'_>]) -> Option<Vec<i64>> {
    let mut domains = Domains::new();
    if let Some(affinity) = pod.spec.affinity.as_deref() {
        for (terms, sign) in
            [(&affinity.pod_affinity.preferred, 1), (&affinity.pod_anti_affinity.preferred, -1)]
        {
            for weighted in terms {
                let (term, weight) = (&weighted.pod_affinity_term, sign * i64::from(weighted.weight));
                for existing in matched(cluster.store, term, pod) {
                    add(&mut domains, cluster, existing, &term.topology_key, weight);
                }
            }
        }
    }
    for (existing, affinity) in with_affinity(cluster) {
        let required = affinity.pod_affinity.required.iter().map(|term| (term, HARD_AFFINITY_WEIGHT));
        let preferred = affinity.pod_affinity.preferred.iter();
        let preferred = preferred.map(|weighted| (&weighted.pod_affinity_term, i64::from(weighted.weight)));
        let avoided = affinity.pod_anti_affinity.preferred.iter();
        let avoided = avoided.map(|weighted| (&weighted.pod_affinity_term, -i64::from(weighted.weight)));
        for (term, weight) in required.chain(preferred).chain(avoided) {
            if matches(cluster.store, term, existing, pod) {
                add(&mut domains, cluster, existing, &term.topology_key, weight);
            }
        }
    }
    if domains.is_empty() {
        return None;
    }
    let score = |node: &CachedNode<'_>| {
        let labels = &node.node.meta.labels;
        let here = domains
            .iter()
            .filter(|((key, value), _)| labels.get(*key).is_some_and(|label| &**label == *value));
        here.map(|(_, count)| count).sum()
    };
    Some(normalize(&nodes.iter().map(score).collect::<Vec<i64>>()))
}

fn normalize(scores: &[i64]) -> Vec<i64> {
    let (least, most) =
        (scores.iter().min().copied().unwrap_or(0), scores.iter().max().copied().unwrap_or(0));
    let range = most.abs_diff(least);
    let share =
        |score: &i64| if range == 0 { 0 } else { Fraction::of(score.abs_diff(least), range).percent() };
    scores.iter().map(share).collect()
}

/// AffinityTerm.Matches: whether a term of `owner` is about the other Pod.
pub fn matches(store: &Store, term: &PodAffinityTerm, owner: &Pod, other: &Pod) -> bool {
    let selector = term.label_selector.as_ref();
    selector.is_some_and(|selector| selector.matches(&other.meta.labels))
        && is_about_namespace(store, term, &owner.meta.namespace, &other.meta.namespace)
}

fn is_about_namespace(store: &Store, term: &PodAffinityTerm, own: &Str, namespace: &Str) -> bool {
    let named = match (&term.namespace_selector, term.namespaces.is_empty()) {
        (None, true) => own == namespace,
        (Some(_), _) | (None, false) => term.namespaces.contains(namespace),
    };
    named
        || term
            .namespace_selector
            .as_ref()
            .is_some_and(|selector| selector.matches(&namespace_labels(store, namespace)))
}

/// The namespace's labels, with the one that the API server gives each.
fn namespace_labels(store: &Store, name: &Str) -> Labels {
    let mut labels = store.namespace(name).map(|namespace| namespace.meta.labels.clone()).unwrap_or_default();
    labels.insert("kubernetes.io/metadata.name".into(), name.clone());
    labels
}

/// The Pods on nodes that match a term of `owner`. Only a namespaceSelector that asks for nothing looks at all Pods.
fn matched<'a>(
    store: &'a Store,
    term: &'a PodAffinityTerm,
    owner: &'a Pod,
) -> Box<dyn Iterator<Item = &'a Arc<Pod>> + 'a> {
    let Some(selector) = &term.label_selector else { return Box::new(std::iter::empty()) };
    let assigned = |pod: &&Arc<Pod>| is_assigned(pod);
    if term.namespace_selector.as_ref().is_some_and(|selector| *selector == Selector::default()) {
        return Box::new(store.pods.iter().filter(|pod| selector.matches(&pod.meta.labels)).filter(assigned));
    }
    let mut namespaces: Vec<Str> =
        store.namespaces.iter().map(|namespace| namespace.meta.name.clone()).collect();
    namespaces.extend(term.namespaces.iter().chain([&owner.meta.namespace]).cloned());
    namespaces.sort_unstable();
    namespaces.dedup();
    namespaces.retain(|namespace| is_about_namespace(store, term, &owner.meta.namespace, namespace));
    let pods = namespaces.into_iter().flat_map(move |namespace| {
        // Collected: the iterator would borrow the namespace.
        store.pods_matched_by(&namespace, selector).collect::<Vec<&Arc<Pod>>>()
    });
    Box::new(pods.filter(assigned))
}

#[cfg(test)]
mod tests {
    use super::super::fixture::Fixture;
    use super::*;
    use crate::api::{Operator, PodAffinity, Requirement, WeightedPodAffinityTerm};

    /// `security In S1,S2 @region`, and `ns=a,b` or `team=x` of the namespace.
    fn term(text: &str) -> PodAffinityTerm {
        let (selector, scope) = text.split_once('@').expect("a topology key");
        let mut scope = scope.split_whitespace();
        let topology_key = scope.next().unwrap_or("").into();
        let mut term = PodAffinityTerm {
            label_selector: Some(expressions(selector)),
            namespaces: Vec::new(),
            namespace_selector: None,
            topology_key,
            match_label_keys: Vec::new(),
            mismatch_label_keys: Vec::new(),
        };
        for word in scope {
            match word.split_once('=').expect("a namespace or a label") {
                ("ns", names) => term.namespaces.extend(names.split(',').map(Into::into)),
                ("all", _) => term.namespace_selector = Some(Selector::default()),
                (key, value) => term.namespace_selector = Some(expressions(&format!("{key} In {value}"))),
            }
        }
        term
    }

    fn expressions(text: &str) -> Selector {
        let requirement = |text: &str| {
            let mut words = text.split_whitespace();
            let key = words.next().expect("a key").into();
            let operator = match words.next().expect("an operator") {
                "In" => Operator::In,
                "NotIn" => Operator::NotIn,
                "Exists" => Operator::Exists,
                "DoesNotExist" => Operator::DoesNotExist,
                other => panic!("{other}"),
            };
            let values = words.flat_map(|words| words.split(',')).map(Into::into).collect();
            Requirement { key, operator, values }
        };
        Selector { match_expressions: text.split(';').map(requirement).collect(), ..Selector::default() }
    }

    fn require(pod: &mut Pod, affinity: &[&str], anti: &[&str]) {
        let of = |terms: &[&str]| PodAffinity {
            required: terms.iter().map(|t| term(t)).collect(),
            preferred: Vec::new(),
        };
        pod.spec.affinity = Some(Box::new(Affinity {
            pod_affinity: of(affinity),
            pod_anti_affinity: of(anti),
            ..Affinity::default()
        }));
    }

    fn prefer(pod: &mut Pod, affinity: &[(u32, &str)], anti: &[(u32, &str)]) {
        let weighted = |(weight, text): &(u32, &str)| WeightedPodAffinityTerm {
            weight: *weight,
            pod_affinity_term: term(text),
        };
        let of = |terms: &[(u32, &str)]| PodAffinity {
            required: Vec::new(),
            preferred: terms.iter().map(weighted).collect(),
        };
        pod.spec.affinity = Some(Box::new(Affinity {
            pod_affinity: of(affinity),
            pod_anti_affinity: of(anti),
            ..Affinity::default()
        }));
    }

    /// `+` fits; else `a`ffinity, a`n`ti-affinity, `e`xisting Pods' anti-affinity.
    fn filtered(fixture: &Fixture, pod: &Pod) -> String {
        let filter = Filter::new(fixture.cluster(), pod);
        let sign = |node| match filter.rejects(node) {
            None => '+',
            Some(Rejection::PodAffinity) => 'a',
            Some(Rejection::PodAntiAffinity) => 'n',
            Some(Rejection::ExistingPodAntiAffinity) => 'e',
            Some(other) => panic!("{other}"),
        };
        fixture.cluster().cache.nodes().map(sign).collect()
    }

    /// After interpodaffinity/filtering_test.go, TestRequiredAffinitySingleNode.
    #[test]
    fn one_node_with_one_pod() {
        for (affinity, anti, existing_anti, expected) in [
            (&[][..], &[][..], &[][..], "+"),
            (&["service In securityscan,value2 @region"], &[], &[], "+"),
            (&["service NotIn securityscan3,value3 @region"], &[], &[], "+"),
            (&["service In securityscan @region ns=elsewhere"], &[], &[], "a"),
            (&["service In antivirusscan,value2 @region"], &[], &[], "a"),
            (
                &[
                    "service Exists;wrongkey DoesNotExist @region",
                    "service In securityscan;service NotIn Wrong @region",
                ],
                &[],
                &[],
                "+",
            ),
            (&["service Exists @region", "service In securityscan2 @region"], &[], &[], "a"),
            (&["service In securityscan @region"], &["service In antivirusscan @node"], &[], "+"),
            (&["service In securityscan @region"], &["service In securityscan @zone"], &[], "n"),
            (&["service In securityscan @region"], &[], &["security In S1 @zone"], "e"),
            (&[], &[], &["security In S1 @zone"], "e"),
            (&[], &[], &["security NotIn S1 @zone"], "+"),
            (&[], &[], &["security In S1 @no-such-label"], "+"),
        ] {
            let mut fixture = Fixture::default();
            fixture.node("node1 region=r1 zone=z11");
            let mut existing = fixture.bound("existing", "node1", "service=securityscan");
            require(&mut existing, &[], existing_anti);
            fixture.put(existing);
            let mut pod = fixture.incoming("security=S1");
            require(&mut pod, affinity, anti);
            assert_eq!(filtered(&fixture, &pod), expected, "{affinity:?} {anti:?} {existing_anti:?}");
        }
    }

    /// After TestRequiredAffinitySingleNode, the cases with NamespaceSelector.
    #[test]
    fn a_term_may_be_about_other_namespaces() {
        for (text, affinity, anti) in [
            ("service In securityscan @region ns=subteam2.team2 team=team1", "+", "n"),
            ("service In securityscan @region ns=subteam2.team2 team=team2", "a", "+"),
            ("service In securityscan @region all=", "+", "n"),
            ("service In securityscan @region kubernetes.io/metadata.name=subteam1.team1", "+", "n"),
            ("service In securityscan @region", "a", "+"),
        ] {
            let mut fixture = Fixture::default();
            fixture.node("node1 region=r1");
            fixture.namespace("subteam1.team1", "team=team1");
            let mut existing = fixture.bound("existing", "node1", "service=securityscan");
            existing.meta.namespace = "subteam1.team1".into();
            fixture.put(existing);
            let mut pod = fixture.incoming("");
            require(&mut pod, &[text], &[]);
            assert_eq!(filtered(&fixture, &pod), affinity, "{text}");
            require(&mut pod, &[], &[text]);
            assert_eq!(filtered(&fixture, &pod), anti, "{text}");
        }
    }

    /// After TestRequiredAffinityMultipleNodes.
    #[test]
    fn terms_are_about_domains_not_nodes() {
        let mut fixture = Fixture::default();
        for node in ["nodeA region=China zone=az1", "nodeB region=China zone=az2", "nodeC region=India"] {
            fixture.node(node);
        }
        fixture.pod("p1", "nodeA", "foo=abc");
        let mut pod = fixture.incoming("foo=123");
        for (affinity, anti, expected) in [
            (&["foo In abc @region"][..], &[][..], "++a"),
            (&[], &["foo In abc @region"], "nn+"),
            (&[], &["foo In abc @zone"], "n++"),
            (&[], &["foo In other @zone", "foo Exists @region"], "nn+"),
            (&["foo In abc @zone"], &[], "+aa"),
            // The first of a series: only nodes that have the topology key.
            (&["foo In 123 @zone"], &[], "++a"),
            (&["foo In 123 @zone", "foo In 124 @zone"], &[], "aaa"),
        ] {
            require(&mut pod, affinity, anti);
            assert_eq!(filtered(&fixture, &pod), expected, "{affinity:?} {anti:?}");
        }
    }

    /// After scoring_test.go, TestPreferredAffinity.
    #[test]
    fn preferred_terms_add_up_in_both_directions() {
        let nodes = ["node1 region=China az=az1", "node2 region=India az=az1", "node3 region=China az=az2"];
        let s1_in_region = &[(5, "security In S1 @region")][..];
        let from_s1_in_az = &[(5, "security In S1 @az")][..];
        for (affinity, anti, existing, expected) in [
            (s1_in_region, &[][..], ["S1", "S2", "S2"], Some(vec![100, 0, 100])),
            (s1_in_region, &[], ["S2", "S2", "S2"], None),
            (&[(6, "security In S2 @region")], &[], ["S2", "S2", "S2"], Some(vec![100, 0, 100])),
            (&[], from_s1_in_az, ["S1", "S2", "S2"], Some(vec![0, 0, 100])),
            (
                &[(8, "security In S1 @region")],
                &[(5, "security In S2 @az")],
                ["S1", "S2", "S1"],
                Some(vec![76, 0, 100]),
            ),
        ] {
            let mut fixture = Fixture::default();
            for (node, security) in nodes.iter().zip(existing) {
                let name = fixture.node(node);
                fixture.pod(&format!("on-{name}"), &name, &format!("security={security}"));
            }
            let mut pod = fixture.incoming("security=S1");
            prefer(&mut pod, affinity, anti);
            let nodes: Vec<CachedNode<'_>> = fixture.cluster().cache.nodes().collect();
            assert_eq!(
                scores(fixture.cluster(), &pod, &nodes),
                expected,
                "{affinity:?} {anti:?} {existing:?}"
            );
        }
    }

    /// After TestPreferredAffinity, the symmetric cases, and TestPreferredAffinityWithHardPodAffinitySymmetricWeight.
    #[test]
    fn pods_that_are_there_prefer_too() {
        for (existing, expected) in [
            ("required", Some(vec![100, 0])),
            ("preferred", Some(vec![100, 0])),
            ("avoided", Some(vec![0, 100])),
            ("nothing", None),
        ] {
            let mut fixture = Fixture::default();
            fixture.node("node1 region=China");
            fixture.node("node2 region=India");
            let mut pod = fixture.bound("existing", "node1", "");
            match existing {
                "required" => require(&mut pod, &["security In S1 @region"], &[]),
                "preferred" => prefer(&mut pod, &[(5, "security In S1 @region")], &[]),
                "avoided" => prefer(&mut pod, &[], &[(5, "security In S1 @region")]),
                _ => {}
            }
            fixture.put(pod);
            let pod = fixture.incoming("security=S1");
            let nodes: Vec<CachedNode<'_>> = fixture.cluster().cache.nodes().collect();
            assert_eq!(scores(fixture.cluster(), &pod, &nodes), expected, "{existing}");
        }
    }
}
