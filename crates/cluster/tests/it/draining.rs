//! What an app does on SIGTERM, and what a Service makes of it.

use crate::support::{self, go_on, run_to};
use cluster::sim::{LogEntry, Span, World};

/// One Pod behind the Service is deleted at 12 s, with 30 s of grace; a client calls anew each time.
fn run(apps: &str) -> World {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/scenarios/myth-a-terminating-pod-stops-at-once");
    let text = std::fs::read_to_string(format!("{folder}/input.yaml")).expect("the corpus has it");
    let with_apps = text.replace("  clients:", &format!("  {apps}\n  clients:"));
    assert_ne!(with_apps, text, "the scenario has clients");
    let mut run = support::start(&with_apps, 7);
    run_to(&mut run, 52);
    run.world().clone()
}

/// When the last of a client's new connections was answered, in seconds.
fn last_delivered(world: &World) -> u64 {
    let of =
        |c: &&std::sync::Arc<cluster::trace::ConnectionRecord>| &*c.client_name == "anew" && c.answered > 0;
    let last = world.traffic().finished.iter().rev().find(of).expect("some are answered");
    world.moment(last.started).distance().0 / 1_000_000_000
}

/// As long as it is the only one, the terminating Pod is chosen: that saves connections where it serves on.
#[test]
fn an_app_that_drains_serves_for_half_of_its_grace_period() {
    let closed = last_delivered(&run("apps: {drain: false}"));
    assert!((11..=12).contains(&closed), "SIGTERM soon after 12 s closes the listener: {closed}");
    let drained = last_delivered(&run("apps: {drain: true}"));
    assert!(
        (24..=27).contains(&drained),
        "SIGTERM soon after 12 s, 15 s more, less the time of a request: {drained}"
    );
}

/// SIGTERM stops liveness and startup probes, and no readiness probe: what fails its own is not called any more,
/// even where nobody else is left.
#[test]
fn a_pod_that_terminates_can_cease_to_serve() {
    let text = "{apiVersion: v1, kind: Pod, metadata: {name: web, labels: {app: web}}, spec: {\
           nodeName: node-2, terminationGracePeriodSeconds: 60, containers: [{name: web, image: nginx, \
             ports: [{containerPort: 8080}], \
             readinessProbe: {httpGet: {port: 8080}, periodSeconds: 1, failureThreshold: 1}}]}}\n---\n\
         {apiVersion: v1, kind: Service, metadata: {name: web}, spec: {\
           selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}}\n---\n\
         {apiVersion: packetyard/v1alpha1, kind: Scenario, spec: {apps: {drain: true}, clients: [], actions: [\
           {at: 20s, do: delete, object: pod/default/web},\
           {at: 25s, do: setReadiness, pod: default/web, pass: false},\
           {at: 30s, do: setReadiness, pod: default/web, pass: true}]}}\n";
    let mut run = support::start(text, 7);
    let conditions = |world: &World| {
        let slice = world.store().slices.iter().next().expect("there is one");
        slice.endpoints.iter().map(|e| (e.ready, e.serving, e.terminating)).collect::<Vec<_>>()
    };
    run_to(&mut run, 24);
    assert_eq!(conditions(run.world()), [(false, true, true)]);
    run_to(&mut run, 28);
    assert_eq!(conditions(run.world()), [(false, false, true)]);
    run_to(&mut run, 33);
    assert_eq!(conditions(run.world()), [(false, true, true)]);
    go_on(&mut run, Span::from_secs(60));
    assert_eq!(conditions(run.world()), [], "nothing comes back by a probe of what has ended");
    let unhealthy = |l: &&std::sync::Arc<cluster::sim::Logged>| matches!(l.entry, LogEntry::Unhealthy { .. });
    assert_eq!(run.world().log().iter().filter(unhealthy).count(), 1, "and nothing fails once it has ended");
}
