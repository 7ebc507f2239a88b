//! A client: who calls what, how often, and how it goes.

use super::if_exists::IfExists;
use super::select_link::SelectLinks;
use super::service::counted;
use crate::components::{Button, Fact, Facts, RateSlider};
use crate::session::{Selection, Session};
use crate::text;
use cluster::api::{Action, ClientFrom, ClientSpec, Resolve};
use cluster::sim::World;
use cluster::traffic::{ClientId, Counts};
use leptos::prelude::*;
use std::sync::Arc;

#[component]
pub fn ClientPanel(id: ClientId) -> impl IntoView {
    let session = expect_context::<Session>();
    let spec =
        session.watch_scene(move |world| world.traffic().clients.get(&id).map(|c| Arc::clone(&c.spec)));
    view! {
        <IfExists gone="This client is gone." object=spec let:spec>
            <ClientFacts id spec/>
            <ClientControls spec/>
        </IfExists>
    }
}

#[component]
fn ClientFacts(id: ClientId, spec: Memo<Arc<ClientSpec>>) -> impl IntoView {
    let session = expect_context::<Session>();
    let counts = session.watch_traffic(move |world| {
        world.traffic().stats.clients.get(&spec.read_untracked().name).cloned().unwrap_or_default()
    });
    let connections = move || match (spec.read().one_way, spec.read().keep_alive) {
        (true, _) => "one socket, and no answer is waited for",
        (false, true) => "one for many requests",
        (false, false) => "one for each request",
    };
    let asks_dns = Memo::new(move |_| match spec.read().resolve {
        Resolve::EachTime => None,
        Resolve::Ttl => Some("when the TTL of its last answer has run out"),
        Resolve::Once => Some("once, and keeps the address"),
    });
    let failures = Memo::new(move |_| failures(&counts.read()));
    let before = session.watch_traffic(move |world| {
        world.traffic().stats_before.clients.get(&spec.read_untracked().name).map(counted)
    });
    view! {
        <Facts>
            <Fact name="From">
                <From id spec/>
            </Fact>
            <Fact name="To">
                <code class="pk-mono">{move || spec.read().to.to_string()}</code>
            </Fact>
            <Fact name="Connections">{connections}</Fact>
            <ShowLet some=asks_dns let:when>
                <Fact name="Asks DNS">{when}</Fact>
            </ShowLet>
            <Fact name="Requests">{move || counted(&counts.read())}</Fact>
            <Fact name="Failed">
                <ShowLet some=failures fallback=|| "none" let:failures>
                    <span class="pk-fail">{failures}</span>
                </ShowLet>
            </Fact>
            <ShowLet some=before let:before>
                <Fact name="Before clients began">{before}</Fact>
            </ShowLet>
        </Facts>
    }
}

/// Outside, with its address; or inside, with the Pods that call.
#[component]
fn From(id: ClientId, spec: Memo<Arc<ClientSpec>>) -> impl IntoView {
    let session = expect_context::<Session>();
    let outside = session.watch_scene(move |world| addresses(world, id));
    let pods = session.watch_scene(move |world| {
        let pods = world.client_pods(&spec.read().from);
        pods.iter().map(|p| (Selection::Pod(p.meta.uid), p.meta.name.to_string())).collect::<Vec<_>>()
    });
    let inside = move || match &spec.read().from {
        ClientFrom::Workload { kind, name, .. } => format!("inside, {kind} {name} "),
        ClientFrom::Node { .. } | ClientFrom::Outside { .. } => "inside".to_string(),
    };
    view! {
        <ShowLet
            some=outside
            fallback=move || {
                view! {
                    {inside}
                    <SelectLinks links=pods/>
                }
            }
            let:address
        >
            <code class="pk-mono">"outside, " {address}</code>
        </ShowLet>
    }
}

fn addresses(world: &World, client: ClientId) -> Option<String> {
    world.traffic().clients.get(&client)?.addresses.as_ref().map(text::addresses)
}

#[component]
fn ClientControls(spec: Memo<Arc<ClientSpec>>) -> impl IntoView {
    let session = expect_context::<Session>();
    let name = move || spec.read_untracked().name.clone();
    let set_rate = move |rate_milli| {
        session.act(Action::SetRate { client: name(), rate_milli });
    };
    let send = move || {
        session.act(Action::SendOne { client: name() });
    };
    let remove = move || {
        session.act(Action::RemoveClient { client: name() });
    };
    view! {
        <RateSlider rate=Signal::derive(move || spec.read().rate_milli) on_input=set_rate/>
        <div class="pk-actions">
            <Button on_press=send>"Send one request"</Button>
            <Button is_harmful=true on_press=remove>"Remove"</Button>
        </div>
    }
}

/// By how they failed.
fn failures(counts: &Counts) -> Option<String> {
    let kinds = [
        (counts.refused, "refused"),
        (counts.unreachable, "unreachable"),
        (counts.reset, "reset"),
        (counts.timed_out, "timed out"),
        (counts.not_received, "not received"),
        (counts.unresolved, "name not found"),
        (counts.no_dns, "without an answer from DNS"),
        (counts.no_address, "no address to call"),
    ];
    let failed: Vec<String> =
        kinds.into_iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{n} {what}")).collect();
    (!failed.is_empty()).then(|| text::and(&failed))
}
