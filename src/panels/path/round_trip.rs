//! A connection in short: what was called, who rewrote it, what the Pod saw, and how the reply came
//! back, or why it did not.

use crate::parts::*;
use crate::text;
use cluster::sim::World;
use cluster::trace::{ConnectionRecord, HopKind, LossClass, PacketTrace, PacketVerdict, Place};
use leptos::prelude::*;
use netfilter::Tuple;
use std::net::SocketAddr;

/// The reply's end of it.
#[derive(Debug, PartialEq, Eq)]
pub enum Back {
    /// Nothing has arrived yet that could be answered.
    NotYet,
    /// Nothing came to a server: why.
    NeverArrived(String),
    /// Delivered: the nodes that put the original addresses back.
    Delivered { by: Vec<String> },
    /// Lost, where and why.
    Lost(String),
}

/// The nodes that rewrote a packet, each with what it changed: `node-1 (DNAT, SNAT)`.
pub fn rewriters(world: &World, packet: &PacketTrace) -> Vec<String> {
    let nodes = packet.hops.iter().filter(|hop| hop.before != hop.after);
    nodes
        .map(|hop| {
            let (before, after) = (hop.before, hop.after);
            let what = match (target(before) != target(after), source(before) != source(after)) {
                (true, true) => "destination and source",
                (true, false) => "destination",
                _ => "source",
            };
            format!("{} ({what})", words::place(world, hop.place))
        })
        .collect()
}

pub fn back(world: &World, record: &ConnectionRecord, packets: &[&PacketTrace]) -> Back {
    let there = packets.iter().filter(|p| !p.kind.is_reply());
    let arrived = there.clone().any(|p| p.ended.is_some_and(|(_, v)| v == PacketVerdict::Delivered));
    let answers: Vec<_> = packets.iter().filter(|p| p.kind.is_answer()).collect();
    // A lost answer is sent again: the last one tells.
    if let Some(answer) = answers.iter().rev().find(|p| p.ended.is_some()) {
        return match answer.ended {
            Some((_, PacketVerdict::Delivered)) => {
                let by = answer.hops.iter().filter(|hop| hop.before != hop.after);
                Back::Delivered { by: by.map(|hop| words::place(world, hop.place)).collect() }
            }
            _ => Back::Lost(lost(world, answer)),
        };
    }
    let stopped = there.rev().find(|p| p.ended.is_some_and(|(_, v)| v.is_failure()));
    match stopped {
        Some(stopped) if !arrived || record.ended.is_some() => Back::NeverArrived(lost(world, stopped)),
        _ => Back::NotYet,
    }
}

/// `lost at browser: its source is 10.244.2.3:8080, and the client waits for 10.0.0.1:30080`
fn lost(world: &World, packet: &PacketTrace) -> String {
    let at = packet.last_place().map_or_else(String::new, |p| words::place(world, p));
    let Some((_, verdict)) = packet.ended else { return String::new() };
    let verdict = match packet.lost {
        Some(lost) if lost.class == LossClass::ReplyLost => {
            "no node on its way back had rewritten the request"
        }
        _ => text::packet_verdict(verdict),
    };
    format!("at {at}: {verdict}")
}

fn source(tuple: Tuple) -> SocketAddr {
    SocketAddr::new(tuple.src, tuple.src_port)
}

fn target(tuple: Tuple) -> SocketAddr {
    SocketAddr::new(tuple.dst, tuple.dst_port)
}

pub fn view(world: &World, record: &ConnectionRecord, packets: &[&PacketTrace]) -> AnyView {
    let Some(tuple) = record.tuple else { return nothing() };
    let called = vec![code(source(tuple).to_string()), text(" called "), code(target(tuple).to_string())];
    let mut rows = vec![("The client", inline("", called))];
    if let Some(first) = packets.iter().find(|p| !p.kind.is_reply()) {
        let by = rewriters(world, first);
        rows.push(("Rewritten by", text(if by.is_empty() { "nobody".into() } else { text::and(&by) })));
    }
    rows.push(("The Pod saw", seen(record, tuple)));
    rows.push(("The reply", reply(world, record, packets, tuple)));
    facts(rows)
}

fn seen(record: &ConnectionRecord, tuple: Tuple) -> AnyView {
    let Some((address, port)) = record.server_saw else { return text("nothing") };
    let whose = if address == tuple.src { ", the client's own address" } else { ", not the client's own" };
    inline("", vec![code(SocketAddr::new(address, port).to_string()), text(whose)])
}

fn reply(world: &World, record: &ConnectionRecord, packets: &[&PacketTrace], tuple: Tuple) -> AnyView {
    match back(world, record, packets) {
        Back::NotYet => text("on its way, or still to come"),
        Back::NeverArrived(why) => {
            inline("", vec![span("pk-fail", "none: "), text(format!("the request ended {why}"))])
        }
        Back::Delivered { by } if by.is_empty() => text("came back as the Pod sent it"),
        Back::Delivered { by } => {
            let kids = vec![
                text("came from "),
                code(target(tuple).to_string()),
                text(format!(": put back by {}", text::and(&by))),
            ];
            inline("", kids)
        }
        Back::Lost(why) => {
            let came = packets.iter().rev().find(|p| p.kind.is_answer()).and_then(|p| p.hops.last());
            let mut kids = vec![span("pk-fail", "lost "), text(why)];
            if let Some(hop) =
                came.filter(|hop| hop.kind == HopKind::Delivered || is_client(record, hop.place))
            {
                kids.push(text(". It came from "));
                kids.push(code(source(hop.after).to_string()));
                kids.push(text(", and the client waits for "));
                kids.push(code(target(tuple).to_string()));
            }
            inline("", kids)
        }
    }
}

fn is_client(record: &ConnectionRecord, place: Place) -> bool {
    record.source == place
}

#[cfg(test)]
mod tests {
    use super::super::steps::steps;
    use super::*;
    use crate::panels::rules::packets;
    use cluster::api::parse;
    use cluster::sim::{Run, Time};
    use cluster::trace::Outcome;

    fn run(text: &str) -> World {
        let (mut run, refusals) = Run::new(&parse(text), None);
        assert_eq!(refusals, []);
        run.advance_to(Time(30_000_000_000), u64::MAX);
        run.world().clone()
    }

    fn ended(world: &World, is: impl Fn(&ConnectionRecord) -> bool) -> ConnectionRecord {
        let found = world.traffic().finished.iter().rev().find(|record| is(record));
        (**found.expect("a connection of this kind")).clone()
    }

    #[test]
    fn the_hooks_that_rewrote_a_request_and_those_who_put_it_back_are_named() {
        let world = run(crate::shell::text_of("first"));
        let through_two = |r: &ConnectionRecord| {
            r.ended.is_some_and(|(_, o)| o == Outcome::Delivered)
                && r.server_saw.zip(r.tuple).is_some_and(|((seen, _), tuple)| seen != tuple.src)
        };
        let record = ended(&world, through_two);
        let packets = packets(&world, &record);
        let there = packets.iter().find(|p| !p.kind.is_reply()).expect("a first packet");
        let hop = there.hops.iter().find(|hop| hop.before != hop.after).expect("a node that rewrites");
        let steps = steps(hop);
        let hooks: Vec<&str> = steps.iter().map(|step| step.hook).collect();
        assert!(hooks.starts_with(&["PREROUTING"]) && hooks.ends_with(&["POSTROUTING"]), "{hooks:?}");
        let (first, last) = (&steps[0], &steps[steps.len() - 1]);
        assert!(first.chains.iter().any(|c| c.starts_with("KUBE-SVC-")), "{first:?}");
        let (before, after) = first.rewritten.expect("DNAT in PREROUTING");
        assert!(before.dst != after.dst && before.src == after.src, "{before:?} {after:?}");
        let (before, after) = last.rewritten.expect("masquerade in POSTROUTING");
        assert!(before.src != after.src && before.dst == after.dst, "{before:?} {after:?}");
        assert_eq!(rewriters(&world, there).len(), 1);
        let Back::Delivered { by } = back(&world, &record, &packets) else { panic!("delivered") };
        assert_eq!(by, [words::place(&world, hop.place)]);
        let reply = packets.iter().find(|p| p.kind.is_answer()).expect("an answer");
        let put_back = reply.hops.iter().find(|h| h.before != h.after).expect("un-NAT");
        let conntrack = super::super::steps::steps(put_back);
        assert!(conntrack.iter().any(|step| step.hook == "conntrack"), "{conntrack:?}");
    }

    #[test]
    fn a_rewrite_is_told_beside_the_chain_that_did_it() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/crates/cluster/tests/scenarios");
        let path = format!("{folder}/masqueraded-pod-traffic-meets-policy-local/input.yaml");
        let world = run(&std::fs::read_to_string(path).expect("the scenario"));
        let hops = world.traffic().finished.iter().flat_map(|r| &r.packets).flat_map(|p| &p.hops);
        let steps: Vec<_> = hops.flat_map(steps).filter(|step| step.hook == "POSTROUTING").collect();
        let cni: Vec<_> = steps.iter().filter(|s| s.chains.last().is_some_and(|c| c == "CNI-MASQ")).collect();
        assert!(!cni.is_empty(), "{steps:?}");
        assert!(cni.iter().all(|step| step.rewritten.is_some()), "only where it rewrites");
    }

    #[test]
    fn a_reply_that_came_another_way_is_said_to_be_lost() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/crates/cluster/tests/scenarios");
        let path = format!("{folder}/a-reply-by-another-way-is-lost/input.yaml");
        let world = run(&std::fs::read_to_string(path).expect("the scenario"));
        let record = ended(&world, |r| r.lost.is_some_and(|lost| lost.class == LossClass::ReplyLost));
        let Back::Lost(why) = back(&world, &record, &packets(&world, &record)) else { panic!("lost") };
        assert!(why.ends_with("no node on its way back had rewritten the request"), "{why}");
    }

    #[test]
    fn a_request_that_was_refused_has_no_reply() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/crates/cluster/tests/scenarios");
        let path = format!("{folder}/no-endpoints-is-refused/input.yaml");
        let world = run(&std::fs::read_to_string(path).expect("the scenario"));
        let record = ended(&world, |r| r.ended.is_some_and(|(_, o)| matches!(o, Outcome::Refused { .. })));
        let Back::NeverArrived(why) = back(&world, &record, &packets(&world, &record)) else {
            panic!("it never arrived")
        };
        assert!(why.contains("refused: no endpoints"), "{why}");
    }
}
