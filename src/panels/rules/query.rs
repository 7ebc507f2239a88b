//! What is asked for of the rules, and the controls that ask it.

use super::source::{usual_family, usual_service};
use crate::components::{Button, Select, TextField};
use crate::session::{Selection, Session};
use crate::ui::Ui;
use cluster::api::{Service, Uid};
use cluster::sim::World;
use leptos::prelude::*;
use netfilter::Family;
use std::sync::Arc;

/// The same in every listing.
#[derive(Clone, Copy)]
pub struct Query {
    /// What is selected: the rules that a connection or a packet met are lit.
    pub of: Option<Selection>,
    pub scope: RwSignal<Scope>,
    pub filter: RwSignal<String>,
    pub matched_only: RwSignal<bool>,
    /// `None`: see [`usual_family`].
    pub family: RwSignal<Option<Family>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    Whole,
    Service(Uid),
}

impl Query {
    pub fn new(session: Session, ui: Ui, of: Option<Selection>) -> Query {
        let service = session.with_world(|world| usual_service(world, ui, of));
        Query {
            of,
            scope: RwSignal::new(service.map_or(Scope::Whole, Scope::Service)),
            filter: RwSignal::new(String::new()),
            matched_only: RwSignal::new(false),
            family: RwSignal::new(None),
        }
    }

    pub fn family_on(&self, world: &World, node: Option<Uid>) -> Family {
        let service = match self.scope.get() {
            Scope::Service(uid) => Some(uid),
            Scope::Whole => None,
        };
        self.family.get().unwrap_or_else(|| usual_family(world, self.of, node, service))
    }

    pub fn is_of_a_packet(&self) -> bool {
        matches!(self.of, Some(Selection::Connection(_) | Selection::Packet(_)))
    }
}

/// The filter, and whether only what was matched is shown.
#[component]
pub fn Filters(query: Query) -> impl IntoView {
    let Query { filter, matched_only, of: _, scope: _, family: _ } = query;
    view! {
        <div class="pk-row pk-rules-controls">
            <TextField
                label="Filter"
                placeholder="text in a line"
                value=filter
                on_input=move |text| filter.set(text)
            />
            <Button pressed=matched_only on_press=move || matched_only.update(|only| *only = !*only)>
                "Only matched"
            </Button>
        </div>
    }
}

/// A Service, or the whole rule set.
#[component]
pub fn ScopeSelect(query: Query) -> impl IntoView {
    let session = expect_context::<Session>();
    let services = session.watch_scene(services);
    let options = move || {
        let whole = (String::new(), "Whole rule set".to_string());
        services.get().into_iter().chain([whole]).collect::<Vec<_>>()
    };
    let chosen = move || match query.scope.get() {
        Scope::Service(uid) => uid.0.to_string(),
        Scope::Whole => String::new(),
    };
    let choose = move |value: String| {
        query.scope.set(value.parse().map_or(Scope::Whole, |uid| Scope::Service(Uid(uid))));
    };
    view! {
        <Select
            name="Rules of"
            options=Signal::derive(options)
            chosen=Signal::derive(chosen)
            on_choose=choose
        />
    }
}

/// Those that kube-proxy writes rules for.
fn services(world: &World) -> Vec<(String, String)> {
    let store = world.store();
    let several = store.services.iter().any(|s| &*s.meta.namespace != "default");
    let with_ip = store.services.iter().filter(|s| s.has_virtual_ip());
    let option = |s: &Arc<Service>| {
        let name = if several { s.meta.key().to_string() } else { s.meta.name.to_string() };
        (s.meta.uid.0.to_string(), format!("Service {name}"))
    };
    with_ip.map(option).collect()
}

/// Of a dual-stack cluster: each node has rules of both families.
#[component]
pub fn FamilySelect(query: Query, node: RwSignal<Option<Uid>>) -> impl IntoView {
    let session = expect_context::<Session>();
    let options = session.with_world(|world| {
        let option = |family: Family| (family.as_str().to_string(), family.as_str().to_string());
        world.config().pod_cidrs.families().map(option).collect::<Vec<_>>()
    });
    let shown = session.watch_rules(move |world| {
        session.opened_rev();
        query.family_on(world, node.get())
    });
    let choose = move |value: String| {
        let named = [Family::V4, Family::V6].into_iter().find(|family| family.as_str() == value);
        query.family.set(named);
    };
    (options.len() > 1).then(|| {
        view! {
            <Select
                name="IP family"
                options=Signal::stored(options)
                chosen=Signal::derive(move || shown.get().as_str().to_string())
                on_choose=choose
            />
        }
    })
}

#[component]
pub fn NodeSelect(name: &'static str, node: RwSignal<Option<Uid>>) -> impl IntoView {
    let session = expect_context::<Session>();
    let nodes = session.watch_scene(nodes);
    let chosen = move || node.get().map_or_else(String::new, |uid| uid.0.to_string());
    let choose = move |value: String| node.set(value.parse().ok().map(Uid));
    view! { <Select name options=nodes chosen=Signal::derive(chosen) on_choose=choose/> }
}

fn nodes(world: &World) -> Vec<(String, String)> {
    let mut nodes: Vec<(Uid, String)> =
        world.machines().values().map(|machine| (machine.uid, machine.name.to_string())).collect();
    nodes.sort();
    nodes.into_iter().map(|(uid, name)| (uid.0.to_string(), name)).collect()
}
