//! The rules of nodes as text: a Service's or all, of one node or of two side by side.

mod about;
mod compare;
mod lines;
mod listing;
mod printed;
mod query;
mod shares;
mod source;

use crate::components::Button;
use crate::session::{Selection, Session};
use crate::ui::{Dialog, Ui};
use cluster::api::Uid;
use cluster::sim::World;
pub use compare::CompareRules;
use leptos::prelude::*;
use listing::RuleListing;
use query::{FamilySelect, Filters, NodeSelect, Query, ScopeSelect};
use shares::Shares;
use source::nodes_met;
pub use source::{packets, packets_of_lookup};

#[component]
pub fn RulesPanel(of: Selection) -> impl IntoView {
    let session = expect_context::<Session>();
    let why_none = session.watch_scene(move |world| why_none(world, of));
    view! {
        <ShowLet some=why_none fallback=move || view! { <Rules of/> } let:why>
            <p class="pk-muted">{why}</p>
        </ShowLet>
    }
}

/// Why there are no rules of it to be shown.
fn why_none(world: &World, of: Selection) -> Option<&'static str> {
    match of {
        Selection::Node(uid) if !world.machines().contains_key(&uid) => Some("This node is gone."),
        Selection::Service(uid) => match world.store().service_by_uid(uid) {
            None => Some("This Service is gone."),
            Some(service) if !service.has_virtual_ip() => {
                Some("kube-proxy writes no rules for it: it has no virtual IP.")
            }
            Some(_) => None,
        },
        Selection::Node(_)
        | Selection::Pod(_)
        | Selection::Workload(_)
        | Selection::Client(_)
        | Selection::LoadBalancer(_)
        | Selection::Connection(_)
        | Selection::Packet(_)
        | Selection::Object(_) => None,
    }
}

#[component]
fn Rules(of: Selection) -> impl IntoView {
    let (session, ui) = (expect_context::<Session>(), expect_context::<Ui>());
    let query = Query::new(session, ui, Some(of));
    let node = RwSignal::new(session.with_world(|world| usual_node(world, Some(of))));
    let is_of_a_node = matches!(of, Selection::Node(_));
    let service = if let Selection::Service(uid) = of { Some(uid) } else { None };
    view! {
        <div class="pk-row pk-rules-controls">
            {(!is_of_a_node).then(|| view! { <NodeSelect name="Node" node/> })}
            <ScopeSelect query/>
            <FamilySelect query node/>
            <span class="pk-spring"></span>
            <Button on_press=move || ui.open(Dialog::Rules)>"Side by side …"</Button>
        </div>
        <Filters query/>
        <RuleListing query node mode=RwSignal::new(None)/>
        {service.map(|uid| view! { <Shares service=uid/> })}
    }
}

/// The node whose rules are shown at first.
fn usual_node(world: &World, of: Option<Selection>) -> Option<Uid> {
    if let Some(Selection::Node(uid)) = of {
        return Some(uid);
    }
    nodes_met(world, of).first().copied().or_else(|| world.machines().keys().min().copied())
}
