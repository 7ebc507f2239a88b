//! The latest connections of whatever is selected, to pick one from.

use super::if_exists::last_known;
use super::select_link::SelectLink;
use crate::session::{Selection, Session};
use cluster::api::{NsName, ServiceType};
use cluster::sim::World;
use cluster::trace::{ConnectionRecord, Outcome, Place};
use cluster::traffic::ConnectionId;
use leptos::prelude::*;

/// The latest, and of those before them the latest that failed.
const SHOWN: usize = 20;
const FAILED: usize = 10;

#[component]
pub fn ConnectionsPanel(of: Option<Selection>) -> impl IntoView {
    let session = expect_context::<Session>();
    let latest = session.watch_traffic(move |world| {
        let of = of.map(|selection| Of { selection, alias: alias(world, selection) });
        latest(world, of.as_ref()).iter().map(|record| record.id).collect::<Vec<_>>()
    });
    // While the pointer or the focus is in the list, its rows do not move.
    let is_held = RwSignal::new(false);
    let shown = Memo::new(move |last: Option<&Vec<ConnectionId>>| {
        let latest = latest.get();
        last.filter(|last| is_held.get_untracked() && !last.is_empty()).cloned().unwrap_or(latest)
    });
    view! {
        <div
            on:pointerenter=move |_| is_held.set(true)
            on:pointerleave=move |_| is_held.set(false)
            on:focusin=move |_| is_held.set(true)
            on:focusout=move |_| is_held.set(false)
        >
            <Show
                when=move || !shown.read().is_empty()
                fallback=|| view! { <p class="pk-muted">"No connection yet."</p> }
            >
                <p class="pk-muted">
                    "The latest connections, and those that failed last. Each tells its way, and why."
                </p>
                <ul class="pk-list" role="list">
                    <For each=move || shown.get() key=|id| *id let:id>
                        <ConnectionRow id/>
                    </For>
                </ul>
            </Show>
        </div>
    }
}

#[component]
fn ConnectionRow(id: ConnectionId) -> impl IntoView {
    let session = expect_context::<Session>();
    let find = move |world: &World| Some(Row::of(world, world.traffic().record(id)?));
    let row = session.with_world(find).map(|first| {
        let found = session.watch_traffic(find);
        last_known(first, move || found.get())
    });
    row.map(|row| {
        let ending = move || row.read().ending;
        view! {
            <li>
                <SelectLink to=Selection::Connection(id) class="pk-connection">
                    <span class=move || ending().class aria-hidden="true">
                        {move || ending().sign}
                    </span>
                    <span class="pk-mono pk-muted">" " {id.0} " "</span>
                    {move || row.read().way.clone()}
                    " "
                    <span class=move || ending().class>{move || ending().words}</span>
                </SelectLink>
            </li>
        }
    })
}

#[derive(Clone, PartialEq)]
struct Row {
    /// From where to where.
    way: String,
    ending: Ending,
}

impl Row {
    fn of(world: &World, record: &ConnectionRecord) -> Row {
        let to = record.server.as_ref().map_or_else(|| record.target.clone(), |(pod, _)| pod.name.clone());
        let way = format!("{} → {to}", words::place(world, record.source));
        Row { way, ending: Ending::of(record) }
    }
}

/// How a connection ended.
#[derive(Clone, Copy, PartialEq)]
pub struct Ending {
    pub sign: &'static str,
    pub class: &'static str,
    pub words: &'static str,
}

impl Ending {
    pub fn of(record: &ConnectionRecord) -> Ending {
        let (sign, class) = match record.ended {
            None => ("…", "pk-muted"),
            Some((_, Outcome::Delivered)) => ("✓", "pk-good"),
            Some((
                _,
                Outcome::Refused { .. }
                | Outcome::HostUnreachable
                | Outcome::NetworkUnreachable
                | Outcome::Reset
                | Outcome::TimedOut { .. }
                | Outcome::NotReceived { .. }
                | Outcome::Unresolved
                | Outcome::NoDns { .. }
                | Outcome::NoAddress
                | Outcome::Abandoned,
            )) => ("✕", "pk-fail"),
        };
        Ending { sign, class, words: words::verdict(record) }
    }
}

/// Newest first. The latest failed ones are always included, however long ago they began. Otherwise time-outs,
/// which end long after they began, would never be shown.
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
    /// The name of an ExternalName Service, since it cannot be recognised by an address.
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
        Selection::Packet(_) | Selection::Workload(_) | Selection::Object(_) => false,
    }
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
