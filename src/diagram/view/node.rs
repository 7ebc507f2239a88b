//! Nodes: their names and states, and their rules for the Service that is looked at.

use cluster::api::Uid;
use cluster::sim::World;
use leptos::prelude::*;

use super::card::Shell;
use crate::diagram::picture::Picture;
use crate::parts::{Kids, block, span};
use scene::facts::{NodeFacts, NodeState, Row, RowKind, RuleFacts, proxy_age};
use scene::geometry::px;
use scene::layout::NodeBox;
use scene::words;
use scene::{Light, MOST_ROWS, Scene};

fn find(scene: &Scene, uid: Uid) -> Option<&NodeFacts> {
    scene.facts.nodes.iter().find(|n| n.uid == uid)
}

pub fn shell(picture: Picture, uid: Uid) -> Option<Shell> {
    let (behind, proxy) = proxy_state(picture, uid, false);
    picture.scene.with(|scene| {
        let (node, place) = (find(scene, uid)?, scene.layout.node(uid)?);
        let off = if node.state != NodeState::Ready { " pk-node-off" } else { "" };
        let stale = if behind { " pk-stale" } else { "" };
        let narrow = if is_narrow(place) { " pk-node-narrow" } else { "" };
        Some(Shell {
            class: format!("pk-node{off}{stale}{narrow}"),
            label: words::node_label(node, &proxy),
            rect: place.rect,
        })
    })
}

pub fn inside(picture: Picture, uid: Uid) -> Option<AnyView> {
    picture.scene.with(|scene| {
        let place = scene.layout.node(uid)?;
        let narrow = is_narrow(place);
        let (behind, proxy) = proxy_state(picture, uid, narrow);
        let head = head(find(scene, uid)?);
        let of = scene.focus.and_then(|uid| scene.facts.services.iter().find(|s| s.uid == uid));
        let name = of.map(|s| &*s.key.name);
        let what = if narrow { name.unwrap_or_default().to_owned() } else { words::rules_for(name) };
        let age = span(if behind { "pk-age pk-behind" } else { "pk-age" }, proxy);
        let title = block("pk-rules-title", vec![span("", what), age]);
        let lit = |row: &Row| picture.front.with(|front| front.light(uid, row));
        let say = |row: &Row| line(row, lit(row), count(picture, uid, row), narrow);
        let lines = rules(scene.rules.get(&uid), &lit, &say);
        let colour = scene.focus.and_then(|uid| scene.mark(uid)).map_or("", |mark| mark.class());
        let header = px(place.header);
        let view = view! {
            <div class="pk-node-head" style:height=header>{head}</div>
            <div class="pk-rules" style:height=px(place.rules.h)>{title}{block(colour, lines)}</div>
        };
        Some(view.into_any())
    })
}

fn is_narrow(place: &NodeBox) -> bool {
    place.header > 40.0
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
fn proxy_state(picture: Picture, node: Uid, short: bool) -> (bool, String) {
    picture.session.rules_rev();
    picture.tenths.get();
    match picture.session.with_world(|world| proxy_age(world, node)) {
        Some((lag, age)) => (lag.behind > 0, words::proxy(&lag, age, short)),
        None => (false, words::NO_POWER.to_owned()),
    }
}

/// What the rule has counted, where it has counted any.
fn count(picture: Picture, node: Uid, row: &Row) -> String {
    picture.session.traffic_rev();
    let count = |world: &World| world.machines().get(&node).map_or(0, |machine| row.count(machine));
    match picture.session.with_world(count) {
        0 => String::new(),
        n => format!("{n}×"),
    }
}

fn rules(found: Option<&RuleFacts>, lit: &dyn Fn(&Row) -> Light, say: &dyn Fn(&Row) -> AnyView) -> Kids {
    let says = |text: &'static str| vec![span("pk-rule pk-rule-none", text)];
    match found {
        None => vec![],
        Some(RuleFacts::NodeOff) => says(words::RULES_NODE_OFF),
        Some(RuleFacts::NotYet) => says(words::RULES_NOT_YET),
        Some(RuleFacts::NoVirtualIp) => says(words::RULES_NONE),
        Some(RuleFacts::Rows(rows)) => lines(rows, lit, say),
    }
}

fn lines(rows: &[Row], lit: &dyn Fn(&Row) -> Light, say: &dyn Fn(&Row) -> AnyView) -> Kids {
    let shown = shown(rows, |row| lit(row) != Light::Out);
    let mut kids: Kids = shown.iter().map(|i| say(&rows[*i])).collect();
    if rows.len() > shown.len() {
        kids.push(span("pk-rule pk-rule-none", words::more(rows.len() - shown.len())));
    }
    kids
}

/// Which rows have room, in their order: those that tell something, then the first.
fn shown(rows: &[Row], is_hit: impl Fn(&Row) -> bool) -> Vec<usize> {
    let room = if rows.len() > MOST_ROWS { MOST_ROWS - 1 } else { rows.len() };
    let tells =
        |i: &usize| is_hit(&rows[*i]) || rows[*i].stale || !matches!(rows[*i].kind, RowKind::Endpoint { .. });
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

fn line(row: &Row, lit: Light, sent: String, narrow: bool) -> AnyView {
    let endpoint = || row.endpoint.map(|e| e.to_string()).unwrap_or_default();
    let (what, chance) = match &row.kind {
        RowKind::Endpoint { one_in, by, only } => {
            (endpoint(), [only.map_or("", words::only), &words::chance(*one_in, *by)].concat())
        }
        RowKind::Missing => (endpoint(), words::row_missing(narrow).to_owned()),
        RowKind::Note { what, why, .. } => (what.clone(), why.clone()),
        RowKind::Stop(stop) => {
            let (what, why) = words::stop(*stop);
            (what.to_owned(), why.to_owned())
        }
    };
    let what = row.number.map_or_else(|| what.clone(), |port| format!("{port} → {what}"));
    let kind = match (&row.kind, row.stale) {
        (RowKind::Missing, _) => " pk-rule-new",
        (_, true) => " pk-rule-stale",
        (RowKind::Stop(_), _) => " pk-rule-refuse",
        (RowKind::Note { .. }, _) => " pk-rule-note",
        _ => "",
    };
    let lit = match lit {
        Light::Full => " pk-rule-hit",
        Light::Faint => " pk-rule-faint",
        Light::Out => "",
    };
    let class = ["pk-rule", kind, lit].concat();
    // Where there is little room not all of it is seen.
    let whole = [&*what, " ", &chance].concat();
    let kids = vec![span("", what), span("pk-sent", sent), span("pk-chance", chance)];
    view! { <div class=class title=whole>{kids}</div> }.into_any()
}

#[cfg(test)]
mod tests {
    use super::*;
    use cluster::node::kube_proxy::ServicePortName;

    #[test]
    fn what_tells_something_has_room_however_many_rows_there_are() {
        let port = ServicePortName {
            service: cluster::api::NsName::new("default", "web"),
            port: "".into(),
            protocol: netfilter::Protocol::Tcp,
        };
        let port = std::sync::Arc::new(port);
        let row = |i: u16, stale| Row {
            port: port.clone(),
            number: None,
            endpoint: Some(std::net::SocketAddr::new([10, 0, 0, 1].into(), i)),
            kind: RowKind::Endpoint { one_in: None, by: None, only: None },
            stale,
        };
        let rows: Vec<Row> = (0..40).map(|i| row(i, i == 30)).collect();
        let hit = shown(&rows, |row| row.endpoint.is_some_and(|e| e.port() == 20));
        assert_eq!(hit, [0, 1, 2, 20, 30]);
        assert_eq!(shown(&rows[..4], |_| false), [0, 1, 2, 3]);
    }
}
