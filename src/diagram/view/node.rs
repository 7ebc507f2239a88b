//! Nodes: their names and states, and their rules for the Service that is looked at.

use cluster::api::Uid;
use leptos::prelude::*;

use super::card::Card;
use super::pod;
use crate::diagram::facts::{NodeFacts, NodeState, Row, RowKind, RuleFacts, proxy_age};
use crate::diagram::scene::{MOST_ROWS, Picture};
use crate::diagram::words;
use crate::parts::{Kids, block, live, nothing, span};
use crate::session::Selection;

pub fn with_pods(picture: Picture, uid: Uid) -> AnyView {
    let pods = Memo::new(move |_| {
        picture.scene.with(|s| {
            let node = s.layout.node(uid);
            node.map(|n| n.pods.iter().map(|(uid, _)| *uid).collect::<Vec<Uid>>()).unwrap_or_default()
        })
    });
    let pods = view! {
        <For each=move || pods.get() key=|uid| *uid children=move |uid| pod::card(picture, uid) />
    };
    vec![card(picture, uid), pod::ghosts(picture, uid), pods.into_any()].into_any()
}

fn card(picture: Picture, uid: Uid) -> AnyView {
    let facts =
        Memo::new(move |_| picture.facts.with(|facts| facts.nodes.iter().find(|n| n.uid == uid).cloned()));
    let rect =
        Memo::new(move |_| picture.scene.with(|s| s.layout.node(uid).map(|n| n.rect)).unwrap_or_default());
    let header = Memo::new(move |_| picture.scene.with(|s| s.layout.node(uid).map_or(0.0, |n| n.header)));
    let age = Memo::new(move |_| proxy_state(picture, uid));
    let label = Signal::derive(move || {
        let node = facts.with(|f| f.as_ref().map(words::node_label).unwrap_or_default());
        format!("{node}, kube-proxy: {}", age.get().1)
    });
    let class = Signal::derive(move || {
        let off = facts.with(|f| f.as_ref().is_some_and(|f| f.state != NodeState::Ready));
        let stale = age.get().0;
        let (off, stale) = (if off { " pk-node-off" } else { "" }, if stale { " pk-stale" } else { "" });
        let narrow = if header.get() > 40.0 { " pk-node-narrow" } else { "" };
        format!("pk-node{off}{stale}{narrow}")
    });
    let head = live(move || facts.with(|f| f.as_ref().map_or_else(nothing, head)));
    let rules = live(move || rules(picture, uid));
    let height = move || picture.scene.with(|s| s.layout.node(uid).map_or(0.0, |n| n.rules.h));
    let title = live(move || title(picture, age));
    let body = view! {
        <div class="pk-node-head" style:height=move || format!("{:.0}px", header.get())>{head}</div>
        <div class="pk-rules" style:height=move || format!("{:.0}px", height())>
            {title}
            {rules}
        </div>
    }
    .into_any();
    let item = Selection::Node(uid);
    Card { picture, item, class, rect: rect.into(), label, body, controls: None }.view()
}

fn head(node: &NodeFacts) -> AnyView {
    let zone = node.zone.as_ref().map(|zone| format!(" · zone {zone}")).unwrap_or_default();
    let mut kids = vec![span("pk-title", node.name.to_string())];
    if let Some(state) = words::node_state(node) {
        let class = match node.state {
            NodeState::Ready | NodeState::Starting => "pk-state pk-warn",
            _ => "pk-state pk-bad",
        };
        kids.push(span(class, state));
    }
    kids.push(span("pk-ip", format!("{}{zone}", node.ip)));
    kids.into_any()
}

/// Whether it is behind, and how it is doing in words, which change seldom enough to be shown.
fn proxy_state(picture: Picture, node: Uid) -> (bool, String) {
    picture.session.now();
    picture.session.rules_rev();
    let age = picture.session.with_world(|world| proxy_age(world, node));
    match age {
        Some((behind, age)) => (behind > 0, words::proxy(behind, age)),
        None => (false, words::NO_POWER.to_owned()),
    }
}

fn title(picture: Picture, age: Memo<(bool, String)>) -> AnyView {
    let service = picture.focus.get().and_then(|uid| {
        picture.facts.with(|f| f.services.iter().find(|s| s.uid == uid).map(|s| s.key.name.clone()))
    });
    let (behind, state) = age.get();
    let what = words::rules_for(service.as_deref());
    let class = if behind { "pk-age pk-behind" } else { "pk-age" };
    block("pk-rules-title", vec![span("", what), span(class, state)])
}

fn rules(picture: Picture, node: Uid) -> AnyView {
    let colour = picture.focus.get().and_then(|uid| picture.scene.with(|s| Some(s.mark(uid)?.class())));
    let says = |text: &'static str| span("pk-rule pk-rule-none", text);
    let found = picture.rules.with(|rules| rules.get(&node).cloned());
    let kids = match found {
        None => vec![],
        Some(RuleFacts::NodeOff) => vec![says(words::RULES_NODE_OFF)],
        Some(RuleFacts::NotYet) => vec![says(words::RULES_NOT_YET)],
        Some(RuleFacts::NoVirtualIp) => vec![says(words::RULES_NONE)],
        Some(RuleFacts::Rows { rows, .. }) => lines(picture, node, &rows),
    };
    let class = format!("pk-rule-lines {}", colour.unwrap_or_default());
    view! { <div class=class>{kids}</div> }.into_any()
}

fn lines(picture: Picture, node: Uid, rows: &[Row]) -> Kids {
    let hit = picture.chain.with(|chain| chain.as_ref()?.hits.get(&node).copied());
    let is_hit = |row: &Row| hit.is_some() && row.endpoint == hit;
    let shown = shown(rows, is_hit);
    let mut kids: Kids = shown.iter().map(|i| line(&rows[*i], is_hit(&rows[*i]))).collect();
    if rows.len() > shown.len() {
        kids.push(span("pk-rule pk-rule-none", words::more(rows.len() - shown.len())));
    }
    kids
}

/// Which rows have room, in their order: those that tell something, then the first.
fn shown(rows: &[Row], is_hit: impl Fn(&Row) -> bool) -> Vec<usize> {
    let room = if rows.len() > MOST_ROWS { MOST_ROWS - 1 } else { rows.len() };
    let tells = |i: &usize| is_hit(&rows[*i]) || rows[*i].stale || rows[*i].kind == RowKind::Missing;
    let mut shown: Vec<usize> = (0..rows.len()).filter(tells).take(room).collect();
    let others: Vec<usize> = (0..rows.len()).filter(|i| !tells(i)).take(room - shown.len()).collect();
    shown.extend(others);
    shown.sort_unstable();
    shown
}

fn line(row: &Row, hit: bool) -> AnyView {
    let endpoint = row.endpoint.map(|e| e.to_string());
    let (what, chance) = match &row.kind {
        RowKind::Endpoint { one_in } => (endpoint.unwrap_or_default(), words::chance(*one_in)),
        RowKind::Local { one_in } => {
            (endpoint.unwrap_or_default(), format!("{} {}", words::ROW_LOCAL, words::chance(*one_in)))
        }
        RowKind::Missing => (endpoint.unwrap_or_default(), words::ROW_MISSING.to_owned()),
        RowKind::Refuse => (words::ROW_REFUSE.to_owned(), String::new()),
    };
    let class = match (&row.kind, row.stale, hit) {
        (RowKind::Missing, ..) => "pk-rule pk-rule-new",
        (_, true, false) => "pk-rule pk-rule-stale",
        (_, true, true) => "pk-rule pk-rule-stale pk-rule-hit",
        (RowKind::Refuse, ..) => "pk-rule pk-rule-refuse",
        (_, _, true) => "pk-rule pk-rule-hit",
        _ => "pk-rule",
    };
    block(class, vec![span("", what), span("pk-chance", chance)])
}
