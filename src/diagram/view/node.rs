//! Nodes: their names and states, and their rules for the Service that is looked at.

use cluster::api::Uid;
use std::net::SocketAddr;

use super::card::Shell;
use crate::diagram::facts::{NodeFacts, NodeState, Row, RowKind, RuleFacts, proxy_age};
use crate::diagram::geometry::px;
use crate::diagram::scene::{MOST_ROWS, Picture, Scene};
use crate::diagram::words;
use crate::parts::{Kids, View, block, el, span};

fn find(scene: &Scene, uid: Uid) -> Option<&NodeFacts> {
    scene.facts.nodes.iter().find(|n| n.uid == uid)
}

pub fn shell(picture: Picture, uid: Uid) -> Option<Shell> {
    let (behind, proxy) = proxy_state(picture, uid);
    picture.scene.with(|scene| {
        let (node, place) = (find(scene, uid)?, scene.layout.node(uid)?);
        let off = if node.state != NodeState::Ready { " pk-node-off" } else { "" };
        let stale = if behind { " pk-stale" } else { "" };
        let narrow = if place.header > 40.0 { " pk-node-narrow" } else { "" };
        Some(Shell {
            class: format!("pk-node{off}{stale}{narrow}"),
            label: words::node_label(node, &proxy),
            rect: place.rect,
        })
    })
}

pub fn inside(picture: Picture, uid: Uid) -> Option<View> {
    let (behind, proxy) = proxy_state(picture, uid);
    picture.scene.with(|scene| {
        let place = scene.layout.node(uid)?;
        let head = head(find(scene, uid)?);
        let of = scene.focus.and_then(|uid| scene.facts.services.iter().find(|s| s.uid == uid));
        let name = of.map(|s| &*s.key.name);
        let what =
            if place.header > 40.0 { name.unwrap_or_default().to_owned() } else { words::rules_for(name) };
        let age = span(if behind { "pk-age pk-behind" } else { "pk-age" }, proxy);
        let title = block("pk-rules-title", vec![span("", what), age]);
        let hit =
            picture.front.with(|front| front.chain.as_ref().and_then(|chain| chain.hits.get(&uid).copied()));
        let lit = |endpoint: SocketAddr| match hit {
            Some(hit) => hit == endpoint,
            None => picture.front.with(|front| front.passing.contains(&(uid, endpoint))),
        };
        let lines = rules(scene.rules.get(&uid), &lit, &|row| sent(picture, uid, row));
        let colour = scene.focus.and_then(|uid| scene.mark(uid)).map_or("", |mark| mark.class());
        let header = px(place.header);
        let head = el("div").class("pk-node-head").style("height", header).kids(head);
        let rules = el("div").class("pk-rules").style("height", px(place.rules.h));
        Some(vec![head.view(), rules.kid(title).kid(block(colour, lines)).view()].into())
    })
}

fn head(node: &NodeFacts) -> Kids {
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
    kids
}

/// Whether it is behind, and how it is doing in words, which change seldom enough to be shown.
fn proxy_state(picture: Picture, node: Uid) -> (bool, String) {
    picture.session.rules_rev();
    picture.tenths.get();
    match picture.session.with_world(|world| proxy_age(world, node)) {
        Some((lag, age)) => (lag.behind > 0, words::proxy(&lag, age)),
        None => (false, words::NO_POWER.to_owned()),
    }
}

/// How many connections the rule has sent on, where it has sent any.
fn sent(picture: Picture, node: Uid, row: &Row) -> String {
    let count = picture.session.with_world(|world| {
        Some(world.machines().get(&node)?.stack.sent_to(&row.port, row.endpoint?)).filter(|n| *n > 0)
    });
    count.map_or_else(String::new, |n| format!("{n}×"))
}

fn rules(found: Option<&RuleFacts>, lit: &dyn Fn(SocketAddr) -> bool, sent: &dyn Fn(&Row) -> String) -> Kids {
    let says = |text: &'static str| vec![span("pk-rule pk-rule-none", text)];
    match found {
        None => vec![],
        Some(RuleFacts::NodeOff) => says(words::RULES_NODE_OFF),
        Some(RuleFacts::NotYet) => says(words::RULES_NOT_YET),
        Some(RuleFacts::NoVirtualIp) => says(words::RULES_NONE),
        Some(RuleFacts::Rows(rows)) => lines(rows, lit, sent),
    }
}

fn lines(rows: &[Row], lit: &dyn Fn(SocketAddr) -> bool, sent: &dyn Fn(&Row) -> String) -> Kids {
    let is_hit = |row: &Row| row.endpoint.is_some_and(lit);
    let shown = shown(rows, is_hit);
    let mut kids: Kids = shown.iter().map(|i| line(&rows[*i], is_hit(&rows[*i]), sent(&rows[*i]))).collect();
    if rows.len() > shown.len() {
        kids.push(span("pk-rule pk-rule-none", words::more(rows.len() - shown.len())));
    }
    kids
}

/// Which rows have room, in their order: those that tell something, then the first.
fn shown(rows: &[Row], is_hit: impl Fn(&Row) -> bool) -> Vec<usize> {
    let room = if rows.len() > MOST_ROWS { MOST_ROWS - 1 } else { rows.len() };
    let tells = |i: &usize| is_hit(&rows[*i]) || rows[*i].stale || rows[*i].kind == RowKind::Missing;
    let mut told = (0..rows.len()).filter(tells).take(room).count();
    let mut others = room - told;
    let mut take = |i: &usize| {
        let left = if tells(i) { &mut told } else { &mut others };
        let fits = *left > 0;
        *left -= usize::from(fits);
        fits
    };
    (0..rows.len()).filter(|i| take(i)).collect()
}

fn line(row: &Row, hit: bool, sent: String) -> View {
    let endpoint = || {
        let endpoint = row.endpoint.map(|e| e.to_string()).unwrap_or_default();
        row.number.map_or_else(|| endpoint.clone(), |port| format!("{port} → {endpoint}"))
    };
    let (what, chance) = match &row.kind {
        RowKind::Endpoint { one_in } => (endpoint(), words::chance(*one_in)),
        RowKind::Local { one_in } => (endpoint(), format!("{} {}", words::ROW_LOCAL, words::chance(*one_in))),
        RowKind::Missing => (endpoint(), words::ROW_MISSING.to_owned()),
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
    block(class, vec![span("", what), span("pk-sent", sent), span("pk-chance", chance)])
}

#[cfg(test)]
mod tests {
    use super::*;
    use cluster::net::netfilter::ServicePortName;

    #[test]
    fn what_tells_something_has_room_however_many_rows_there_are() {
        let port = ServicePortName {
            service: cluster::api::NsName::new("default", "web"),
            port: "".into(),
            protocol: cluster::net::Protocol::Tcp,
        };
        let port = std::sync::Arc::new(port);
        let row = |i: u16, stale| Row {
            port: port.clone(),
            number: None,
            endpoint: Some(std::net::SocketAddr::new([10, 0, 0, 1].into(), i)),
            kind: RowKind::Endpoint { one_in: None },
            stale,
        };
        let rows: Vec<Row> = (0..40).map(|i| row(i, i == 30)).collect();
        let hit = shown(&rows, |row| row.endpoint.is_some_and(|e| e.port() == 20));
        assert_eq!(hit, [0, 1, 2, 20, 30]);
        assert_eq!(shown(&rows[..4], |_| false), [0, 1, 2, 3]);
    }
}
