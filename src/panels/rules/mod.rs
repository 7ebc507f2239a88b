//! The rules of nodes as text: a Service's or all, of one node or of two side by side.

mod column;
mod compare;
mod printed;
mod shares;
mod source;

use super::gone;
use crate::parts::*;
use crate::session::{Selection, Session};
use crate::shell::{Dialog, Ui};
use cluster::api::Uid;
use cluster::sim::World;
use column::Column;
pub use compare::dialog;
use leptos::prelude::*;
pub use source::packets;
use source::{nodes_met, usual_service};

/// What is asked for, in every column.
#[derive(Clone, Copy)]
pub struct Looking {
    session: Session,
    /// What is selected: the rules that a connection or a packet met are lit.
    of: Option<Selection>,
    scope: RwSignal<Option<Scope>>,
    filter: RwSignal<String>,
    matched_only: RwSignal<bool>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    Whole,
    Service(Uid),
}

impl Looking {
    fn new(session: Session, ui: Ui, of: Option<Selection>) -> Looking {
        let service = session.with_world(|world| usual_service(world, ui, of));
        let scope = service.map_or(Scope::Whole, Scope::Service);
        Looking {
            session,
            of,
            scope: RwSignal::new(Some(scope)),
            filter: RwSignal::new(String::new()),
            matched_only: RwSignal::new(false),
        }
    }

    fn is_of_a_packet(&self) -> bool {
        matches!(self.of, Some(Selection::Connection(_) | Selection::Packet(_)))
    }

    /// The filter, and whether only what was matched is shown.
    fn filters(self) -> AnyView {
        let filter = self.filter;
        let field = live(move || {
            let take = move |value| filter.set(value);
            Field {
                label: "Filter",
                value: filter.get(),
                placeholder: "text in a line",
                take: Callback::new(take),
            }
            .view()
        });
        let only = self.matched_only;
        let matched = live(move || {
            button("Only matched", move || only.update(|on| *on = !*on)).pressed(only.get()).view()
        });
        block("pk-row pk-rules-controls", vec![field, matched])
    }

    fn scopes(self) -> AnyView {
        let session = self.session;
        session.scene_rev();
        let mut options = session.with_world(services);
        options.push(("".into(), "Whole rule set".into()));
        let chosen = match self.scope.get() {
            Some(Scope::Service(uid)) => uid.0.to_string(),
            _ => String::new(),
        };
        let take = move |value: String| {
            self.scope.set(Some(value.parse().map_or(Scope::Whole, |uid| Scope::Service(Uid(uid)))));
        };
        select("Rules of", options, &chosen, Callback::new(take))
    }
}

/// Those that kube-proxy writes rules for.
fn services(world: &World) -> Vec<(String, String)> {
    let store = world.store();
    let several = store.services.iter().any(|s| &*s.meta.namespace != "default");
    let with_ip = store.services.iter().filter(|s| s.has_virtual_ip());
    let option = |s: &std::sync::Arc<cluster::api::Service>| {
        let name = if several { s.meta.key().to_string() } else { s.meta.name.to_string() };
        (s.meta.uid.0.to_string(), format!("Service {name}"))
    };
    with_ip.map(option).collect()
}

/// A choice of nodes.
fn nodes(session: Session, node: RwSignal<Option<Uid>>, name: &'static str) -> AnyView {
    live(move || {
        session.scene_rev();
        let mut all: Vec<(Uid, String)> = session
            .with_world(|world| world.machines().values().map(|m| (m.uid, m.name.to_string())).collect());
        all.sort_by_key(|(uid, _)| *uid);
        let options = all.into_iter().map(|(uid, name)| (uid.0.to_string(), name)).collect();
        let chosen = node.get().map_or_else(String::new, |uid| uid.0.to_string());
        let take = move |value: String| node.set(value.parse().ok().map(Uid));
        select(name, options, &chosen, Callback::new(take))
    })
}

/// The node whose rules are shown at first.
fn usual_node(world: &World, of: Option<Selection>) -> Option<Uid> {
    match of {
        Some(Selection::Node(uid)) => Some(uid),
        _ => nodes_met(world, of).first().copied().or_else(|| world.machines().keys().min().copied()),
    }
}

pub fn panel(session: Session, ui: Ui, of: Selection) -> AnyView {
    if let Selection::Node(uid) = of
        && session.with_world(|world| !world.machines().contains_key(&uid))
    {
        return gone("node");
    }
    if let Selection::Service(uid) = of {
        match session.with_world(|world| world.store().service_by_uid(uid).map(|s| s.has_virtual_ip())) {
            Some(true) => {}
            Some(false) => return says("", "kube-proxy writes no rules for it: it has no virtual IP."),
            None => return gone("Service"),
        }
    }
    let looking = Looking::new(session, ui, Some(of));
    let node = session.with_world(|world| usual_node(world, Some(of)));
    let column = Column::new(looking, node, None);
    let mut head = Kids::new();
    if !matches!(of, Selection::Node(_)) {
        head.push(nodes(session, column.node, "Node"));
    }
    head.push(live(move || looking.scopes()));
    head.push(span("pk-spring", ""));
    head.push(button("Side by side …", move || ui.open(Dialog::Rules)).view());
    let head = block("pk-row pk-rules-controls", head);
    let mut kids = vec![head, looking.filters(), column.view()];
    if let Selection::Service(uid) = of {
        kids.push(shares::of_service(session, uid));
    }
    block("", kids)
}
