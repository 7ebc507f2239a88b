//! A connection in short: what was called, who rewrote it, what the Pod saw, and how the reply came
//! back, or why it did not.

use crate::components::{Fact, Facts};
use crate::text;
use cluster::sim::World;
use cluster::trace::{ConnectionRecord, HopKind, LossClass, PacketTrace, PacketVerdict};
use leptos::prelude::*;
use netfilter::Tuple;

/// The reply's end of it.
#[derive(Clone, Debug, PartialEq, Eq)]
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
            let what = match (before.destination() != after.destination(), before.source() != after.source())
            {
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
        if answer.ended.is_some_and(|(_, verdict)| verdict == PacketVerdict::Delivered) {
            let by = answer.hops.iter().filter(|hop| hop.before != hop.after);
            return Back::Delivered { by: by.map(|hop| words::place(world, hop.place)).collect() };
        }
        return Back::Lost(lost(world, answer));
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

/// What is said of a connection whose addresses are known.
#[derive(Clone, Debug, PartialEq)]
pub struct RoundTrip {
    client: String,
    called: String,
    /// Of its first packet.
    rewritten_by: Option<String>,
    /// The client's address as the Pod saw it, and what it really is.
    seen: Option<(String, &'static str)>,
    back: Back,
    /// Of an answer that came, and that the client did not take for one.
    unexpected_source: Option<String>,
}

impl RoundTrip {
    pub fn of(world: &World, record: &ConnectionRecord, packets: &[&PacketTrace]) -> Option<RoundTrip> {
        let tuple = record.tuple?;
        let rewritten_by = packets.iter().find(|p| !p.kind.is_reply()).map(|first| {
            let by = rewriters(world, first);
            if by.is_empty() { "nobody".into() } else { text::and(&by) }
        });
        let seen = record.server_saw.map(|(address, port)| {
            let is_client = address == tuple.src;
            let whose = if is_client { ", the client's own address" } else { ", not the client's own" };
            (Tuple { src: address, src_port: port, ..tuple }.source(), whose)
        });
        Some(RoundTrip {
            client: tuple.source(),
            called: tuple.destination(),
            rewritten_by,
            seen,
            back: back(world, record, packets),
            unexpected_source: unexpected_source(record, packets),
        })
    }
}

fn unexpected_source(record: &ConnectionRecord, packets: &[&PacketTrace]) -> Option<String> {
    let last_hop = packets.iter().rev().find(|p| p.kind.is_answer())?.hops.last()?;
    let has_come = last_hop.kind == HopKind::Delivered || last_hop.place == record.source;
    has_come.then(|| last_hop.after.source())
}

#[component]
pub fn RoundTripFacts(trip: Memo<RoundTrip>) -> impl IntoView {
    let rewritten_by = Memo::new(move |_| trip.read().rewritten_by.clone());
    let seen = Memo::new(move |_| trip.read().seen.clone());
    view! {
        <Facts>
            <Fact name="The client">
                <code class="pk-mono">{move || trip.read().client.clone()}</code>
                " called "
                <code class="pk-mono">{move || trip.read().called.clone()}</code>
            </Fact>
            <ShowLet some=rewritten_by let:names>
                <Fact name="Rewritten by">{names}</Fact>
            </ShowLet>
            <Fact name="The Pod saw">
                <ShowLet some=seen fallback=|| "nothing" let((address, whose))>
                    <code class="pk-mono">{address}</code>
                    {whose}
                </ShowLet>
            </Fact>
            <Fact name="The reply">{move || view! { <Reply trip=trip.get()/> }}</Fact>
        </Facts>
    }
}

#[component]
fn Reply(trip: RoundTrip) -> AnyView {
    let called = move || view! { <code class="pk-mono">{trip.called.clone()}</code> };
    match trip.back {
        Back::NotYet => "on its way, or still to come".into_any(),
        Back::NeverArrived(why) => {
            view! { <span class="pk-fail">"none: "</span> "the request ended " {why} }.into_any()
        }
        Back::Delivered { by } if by.is_empty() => "came back as the Pod sent it".into_any(),
        Back::Delivered { by } => {
            view! { "came from " {called()} ": put back by " {text::and(&by)} }.into_any()
        }
        Back::Lost(why) => {
            let source = trip.unexpected_source.map(|source| {
                view! {
                    ". It came from "
                    <code class="pk-mono">{source}</code>
                    ", and the client waits for "
                    {called()}
                }
            });
            view! { <span class="pk-fail">"lost "</span> {why} {source} }.into_any()
        }
    }
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
        let world = run(crate::scenarios::text_of("first"));
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
