//! The latest connections of whatever is selected, to pick one from.

use super::select_link::SelectLink;
use crate::parts::*;
use crate::session::{Selection, Session};
use cluster::api::{NsName, ServiceType};
use cluster::sim::World;
use cluster::trace::{ConnectionRecord, Outcome, Place};
use cluster::traffic::ConnectionId;
use leptos::prelude::*;

const SHOWN: usize = 20;
const FAILED: usize = 10;

pub fn list(session: Session, of: Option<Selection>) -> AnyView {
    // While the pointer or the focus is in the list, no row moves away under it.
    let held = StoredValue::new(false);
    let shown = StoredValue::new(Vec::<ConnectionId>::new());
    let rows = live(move || {
        session.traffic_rev();
        session.opened_rev();
        session.with_world(|world| {
            let of = of.map(|of| Of { selection: of, alias: alias(world, of) });
            let of = of.as_ref();
            if !held.get_value() || shown.with_value(Vec::is_empty) {
                shown.set_value(latest(world, of).iter().map(|record| record.id).collect());
            }
            let records: Vec<&ConnectionRecord> =
                shown.with_value(|ids| ids.iter().filter_map(|id| world.traffic().record(*id)).collect());
            rows(world, records)
        })
    });
    let hold = move |on: bool| held.set_value(on);
    view! {
        <div
            on:pointerenter=move |_| hold(true)
            on:pointerleave=move |_| hold(false)
            on:focusin=move |_| hold(true)
            on:focusout=move |_| hold(false)
        >
            {rows}
        </div>
    }
    .into_any()
}

fn rows(world: &World, records: Vec<&ConnectionRecord>) -> AnyView {
    if records.is_empty() {
        return says("pk-muted", "No connection yet.");
    }
    let rows = records.into_iter().map(|record| row(world, record)).collect();
    let about =
        says("pk-muted", "The latest connections, and those that failed last. Each tells its way, and why.");
    block("", vec![about, items("pk-list", rows)])
}

/// Newest first. Those that failed last are among them, however long ago they began: a client waits so
/// long for an answer that its time-outs would never be seen.
fn latest<'a>(world: &'a World, of: Option<&Of>) -> Vec<&'a ConnectionRecord> {
    let traffic = world.traffic();
    let mine = |r: &&ConnectionRecord| of.is_none_or(|of| concerns(world, r, of));
    let open = traffic.connections.values().map(|live| &live.record).filter(mine);
    let ended = || traffic.finished.iter().rev().map(|record| &**record).filter(mine);
    let failed = |r: &&ConnectionRecord| r.ended.is_some_and(|(_, how)| how.is_loss());
    let mut found: Vec<&ConnectionRecord> = open.chain(ended().take(SHOWN)).collect();
    found.sort_by_key(|r| std::cmp::Reverse(r.id));
    found.truncate(SHOWN);
    let oldest = found.last().map_or(ConnectionId(0), |r| r.id);
    found.extend(ended().filter(failed).take(FAILED).filter(|r| r.id < oldest));
    found.sort_by_key(|r| std::cmp::Reverse(r.id));
    found
}

/// What the connections are of.
struct Of {
    selection: Selection,
    /// The Service's name, if that is all that it is: no address of a call tells of an ExternalName.
    alias: Option<NsName>,
}

fn alias(world: &World, of: Selection) -> Option<NsName> {
    let Selection::Service(uid) = of else { return None };
    let service = world.store().service_by_uid(uid)?;
    (service.spec.type_ == ServiceType::ExternalName).then(|| service.meta.key())
}

fn concerns(world: &World, record: &ConnectionRecord, of: &Of) -> bool {
    if of.alias.is_some() {
        return words::service_called(world, record) == of.alias;
    }
    let passes = |place: Place| record.packets.iter().any(|p| p.hops.iter().any(|h| h.place == place));
    match of.selection {
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

fn row(world: &World, record: &ConnectionRecord) -> AnyView {
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
    view! { <SelectLink to=Selection::Connection(id) class="pk-connection">{label}</SelectLink> }.into_any()
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

#[cfg(test)]
mod tests {
    use super::*;
    use cluster::api::parse;
    use cluster::sim::{Run, Time};

    #[test]
    fn calls_by_an_external_name_are_listed_with_it() {
        let path = "/crates/cluster/tests/scenarios/myth-external-name-is-a-proxy/input.yaml";
        let text =
            std::fs::read_to_string([env!("CARGO_MANIFEST_DIR"), path].concat()).expect("the scenario");
        let (mut run, _) = Run::new(&parse(&text), None);
        run.advance_to(Time(10_000_000_000), u64::MAX);
        let world = run.world();
        for (service, clients) in [("api", &["outward"][..]), ("alias", &["alias", "alias-other-port"])] {
            let key = NsName::new("default", service);
            let of = Selection::Service(world.store().services.get(&key).expect("it is there").meta.uid);
            let of = Of { selection: of, alias: alias(world, of) };
            let mut found: Vec<String> =
                latest(world, Some(&of)).iter().map(|record| record.client_name.to_string()).collect();
            found.sort();
            found.dedup();
            assert_eq!(found, clients, "{service}");
        }
    }
}
