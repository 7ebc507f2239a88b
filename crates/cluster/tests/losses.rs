//! Each class of loss happens in some scenario of the corpus, to the client that it should.

mod support;

use std::path::Path;

use cluster::node::kube_proxy::ProxyMode;
use cluster::sim::{Run, Span, World};
use cluster::trace::LossClass;

/// The scenario, its client, and the way in which most of its requests are lost.
const LOSSES: &[(&str, &str, LossClass)] = &[
    ("no-endpoints-is-refused", "curl", LossClass::NoEndpoints),
    ("a-wrong-target-port-is-refused-by-the-pod", "curl", LossClass::NothingListens),
    ("who-holds-a-pod-ip-loses-it", "by-address", LossClass::HostUnreachable),
    ("an-established-connection-hears-nothing", "kept-open", LossClass::EstablishedGone),
    ("local-policy-drops-where-no-pod-is", "a", LossClass::DroppedByPolicy),
    ("masqueraded-pod-traffic-meets-policy-local", "past-node-2", LossClass::DroppedByPolicy),
    ("a-reply-by-another-way-is-lost", "past-node-2", LossClass::ReplyLost),
    ("a-reply-by-another-way-is-lost", "datagrams", LossClass::ReplyLost),
    ("a-source-that-is-not-allowed", "stranger", LossClass::SourceNotAllowed),
    ("a-cluster-ip-cannot-be-reached-from-outside", "browser", LossClass::NoRoute),
];

fn run(scenario: &str) -> World {
    run_in(ProxyMode::IPTABLES, scenario)
}

fn run_in(mode: ProxyMode, scenario: &str) -> World {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios").join(scenario);
    let input = std::fs::read_to_string(folder.join("input.yaml")).expect("the corpus has it");
    let mut manifest = support::manifest(&input);
    manifest.scenario.get_or_insert_default().proxy_mode = Some(mode);
    let (mut run, refusals) = Run::new(&manifest, Some(7));
    assert_eq!(refusals, []);
    support::go_on(&mut run, Span::from_secs(60));
    run.world().clone()
}

#[test]
fn every_class_of_loss_happens() {
    for (scenario, client, class) in LOSSES {
        let world = run(scenario);
        let counts = &world.traffic().stats.clients[*client];
        let lost = counts.lost.get(class).copied().unwrap_or(0);
        assert!(lost > 0, "{client} of {scenario} loses requests as {class:?}: {counts:?}");
    }
}

/// What a client counts as lost is what became of its requests.
#[test]
fn every_lost_request_has_its_class() {
    for (scenario, ..) in LOSSES {
        for (client, counts) in &run(scenario).traffic().stats.clients {
            let classed: u64 = counts.lost.values().sum();
            let lost = counts.refused + counts.unreachable + counts.reset + counts.timed_out;
            assert_eq!(classed, lost, "{client} of {scenario}: {counts:?}");
        }
    }
}

/// A Pod that was deleted is called until its node's rules know it.
#[test]
fn a_stale_rule_is_named() {
    let world = run("who-holds-a-pod-ip-loses-it");
    let stale = |client: &str| world.traffic().stats.clients[client].by_stale_rule;
    assert!(stale("curl") > 0, "by name it goes through the rules");
    assert_eq!(stale("by-address"), 0, "by address no rule has a part in it");
}

/// Each mode has its own chain for it.
#[test]
fn a_source_that_is_not_allowed_is_named_in_every_mode() {
    for mode in ProxyMode::ALL {
        let world = run_in(mode, "a-source-that-is-not-allowed");
        let counts = &world.traffic().stats.clients["stranger"];
        let classes: Vec<_> = counts.lost.keys().collect();
        assert_eq!(classes, [&LossClass::SourceNotAllowed], "in {} mode: {counts:?}", mode.as_str());
    }
}
