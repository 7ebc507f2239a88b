//! Nodes: their names and states, and their rules for the Service that is looked at.

use cluster::api::Uid;
use leptos::prelude::*;

use super::card::{Card, CardBody, part};
use super::rules::NodeRules;
use crate::diagram::picture::Picture;
use crate::session::Selection;
use scene::facts::{NodeFacts, NodeState, proxy_age};
use scene::geometry::px;
use scene::layout::NodeBox;
use scene::{Scene, words};

/// What the card of a node shows, its rules apart.
#[derive(Clone, PartialEq)]
struct Shown {
    node: NodeFacts,
    place: NodeBox,
}

impl Shown {
    fn of(scene: &Scene, uid: Uid) -> Option<Shown> {
        let node = scene.facts.nodes.iter().find(|node| node.uid == uid)?.clone();
        Some(Shown { node, place: scene.layout.node(uid)?.clone() })
    }

    fn address(&self) -> String {
        let zone = self.node.zone.as_ref().map(|zone| format!(" · zone {zone}")).unwrap_or_default();
        format!("{}{zone}", self.node.ip)
    }

    fn is_narrow(&self) -> bool {
        self.place.header > 40.0
    }
}

#[component]
pub fn NodeCard(uid: Uid) -> impl IntoView {
    let picture = expect_context::<Picture>();
    let shown = picture.watch(move |scene| Shown::of(scene, uid));
    let is_narrow = part(shown, Shown::is_narrow);
    let proxy = Memo::new(move |_| Proxy::of(picture, uid));
    let class = move || {
        let off = part(shown, |s| s.node.state != NodeState::Ready)();
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
                    <RulesTitle proxy is_narrow/>
                    <NodeRules uid is_narrow/>
                </div>
            </CardBody>
        </Card>
    }
}

#[component]
fn Head(shown: Memo<Option<Shown>>) -> impl IntoView {
    let state = part(shown, |s| words::node_state(&s.node));
    // A narrow head has two lines, and both are full.
    let taints = part(shown, |s| words::taints(&s.node).filter(|_| !s.is_narrow()));
    let class = part(shown, |s| match s.node.state {
        NodeState::Ready | NodeState::Starting => "pk-state pk-warn",
        NodeState::NotReady | NodeState::OffUnnoticed | NodeState::Off => "pk-state pk-bad",
    });
    view! {
        <span class="pk-title">{part(shown, |s| s.node.name.to_string())}</span>
        {move || state().map(|state| view! { <span class=class>{state}</span> })}
        {move || taints().map(|taints| view! { <span class="pk-chip">{taints}</span> })}
        <span class="pk-ip">{part(shown, Shown::address)}</span>
    }
}

#[component]
fn RulesTitle(proxy: Memo<Proxy>, #[prop(into)] is_narrow: Signal<bool>) -> impl IntoView {
    let picture = expect_context::<Picture>();
    let service = picture.watch(|scene| {
        let uid = scene.focus?;
        let service = scene.facts.services.iter().find(|service| service.uid == uid)?;
        Some(service.key.name.to_string())
    });
    let title = move || match is_narrow.get() {
        true => service.get().unwrap_or_default(),
        false => words::rules_for(service.get().as_deref()),
    };
    let age = move || if is_narrow.get() { proxy.get().short } else { proxy.get().words };
    view! {
        <div class="pk-rules-title">
            <span>{title}</span>
            <span class="pk-age" class:pk-behind=move || proxy.get().is_behind>{age}</span>
        </div>
    }
}

/// How a node's kube-proxy is doing.
#[derive(Clone, PartialEq)]
struct Proxy {
    /// It has not written all that has changed.
    is_behind: bool,
    words: String,
    short: String,
}

impl Proxy {
    fn of(picture: Picture, node: Uid) -> Proxy {
        picture.session.rules_rev();
        picture.tenths.get();
        match picture.session.with_world(|world| proxy_age(world, node)) {
            Some((lag, age)) => Proxy {
                is_behind: lag.behind > 0,
                words: words::proxy(&lag, age, false),
                short: words::proxy(&lag, age, true),
            },
            None => Proxy { is_behind: false, words: words::NO_POWER.into(), short: words::NO_POWER.into() },
        }
    }
}
