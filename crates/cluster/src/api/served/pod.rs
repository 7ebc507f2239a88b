//! What the API server, its admission, controllers and the kubelet add to a Pod.

use super::{ServedIn, default, each, pod_spec, qos, service_account};
use crate::api::write::{at, map, text};
use crate::api::{Kind, Pod, Tree};

pub fn complete(tree: &mut Tree, pod: &Pod, cluster: &dyn ServedIn) {
    let spec = at(tree, "spec");
    pod_spec::complete(spec, &pod.spec);
    // SetDefaults_Pod.
    default(spec, "enableServiceLinks", Tree::bool(true));
    service_account::admit(spec, pod, cluster);
    tell_index(spec, pod);
    status(at(tree, "status"), pod);
}

/// job/indexed_job_utils.go, addCompletionIndexEnvVariables: each container of an Indexed Job's Pod is told its index.
fn tell_index(spec: &mut Tree, pod: &Pod) {
    const NAME: &str = "JOB_COMPLETION_INDEX";
    let is_of_job = pod.meta.owner.as_ref().is_some_and(|owner| owner.kind == Kind::Job);
    if !is_of_job || !pod.meta.labels.contains_key(INDEX) {
        return;
    }
    for list in ["initContainers", "containers"] {
        each(spec, list, |_, container| {
            let mut env = container.field("env").map_or(&[][..], Tree::items).to_vec();
            let name = |variable: &Tree| variable.field("name").and_then(Tree::as_str).cloned();
            if env.iter().any(|variable| name(variable).is_some_and(|name| &*name == NAME)) {
                return;
            }
            let path = format!("metadata.labels['{INDEX}']");
            let field = map([("apiVersion", text("v1")), ("fieldPath", text(&path))]);
            env.push(map([("name", text(NAME)), ("valueFrom", map([("fieldRef", field)]))]));
            container.put("env", Tree::seq(env));
        });
    }
}

/// The label of a Pod's completion index.
const INDEX: &str = "batch.kubernetes.io/job-completion-index";

/// Who writes a condition says which generation of the spec it is about (PodObservedGenerationTracking). Specs of Pods
/// do not change after that here, except in images.
fn status(status: &mut Tree, pod: &Pod) {
    let generation = || Tree::int(i64::from(pod.meta.generation.max(1)));
    status.put("qosClass", text(qos::class(pod)));
    if pod.status.start_time.is_some() {
        status.put("observedGeneration", generation());
    }
    each(status, "conditions", |_, condition| condition.put("observedGeneration", generation()));
}
