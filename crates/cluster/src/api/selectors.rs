//! Which Pods a Service selects, and a check of the whole text for Services whose selector matches none of its Pods.

use serde::Serialize;

use super::diagnostics::Diagnostics;
use super::{Diagnostic, DiagnosticKind, KubeObject, Labels, ManifestObject, Severity, Str, Tree};

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

/// The one label that a selector asks for in vain, and the one that was probably meant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NearMiss {
    pub asked: (Str, Str),
    pub has: (Str, Str),
}

/// Of the labels of workloads those that a selector just misses, and by what: all but one of its pairs are there. The
/// value of that one differs by a typing error, or its key does; or it differs by more, and no other workload has the
/// selector's other pairs. No suggestion is better than a wrong one.
pub fn near_miss<'a>(
    selector: &Labels,
    workloads: impl Iterator<Item = &'a Labels>,
) -> Option<(usize, NearMiss)> {
    let mut same_workload = Vec::new();
    for (at, labels) in workloads.enumerate() {
        let mut unmet = selector.iter().filter(|&(key, value)| labels.get(key) != Some(value));
        let (Some((key, value)), None) = (unmet.next(), unmet.next()) else { continue };
        if SET_BY_CONTROLLERS.contains(&&**key) {
            return None;
        }
        let miss = |(has_key, has): (&Str, &Str)| NearMiss {
            asked: (key.clone(), value.clone()),
            has: (has_key.clone(), has.clone()),
        };
        let is_name = |key: &str| NAME_KEYS.contains(&key);
        let other_key = |(other, has): &(&Str, &Str)| {
            *has == value && (is_typo(key, other) || (is_name(key) && is_name(other)))
        };
        match labels.get(key) {
            Some(has) if is_typo(value, has) => return Some((at, miss((key, has)))),
            Some(has) if selector.len() > 1 => same_workload.push((at, miss((key, has)))),
            Some(_) => {}
            None => {
                if let Some(found) = labels.iter().find(other_key) {
                    return Some((at, miss(found)));
                }
            }
        }
    }
    if same_workload.len() == 1 { same_workload.pop() } else { None }
}

/// Whether one was likely written for the other: one letter too many, too few, wrong or in its neighbour's place; two
/// in a longer word. What differs in digits alone is another thing of the same name.
fn is_typo(a: &str, b: &str) -> bool {
    let without_digits = |text: &str| text.chars().filter(|c| !c.is_ascii_digit()).collect::<String>();
    let most = match a.len().max(b.len()) {
        0..=2 => 0,
        3..=6 => 1,
        _ => 2,
    };
    without_digits(a) != without_digits(b) && distance(a.as_bytes(), b.as_bytes()) <= most
}

/// Damerau's and Levenshtein's, without a second edit of what was swapped.
fn distance(a: &[u8], b: &[u8]) -> usize {
    let mut rows = vec![(0..=b.len()).collect::<Vec<usize>>()];
    for (i, x) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, y) in b.iter().enumerate() {
            let replaced = rows[i][j] + usize::from(x != y);
            let mut least = replaced.min(rows[i][j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *x == b[j - 1] && a[i - 1] == *y {
                least = least.min(rows[i - 1][j - 1] + 1);
            }
            row.push(least);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

/// A warning, not an error: a Service without endpoints is a valid one.
pub fn check(objects: &[ManifestObject], diagnostics: &mut Diagnostics) {
    let pods: Vec<(Str, Labels)> = objects.iter().filter_map(pod_labels).collect();
    if pods.is_empty() {
        // A text without Pods is meant for Pods that are elsewhere.
        return;
    }
    for parsed in objects {
        let KubeObject::Service(service) = &parsed.object else { continue };
        let Some(selector) = &service.spec.selector else { continue };
        let namespace = &service.meta.namespace;
        let there = || pods.iter().filter(|(ns, _)| ns == namespace).map(|(_, labels)| labels);
        let written = |key: &Str| !SET_BY_CONTROLLERS.contains(&&**key);
        let of_manifests: Labels =
            selector.iter().filter(|(key, _)| written(key)).map(|(k, v)| (k.clone(), v.clone())).collect();
        if of_manifests.is_empty() || there().any(|labels| selects(&of_manifests, labels)) {
            continue;
        }
        let nearest = near_miss(selector, there()).map(|(_, miss)| label(&miss.has.0, &miss.has.1));
        let written = parsed.source.tree.get(&["spec".into(), "selector".into()]);
        let at = written.map_or(parsed.source.tree.position, |t| t.position);
        let selector: Vec<String> = selector.iter().map(|(k, v)| label(k, v).to_string()).collect();
        diagnostics.push(Diagnostic {
            severity: Severity::Warning,
            line: at.line,
            column: at.column,
            object: Some(parsed.object.object_ref()),
            path: "spec.selector".into(),
            message: DiagnosticKind::SelectsNothing { selector: selector.join(",").into(), nearest },
        });
    }
}

fn label(key: &str, value: &str) -> Str {
    [key, "=", value].concat().into()
}

/// The namespace and labels of the Pods that an object is or makes. Kinds that are not simulated
/// (CustomResources of operators) may make Pods too.
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
        KubeObject::Unsimulated(_) => template_labels(&parsed.source.tree)?,
        KubeObject::Service(_)
        | KubeObject::Endpoints(_)
        | KubeObject::ControllerRevision(_)
        | KubeObject::PodDisruptionBudget(_)
        | KubeObject::EndpointSlice(_)
        | KubeObject::Node(_)
        | KubeObject::Namespace(_)
        | KubeObject::PriorityClass(_) => return None,
    };
    Some((meta.namespace.clone(), labels))
}

fn template_labels(tree: &Tree) -> Option<Labels> {
    let path = ["spec".into(), "template".into(), "metadata".into(), "labels".into()];
    let entries = tree.get(&path)?.entries();
    Some(entries.iter().filter_map(|e| Some((e.key.clone(), e.value.as_str()?.clone()))).collect())
}

#[cfg(test)]
mod tests {
    use super::{label, near_miss};
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
    fn only_a_near_miss_in_the_same_workload_is_suggested() {
        for (selector, workloads, expected) in [
            ("app=wbe", &["app=web"][..], Some("app=web")),
            ("app=frontned tier=a", &["app=frontend tier=a", "app=back tier=a"], Some("app=frontend")),
            // The same workload, known by its other labels.
            ("name=reader component=backend", &["name=reader component=api"], Some("component=api")),
            // Which of the two was meant nobody knows.
            ("app=shop tier=cache", &["app=shop tier=web", "app=shop tier=db"], None),
            ("app=payment", &["app=web"], None),
            ("app=web-2", &["app=web-1"], None),
            ("app=web tier=x", &["app=shop tier=y"], None),
            ("app=web", &["app.kubernetes.io/name=web"], Some("app.kubernetes.io/name=web")),
            ("app=web", &["owner=web"], None),
            ("statefulset.kubernetes.io/pod-name=db-0 app=db", &["app=db"], None),
            ("pod-template-hash=abc app=db", &["app=db pod-template-hash=abd"], None),
        ] {
            let workloads: Vec<Labels> = workloads.iter().map(|text| labels(text)).collect();
            let found = near_miss(&labels(selector), workloads.iter());
            let found = found.map(|(_, miss)| label(&miss.has.0, &miss.has.1).to_string());
            assert_eq!(found.as_deref(), expected, "{selector}");
        }
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
    }
}
