//! A connection's way, there and back: why it went there, and what each place did to it.

mod addresses;
mod hop;
mod packet;
mod round_trip;
mod steps;

use super::connections::Ending;
use super::if_exists::{IfExists, last_known};
use super::rules::{packets, packets_of_lookup};
use super::select_link::SelectLink;
use crate::session::{Selection, Session};
use cluster::api::Uid;
use cluster::sim::World;
use cluster::trace::{ConnectionRecord, PacketTrace};
use cluster::traffic::{ConnectionId, PacketId};
use leptos::either::Either;
use leptos::prelude::*;
use packet::{OpenAtFirst, PacketFacts, PacketItem};
use round_trip::{RoundTrip, RoundTripFacts};

/// The connection of a packet, with its hops unfolded.
#[component]
pub fn PacketPanel(id: PacketId) -> impl IntoView {
    let session = expect_context::<Session>();
    // Looked up once: a packet does not change its connection.
    match session.with_world(|world| world.packet(id).map(|packet| packet.connection)) {
        Some(of) => Either::Left(view! { <ConnectionPanel id=of open_at_first=OpenAtFirst::Only(id)/> }),
        None => Either::Right(view! {
            <p class="pk-muted">"This packet's connection is too long ago: its record is gone."</p>
        }),
    }
}

/// All that is said of a connection.
#[derive(Clone, PartialEq)]
struct ConnectionFacts {
    ending: Ending,
    /// Of a loss its class, and whether a stale rule sent it there, where the heading does not say so.
    loss: Option<String>,
    parties: Parties,
    why: String,
    round_trip: Option<RoundTrip>,
    /// Of the lookup of its name.
    lookup: Vec<PacketFacts>,
    packets: Vec<PacketFacts>,
}

/// The client, the target, and the server that accepted the connection.
#[derive(Clone, PartialEq)]
struct Parties {
    source: String,
    target: String,
    service: Option<(Uid, String)>,
    /// Of a Service: whether it has the port that was called.
    has_port: bool,
    pod: Option<(Uid, String)>,
}

impl ConnectionFacts {
    fn of(world: &World, record: &ConnectionRecord) -> ConnectionFacts {
        let ending = Ending::of(record);
        let packets = packets(world, record);
        ConnectionFacts {
            ending,
            loss: record.lost.map(words::loss).filter(|loss| loss != ending.words),
            parties: Parties::of(world, record),
            why: words::why(world, record).sentence,
            round_trip: RoundTrip::of(world, record, &packets),
            lookup: facts(world, &packets_of_lookup(world, record)),
            packets: facts(world, &packets),
        }
    }
}

fn facts(world: &World, packets: &[&PacketTrace]) -> Vec<PacketFacts> {
    packets.iter().map(|packet| PacketFacts::of(world, packet)).collect()
}

impl Parties {
    fn of(world: &World, record: &ConnectionRecord) -> Parties {
        let named = |(key, uid): &(cluster::api::NsName, Uid)| (*uid, key.name.to_string());
        Parties {
            source: words::place(world, record.source),
            target: record.target.to_string(),
            service: record.service.as_ref().map(named),
            has_port: words::has_port(world, record),
            pod: record.server.as_ref().map(named),
        }
    }
}

#[component]
pub fn ConnectionPanel(
    id: ConnectionId,
    #[prop(default = OpenAtFirst::Usual)] open_at_first: OpenAtFirst,
) -> impl IntoView {
    let session = expect_context::<Session>();
    on_cleanup(move || session.hop.set(None));
    let connection =
        session.watch_traffic(move |world| Some(ConnectionFacts::of(world, world.traffic().record(id)?)));
    view! {
        <IfExists
            gone="This connection is too long ago: its record is gone."
            object=connection
            let:connection
        >
            <Outcome connection/>
            <h3 class="pk-heading">"Round trip"</h3>
            <IfExists object=Memo::new(move |_| connection.read().round_trip.clone()) let:trip>
                <RoundTripFacts trip/>
            </IfExists>
            <Lookup connection open_at_first/>
            <h3 class="pk-heading">"Packets"</h3>
            <Packets packets=Memo::new(move |_| connection.read().packets.clone()) open_at_first/>
        </IfExists>
    }
}

/// How it ended, for whom, and why.
#[component]
fn Outcome(connection: Memo<ConnectionFacts>) -> impl IntoView {
    let ending = Memo::new(move |_| connection.read().ending);
    let loss = Memo::new(move |_| connection.read().loss.clone());
    let parties = Memo::new(move |_| connection.read().parties.clone());
    let is_failure = move || ending.read().class == "pk-fail";
    view! {
        <span class="pk-row">
            <span class=move || ending.read().class aria-hidden="true">
                {move || ending.read().sign}
            </span>
            <span class=move || ending.read().class>{move || ending.read().words}</span>
        </span>
        <ShowLet some=loss let:loss>
            <p class="pk-fail">{loss}</p>
        </ShowLet>
        <PartiesLine parties/>
        <div class="pk-why" class:pk-why-bad=is_failure>
            <p>{move || connection.read().why.clone()}</p>
        </div>
    }
}

#[component]
fn PartiesLine(parties: Memo<Parties>) -> impl IntoView {
    let service = Memo::new(move |_| parties.read().service.clone());
    let pod = Memo::new(move |_| parties.read().pod.clone());
    let target = move || view! { <code class="pk-mono">{parties.read().target.clone()}</code> };
    let has_port = move || parties.read().has_port;
    view! {
        <div class="pk-muted">
            {move || parties.read().source.clone()}
            " → "
            <ShowLet some=service fallback=target let((uid, name))>
                <Show when=move || !has_port()>{target} ", an address of "</Show>
                <SelectLink to=Selection::Service(uid)>{name}</SelectLink>
                <Show when=move || !has_port()>", which has no such port"</Show>
            </ShowLet>
            <ShowLet some=pod let((uid, name))>
                " → "
                <SelectLink to=Selection::Pod(uid)>{name}</SelectLink>
            </ShowLet>
        </div>
    }
}

/// The questions to the cluster's DNS and its answers, if it had to be asked.
#[component]
fn Lookup(connection: Memo<ConnectionFacts>, open_at_first: OpenAtFirst) -> impl IntoView {
    let packets = Memo::new(move |_| connection.read().lookup.clone());
    let open_at_first = match open_at_first {
        OpenAtFirst::Only(id) => OpenAtFirst::Only(id),
        OpenAtFirst::Usual | OpenAtFirst::Failed => OpenAtFirst::Failed,
    };
    view! {
        <Show when=move || !packets.read().is_empty()>
            <h3 class="pk-heading">"Lookup of the name"</h3>
            <Packets packets open_at_first/>
        </Show>
    }
}

#[component]
fn Packets(packets: Memo<Vec<PacketFacts>>, open_at_first: OpenAtFirst) -> impl IntoView {
    let find = move |id| packets.read().iter().find(|packet| packet.id == id).cloned();
    let numbered = move || packets.get().into_iter().enumerate();
    let item = move |(nth, first): (usize, PacketFacts)| {
        let id = first.id;
        view! { <PacketItem packet=last_known(first, move || find(id)) nth open_at_first/> }
    };
    view! { <For each=numbered key=|(_, packet)| packet.id children=item/> }
}
