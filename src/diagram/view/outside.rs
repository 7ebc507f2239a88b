//! Outside the cluster: clients and the cloud's load balancers.

use cluster::api::Uid;
use cluster::traffic::ClientId;
use leptos::prelude::*;

use super::card::{Card, placed};
use super::service::mark;
use crate::diagram::facts::ClientFacts;
use crate::diagram::geometry::Rect;
use crate::diagram::layout::Form;
use crate::diagram::scene::Picture;
use crate::diagram::words;
use crate::parts::{Kids, block, live, nothing, span};
use crate::session::Selection;

pub fn view(picture: Picture) -> AnyView {
    let clients =
        move || picture.scene.with(|s| s.layout.clients.iter().map(|(id, _)| *id).collect::<Vec<_>>());
    let balancers =
        move || picture.scene.with(|s| s.layout.balancers.iter().map(|(uid, _)| *uid).collect::<Vec<_>>());
    let clients = view! { <For each=clients key=|id| *id children=move |id| client(picture, id) /> };
    let balancers =
        view! { <For each=balancers key=|uid| *uid children=move |uid| balancer(picture, uid) /> };
    vec![title(picture), clients.into_any(), balancers.into_any()].into_any()
}

fn title(picture: Picture) -> AnyView {
    let layout = Memo::new(move |_| {
        picture.scene.with(|s| {
            let l = &s.layout;
            (l.form, l.cluster, l.clients.is_empty() && l.balancers.is_empty())
        })
    });
    let rect = Signal::derive(move || {
        let (form, cluster, _) = layout.get();
        match form {
            Form::Wide => Rect { x: 16.0, y: cluster.y + 9.0, w: cluster.x - 40.0, h: 90.0 },
            Form::Narrow => Rect { x: cluster.x, y: 8.0, w: cluster.w, h: 20.0 },
        }
    });
    let note = live(move || if layout.get().2 { span("pk-note", words::NOBODY_OUTSIDE) } else { nothing() });
    placed("pk-outside-title", rect, vec![span("pk-lane-title", words::OUTSIDE), note])
}

fn client(picture: Picture, id: ClientId) -> AnyView {
    let facts = Memo::new(move |_| picture.facts.with(|f| f.clients.iter().find(|c| c.id == id).cloned()));
    let rect = Memo::new(move |_| picture.scene.with(|s| s.layout.client(id)).unwrap_or_default());
    let state = Memo::new(move |_| facts.with(|f| f.as_ref().map(|c| rate(picture, c))).unwrap_or_default());
    let label = Signal::derive(move || {
        let trouble = picture.trouble.with(|t| t.clients.get(&id).copied());
        let state = words::with_trouble(state.get(), trouble);
        facts.with(|f| f.as_ref().map(|c| words::client_label(c, &state)).unwrap_or_default())
    });
    let body = live(move || {
        facts.with(|f| match f {
            Some(client) => client_body(picture, client, state, rect.get().w),
            None => nothing(),
        })
    });
    let class = Signal::derive(|| "pk-outside".to_owned());
    let item = Selection::Client(id);
    Card { picture, item, class, rect: rect.into(), label, body, controls: None }.view()
}

fn client_body(picture: Picture, client: &ClientFacts, state: Memo<String>, width: f64) -> AnyView {
    let (name, calls) = words::client_name(client);
    let letters = ((width - 22.0) / 7.4) as usize;
    let of = client.service.and_then(|uid| picture.scene.with(|s| s.mark(uid).map(mark)));
    let mut target: Kids = of.into_iter().collect();
    target.push(span("pk-target", words::shorten(&calls, letters.saturating_sub(2))));
    let id = client.id;
    let trouble = live(move || match picture.trouble.with(|t| t.clients.get(&id).copied()) {
        Some(outcome) => span("pk-trouble", format!("✕ {}", words::outcome(outcome))),
        None => nothing(),
    });
    vec![
        block("pk-line", vec![span("pk-title", words::shorten(&name, letters))]),
        block("pk-line", vec![span("pk-ip", client.ip.clone())]),
        block("pk-line", target),
        block("pk-line", vec![live(move || span("pk-note", state.get()))]),
        block("pk-line", vec![trouble]),
    ]
    .into_any()
}

/// `2 req/s · 98.4 % ok`
fn rate(picture: Picture, client: &ClientFacts) -> String {
    let counts = picture.trouble.with(|t| words::delivered(t.ended.get(&client.id).copied()));
    let rate = words::rate(client.rate_milli);
    if counts.is_empty() { rate } else { format!("{rate} · {counts}") }
}

fn balancer(picture: Picture, uid: Uid) -> AnyView {
    let facts =
        Memo::new(move |_| picture.facts.with(|f| f.balancers.iter().find(|b| b.service == uid).cloned()));
    let rect = Memo::new(move |_| picture.scene.with(|s| s.layout.balancer(uid)).unwrap_or_default());
    let name = move || {
        let service =
            picture.facts.with(|f| f.services.iter().find(|s| s.uid == uid).map(|s| s.key.name.clone()));
        service.as_deref().unwrap_or_default().to_owned()
    };
    let label = Signal::derive(move || {
        facts.with(|f| f.as_ref().map(|b| words::balancer_label(b, &name())).unwrap_or_default())
    });
    let body = live(move || {
        let of = picture.scene.with(|s| s.mark(uid).map(mark));
        facts.with(|f| {
            let Some(balancer) = f else { return nothing() };
            let mut head = vec![span("pk-title", words::CLOUD_LB)];
            head.extend(of);
            vec![
                block("pk-line", head),
                block("pk-line", vec![span("pk-ip", words::balancer_address(balancer))]),
                block("pk-line pk-wrap", vec![span("pk-note", words::balancer_health(balancer))]),
            ]
            .into_any()
        })
    });
    let class = Signal::derive(|| "pk-outside pk-balancer".to_owned());
    let item = Selection::LoadBalancer(uid);
    Card { picture, item, class, rect: rect.into(), label, body, controls: None }.view()
}
