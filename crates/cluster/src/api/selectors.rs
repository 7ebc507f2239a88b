//! Which Pods a Service selects, and a check of the whole text for Services whose selector matches none of its Pods.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::Serialize;

use super::diagnostics::Diagnostics;
use super::{
    Diagnostic, DiagnosticKind, KubeObject, Labels, ManifestObject, Severity, Source, Str, Unsimulated,
    is_custom, makes_pods,
};

/// A Service's selector: the Pod must have every pair. An empty one selects nothing: no controller writes
/// EndpointSlices for a Service without a selector.
pub fn selects(selector: &Labels, labels: &Labels) -> bool {
    !selector.is_empty() && selector.iter().all(|(key, value)| labels.get(key) == Some(value))
}

/// Labels that controllers and the API server set: no manifest has them, and who selects by them has made no mistake.
pub const SET_BY_CONTROLLERS: &[&str] = &[
    "apps.kubernetes.io/pod-index",
    "batch.kubernetes.io/controller-uid",
    "batch.kubernetes.io/job-completion-index",
    "batch.kubernetes.io/job-name",
    "controller-revision-hash",
    "controller-uid",
    "job-name",
    "pod-template-generation",
    "pod-template-hash",
    "statefulset.kubernetes.io/pod-name",
    "topology.kubernetes.io/region",
    "topology.kubernetes.io/zone",
];

/// Keys that all stand for the name of an application: one is easily taken for another.
const NAME_KEYS: &[&str] = &["app", "app.kubernetes.io/name", "k8s-app", "name", "run"];

/// The one label that a selector asks for in vain, and the one that a workload with all others has in its place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NearMiss {
    pub asked: (Str, Str),
    pub has: (Str, Str),
    /// A typing error, probably; or else another value, which may be meant to be another.
    pub is_typo: bool,
}

/// So many workloads are compared with a selector that selects none: whoever has more gets a suggestion only if one of
/// these has a typing error. Which one is the only one, nobody knows then.
const COMPARED: usize = 500;

/// Of the labels of workloads those that a selector misses by one: all but one of its pairs are there, and that one
/// differs by a typing error, or has another key for an application's name. Without such an error, the only workload of
/// the application that has another value. A workload that another Service selects is not meant by this one. No
/// suggestion is better than a wrong one.
pub fn near_miss<'a>(
    selector: &Labels,
    mut workloads: impl Iterator<Item = &'a Labels>,
    is_selected: impl Fn(&Labels) -> bool,
) -> Option<(usize, NearMiss)> {
    let mut others: Vec<(usize, NearMiss)> = Vec::new();
    for (at, labels) in workloads.by_ref().take(COMPARED).enumerate() {
        let mut unmet = selector.iter().filter(|&(key, value)| labels.get(key) != Some(value));
        let (Some((key, value)), None) = (unmet.next(), unmet.next()) else { continue };
        if SET_BY_CONTROLLERS.contains(&&**key) {
            return None;
        }
        let is_name = |key: &str| NAME_KEYS.contains(&key);
        let other_key = |(other, has): &(&Str, &Str)| {
            *has == value && (is_typo(key, other) || (is_name(key) && is_name(other)))
        };
        let has = match labels.get(key) {
            Some(has) => Some((key, has)),
            None => labels.iter().find(other_key),
        };
        let Some((has_key, has)) = has.filter(|_| !is_selected(labels)) else { continue };
        let pair = |key: &Str, value: &Str| (key.clone(), value.clone());
        let is_typo = has_key != key || is_typo(value, has);
        let miss = NearMiss { asked: pair(key, value), has: pair(has_key, has), is_typo };
        if is_typo {
            return Some((at, miss));
        }
        if !is_name(key) && selector.len() > 1 {
            others.push((at, miss));
        }
    }
    let is_only = workloads.next().is_none() && others.iter().all(|(_, other)| other.has == others[0].1.has);
    others.into_iter().next().filter(|_| is_only)
}

/// What parts the words of a label.
const SEPARATORS: [char; 4] = ['-', '.', '/', '_'];

/// Whether one was likely written for the other: one letter too many, too few, wrong or in its neighbour's place; two
/// in a longer word. What differs in digits alone, or in a letter that stands alone, is another thing of the same name.
fn is_typo(a: &str, b: &str) -> bool {
    let most = match a.len().max(b.len()) {
        0..=2 => 0,
        3..=6 => 1,
        _ => 2,
    };
    let words = |text: &str| {
        let letters = text.replace(|c: char| c.is_ascii_digit(), "");
        let words = letters.split_inclusive(SEPARATORS);
        words.filter(|word| word.trim_end_matches(SEPARATORS).len() > 1).collect::<String>()
    };
    is_within(a.as_bytes(), b.as_bytes(), most) && words(a) != words(b)
}

/// Whether at most `most` edits lead from one to the other, by Damerau's and Levenshtein's distance without a second
/// edit of what was swapped. Further from the diagonal than `most` there are more edits than that; and the least of a
/// row and of the one before it never falls again.
fn is_within(a: &[u8], b: &[u8], most: usize) -> bool {
    if a.len().abs_diff(b.len()) > most {
        return false;
    }
    let beyond = most + 1;
    let first: Vec<usize> = (0..=b.len()).map(|j| j.min(beyond)).collect();
    let (mut above, mut row) = (vec![beyond; b.len() + 1], first);
    for i in 1..=a.len() {
        let two_above = std::mem::replace(&mut above, std::mem::replace(&mut row, vec![beyond; b.len() + 1]));
        row[0] = i.min(beyond);
        for j in i.saturating_sub(most).max(1)..=(i + most).min(b.len()) {
            let replaced = above[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            row[j] = replaced.min(above[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                row[j] = row[j].min(two_above[j - 2] + 1);
            }
        }
        if row.iter().chain(&above).all(|edits| *edits > most) {
            return false;
        }
    }
    row[b.len()] <= most
}

/// The Pods that a text has or that its workloads make, with which its Services are compared, and what these select.
#[derive(Default)]
pub struct Pods {
    /// By namespace.
    labels: Vec<(Str, Labels)>,
    /// Each pair of them, since most selectors of nobody have a pair that nobody has.
    pairs: BTreeSet<(Str, (Str, Str))>,
    /// Of its Services, by namespace and first pair.
    selectors: BTreeMap<(Str, (Str, Str)), Vec<Labels>>,
    pod_makers: PodMakers,
}

impl Pods {
    pub fn add(&mut self, parsed: &ManifestObject) {
        if let KubeObject::Service(service) = &parsed.object
            && let Some(selector) = &service.spec.selector
            && let Some((key, value)) = selector.first()
        {
            let first = (service.meta.namespace.clone(), (key.clone(), value.clone()));
            self.selectors.entry(first).or_default().push(selector.clone());
        }
        if let KubeObject::Unsimulated(object) = &parsed.object
            && is_custom(object)
        {
            self.pod_makers.objects.push((object.clone(), parsed.source.clone()));
        }
        let Some((namespace, labels)) = pod_labels(parsed) else { return };
        for (key, value) in &labels {
            self.pairs.insert((namespace.clone(), (key.clone(), value.clone())));
        }
        self.labels.push((namespace, labels));
    }

    /// By any Service of the text.
    fn are_selected(&self, namespace: &Str, labels: &Labels) -> bool {
        let of = |(key, value): (&Str, &Str)| {
            self.selectors.get(&(namespace.clone(), (key.clone(), value.clone())))
        };
        labels.iter().filter_map(of).flatten().any(|selector| selects(selector, labels))
    }

    /// A warning, not an error, of a Service that selects none: one without endpoints is a valid one.
    pub fn check(&mut self, parsed: &ManifestObject, diagnostics: &mut Diagnostics) {
        if self.labels.is_empty() {
            // A text without Pods is meant for Pods that are elsewhere.
            return;
        }
        let KubeObject::Service(service) = &parsed.object else { return };
        let Some(selector) = &service.spec.selector else { return };
        let namespace = &service.meta.namespace;
        let there = || self.labels.iter().filter(|(ns, _)| ns == namespace).map(|(_, labels)| labels);
        let written = |key: &Str| !SET_BY_CONTROLLERS.contains(&&**key);
        let of_manifests: Labels =
            selector.iter().filter(|(key, _)| written(key)).map(|(k, v)| (k.clone(), v.clone())).collect();
        let is_known = |(key, value): (&Str, &Str)| {
            self.pairs.contains(&(namespace.clone(), (key.clone(), value.clone())))
        };
        let may_select = of_manifests.iter().all(is_known);
        let selects_one = || there().any(|labels| selects(&of_manifests, labels));
        let is_selecting = of_manifests.is_empty() || (may_select && selects_one());
        if is_selecting || self.pod_makers.any_of(namespace, selector) {
            return;
        }
        let mut others = self.labels.iter().take(COMPARED).filter(|(other, _)| other != namespace);
        let elsewhere = others.find(|(_, labels)| selects(&of_manifests, labels));
        let nearest = near_miss(selector, there(), |labels| self.are_selected(namespace, labels));
        let nearest = nearest.map(|(_, miss)| (label(&miss.has.0, &miss.has.1), miss.is_typo));
        let written = parsed.source.tree.get(&["spec".into(), "selector".into()]);
        let at = written.map_or(parsed.source.tree.position, |t| t.position);
        let selector: Vec<String> = selector.iter().map(|(k, v)| label(k, v).to_string()).collect();
        diagnostics.push(Diagnostic {
            severity: Severity::Warning,
            line: at.line,
            column: at.column,
            object: Some(parsed.object.object_ref()),
            path: "spec.selector".into(),
            message: DiagnosticKind::SelectsNothing {
                selector: selector.join(",").into(),
                elsewhere: elsewhere.map(|(other, _)| other.clone()),
                nearest,
            },
        });
    }
}

/// The objects of a text that an operator may make Pods for.
#[derive(Default)]
struct PodMakers {
    objects: Vec<(Unsimulated, Arc<Source>)>,
    /// So many values of them were looked at.
    looked_at: u32,
}

impl PodMakers {
    fn any_of(&mut self, namespace: &Str, selector: &Labels) -> bool {
        let mut here = self.objects.iter().filter(|(object, _)| object.meta.namespace == *namespace);
        here.any(|(object, source)| makes_pods(object, &source.tree, selector, &mut self.looked_at))
    }
}

fn label(key: &str, value: &str) -> Str {
    [key, "=", value].concat().into()
}

/// The namespace and labels of the Pods that an object is or makes.
fn pod_labels(parsed: &ManifestObject) -> Option<(Str, Labels)> {
    let meta = parsed.object.meta();
    let labels = match &parsed.object {
        KubeObject::Pod(pod) => pod.meta.labels.clone(),
        KubeObject::Deployment(deployment) => deployment.spec.template.labels.clone(),
        KubeObject::ReplicaSet(set) => set.spec.template.labels.clone(),
        KubeObject::ReplicationController(controller) => controller.spec.template.labels.clone(),
        KubeObject::StatefulSet(set) => set.spec.template.labels.clone(),
        KubeObject::DaemonSet(set) => set.spec.template.labels.clone(),
        KubeObject::Job(job) => job.spec.template.labels.clone(),
        KubeObject::CronJob(cron_job) => cron_job.spec.job_template.spec.template.labels.clone(),
        KubeObject::Unsimulated(_)
        | KubeObject::Service(_)
        | KubeObject::Endpoints(_)
        | KubeObject::ControllerRevision(_)
        | KubeObject::PodDisruptionBudget(_)
        | KubeObject::EndpointSlice(_)
        | KubeObject::Node(_)
        | KubeObject::Namespace(_)
        | KubeObject::PriorityClass(_)
        | KubeObject::ServiceCidr(_) => return None,
    };
    Some((meta.namespace.clone(), labels))
}

#[cfg(test)]
mod tests {
    use super::{COMPARED, is_typo, is_within, label, near_miss};
    use crate::api::{DiagnosticKind, Labels, parse};

    const SERVICE: &str = "{apiVersion: v1, kind: Service, metadata: {name: web}, \
        spec: {selector: {app: wbe}, ports: [{port: 80}]}}\n---\n";

    fn found(pods: &str) -> Vec<String> {
        let manifest = parse(&format!("{SERVICE}{pods}"));
        let ours = manifest.diagnostics.into_iter();
        ours.filter(|d| matches!(d.message, DiagnosticKind::SelectsNothing { .. }))
            .map(|d| d.to_string())
            .collect()
    }

    fn pod(labels: &str) -> String {
        let spec = "spec: {containers: [{name: a, image: b}]}";
        format!("{{apiVersion: v1, kind: Pod, metadata: {{name: p, labels: {labels}}}, {spec}}}")
    }

    #[test]
    fn a_selector_that_matches_nothing_is_found_with_the_nearest_label() {
        let said = found(&pod("{app: web}"));
        assert_eq!(said.len(), 1);
        assert!(said[0].starts_with("1:73: spec.selector: "), "{said:?}");
        assert!(said[0].contains("app=wbe") && said[0].contains("app=web"), "{said:?}");
        assert!(found(&pod("{tier: back}"))[0].contains("no Pod"));
    }

    fn labels(text: &str) -> Labels {
        let pairs = text.split_whitespace().filter_map(|pair| pair.split_once('='));
        pairs.map(|(key, value)| (key.into(), value.into())).collect()
    }

    #[test]
    fn only_a_slip_of_the_pen_in_the_same_workload_is_suggested() {
        for (selector, workloads, expected) in [
            ("app=wbe", &["app=web"][..], Some("app=web")),
            ("app=frontned tier=a", &["app=frontend tier=a", "app=back tier=a"], Some("app=frontend")),
            ("App=web", &["app=web"], Some("app=web")),
            ("app=my_app", &["app=my-app"], Some("app=my-app")),
            ("app=reviews version=v1", &["app=details version=v1"], None),
            ("app=payment", &["app=web"], None),
            ("app=web-2", &["app=web-1"], None),
            ("app=shard-b", &["app=shard-a"], None),
            ("app=web tier=x", &["app=shop tier=y"], None),
            ("app=web", &["app.kubernetes.io/name=web"], Some("app.kubernetes.io/name=web")),
            ("app=web", &["owner=web"], None),
            ("statefulset.kubernetes.io/pod-name=db-0 app=db", &["app=db"], None),
            ("pod-template-hash=abc app=db", &["app=db pod-template-hash=abd"], None),
        ] {
            let workloads: Vec<Labels> = workloads.iter().map(|text| labels(text)).collect();
            let found = near_miss(&labels(selector), workloads.iter(), |_| false);
            let found = found.map(|(_, miss)| {
                assert!(miss.is_typo, "{selector}");
                label(&miss.has.0, &miss.has.1).to_string()
            });
            assert_eq!(found.as_deref(), expected, "{selector}");
        }
    }

    #[test]
    fn another_value_in_the_only_workload_of_the_application_is_named_and_not_suggested() {
        for (selector, workloads, expected) in [
            ("app=reviews version=v2", &["app=reviews version=v1"][..], Some("version=v1")),
            ("app=w track=canary", &["app=w track=stable", "app=w track=stable"], Some("track=stable")),
            ("app=w track=canary", &["app=w track=stable", "app=w track=old"], None),
            ("tier=a app=w", &["app=x tier=a"], None),
            ("track=canary", &["track=stable"], None),
        ] {
            let workloads: Vec<Labels> = workloads.iter().map(|text| labels(text)).collect();
            let found = near_miss(&labels(selector), workloads.iter(), |_| false);
            let found = found.map(|(_, miss)| (label(&miss.has.0, &miss.has.1).to_string(), miss.is_typo));
            assert_eq!(found, expected.map(|label| (label.to_owned(), false)), "{selector}");
        }
    }

    #[test]
    fn a_workload_that_another_service_selects_is_not_suggested() {
        let other = SERVICE.replace("name: web", "name: other").replace("app: wbe", "app: web");
        let said = found(&format!("{other}{}", pod("{app: web}")));
        assert!(said.len() == 1 && !said[0].contains("app=web"), "{said:?}");
        let elsewhere = other.replace("{name: other", "{namespace: there, name: other");
        assert!(found(&format!("{elsewhere}{}", pod("{app: web}")))[0].contains("app=web?"));
    }

    /// The same distance, by its definition.
    fn distance(a: &[u8], b: &[u8]) -> usize {
        match (a, b) {
            ([], rest) | (rest, []) => rest.len(),
            ([x, more_a @ ..], [y, more_b @ ..]) => {
                let replaced = distance(more_a, more_b) + usize::from(x != y);
                let least = replaced.min(distance(more_a, b) + 1).min(distance(a, more_b) + 1);
                match (a, b) {
                    ([x, x2, more_a @ ..], [y, y2, more_b @ ..]) if x == y2 && x2 == y => {
                        least.min(distance(more_a, more_b) + 1)
                    }
                    _ => least,
                }
            }
        }
    }

    #[test]
    fn few_edits_are_counted_as_the_whole_table_counts_them() {
        let words =
            ["", "a", "ab", "ba", "abc", "acb", "cab", "abcd", "badc", "aabb", "bbaa", "abcabc", "bacbac"];
        for a in words {
            for b in words {
                let (a, b) = (a.as_bytes(), b.as_bytes());
                let edits = distance(a, b);
                for most in 0..=2 {
                    assert_eq!(is_within(a, b, most), edits <= most, "{a:?} {b:?} {most}");
                }
            }
        }
        for (a, b, expected) in [
            ("frontend", "frontned", true),
            ("frontend", "fronend", true),
            ("frontend", "backend", false),
            ("web-1", "web-2", false),
            ("api", "apis", true),
            ("ab", "ac", false),
            ("shop/web-a", "shop/web-b", false),
            ("shop/web-a", "shop/wbe-a", true),
        ] {
            assert_eq!(is_typo(a, b), expected, "{a} {b}");
        }
    }

    /// As many Services as Deployments, none of which is meant by any: a long text is read at once.
    #[test]
    fn what_many_services_select_is_looked_for_among_so_many_workloads_and_no_more() {
        let other = labels("app=something-else tier=b");
        let just_missed = labels("app=wbe tier=a");
        let many = |before: usize| std::iter::repeat_n(&other, before).chain([&just_missed]);
        let selector = labels("app=web tier=a");
        assert!(near_miss(&selector, many(COMPARED - 1), |_| false).is_some());
        assert!(near_miss(&selector, many(COMPARED), |_| false).is_none());
        // Whether there is another one among more than that is not known.
        let one_of = |count: usize| [&just_missed].into_iter().chain(std::iter::repeat_n(&other, count - 1));
        let selector = labels("app=wbe tier=c");
        assert!(near_miss(&selector, one_of(COMPARED), |_| false).is_some_and(|(_, miss)| !miss.is_typo));
        assert!(near_miss(&selector, one_of(COMPARED + 1), |_| false).is_none());
    }

    #[test]
    fn labels_that_controllers_set_are_not_looked_for() {
        let ordinal = SERVICE.replace("app: wbe", "statefulset.kubernetes.io/pod-name: web-0, app: web");
        let manifest = parse(&format!("{ordinal}{}", pod("{app: web}")));
        assert_eq!(manifest.diagnostics, []);
    }

    #[test]
    fn pods_of_any_kind_count() {
        assert_eq!(found(&pod("{app: wbe, tier: x}")), [""; 0]);
        let set = "{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: s}, \
            spec: {selector: {matchLabels: {app: wbe}}, \
            template: {metadata: {labels: {app: wbe}}, spec: {containers: [{name: a, image: b}]}}}}";
        assert_eq!(found(set), [""; 0]);
        let custom = "{apiVersion: example.com/v1, kind: Kettle, metadata: {name: s}, \
            spec: {template: {metadata: {labels: {app: wbe}}}}}";
        assert_eq!(found(custom), [""; 0]);
        let operator = "{apiVersion: example.com/v1, kind: Kettle, metadata: {name: wbe}}\n---\n";
        assert_eq!(found(&[operator, &pod("{app: other}")].concat()), [""; 0]);
    }

    #[test]
    fn a_pod_of_another_namespace_is_told_of() {
        let there = pod("{app: wbe}").replace("{name: p", "{namespace: prod, name: p");
        let said = found(&[&*there, "\n---\n", &pod("{app: web}")].concat());
        assert!(said.len() == 1 && said[0].ends_with("; the namespace prod has one"), "{said:?}");
    }
}
