//! What is assumed of Pods because no manifest says it, each with a switch: ports that they are asked for and do not
//! declare, and what they need.

use crate::components::Button;
use crate::session::Session;
use crate::text;
use cluster::api::{Action, Prerequisite};
use cluster::diagnosis::AskedPort;
use cluster::node::kubelet::Supply;
use leptos::prelude::*;

/// Each with a button by which it is served, or refused.
#[component]
pub fn AskedPorts(#[prop(into)] asked: Signal<Vec<AskedPort>>) -> impl IntoView {
    // A row keeps its place, and its button the focus, while what it switches changes.
    view! {
        <ul class="pk-list pk-assumptions" role="list">
            <For each=move || 0..asked.read().len() key=|at| *at let:at>
                <AskedPortRow asked at/>
            </For>
        </ul>
    }
}

#[component]
fn AskedPortRow(asked: Signal<Vec<AskedPort>>, at: usize) -> impl IntoView {
    let session = expect_context::<Session>();
    let row = Memo::new(move |_| asked.read().get(at).cloned());
    let words = move || row.read().as_ref().map(|asked| text::stopped(&words::asked_port(asked)));
    let is_served = move || row.read().as_ref().is_some_and(|asked| asked.taken_for.is_served());
    let label = move || {
        let port = row.read().as_ref().map_or(0, |asked| asked.port);
        if is_served() { format!("Refuse {port}") } else { format!("Serve {port}") }
    };
    let switch = move || {
        let Some(asked) = row.get_untracked() else { return };
        let is_served = !asked.taken_for.is_served();
        let app = session.with_world(|world| world.app_with_port(&asked.of, asked.port, is_served));
        if let Some(app) = app {
            session.act(Action::SetApp { app });
        }
    };
    view! {
        <li>
            <span>{words}</span>
            <Button is_harmful=Signal::derive(is_served) on_press=switch>
                {label}
            </Button>
        </li>
    }
}

/// Each with a button that makes it missing, or brings it.
#[component]
pub fn Supplies(#[prop(into)] supplies: Signal<Vec<(Prerequisite, Supply)>>) -> impl IntoView {
    let all = move || supplies.get().into_iter().map(|(what, _)| what).collect::<Vec<_>>();
    view! {
        <ul class="pk-list pk-assumptions" role="list">
            <For
                each=all
                key=ToString::to_string
                let:what
            >
                <SupplyRow supplies what/>
            </For>
        </ul>
    }
}

#[component]
fn SupplyRow(supplies: Signal<Vec<(Prerequisite, Supply)>>, what: Prerequisite) -> impl IntoView {
    let session = expect_context::<Session>();
    let name = words::supply(&what);
    let state = {
        let what = what.clone();
        Memo::new(move |_| {
            let all = supplies.read();
            all.iter().find(|(other, _)| *other == what).map_or(Supply::Known, |(_, supply)| *supply)
        })
    };
    let words = {
        let (name, what) = (name.clone(), what.clone());
        move || text::stopped(&format!("{name}: {}", words::supplied(&what, state.get())))
    };
    let label = {
        let name = name.clone();
        move || match state.get() {
            Supply::Missing => format!("Bring {name}"),
            Supply::Known | Supply::Assumed => format!("Make {name} missing"),
        }
    };
    let short = move || if state.get() == Supply::Missing { "It is there" } else { "Missing" };
    let is_assumed = Signal::derive(move || state.get() == Supply::Assumed);
    let switch = StoredValue::new(move || {
        let missing = state.get_untracked() != Supply::Missing;
        session.act(Action::SetMissing { what: what.clone(), missing });
    });
    let label = Signal::derive(label);
    view! {
        <li>
            <span>{words}</span>
            <Show when=move || state.get() != Supply::Known>
                <Button name=label is_harmful=is_assumed on_press=move || switch.with_value(|switch| switch())>
                    {short}
                </Button>
            </Show>
        </li>
    }
}
