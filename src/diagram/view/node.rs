//! Nodes: their names and states, and their rules for the Service that is looked at.

use cluster::api::Uid;
use leptos::prelude::*;

use super::card::{Card, CardBody, part};
use super::rules::NodeRules;
use crate::diagram::picture::Picture;
use crate::session::Selection;
use scene::cards::{ProxyWords, ShownNode, rules_title};
use scene::facts::NodeState;
use scene::geometry::px;
use scene::words;

#[component]
pub fn NodeCard(uid: Uid) -> impl IntoView {
    let picture = expect_context::<Picture>();
    let shown = picture.watch(move |scene| ShownNode::of(scene, uid));
    let is_narrow = part(shown, ShownNode::is_narrow);
    let has_rows = picture.watch(|scene| scene.layout.has_rule_rows);
    let proxy = Memo::new(move |_| {
        picture.session.rules_rev();
        picture.tenths.get();
        picture.session.with_world(|world| ProxyWords::of(world, uid))
    });
    let class = move || {
        let off = part(shown, ShownNode::is_off)();
        let classes =
            [("pk-node-off", off), ("pk-stale", proxy.get().is_behind), ("pk-node-narrow", is_narrow())];
        let classes = classes.iter().filter(|(_, is_so)| *is_so).map(|(class, _)| format!(" {class}"));
        format!("pk-node{}", classes.collect::<String>())
    };
    let label = move || {
        let proxy = proxy.get().words;
        shown.with(|s| s.as_ref().map(|s| words::node_label(&s.node, &proxy))).unwrap_or_default()
    };
    view! {
        <Card item=Selection::Node(uid) class label place=part(shown, |s| s.place.rect)>
            <CardBody>
                <div class="pk-node-head" style:height=part(shown, |s| px(s.place.header))>
                    <Head shown/>
                </div>
                <div class="pk-rules" style:height=part(shown, |s| px(s.place.rules.h))>
                    <RulesTitle proxy is_narrow has_rows/>
                    <Show when=move || has_rows.get()>
                        <NodeRules uid is_narrow/>
                    </Show>
                </div>
            </CardBody>
        </Card>
    }
}

#[component]
fn Head(shown: Memo<Option<ShownNode>>) -> impl IntoView {
    let state = part(shown, |s| words::node_state(&s.node));
    let taints = part(shown, ShownNode::taints);
    let class = part(shown, |s| match s.node.state {
        NodeState::Ready | NodeState::Starting => "pk-state pk-warn",
        NodeState::NotReady | NodeState::OffUnnoticed | NodeState::Off => "pk-state pk-bad",
    });
    view! {
        <span class="pk-title">{part(shown, |s| s.node.name.to_string())}</span>
        {move || state().map(|state| view! { <span class=class>{state}</span> })}
        {move || taints().map(|taints| view! { <span class="pk-chip">{taints}</span> })}
        <Show when=part(shown, ShownNode::has_address)>
            <span class="pk-ip">{part(shown, ShownNode::address)}</span>
        </Show>
    }
}

#[component]
fn RulesTitle(
    proxy: Memo<ProxyWords>,
    #[prop(into)] is_narrow: Signal<bool>,
    has_rows: Memo<bool>,
) -> impl IntoView {
    let picture = expect_context::<Picture>();
    let title = picture.watch(move |scene| rules_title(scene, is_narrow.get()));
    let age = move || proxy.get().beside_title(is_narrow.get(), has_rows.get()).to_owned();
    view! {
        <div class="pk-rules-title">
            <span>{move || title.get()}</span>
            <span class="pk-age" class:pk-behind=move || proxy.get().is_behind>{age}</span>
        </div>
    }
}
