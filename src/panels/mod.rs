//! The inspector: what is known of the thing that is selected, and what can be done with it. Each kind of thing
//! has a panel, a component in a file of its own.

mod action_buttons;
mod assumed;
mod client;
mod connections;
mod endpoints;
mod events;
mod if_exists;
mod inspector;
mod kube_proxy;
mod label_editor;
mod list_field;
mod load_balancer;
mod membership;
mod menu_items;
mod node;
mod objects;
mod path;
mod pod;
mod pods;
mod policies;
mod rules;
mod select_link;
mod selection_history;
mod service;
mod start;
mod tabs;
#[cfg(all(test, target_arch = "wasm32"))]
mod tests;
mod workload;
mod yaml;
mod zone;

use crate::session::Selection;
use crate::ui::Tab;
use client::ClientPanel;
use connections::ConnectionsPanel;
use endpoints::EndpointsPanel;
use events::EventsPanel;
pub use inspector::Inspector;
use leptos::prelude::*;
use load_balancer::LoadBalancerPanel;
pub use menu_items::{MenuAction, MenuItem, menu_items};
use node::NodePanel;
use objects::ObjectsPanel;
use path::{ConnectionPanel, PacketPanel};
use pod::PodPanel;
pub use rules::CompareRules;
use rules::RulesPanel;
use service::ServicePanel;
use start::StartPanel;
use workload::WorkloadPanel;
use yaml::YamlPanel;

/// The panel that the selection has under a tab.
#[component]
fn Panel(tab: Tab, of: Option<Selection>) -> AnyView {
    match (tab, of) {
        (Tab::About, None) => view! { <StartPanel/> }.into_any(),
        (Tab::About, Some(of)) => view! { <About of/> }.into_any(),
        (Tab::Path, Some(Selection::Connection(id))) => view! { <ConnectionPanel id/> }.into_any(),
        (Tab::Path, Some(Selection::Packet(id))) => view! { <PacketPanel id/> }.into_any(),
        (Tab::Path, of) => view! { <ConnectionsPanel of/> }.into_any(),
        (Tab::Objects, _) => view! { <ObjectsPanel/> }.into_any(),
        (Tab::Events, of) => view! { <EventsPanel of/> }.into_any(),
        (Tab::Yaml, of) => of.and_then(Selection::uid).map(|uid| view! { <YamlPanel uid/> }).into_any(),
        (Tab::Rules, of) => of.map(|of| view! { <RulesPanel of/> }).into_any(),
        (Tab::Endpoints, of) => {
            of.and_then(Selection::uid).map(|uid| view! { <EndpointsPanel uid/> }).into_any()
        }
    }
}

#[component]
fn About(of: Selection) -> AnyView {
    match of {
        Selection::Pod(uid) => view! { <PodPanel uid/> }.into_any(),
        Selection::Service(uid) => view! { <ServicePanel uid/> }.into_any(),
        Selection::Node(uid) => view! { <NodePanel uid/> }.into_any(),
        Selection::Workload(uid) => view! { <WorkloadPanel uid/> }.into_any(),
        Selection::Client(id) => view! { <ClientPanel id/> }.into_any(),
        Selection::LoadBalancer(service) => view! { <LoadBalancerPanel service/> }.into_any(),
        // They have no such tab.
        Selection::Object(_) | Selection::Connection(_) | Selection::Packet(_) => ().into_any(),
    }
}
