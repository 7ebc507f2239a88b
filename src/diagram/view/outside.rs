//! Outside the cluster: clients and the cloud's load balancers.

use cluster::api::Uid;
use cluster::traffic::ClientId;
use leptos::prelude::*;

use super::card::Shell;
use super::service::mark;
use crate::diagram::picture::Picture;
use crate::parts::{Kids, block, span};
use scene::Scene;
use scene::facts::{BalancerFacts, ClientFacts};
use scene::words;

fn find_client(scene: &Scene, id: ClientId) -> Option<&ClientFacts> {
    scene.facts.clients.iter().find(|c| c.id == id)
}

fn find_balancer(scene: &Scene, service: Uid) -> Option<&BalancerFacts> {
    scene.facts.balancers.iter().find(|b| b.service == service)
}

pub fn client_shell(picture: Picture, id: ClientId) -> Option<Shell> {
    picture.scene.with(|scene| {
        let client = find_client(scene, id)?;
        let trouble = picture.front.with(|front| front.trouble.clients.get(&id).copied());
        Some(Shell {
            class: "pk-outside".to_owned(),
            label: words::with_trouble(words::client_label(client, &state(picture, client)), trouble),
            rect: scene.layout.client(id)?,
        })
    })
}

/// `2 req/s · 98 % ok`
fn state(picture: Picture, client: &ClientFacts) -> String {
    picture
        .front
        .with(|front| words::rate_and_counts(client.rate_milli, front.trouble.ended.get(&client.id).copied()))
}

pub fn client(picture: Picture, id: ClientId) -> Option<AnyView> {
    picture.scene.with(|scene| {
        let client = find_client(scene, id)?;
        let letters = ((scene.layout.client(id)?.w - 22.0) / 7.4) as usize;
        let (name, calls) = words::client_name(client);
        let mut target: Kids = client.service.and_then(|uid| scene.mark(uid)).map(mark).into_iter().collect();
        target.push(span("pk-target", words::shorten(&calls, letters.saturating_sub(2))));
        let trouble = picture.front.with(|front| front.trouble.clients.get(&id).copied());
        let trouble = trouble.map(|outcome| span("pk-trouble", ["✕ ", words::call_failed(outcome)].concat()));
        let lines = vec![
            block("pk-line", vec![span("pk-title", words::shorten(&name, letters))]),
            block("pk-line", vec![span("pk-ip", client.ip.clone())]),
            block("pk-line", target),
            block("pk-line", vec![span("pk-note", state(picture, client))]),
            block("pk-line", trouble.into_iter().collect()),
        ];
        Some(lines.into_any())
    })
}

pub fn balancer_shell(picture: Picture, uid: Uid) -> Option<Shell> {
    picture.scene.with(|scene| {
        let service = scene.facts.services.iter().find(|s| s.uid == uid)?;
        Some(Shell {
            class: "pk-outside".to_owned(),
            label: words::balancer_label(find_balancer(scene, uid)?, &service.key.name),
            rect: scene.layout.balancer(uid)?,
        })
    })
}

pub fn balancer(picture: Picture, uid: Uid) -> Option<AnyView> {
    picture.scene.with(|scene| {
        let balancer = find_balancer(scene, uid)?;
        let mut head = vec![span("pk-title", words::CLOUD_LB)];
        head.extend(scene.mark(uid).map(mark));
        let lines = vec![
            block("pk-line", head),
            block("pk-line", vec![span("pk-ip", words::balancer_address(balancer))]),
            block("pk-line pk-wrap", vec![span("pk-note", words::balancer_health(balancer))]),
        ];
        Some(lines.into_any())
    })
}
