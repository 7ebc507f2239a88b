//! Which Pods a Service selects, and a check of the whole text for Services whose selector matches none of its Pods.

use super::diagnostics::Diagnostics;
use super::{Diagnostic, DiagnosticKind, KubeObject, Labels, ManifestObject, Severity, Str, Tree};

/// A Service's selector: the Pod must have every pair. An empty one selects nothing: no controller writes
/// EndpointSlices for a Service without a selector.
pub fn selects(selector: &Labels, labels: &Labels) -> bool {
    !selector.is_empty() && selector.iter().all(|(key, value)| labels.get(key) == Some(value))
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
        let mut there = pods.iter().filter(|(ns, _)| ns == namespace).map(|(_, labels)| labels);
        if there.clone().any(|labels| selects(selector, labels)) {
            continue;
        }
        // The same key with another value is usually a typo.
        let nearest = there.find_map(|labels| {
            let (key, value) = selector.iter().find_map(|(k, _)| labels.get(k).map(|v| (k, v)))?;
            Some(label(key, value))
        });
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
    use crate::api::{DiagnosticKind, parse};

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
