//! Two listings side by side: the same Service's rules in another mode, or on another node.

use super::listing::RuleListing;
use super::query::{FamilySelect, Filters, NodeSelect, Query, ScopeSelect};
use super::usual_node;
use crate::components::Select;
use crate::session::Session;
use crate::ui::Ui;
use cluster::api::Uid;
use cluster::node::kube_proxy::ProxyMode;
use leptos::prelude::*;

#[component]
pub fn CompareRules() -> impl IntoView {
    let (session, ui) = (expect_context::<Session>(), expect_context::<Ui>());
    let of = session.selection.get_untracked();
    let query = Query::new(session, ui, of);
    let node = session.with_world(|world| usual_node(world, of));
    let own = session.with_world(|world| world.config().proxy_mode);
    let other = ProxyMode::ALL.into_iter().find(|mode| *mode != own);
    view! {
        <div class="pk-dialog-body">
            <div class="pk-row pk-rules-controls">
                <ScopeSelect query/>
                <FamilySelect query node=RwSignal::new(node)/>
                <Filters query/>
            </div>
            <div class="pk-side-by-side">
                <Side query node mode=None names=["Left: node", "Left: mode"]/>
                <Side query node mode=other names=["Right: node", "Right: mode"]/>
            </div>
        </div>
    }
}

#[component]
fn Side(
    query: Query,
    /// What is shown at first.
    node: Option<Uid>,
    mode: Option<ProxyMode>,
    /// Of the choices of a node and of a mode.
    names: [&'static str; 2],
) -> impl IntoView {
    let (node, mode) = (RwSignal::new(node), RwSignal::new(mode));
    view! {
        <div class="pk-side">
            <div class="pk-row">
                <NodeSelect name=names[0] node/>
                <ModeSelect name=names[1] node mode/>
            </div>
            <RuleListing query node mode/>
        </div>
    }
}

/// The node's own mode first.
#[component]
fn ModeSelect(
    name: &'static str,
    node: RwSignal<Option<Uid>>,
    mode: RwSignal<Option<ProxyMode>>,
) -> impl IntoView {
    let session = expect_context::<Session>();
    let own = session.watch_rules(move |world| Some(world.machines().get(&node.get()?)?.proxy.mode));
    let options = move || {
        let own = own.get();
        let mut modes: Vec<ProxyMode> = ProxyMode::ALL.into_iter().collect();
        modes.sort_by_key(|mode| Some(*mode) != own);
        let label = |mode: ProxyMode| match Some(mode) == own {
            true => format!("{} mode", mode.as_str()),
            false => format!("as in {} mode", mode.as_str()),
        };
        modes.into_iter().map(|mode| (mode.as_str().to_string(), label(mode))).collect::<Vec<_>>()
    };
    let chosen = move || mode.get().or(own.get()).map_or("", ProxyMode::as_str).to_string();
    view! {
        <Select
            name
            options=Signal::derive(options)
            chosen=Signal::derive(chosen)
            on_choose=move |value: String| mode.set(ProxyMode::named(&value))
        />
    }
}
