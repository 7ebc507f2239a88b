//! Whatever rules there are: what is printed of them says what the evaluator does, and all that it does.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use super::any::{any_config, any_seen};
use super::families;
use super::fixture::{BLOCKED_CLIENT, CLIENT, LB_IP, NODE_IP, NODE_IP_ALT, POD, Seen, ip};
use super::printed::Traced;
use super::tracer::{Texts, agreed};
use crate::api::Service;
use crate::net::netfilter::Family;
use crate::net::{Protocol, Tuple};
use crate::node::kube_proxy::{ProxyConfig, ProxyMode};

/// A Pod here, one elsewhere, clients, a load balancer's address, and the node itself.
const SOURCES: [&str; 8] =
    [POD, "10.244.9.9", CLIENT, BLOCKED_CLIENT, LB_IP, NODE_IP, NODE_IP_ALT, "127.0.0.1"];
const HERE: [&str; 3] = [NODE_IP, NODE_IP_ALT, "127.0.0.1"];

fn addresses(texts: &[&str]) -> Vec<IpAddr> {
    texts.iter().map(|text| ip(text)).collect()
}

/// To a Service: on its own port and on another, on its NodePorts, its health check's port.
fn targets(service: &Service) -> Vec<(IpAddr, u16)> {
    let spec = &service.spec;
    let ingress = service.ingress.iter().map(|ingress| &ingress.ip);
    let vips = spec.cluster_ips.iter().chain(&spec.external_ips).chain(ingress);
    let node_ports = spec.ports.iter().map(|port| port.node_port).chain([spec.health_check_node_port]);
    let on_nodes = node_ports.filter(|port| *port != 0);
    let mut all: Vec<_> = vips.flat_map(|ip| [(*ip, 80), (*ip, 81)]).collect();
    all.extend(on_nodes.flat_map(|port| HERE.map(|here| (ip(here), port))));
    all
}

/// Packets from everybody, and from each endpoint of a Service to the Service itself.
fn packets(seen: &Seen) -> Vec<Tuple> {
    let nobody = [(ip("10.96.0.99"), 80), (ip(NODE_IP), 30999), (ip(CLIENT), 80), (ip("10.244.1.3"), 8080)];
    let mut ways = vec![(addresses(&SOURCES), nobody.to_vec())];
    for (service, slice) in seen.services.values().zip(seen.slices.values()) {
        let mut sources = addresses(&SOURCES);
        sources.extend(slice.endpoints.iter().map(|endpoint| endpoint.address));
        ways.push((sources, targets(service)));
    }
    let mut packets = Vec::new();
    for (sources, targets) in ways {
        for (src, (dst, dst_port)) in sources.iter().flat_map(|src| targets.iter().map(move |to| (*src, *to)))
        {
            let packet = |protocol| Tuple { src, src_port: 40_000, dst, dst_port, protocol };
            packets.extend([Protocol::Tcp, Protocol::Udp].map(packet));
        }
    }
    packets
}

/// How often each kind of result was agreed upon.
type Tally = BTreeMap<&'static str, u32>;

fn note(tally: &mut Tally, tuple: &Tuple, traced: &[Traced]) {
    let mut count = |what| *tally.entry(what).or_default() += 1;
    for Traced { outcome: (output, masqueraded), noted } in traced {
        let is_source = output.parse().is_ok_and(|to: std::net::SocketAddr| to.ip() == tuple.src);
        count(match (&**output, masqueraded) {
            ("DROP", _) => "dropped",
            ("REJECT", _) => "rejected",
            ("ACCEPT", _) => "accepted",
            ("", false) => "not touched",
            ("", true) => "only masqueraded",
            (_, true) if is_source => "hairpin",
            (_, true) => "delivered and masqueraded",
            (_, false) => "delivered",
        });
        if !noted.is_empty() {
            count("bound to an endpoint");
        }
    }
    if traced.iter().map(|traced| &traced.outcome.0).collect::<BTreeSet<_>>().len() > 2 {
        count("a choice of three or more");
    }
}

/// Of so many packets one is tried. It is prime, so that all sorts of packets have their turn.
const ONE_IN: usize = 7;

fn agree(
    mode: ProxyMode,
    seen: &Seen,
    cfg: &ProxyConfig,
    first: usize,
    tally: &mut Tally,
) -> Result<(), String> {
    let rules = seen.rules_of(mode, cfg);
    let texts = Texts::of(&rules);
    let host = texts.host(cfg);
    for tuple in packets(seen).into_iter().skip(first).step_by(ONE_IN) {
        let tuple = match cfg.family {
            Family::V4 => tuple,
            Family::V6 => Tuple { src: families::six(tuple.src), dst: families::six(tuple.dst), ..tuple },
        };
        note(tally, &tuple, &agreed(&host, &rules, &tuple)?);
    }
    Ok(())
}

/// Runs the property, and says what was met.
fn agree_on_many(mode: ProxyMode) -> Tally {
    let tally = RefCell::new(Tally::new());
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|c| c.parse().ok()).unwrap_or(CASES);
    let mut runner = TestRunner::new(ProptestConfig { cases, ..ProptestConfig::default() });
    let all = (any_config(), any_seen(), any::<bool>(), 0..ONE_IN);
    let agreed = runner.run(&all, |(cfg, seen, six, first)| {
        let (seen, cfg) = if six { (families::seen(seen), families::config(cfg)) } else { (seen, cfg) };
        agree(mode, &seen, &cfg, first, &mut tally.borrow_mut()).map_err(TestCaseError::fail)
    });
    agreed.unwrap_or_else(|why| panic!("{why}"));
    tally.into_inner()
}

const CASES: u32 = 100;

/// The property would hold for rules that did nothing, too.
fn nothing_was_missing(tally: &Tally, kinds: &[&str]) {
    for kind in kinds {
        assert!(tally.get(kind).is_some_and(|count| *count >= 10), "{kind}: {tally:?}");
    }
}

const KINDS: [&str; 9] = [
    "dropped",
    "rejected",
    "not touched",
    "only masqueraded",
    "hairpin",
    "delivered and masqueraded",
    "delivered",
    "bound to an endpoint",
    "a choice of three or more",
];

#[test]
fn what_is_printed_for_iptables_restore_is_what_happens() {
    let tally = agree_on_many(ProxyMode::IPTABLES);
    nothing_was_missing(&tally, &KINDS);
    nothing_was_missing(&tally, &["accepted"]);
}

#[test]
fn what_is_printed_for_nft_is_what_happens() {
    let tally = agree_on_many(ProxyMode::NFTABLES);
    nothing_was_missing(&tally, &KINDS);
}
