//! One packet of a connection: how it ended, and its hops.

use super::super::if_exists::last_known;
use super::hop::{HopFacts, HopItem};
use crate::components::Details;
use crate::session::HopRef;
use crate::text;
use cluster::sim::World;
use cluster::trace::PacketTrace;
use cluster::traffic::{ConnectionId, PacketId};
use leptos::prelude::*;

#[derive(Clone, Debug, PartialEq)]
pub struct PacketFacts {
    pub id: PacketId,
    connection: ConnectionId,
    name: String,
    is_reply: bool,
    has_failed: bool,
    hops: Vec<HopFacts>,
}

impl PacketFacts {
    pub fn of(world: &World, packet: &PacketTrace) -> PacketFacts {
        let end = packet.ended.map_or("in flight", |(_, verdict)| text::packet_verdict(verdict));
        PacketFacts {
            id: packet.id,
            connection: packet.connection,
            name: format!("{}: {end}", text::packet_kind(packet)),
            is_reply: packet.kind.is_reply(),
            has_failed: packet.ended.is_some_and(|(_, verdict)| verdict.is_failure()),
            hops: packet.hops.iter().map(|hop| HopFacts::of(world, packet, hop)).collect(),
        }
    }
}

/// Which packets are unfolded at first.
#[derive(Clone, Copy, PartialEq)]
pub enum OpenAtFirst {
    Only(PacketId),
    /// The first two, and those that failed.
    Usual,
    Failed,
}

#[component]
pub fn PacketItem(packet: Memo<PacketFacts>, nth: usize, open_at_first: OpenAtFirst) -> impl IntoView {
    let PacketFacts { id, connection, is_reply, has_failed, .. } = packet.get_untracked();
    let open = RwSignal::new(match open_at_first {
        OpenAtFirst::Only(only) => id == only,
        OpenAtFirst::Usual => nth < 2 || has_failed,
        OpenAtFirst::Failed => has_failed,
    });
    match open_at_first {
        OpenAtFirst::Only(_) => {}
        OpenAtFirst::Usual | OpenAtFirst::Failed => open_when_failed(packet, open),
    }
    // As its dot in the picture.
    let dot = if is_reply { "○" } else { "●" };
    let name = Memo::new(move |_| packet.read().name.clone());
    let hop_at = move |nth: usize| packet.read().hops.get(nth).cloned();
    let item = move |nth| {
        let this = HopRef { connection, packet: id, hop: nth };
        let first = packet.read_untracked().hops.get(nth).cloned();
        first.map(|first| view! { <HopItem this hop=last_known(first, move || hop_at(nth))/> })
    };
    view! {
        <Details class="pk-trip" icon=dot summary=name open>
            <ol class="pk-hops">
                <For each=move || 0..packet.read().hops.len() key=|nth| *nth let:nth>
                    {item(nth)}
                </For>
            </ol>
        </Details>
    }
}

/// One that fails while it is looked at is unfolded then.
fn open_when_failed(packet: Memo<PacketFacts>, open: RwSignal<bool>) {
    let has_failed = Memo::new(move |_| packet.read().has_failed);
    Effect::new(move |before: Option<bool>| {
        let now = has_failed.get();
        if now && before == Some(false) {
            open.set(true);
        }
        now
    });
}
