//! How long a large cluster takes from its text until it has settled, and what in that nothing can interrupt.

use std::fmt::Write;

use cluster::api::parse;
use cluster::sim::Run;

use crate::clock::Clock;

/// Milliseconds.
pub struct Taken {
    pub all: f64,
    pub reading: f64,
    /// Making the run of what was read.
    pub applying: f64,
}

pub fn settle(services: u32, endpoints: u32, nodes: u32) -> Taken {
    let text = text(services, endpoints, nodes);
    let start = Clock::start();
    let manifest = parse(&text);
    assert_eq!(manifest.errors().count(), 0, "the text is good: {:?}", manifest.diagnostics);
    let reading = start.seconds() * 1_000.0;
    let (mut run, refusals) = Run::new(&manifest, None);
    assert_eq!(refusals, [], "the API server takes all of it");
    // As the command line does, which never goes back.
    run.set_history_budget(0);
    let applying = start.seconds() * 1_000.0 - reading;
    assert!(run.find_origin(u64::MAX), "it settles");
    let all = start.seconds() * 1_000.0;
    let wanted = (services * endpoints) as usize;
    assert_eq!(run.world().store().pods.len(), wanted, "every replica has a Pod");
    assert!(run.world().store().pods.iter().all(|pod| pod.status.is_ready()), "all of them are ready");
    Taken { all, reading, applying }
}

/// Milliseconds of the event that takes longest, which nothing can interrupt.
#[expect(
    clippy::disallowed_types,
    reason = "a benchmark measures real time, and the processor's is told too coarsely"
)]
pub fn longest_event(services: u32, endpoints: u32, nodes: u32) -> f64 {
    let (mut run, _) = Run::new(&parse(&text(services, endpoints, nodes)), None);
    run.set_history_budget(0);
    let mut longest = std::time::Duration::ZERO;
    loop {
        let start = std::time::Instant::now();
        let is_settled = run.find_origin(1);
        longest = longest.max(start.elapsed());
        if is_settled {
            return longest.as_secs_f64() * 1_000.0;
        }
    }
}

/// Deployments of as many Pods, a Service before each: a List, since a text may have no more than 2,000 documents.
fn text(services: u32, endpoints: u32, nodes: u32) -> String {
    let mut text = String::from("apiVersion: v1\nkind: List\nitems:\n");
    for n in 0..services {
        writeln!(
            text,
            "- {{apiVersion: apps/v1, kind: Deployment, metadata: {{name: d{n}}}, spec: {{replicas: {endpoints}, \
             selector: {{matchLabels: {{app: s{n}}}}}, template: {{metadata: {{labels: {{app: s{n}}}}}, \
             spec: {{containers: [{{name: c, image: nginx, ports: [{{containerPort: 8080}}]}}]}}}}}}}}\n\
             - {{apiVersion: v1, kind: Service, metadata: {{name: s{n}}}, \
             spec: {{selector: {{app: s{n}}}, ports: [{{port: 80, targetPort: 8080}}]}}}}"
        )
        .expect("a String takes all");
    }
    let zones = ["a", "b", "c"].iter().cycle();
    let nodes: Vec<String> =
        (1..=nodes).zip(zones).map(|(n, zone)| format!("{{name: node-{n}, zone: {zone}}}")).collect();
    let nodes = nodes.join(", ");
    text + &format!(
        "---\napiVersion: packetyard/v1alpha1\nkind: Scenario\nspec: {{nodes: [{nodes}], clients: []}}\n"
    )
}
