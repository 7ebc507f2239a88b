//! The latest connections of whatever is selected, to pick one from.

use crate::dom::reactive::*;
use crate::parts::*;
use crate::session::{Selection, Session};
use cluster::ordered::sort_by_key;
use cluster::sim::World;
use cluster::trace::{ConnectionRecord, Outcome, Place};
use cluster::traffic::ConnectionId;

const SHOWN: usize = 20;
const FAILED: usize = 10;

pub fn list(session: Session, of: Option<Selection>) -> View {
    // While the pointer or the focus is in the list, no row moves away under it.
    let held = StoredValue::new(false);
    let shown = StoredValue::new(Vec::<ConnectionId>::new());
    let rows = live(move || {
        session.traffic_rev();
        session.opened_rev();
        session.with_world(|world| {
            if !held.get_value() || shown.with_value(Vec::is_empty) {
                shown.set_value(latest(world, of).iter().map(|record| record.id).collect());
            }
            let records: Vec<&ConnectionRecord> =
                shown.with_value(|ids| ids.iter().filter_map(|id| world.traffic().record(*id)).collect());
            rows(session, world, records)
        })
    });
    let hold = move |on: bool| held.set_value(on);
    el("div")
        .on("pointerenter", move |_| hold(true))
        .on("pointerleave", move |_| hold(false))
        .on("focusin", move |_| hold(true))
        .on("focusout", move |_| hold(false))
        .kid(rows)
        .view()
}

fn rows(session: Session, world: &World, records: Vec<&ConnectionRecord>) -> View {
    if records.is_empty() {
        return says("pk-muted", "No connection yet.");
    }
    let rows = records.into_iter().map(|record| row(session, world, record)).collect();
    let about =
        says("pk-muted", "The latest connections, and those that failed last. Each tells its way, and why.");
    block("", vec![about, items("pk-list", rows)])
}

/// Newest first. Those that failed last are among them, however long ago they began: a client waits so
/// long for an answer that its time-outs would never be seen.
fn latest(world: &World, of: Option<Selection>) -> Vec<&ConnectionRecord> {
    let traffic = world.traffic();
    let mine = |r: &&ConnectionRecord| of.is_none_or(|of| concerns(r, of));
    let open = traffic.connections.values().map(|live| &live.record).filter(mine);
    let ended = || traffic.finished.iter().rev().map(|record| &**record).filter(mine);
    let failed = |r: &&ConnectionRecord| r.ended.is_some_and(|(_, how)| how.is_loss());
    let mut found: Vec<&ConnectionRecord> = open.chain(ended().take(SHOWN)).collect();
    sort_by_key(&mut found, |r| std::cmp::Reverse(r.id));
    found.truncate(SHOWN);
    let oldest = found.last().map_or(ConnectionId(0), |r| r.id);
    found.extend(ended().filter(failed).take(FAILED).filter(|r| r.id < oldest));
    sort_by_key(&mut found, |r| std::cmp::Reverse(r.id));
    found
}

fn concerns(record: &ConnectionRecord, of: Selection) -> bool {
    let passes = |place: Place| record.packets.iter().any(|p| p.hops.iter().any(|h| h.place == place));
    match of {
        Selection::Pod(uid) => {
            record.source == Place::Pod(uid)
                || record.server.as_ref().is_some_and(|(_, server)| *server == uid)
                || passes(Place::Pod(uid))
        }
        Selection::Service(uid) => record.service.as_ref().is_some_and(|(_, service)| *service == uid),
        Selection::Node(uid) => passes(Place::Node(uid)),
        Selection::Client(id) => record.client == id,
        Selection::LoadBalancer(uid) => passes(Place::LoadBalancer(uid)),
        Selection::Connection(id) => record.id == id,
        Selection::Packet(_) | Selection::Deployment(_) | Selection::Object(_) => false,
    }
}

fn row(session: Session, world: &World, record: &ConnectionRecord) -> View {
    let id = record.id;
    let (mark, class, said) = ending(record);
    let to =
        record.server.as_ref().map_or_else(|| record.target.to_string(), |(pod, _)| pod.name.to_string());
    let from = words::place(world, record.source);
    let label = vec![
        sign(class, mark),
        span("pk-mono pk-muted", format!(" {} ", id.0)),
        text(format!("{from} → {to} ")),
        span(class, said),
    ];
    button("", move || session.select(Some(Selection::Connection(id))))
        .labelled(label)
        .class("pk-connection")
        .view()
}

/// A sign, its class, and how it ended, in words.
pub fn ending(record: &ConnectionRecord) -> (&'static str, &'static str, &'static str) {
    let (mark, class) = match record.ended {
        None => ("…", "pk-muted"),
        Some((_, Outcome::Delivered)) => ("✓", "pk-good"),
        Some(_) => ("✕", "pk-fail"),
    };
    (mark, class, words::verdict(record))
}
