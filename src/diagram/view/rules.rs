//! What a node's rules say of the Service that is looked at.

use cluster::api::Uid;
use cluster::sim::World;
use leptos::prelude::*;

use crate::diagram::picture::Picture;
use scene::facts::{Row, RowKind, RuleFacts};
use scene::{Emphasis, MOST_ROWS, words};

#[component]
pub fn NodeRules(uid: Uid, #[prop(into)] is_narrow: Signal<bool>) -> impl IntoView {
    let picture = expect_context::<Picture>();
    let colour =
        picture.watch(|scene| scene.focus.and_then(|uid| scene.mark(uid)).map_or("", |mark| mark.class()));
    let rules = picture.watch(move |scene| scene.rules.get(&uid).cloned());
    let lines = move || match rules.get() {
        None => ().into_any(),
        Some(RuleFacts::NodeOff) => view! { <NoRules why=words::RULES_NODE_OFF/> }.into_any(),
        Some(RuleFacts::NotYet) => view! { <NoRules why=words::RULES_NOT_YET/> }.into_any(),
        Some(RuleFacts::NoVirtualIp) => view! { <NoRules why=words::RULES_NONE/> }.into_any(),
        Some(RuleFacts::Rows(rows)) => view! { <Rows node=uid rows is_narrow=is_narrow.get()/> }.into_any(),
    };
    view! { <div class=move || colour.get()>{lines}</div> }
}

#[component]
fn NoRules(#[prop(into)] why: String) -> impl IntoView {
    view! { <span class="pk-rule pk-rule-none">{why}</span> }
}

/// The rows that fit.
#[component]
fn Rows(node: Uid, rows: Vec<Row>, is_narrow: bool) -> impl IntoView {
    let picture = expect_context::<Picture>();
    let rows = StoredValue::new(rows);
    let shown = Memo::new(move |_| {
        picture.highlight.with(|highlight| {
            rows.with_value(|rows| shown(rows, |row| highlight.emphasis(node, row) != Emphasis::None))
        })
    });
    let row = move |nth: usize| {
        let row = rows.with_value(|rows| rows[nth].clone());
        view! { <RuleRow node row is_narrow/> }
    };
    let more = move || {
        let hidden = rows.with_value(Vec::len) - shown.with(Vec::len);
        (hidden > 0).then(|| view! { <NoRules why=words::more(hidden)/> })
    };
    view! {
        <For each=move || shown.get() key=|nth| *nth children=row/>
        {more}
    }
}

/// Which rows fit, in their order. Rows with something to report come before the first ones.
fn shown(rows: &[Row], is_hit: impl Fn(&Row) -> bool) -> Vec<usize> {
    let most = if rows.len() > MOST_ROWS { MOST_ROWS - 1 } else { rows.len() };
    let is_notable =
        |i: &usize| is_hit(&rows[*i]) || rows[*i].stale || !matches!(rows[*i].kind, RowKind::Endpoint { .. });
    let mut notable = (0..rows.len()).filter(is_notable).take(most).count();
    let mut others = most - notable;
    let mut take = |i: &usize| {
        let left = if is_notable(i) { &mut notable } else { &mut others };
        let fits = *left > 0;
        *left -= usize::from(fits);
        fits
    };
    (0..rows.len()).filter(|i| take(i)).collect()
}

#[component]
fn RuleRow(node: Uid, row: Row, is_narrow: bool) -> impl IntoView {
    let picture = expect_context::<Picture>();
    let (what, chance) = say(&row, is_narrow);
    let kind = match (&row.kind, row.stale) {
        (RowKind::Missing, _) => " pk-rule-new",
        (RowKind::Endpoint { .. } | RowKind::Stop(_) | RowKind::Note { .. }, true) => " pk-rule-stale",
        (RowKind::Stop(_), false) => " pk-rule-refuse",
        (RowKind::Note { .. }, false) => " pk-rule-note",
        (RowKind::Endpoint { .. }, false) => "",
    };
    let row = StoredValue::new(row);
    let class = move || {
        let lit =
            match picture.highlight.with(|highlight| row.with_value(|row| highlight.emphasis(node, row))) {
                Emphasis::Full => " pk-rule-hit",
                Emphasis::Faint => " pk-rule-faint",
                Emphasis::None => "",
            };
        ["pk-rule", kind, lit].concat()
    };
    // What the rule has counted, where it has counted any.
    let sent = move || {
        picture.session.traffic_rev();
        let count = |world: &World| {
            world.machines().get(&node).map_or(0, |machine| row.with_value(|row| row.count(machine)))
        };
        match picture.session.with_world(count) {
            0 => String::new(),
            n => format!("{n}×"),
        }
    };
    // Where there is little room not all of it is seen.
    let whole = format!("{what} {chance}");
    view! {
        <div class=class title=whole>
            <span>{what}</span>
            <span class="pk-sent">{sent}</span>
            <span class="pk-chance">{chance}</span>
        </div>
    }
}

/// What it leads to, and how likely or why.
fn say(row: &Row, is_narrow: bool) -> (String, String) {
    let endpoint = || row.endpoint.map(|e| e.to_string()).unwrap_or_default();
    let (what, chance) = match &row.kind {
        RowKind::Endpoint { one_in, by, only } => {
            (endpoint(), [only.map_or("", words::only), &words::chance(*one_in, *by)].concat())
        }
        RowKind::Missing => (endpoint(), words::row_missing(is_narrow).to_owned()),
        RowKind::Note { what, why, .. } => (what.clone(), why.clone()),
        RowKind::Stop(stop) => {
            let (what, why) = words::stop(*stop);
            (what.to_owned(), why.to_owned())
        }
    };
    match row.number {
        Some(port) => (format!("{port} → {what}"), chance),
        None => (what, chance),
    }
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
