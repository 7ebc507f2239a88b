//! A client: who calls what, how often, and how it goes.

use super::service::counted;
use super::{gone, link_to};
use crate::parts::*;
use crate::session::{Selection, Session};
use crate::shell::RateSlider;
use crate::text;
use cluster::api::{Action, ClientFrom};
use cluster::sim::World;
use cluster::traffic::{Client, ClientId, Counts};
use leptos::prelude::*;

pub fn about(session: Session, id: ClientId) -> AnyView {
    live(move || {
        session.scene_rev();
        session.traffic_rev();
        session.with_world(|world| match world.traffic().clients.get(&id) {
            Some(client) => state(session, world, client),
            None => gone("client"),
        })
    })
}

fn state(session: Session, world: &World, client: &Client) -> AnyView {
    let spec = &client.spec;
    let counts = world.traffic().stats.clients.get(&spec.name).cloned().unwrap_or_default();
    let name = spec.name.clone();
    let set_rate = move |rate_milli| {
        session.act(Action::SetRate { client: name.clone(), rate_milli });
    };
    let (send, remove) = (spec.name.clone(), spec.name.clone());
    block(
        "",
        vec![
            facts(vec![
                ("From", from(session, world, client)),
                ("To", code(spec.to.to_string())),
                (
                    "Connections",
                    text(if spec.keep_alive { "one for many requests" } else { "one for each request" }),
                ),
                ("Requests", text(counted(&counts))),
                ("Failed", failures(&counts)),
            ]),
            view! { <RateSlider rate=spec.rate_milli on_input=set_rate/> }.into_any(),
            block(
                "pk-actions",
                vec![
                    button("Send one request", move || {
                        session.act(Action::SendOne { client: send.clone() });
                    })
                    .view(),
                    button("Remove", move || {
                        session.act(Action::RemoveClient { client: remove.clone() });
                    })
                    .class("pk-btn pk-harm")
                    .view(),
                ],
            ),
        ],
    )
}

fn from(session: Session, world: &World, client: &Client) -> AnyView {
    if let Some(addresses) = client.addresses {
        return code(format!("outside, {}", addresses.primary()));
    }
    let ClientFrom::Workload { kind, name, .. } = &client.spec.from else { return text("inside") };
    let pods = world.client_pods(&client.spec.from);
    let mut kids = vec![text(format!("inside, {kind} {name} "))];
    kids.extend(pods.iter().map(|p| link_to(session, Selection::Pod(p.meta.uid), p.meta.name.to_string())));
    inline("pk-links", kids)
}

/// By how they failed.
fn failures(counts: &Counts) -> AnyView {
    let kinds = [
        (counts.refused, "refused"),
        (counts.unreachable, "unreachable"),
        (counts.reset, "reset"),
        (counts.timed_out, "timed out"),
        (counts.unresolved, "name not found"),
        (counts.no_address, "no address to call"),
    ];
    let said: Vec<String> =
        kinds.into_iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{n} {what}")).collect();
    match said.is_empty() {
        true => text("none"),
        false => span("pk-fail", text::and(&said)),
    }
}
