//! Each class of loss happens in some scenario of the corpus, to the client that it should.

use std::path::Path;

use cluster::api::Action;
use cluster::sim::{Run, Span, World};
use cluster::trace::{LossClass, Outcome, PacketKind, PacketTrace};
use cluster::traffic::Live;

use crate::{corpus, support};

/// The scenario, its client, and the way in which most of its requests are lost.
const LOSSES: &[(&str, &str, LossClass)] = &[
    ("no-endpoints-is-refused", "curl", LossClass::NoEndpoints),
    ("a-wrong-target-port-is-refused-by-the-pod", "curl", LossClass::NothingListens),
    ("who-holds-a-pod-ip-loses-it", "by-address", LossClass::HostUnreachable),
    ("an-established-connection-hears-nothing", "kept-open", LossClass::EstablishedGone),
    ("a-process-that-ends-closes-its-connections", "kept-open", LossClass::Closed),
    ("local-policy-drops-where-no-pod-is", "a", LossClass::DroppedByPolicy),
    ("masqueraded-pod-traffic-meets-policy-local", "past-node-2", LossClass::DroppedByPolicy),
    ("a-reply-by-another-way-is-lost", "past-node-2", LossClass::ReplyLost),
    ("a-reply-by-another-way-is-lost", "datagrams", LossClass::ReplyLost),
    ("a-source-that-is-not-allowed", "stranger", LossClass::SourceNotAllowed),
    ("a-cluster-ip-cannot-be-reached-from-outside", "browser", LossClass::NoRoute),
];

fn run(scenario: &str) -> World {
    run_input(&input(scenario))
}

fn input(scenario: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios").join(scenario);
    std::fs::read_to_string(folder.join("input.yaml")).expect("the corpus has it")
}

fn run_input(input: &str) -> World {
    let mut run = support::start(input, 7);
    support::run_to(&mut run, 60);
    run.world().clone()
}

#[test]
fn every_class_of_loss_happens() {
    for (scenario, client, class) in LOSSES {
        let world = run(scenario);
        let counts = world.traffic().stats.clients.get(*client).expect("a client of that name");
        let lost = counts.lost.get(class).copied().unwrap_or(0);
        assert!(lost > 0, "{client} of {scenario} loses requests as {class:?}: {counts:?}");
    }
}

/// Nothing is lost on the way: the request came, and then there was nobody who could answer it.
#[test]
fn a_server_that_loses_its_power_before_it_answers_is_told_apart() {
    let mut run = support::start(support::WEB, 7);
    support::run_to(&mut run, 10);
    let server = |run: &Run| {
        let live = run.world().traffic().connections.values();
        let waits = |live: &Live| {
            let came = |p: &PacketTrace| p.kind == PacketKind::Request && p.ended.is_some();
            live.in_flight() == 0 && live.record.packets.iter().any(|packet| came(packet))
        };
        let record =
            live.filter(|live| live.record.ended.is_none()).find(|live| waits(live)).map(|l| &l.record)?;
        let pod = run.world().store().pods.get(&record.server.as_ref()?.0)?;
        Some((record.id, pod.spec.node_name.clone()?))
    };
    let (id, node) = loop {
        match server(&run) {
            Some(found) => break found,
            None => assert!(run.step(), "a request comes"),
        }
    };
    run.act(Action::PowerNode { node, on: false }).expect("it has power");
    support::go_on(&mut run, Span::from_secs(30));
    let record = run.world().traffic().record(id).expect("it is kept");
    assert!(matches!(record.ended, Some((_, Outcome::TimedOut { .. }))), "{:?}", record.ended);
    assert_eq!(record.lost.map(|lost| lost.class), Some(LossClass::NodeIsOff));
}

/// What a client counts as lost is what became of its requests, in every scenario of the corpus. Why one was lost
/// may be known only later: when what it waited for has come, or never will.
#[test]
fn every_lost_request_has_its_class() {
    for scenario in corpus::all() {
        let mut run = scenario.start();
        support::go_on(&mut run, Span::from_secs(60));
        for _ in 0..600 {
            if without_class(run.world()).is_empty() {
                break;
            }
            support::go_on(&mut run, Span::from_millis(100));
        }
        assert_eq!(without_class(run.world()), Vec::<String>::new(), "{}", scenario.name);
    }
}

fn without_class(world: &World) -> Vec<String> {
    let clients = world.traffic().stats.clients.iter();
    let differ = clients.filter(|(_, counts)| {
        let classed: u64 = counts.lost.values().sum();
        let lost = counts.refused
            + counts.unreachable
            + counts.reset
            + counts.timed_out
            + counts.not_received
            + counts.no_dns;
        classed != lost
    });
    differ.map(|(client, counts)| format!("{client}: {counts:?}")).collect()
}

/// A Pod that was deleted is called until its node's rules know it.
#[test]
fn a_stale_rule_is_named() {
    let world = run("who-holds-a-pod-ip-loses-it");
    let stale = |client: &str| {
        world.traffic().stats.clients.get(client).expect("a client of that name").by_stale_rule
    };
    assert!(stale("curl") > 0, "by name it goes through the rules");
    assert_eq!(stale("by-address"), 0, "by address no rule has a part in it");
}

/// Each mode has the load balancer's firewall in chains of other names.
#[test]
fn a_source_that_is_not_allowed_has_its_class_in_every_mode() {
    let text = input("a-source-that-is-not-allowed");
    for mode in ["iptables", "nftables", "ipvs"] {
        let in_mode = text.replace("  clients:", &format!("  proxyMode: {mode}\n  clients:"));
        assert_ne!(in_mode, text, "the scenario has clients");
        let world = run_input(&in_mode);
        let stats = &world.traffic().stats.clients;
        let lost =
            |client: &str, class| stats.get(client).expect("a client").lost.get(&class).copied().unwrap_or(0);
        let all: u64 = stats.get("stranger").expect("a client").lost.values().sum();
        assert_eq!(lost("stranger", LossClass::SourceNotAllowed), all, "{mode}");
        assert!(all > 15, "{mode}: {all}");
        assert_eq!(lost("allowed", LossClass::SourceNotAllowed), 0, "{mode}");
    }
}

/// Two nodes never hear of a Service, and the load balancer goes on sending to them: what they send back to
/// its address it sends to them again.
#[test]
fn a_packet_that_goes_round_ends_with_its_ttl() {
    let world = run_input(
        "{apiVersion: v1, kind: Pod, metadata: {name: w, labels: {app: web}}, spec: {nodeName: node-2, \
           containers: [{name: web, image: nginx, ports: [{containerPort: 8080}]}]}}\n---\n\
         {apiVersion: packetyard/v1alpha1, kind: Scenario, spec: {actions: [\
           {at: 5s, do: cutOffNode, node: node-1, enabled: true}, {at: 5s, do: cutOffNode, node: node-3, enabled: true},\
           {at: 6s, do: apply, text: '{apiVersion: v1, kind: Service, metadata: {name: web}, spec: {type: LoadBalancer, \
             selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}}'},\
           {at: 20s, do: addClient, client: {name: x, from: outside, to: service/default/web, rate: 2}}]}}\n",
    );
    let counts = world.traffic().stats.clients.get("x").expect("a client of that name");
    assert!(counts.lost.get(&LossClass::TtlExceeded).is_some_and(|count| *count > 3), "{counts:?}");
    assert!(counts.delivered > 10, "node-2 has the rules: {counts:?}");
    let longest =
        world.traffic().finished.iter().flat_map(|c| &c.packets).map(|packet| packet.hops.len()).max();
    assert!(longest.is_some_and(|hops| (64..200).contains(&hops)), "{longest:?}");
}
