//! For generated Services: an interpreter of the text that IPVS mode prints and the evaluator agree on every
//! outcome.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use proptest::prelude::*;

use super::agreement::{KINDS, ONE_IN, Tally, note, nothing_was_missing, tallied};
use super::any::{any_config, any_seen};
use super::families;
use super::fixture::{NODE, NODE_IP, Seen, ip};
use super::ipvs_read::IpvsText;
use super::ipvs_tracer::{Agreed, Promise, agreed};
use super::packets::{from_themselves, packets};
use crate::node::kube_proxy::{ProxyConfig, ProxyMode};
use netfilter::{Protocol, Scheduler, Tuple};

/// Some endpoints are Pods of the node's own network: IPVS has a real server that is the node itself.
fn in_host_network(mut seen: Seen) -> Seen {
    seen.change_slices(|slice| {
        for endpoint in &mut slice.endpoints {
            if endpoint.address == ip("10.244.1.0") || endpoint.address == ip("10.244.1.7") {
                (endpoint.address, endpoint.node) = (ip(NODE_IP), Some(NODE.into()));
            }
        }
    });
    seen
}

fn with_sctp(mut seen: Seen) -> Seen {
    let change = |protocol: &mut Protocol| *protocol = sctp_for_udp(*protocol);
    seen.change_services(|service| {
        service.spec.ports.iter_mut().for_each(|port| change(&mut port.protocol));
    });
    seen.change_slices(|slice| slice.ports.iter_mut().for_each(|port| change(&mut port.protocol)));
    seen
}

fn sctp_for_udp(protocol: Protocol) -> Protocol {
    if protocol == Protocol::Udp { Protocol::Sctp } else { protocol }
}

/// A virtual server, and where connections to it went.
type Places = BTreeMap<(Protocol, SocketAddr), String>;

fn agree(seen: &Seen, cfg: &ProxyConfig, tuples: &[Tuple], tally: &mut Tally) -> Result<(), String> {
    let rules = seen.rules_of(ProxyMode::Ipvs, cfg);
    let text = IpvsText::read(&rules.to_string());
    let mut places = Places::new();
    for tuple in tuples {
        let Agreed { traced, promise, first } = agreed(&text, cfg, &rules, tuple)?;
        note(tally, tuple, &traced);
        if traced.len() > 1 {
            *tally.entry(name(promise)).or_default() += 1;
        }
        if promise == Promise::OneForDestination {
            let key = (tuple.protocol, SocketAddr::new(tuple.dst, tuple.dst_port));
            let place = places.entry(key).or_insert_with(|| first.0.clone());
            if *place != first.0 {
                return Err(format!("{tuple:?} reached {first:?}, another client {place}"));
            }
        }
    }
    Ok(())
}

fn name(promise: Promise) -> &'static str {
    match promise {
        Promise::Nothing => "nothing promised",
        Promise::EachOnce => "each server once",
        Promise::OneForSource => "one server for a source",
        Promise::OneForDestination => "one server for a destination",
        Promise::OneForClient => "one server for a client",
        Promise::OneForClientEachOnce => "one server for a client, each once",
    }
}

/// Of IPVS mode alone.
const IPVS_KINDS: [&str; 8] = [
    "accepted",
    "refused by IPVS",
    "without a route",
    "each server once",
    "one server for a source",
    "one server for a destination",
    "one server for a client",
    "one server for a client, each once",
];

/// Tries different packets with each scheduler.
fn agree_with_each(
    seen: &Seen,
    cfg: &ProxyConfig,
    tuples: &[Tuple],
    first: usize,
    tally: &mut Tally,
) -> Result<(), String> {
    for (n, scheduler) in Scheduler::NAMES.into_iter().filter_map(Scheduler::parse).enumerate() {
        let cfg = ProxyConfig { ipvs_scheduler: scheduler, ..cfg.clone() };
        let some = tuples.iter().skip((first + n) % ONE_IN).step_by(ONE_IN);
        agree(seen, &cfg, &some.copied().collect::<Vec<_>>(), tally)?;
    }
    Ok(())
}

#[test]
fn text_of_ipvs_mode_agrees_with_the_evaluator() {
    let flags = prop::array::uniform3(any::<bool>());
    let all = (any_config(), any_seen(), flags, 0..ONE_IN);
    let tally = tallied(&all, |(cfg, seen, [six, host, sctp], first), tally| {
        let seen = if host { in_host_network(seen) } else { seen };
        let seen = if sctp { with_sctp(seen) } else { seen };
        let (seen, cfg) = if six { (families::seen(seen), families::config(cfg)) } else { (seen, cfg) };
        let mut tuples = packets(&seen, &cfg);
        tuples.extend(from_themselves(&tuples));
        if sctp {
            tuples.iter_mut().for_each(|tuple| tuple.protocol = sctp_for_udp(tuple.protocol));
        }
        agree_with_each(&seen, &cfg, &tuples, first, tally)
    });
    nothing_was_missing(&tally, &KINDS);
    nothing_was_missing(&tally, &IPVS_KINDS);
}
