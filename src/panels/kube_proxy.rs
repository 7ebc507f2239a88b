//! The state of a node's kube-proxy: its mode, the age of its rules, which changes they lack, and why.

use crate::components::{Tag, Tone};
use crate::session::Session;
use crate::text;
use cluster::api::Uid;
use cluster::node::{Hearing, Lag};
use cluster::sim::World;
use leptos::prelude::*;

/// In words.
#[derive(Clone, PartialEq)]
struct State {
    /// Why it gets no events.
    why_deaf: Option<&'static str>,
    behind: Option<String>,
    synced: String,
}

#[component]
pub fn KubeProxyState(node: Uid) -> impl IntoView {
    let session = expect_context::<Session>();
    let state = session.watch_rules_age(move |world| state(world, node));
    let why_deaf = Memo::new(move |_| state.read().as_ref().and_then(|state| state.why_deaf));
    let behind = move || state.read().as_ref().and_then(|state| state.behind.clone());
    let is_behind = move || behind().is_some();
    let synced = move || state.read().as_ref().map_or_else(|| "not running".into(), |s| s.synced.clone());
    view! {
        <span>
            <ShowLet some=why_deaf let:why>
                <Tag tone=Tone::Fail>{why}</Tag>
                " "
            </ShowLet>
            <Show when=is_behind>
                <Tag tone=Tone::Fail>{behind}</Tag>
                " "
            </Show>
            {synced}
        </span>
    }
}

/// `None`: it does not run.
fn state(world: &World, node: Uid) -> Option<State> {
    let machine = world.machines().get(&node)?;
    let lag = world.lag_of(node)?;
    let why_deaf = match lag.hearing {
        Hearing::Off => return None,
        Hearing::Paused => Some("paused"),
        Hearing::CutOff => Some("cut off"),
        Hearing::Hears => None,
    };
    let synced = match machine.proxy.synced_at() {
        Some(at) => format!("synced {} ago", text::span(world.now().since(at))),
        None => "has written no rules yet".to_string(),
    };
    let failed = machine.proxy.proxiers.values().find_map(|proxier| proxier.failed.as_ref());
    let failed = failed.map(|failed| words::refused_by_nft(&failed.port.to_string()));
    let failed = failed.map_or_else(String::new, |why| format!("; the last sync failed: {why}"));
    let synced = format!("{} mode, {synced}{failed}", machine.proxy.mode.as_str());
    Some(State { why_deaf, behind: (lag.behind > 0).then(|| behind(&lag)), synced })
}

/// `2 updates behind, for 1.250 s`
fn behind(lag: &Lag) -> String {
    let updates = text::count(lag.behind as usize, "update");
    let age = lag.age.map_or_else(String::new, |age| format!(", for {}", text::span(age)));
    format!("{updates} behind{age}")
}
