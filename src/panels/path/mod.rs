//! A connection's way, there and back: why it went there, and what each place did to it.

mod icmp;
mod round_trip;
mod steps;

use super::connections::ending;
use super::link_to;
use super::rules::packets;
use crate::parts::*;
use crate::session::{HopRef, Selection, Session};
use crate::text;
use cluster::sim::World;
use cluster::trace::{ConnectionRecord, Hop, HopKind, PacketTrace};
use cluster::traffic::{ConnectionId, PacketId};
use leptos::prelude::*;

pub fn packet(session: Session, id: PacketId) -> AnyView {
    // Looked up once: a packet does not change its connection.
    let connection_id = session.with_world(|world| world.packet(id).map(|p| p.connection));
    match connection_id {
        Some(of) => connection(session, of, Some(id)),
        None => says("pk-muted", "This packet's connection is too long ago: its record is gone."),
    }
}

/// `packet`: the one whose hops are open at first.
pub fn connection(session: Session, id: ConnectionId, packet: Option<PacketId>) -> AnyView {
    on_cleanup(move || {
        session.hop.set(None);
    });
    live(move || {
        session.traffic_rev();
        session.with_world(|world| match world.traffic().record(id) {
            Some(record) => show(session, world, record, packet),
            None => says("pk-muted", "This connection is too long ago: its record is gone."),
        })
    })
}

fn show(session: Session, world: &World, record: &ConnectionRecord, open: Option<PacketId>) -> AnyView {
    let why = words::why(world, record);
    let (mark, class, said) = ending(record);
    let failed = class == "pk-fail";
    let packets = packets(world, record);
    let ways = packets.iter().enumerate().map(|(nth, p)| {
        let is_open = match open {
            Some(id) => p.id == id,
            None => nth < 2 || p.ended.is_some_and(|(_, v)| v.is_failure()),
        };
        way(session, world, p, is_open)
    });
    // Of a loss, its class, and whether a stale rule sent it there, where the heading does not say so.
    let lost = record.lost.map(words::loss).filter(|lost| lost != said);
    let mut kids = vec![
        inline("pk-row", vec![sign(class, mark), span(class, said)]),
        lost.map_or_else(nothing, |lost| says("pk-fail", lost)),
        who(session, world, record),
        block(if failed { "pk-why pk-why-bad" } else { "pk-why" }, vec![says("", why.sentence)]),
        heading("Round trip"),
        round_trip::view(world, record, &packets),
        heading("Packets"),
    ];
    kids.extend(ways);
    block("", kids)
}

fn who(session: Session, world: &World, record: &ConnectionRecord) -> AnyView {
    let mut kids = vec![text(words::place(world, record.source)), text(" → ")];
    match &record.service {
        Some((key, uid)) => {
            let link = link_to(session, Selection::Service(*uid), key.name.to_string());
            match words::has_port(world, record) {
                true => kids.push(link),
                false => kids.extend([
                    code(record.target.to_string()),
                    text(", an address of "),
                    link,
                    text(", which has no such port"),
                ]),
            }
        }
        None => kids.push(code(record.target.to_string())),
    }
    if let Some((pod, uid)) = &record.server {
        kids.push(text(" → "));
        kids.push(link_to(session, Selection::Pod(*uid), pod.name.to_string()));
    }
    block("pk-muted", kids)
}

fn way(session: Session, world: &World, packet: &PacketTrace, open: bool) -> AnyView {
    let end = packet.ended.map_or("in flight", |(_, verdict)| text::packet_verdict(verdict));
    // As its dot in the picture.
    let direction = if packet.kind.is_reply() { "○" } else { "●" };
    let name = format!("{}: {end}", text::packet_kind(packet.kind));
    let hops: Kids =
        packet.hops.iter().enumerate().map(|(nth, hop)| place(session, world, packet, nth, hop)).collect();
    view! {
        <details class="pk-trip" open=open>
            <summary>{sign("pk-icon", direction)}" "{name}</summary>
            <ol class="pk-hops">{hops}</ol>
        </details>
    }
    .into_any()
}

fn place(session: Session, world: &World, packet: &PacketTrace, nth: usize, hop: &Hop) -> AnyView {
    let this = HopRef { connection: packet.connection, packet: packet.id, hop: nth };
    let said = text::stopped(&words::hop(world, packet, hop));
    let ended = matches!(hop.kind, HopKind::Refused | HopKind::Dropped);
    let mut kids = vec![span(if ended { "pk-fail" } else { "" }, said)];
    if packet.kind.is_error() {
        kids.extend(icmp::rows(hop));
    } else {
        if hop.before == hop.after {
            kids.push(steps::addresses(hop.before, hop.after));
        }
        kids.extend(steps::rows(hop));
    }
    if hop.stale {
        kids.push(block("pk-muted", vec![text("By a rule that is out of date.")]));
    }
    kids.extend(rules(hop));
    let show = move || session.hop.set(Some(this));
    let hide = move || session.hop.set(None);
    let current = (session.hop.get() == Some(this)).then_some("true");
    view! {
        <li
            class="pk-hop"
            tabindex="0"
            aria-current=current
            on:focus=move |_| show()
            on:pointerenter=move |_| show()
            on:pointerleave=move |_| hide()
            on:blur=move |_| hide()
        >
            {kids}
        </li>
    }
    .into_any()
}

fn rules(hop: &Hop) -> Option<AnyView> {
    let set = hop.rules.as_ref()?;
    let lines: Vec<String> = hop
        .hits
        .iter()
        .filter_map(|hit| Some(format!("{}: {}", set.table_name(hit.at())?, set.rule_text(hit.at())?)))
        .collect();
    (!lines.is_empty()).then(|| {
        more(
            text::count(lines.len(), "rule") + " matched",
            vec![listing("Rules that matched", lines.join("\n"))],
        )
    })
}
