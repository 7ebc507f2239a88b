//! What an app does on SIGTERM, and what a Service makes of it.

mod support;

use cluster::sim::{Span, World};
use support::seconds;

/// One Pod behind the Service is deleted at 12 s, with 30 s of grace; a client calls anew each time.
fn run(apps: &str) -> World {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/scenarios/myth-a-terminating-pod-stops-at-once");
    let text = std::fs::read_to_string(format!("{folder}/input.yaml")).expect("the corpus has it");
    let with_apps = text.replace("  clients:", &format!("  {apps}\n  clients:"));
    assert_ne!(with_apps, text, "the scenario has clients");
    let mut run = support::start(&with_apps, 7);
    run.advance_to(seconds(12), u64::MAX);
    support::go_on(&mut run, Span::from_secs(40));
    run.world().clone()
}

/// When the last of a client's new connections was answered, in seconds.
fn last_delivered(world: &World) -> u64 {
    let of =
        |c: &&std::sync::Arc<cluster::trace::ConnectionRecord>| &*c.client_name == "anew" && c.answered > 0;
    let last = world.traffic().finished.iter().rev().find(of).expect("some are answered");
    last.started.0 / 1_000_000_000
}

/// As long as it is the only one, the terminating Pod is chosen: that saves connections where it serves on.
#[test]
fn an_app_that_drains_serves_for_half_of_its_grace_period() {
    assert_eq!(last_delivered(&run("apps: {drain: false}")), 12);
    let drained = last_delivered(&run("apps: {drain: true}"));
    assert!(
        (24..=27).contains(&drained),
        "SIGTERM soon after 12 s, 15 s more, less the time of a request: {drained}"
    );
}
