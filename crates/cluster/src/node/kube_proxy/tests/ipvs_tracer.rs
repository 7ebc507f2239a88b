//! Compares the printed text of IPVS mode with the evaluator for a series of connections, since schedulers choose
//! by earlier connections and not at random.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::connect::Node;
use super::ipvs_read::{IpvsText, Server};
use super::printed::{Host, Outcome, Traced, Virtual};
use crate::node::kube_proxy::ProxyConfig;
use netfilter::{Rules, Tuple};

/// What both give for connections from one address to another.
pub struct Agreed {
    /// Every outcome that the text allows for the first connection.
    pub traced: Vec<Traced>,
    pub promise: Promise,
    /// Where the first one went.
    pub first: Outcome,
}

/// How a scheduler distributes connections among the servers that accept new ones.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Promise {
    Nothing,
    /// n connections to n servers get one server each: ip_vs_rr_schedule and ip_vs_wrr_schedule with equal
    /// weights; ip_vs_lc_schedule and ip_vs_wlc_schedule as long as connections stay open.
    EachOnce,
    /// ip_vs_sh_schedule.
    OneForSource,
    /// ip_vs_dh_schedule.
    OneForDestination,
    /// One server for a client, by its persistence template (ip_vs_sched_persist), whatever the scheduler.
    OneForClient,
    /// The same, and n clients get the n servers, one each.
    OneForClientEachOnce,
}

fn promise(server: &Server) -> Promise {
    match (&*server.scheduler, server.is_persistent) {
        ("rr" | "wrr" | "lc" | "wlc", false) => Promise::EachOnce,
        ("rr" | "wrr" | "lc" | "wlc", true) => Promise::OneForClientEachOnce,
        (_, true) => Promise::OneForClient,
        ("sh", _) => Promise::OneForSource,
        ("dh", _) => Promise::OneForDestination,
        _ => Promise::Nothing,
    }
}

fn promised(text: &IpvsText, tuple: &Tuple, traced: &[Traced]) -> Promise {
    let key = Virtual { protocol: tuple.protocol, at: (tuple.dst, tuple.dst_port).into() };
    let are_delivered = traced.iter().all(|traced| is_delivered(&traced.outcome));
    text.servers.get(&key).filter(|_| are_delivered).map_or(Promise::Nothing, promise)
}

fn is_delivered(outcome: &Outcome) -> bool {
    outcome.0.contains(':')
}

/// Opens twice as many connections as there are possible outcomes, through one node, from one address.
pub fn agreed(text: &IpvsText, cfg: &ProxyConfig, rules: &Rules, tuple: &Tuple) -> Result<Agreed, String> {
    let host = text.host(cfg);
    let traced = host.trace(tuple, &BTreeSet::new());
    let promise = promised(text, tuple, &traced);
    let reached = connected(&host, &mut Node::new(cfg, rules), tuple, 2 * traced.len())?;
    let (first, second) = reached.split_at(traced.len());
    let is_kept = match promise {
        Promise::Nothing => true,
        Promise::EachOnce => count(first) == first.len() && count(second) == second.len(),
        Promise::OneForClientEachOnce => {
            count(&reached) == 1 && are_shared(&host, rules, tuple, first.len())?
        }
        Promise::OneForSource | Promise::OneForDestination | Promise::OneForClient => count(&reached) == 1,
    };
    match is_kept {
        true => Ok(Agreed { first: reached[0].clone(), traced, promise }),
        false => Err(format!("{tuple:?}: {promise:?}, the text: {traced:?}, but {reached:?}")),
    }
}

fn count(outcomes: &[Outcome]) -> usize {
    outcomes.iter().collect::<BTreeSet<_>>().len()
}

/// Opens this many connections in turn and returns where they went; each outcome must be one that the text allows.
fn connected(
    host: &Host,
    node: &mut Node,
    tuple: &Tuple,
    connections: usize,
) -> Result<Vec<Outcome>, String> {
    let mut noted = BTreeSet::new();
    let mut all = Vec::new();
    for (n, _) in (0u16..).zip(0..connections) {
        let tuple = Tuple { src_port: tuple.src_port + n, ..*tuple };
        let mut allowed = host.trace(&tuple, &noted);
        let reached = node.connect(&tuple, n.into());
        let Some(at) = allowed.iter().position(|traced| traced.outcome == reached) else {
            return Err(format!("{tuple:?} reached {reached:?}, the text: {allowed:?}"));
        };
        noted = allowed.swap_remove(at).noted;
        all.push(reached);
    }
    Ok(all)
}

/// Whether a client gets a different server each time if 0, 1, 2, ... other clients came before it.
fn are_shared(host: &Host, rules: &Rules, tuple: &Tuple, servers: usize) -> Result<bool, String> {
    let mut all = Vec::new();
    for before in 0..=servers {
        let mut node = Node::new(host.cfg, rules);
        for other in 1..=before {
            let src = neighbour(tuple.src, other as u8);
            let reached = connected(host, &mut node, &Tuple { src, ..*tuple }, 1)?;
            if !reached.iter().all(is_delivered) {
                // The packet was stopped before IPVS, so no server was chosen.
                return Ok(true);
            }
        }
        all.extend(connected(host, &mut node, tuple, 1)?);
    }
    Ok(count(&all[..servers]) == servers)
}

fn neighbour(address: IpAddr, distance: u8) -> IpAddr {
    match address {
        IpAddr::V4(address) => {
            let [a, b, c, d] = address.octets();
            [a, b, c, d.wrapping_add(distance)].into()
        }
        IpAddr::V6(address) => {
            let mut octets = address.octets();
            octets[15] = octets[15].wrapping_add(distance);
            octets.into()
        }
    }
}
