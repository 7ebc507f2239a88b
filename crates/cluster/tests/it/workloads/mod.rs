//! Workloads and their controllers over time. The orders are those that the real controllers of 1.36 took.

mod daemon_sets;
mod deployments;
mod jobs;
mod stateful_sets;

use std::sync::Arc;

use crate::support::{go_on, start};
use cluster::api::{Action, Kind, ObjectRef, Pod};
use cluster::sim::{Run, Span, World};

/// Without clients, on three nodes, with real latencies: so two Pods are seldom ready at the same moment.
const QUIET: &str =
    "\n---\n{apiVersion: packetyard/v1alpha1, kind: Scenario, spec: {clients: [], timing: realistic}}\n";

fn begin(text: &str) -> Run {
    start(&[text, QUIET].concat(), 7)
}

fn minutes(run: &mut Run, count: u64) {
    go_on(run, Span::from_secs(60 * count));
}

fn apply(run: &mut Run, text: &str) {
    run.act(Action::apply(text)).expect("the API server takes it");
}

fn object(kind: Kind, name: &str) -> ObjectRef {
    ObjectRef { kind, namespace: "default".into(), name: name.into() }
}

/// What `look` sees during `span`, each time that it is something else.
fn history<T: PartialEq>(run: &mut Run, span: Span, look: impl Fn(&World) -> T) -> Vec<T> {
    let end = run.world().now() + span;
    let mut seen = vec![look(run.world())];
    while run.world().next_event_at().is_some_and(|next| next <= end) && run.step() {
        let now = look(run.world());
        if seen.last() != Some(&now) {
            seen.push(now);
        }
    }
    seen
}

fn pods_of<'a>(world: &'a World, kind: &'a Kind) -> impl Iterator<Item = &'a Arc<Pod>> {
    let is_its = |pod: &&Arc<Pod>| pod.meta.owner.as_ref().is_some_and(|owner| owner.kind == *kind);
    world.store().pods.iter().filter(is_its)
}

fn image(pod: &Pod) -> &str {
    pod.spec.containers[0].image.split_once(':').map_or("", |(_, tag)| tag)
}

/// `spec.template`, with this image.
fn template(image: u32, more: &str) -> String {
    format!(
        "template: {{metadata: {{labels: {{app: web}}}}, spec: {{{more} terminationGracePeriodSeconds: 1, \
         containers: [{{name: web, image: 'nginx:{image}', ports: [{{containerPort: 8080}}]}}]}}}}"
    )
}

/// A workload of `apps/v1` named web.
fn workload(kind: &str, image: u32, spec: &str) -> String {
    format!(
        "{{apiVersion: apps/v1, kind: {kind}, metadata: {{name: web}}, \
         spec: {{{spec} selector: {{matchLabels: {{app: web}}}}, {}}}}}",
        template(image, "")
    )
}
