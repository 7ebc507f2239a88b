//! What a node's rules say of the Service that is looked at.

use cluster::api::Uid;
use cluster::sim::World;
use leptos::prelude::*;

use crate::diagram::picture::Picture;
use scene::cards::{RowTone, row_words, rows_that_fit};
use scene::facts::{Row, RuleFacts};
use scene::{Emphasis, words};

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
            rows.with_value(|rows| rows_that_fit(rows, |row| highlight.emphasis(node, row) != Emphasis::None))
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

#[component]
fn RuleRow(node: Uid, row: Row, is_narrow: bool) -> impl IntoView {
    let picture = expect_context::<Picture>();
    let (what, chance) = row_words(&row, is_narrow);
    let kind = match RowTone::of(&row) {
        RowTone::New => " pk-rule-new",
        RowTone::Stale => " pk-rule-stale",
        RowTone::Refuses => " pk-rule-refuse",
        RowTone::Note => " pk-rule-note",
        RowTone::Usual => "",
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
