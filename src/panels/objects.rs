//! Everything that there is, by kind: what is simulated, and what is only kept.

use super::link_to;
use crate::parts::*;
use crate::session::{Selection, Session, selection_of};
use crate::shell::{Dialog, Ui};
use crate::text;
use cluster::api::{Action, Kind};
use cluster::sim::World;
use cluster::store::Store;
use leptos::prelude::*;

/// More of one kind than a list is good for.
const SHOWN: usize = 200;

pub fn list(session: Session, ui: Ui) -> AnyView {
    let add = block(
        "pk-actions",
        vec![
            button("Add a node", move || {
                session.act(Action::AddNode { name: None, zone: None });
            })
            .view(),
            button("Add a client …", move || ui.open(Dialog::AddClient)).view(),
        ],
    );
    let groups = live(move || {
        session.opened_rev();
        session.scene_rev();
        session.with_world(|world| block("", groups(session, world)))
    });
    block("", vec![add, groups])
}

fn groups(session: Session, world: &World) -> Kids {
    let store = world.store();
    let clients = world.traffic().clients.values();
    let clients: Vec<(Selection, String)> =
        clients.map(|c| (Selection::Client(c.id), c.spec.name.to_string())).collect();
    let mut all = vec![group(session, "Client", clients)];
    all.extend(Kind::SIMULATED.iter().map(|kind| of_kind(session, store, kind)));
    if !store.unsimulated.is_empty() {
        all.push(heading("Kept, not simulated"));
        all.push(says("pk-muted", "They are written back unchanged, and do nothing here."));
        let rows = store
            .unsimulated
            .iter()
            .map(|o| link_to(session, Selection::Object(o.meta.uid), format!("{} {}", o.kind, o.meta.name)));
        all.push(items("pk-list", rows.collect()));
    }
    all
}

fn of_kind(session: Session, store: &Store, kind: &Kind) -> AnyView {
    let rows = store.metas(kind).map(|meta| {
        let namespace = match &*meta.namespace {
            "" | "default" => String::new(),
            other => format!("{other}/"),
        };
        (selection_of(kind, meta.uid), format!("{namespace}{}", meta.name))
    });
    group(session, kind.as_str(), rows.collect())
}

fn group(session: Session, kind: &str, rows: Vec<(Selection, String)>) -> AnyView {
    if rows.is_empty() {
        return nothing();
    }
    let count = rows.len();
    let mut links: Kids = rows.into_iter().take(SHOWN).map(|(of, name)| link_to(session, of, name)).collect();
    if count > SHOWN {
        links.push(says("pk-muted", format!("and {} more", count - SHOWN)));
    }
    block("pk-section", vec![heading(text::count(count, kind)), items("pk-list", links)])
}
