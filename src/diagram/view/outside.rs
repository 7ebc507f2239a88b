//! Outside the cluster: clients and the cloud's load balancers.

use cluster::api::Uid;
use cluster::trace::Outcome;
use cluster::traffic::ClientId;
use leptos::prelude::*;

use super::card::{Card, CardBody, part};
use super::service::MarkSign;
use crate::diagram::picture::Picture;
use crate::session::Selection;
use scene::cards::{ShownBalancer, ShownClient};
use scene::words;

#[component]
pub fn ClientCard(id: ClientId) -> impl IntoView {
    let picture = expect_context::<Picture>();
    let shown = picture.watch(move |scene| ShownClient::of(scene, id));
    let trouble = move || picture.highlight.with(|highlight| highlight.failures.clients.get(&id).copied());
    let rate = part(shown, |s| s.client.rate_milli);
    // `2 req/s · 98 % ok`
    let state = move || {
        let ended = picture.highlight.with(|highlight| highlight.failures.ended.get(&id).copied());
        words::rate_and_counts(rate(), ended)
    };
    let label = move || {
        let state = state();
        let label = shown.with(|s| s.as_ref().map(|s| words::client_label(&s.client, &state)));
        words::with_trouble(label.unwrap_or_default(), trouble())
    };
    let mark = part(shown, |s| s.mark.clone());
    view! {
        <Card
            item=Selection::Client(id)
            class="pk-outside"
            label
            place=part(shown, |s| s.place)
        >
            <CardBody>
                <div class="pk-line">
                    <span class="pk-title">{part(shown, ShownClient::name)}</span>
                </div>
                <div class="pk-line">
                    <span class="pk-ip">{part(shown, |s| s.client.ip.clone())}</span>
                </div>
                <div class="pk-line">
                    {move || mark().map(|mark| view! { <MarkSign mark/> })}
                    <span class="pk-target">{part(shown, ShownClient::calls)}</span>
                </div>
                <div class="pk-line">
                    <span class="pk-note">{state}</span>
                </div>
                <div class="pk-line">
                    {move || trouble().map(|outcome| view! { <RecentFailure outcome/> })}
                </div>
            </CardBody>
        </Card>
    }
}

#[component]
fn RecentFailure(outcome: Outcome) -> impl IntoView {
    view! { <span class="pk-trouble">"✕ " {words::call_failed(outcome)}</span> }
}

#[component]
pub fn BalancerCard(service: Uid) -> impl IntoView {
    let picture = expect_context::<Picture>();
    let shown = picture.watch(move |scene| ShownBalancer::of(scene, service));
    let mark = part(shown, |s| s.mark.clone());
    view! {
        <Card
            item=Selection::LoadBalancer(service)
            class="pk-outside"
            label=part(shown, |s| words::balancer_label(&s.balancer, &s.name))
            place=part(shown, |s| s.place)
        >
            <CardBody>
                <div class="pk-line">
                    <span class="pk-title">{words::CLOUD_LB}</span>
                    {move || mark().map(|mark| view! { <MarkSign mark/> })}
                </div>
                <div class="pk-line">
                    <span class="pk-ip">{part(shown, |s| words::balancer_address(&s.balancer))}</span>
                </div>
                <div class="pk-line pk-wrap">
                    <span class="pk-note">{part(shown, |s| words::balancer_health(&s.balancer))}</span>
                </div>
            </CardBody>
        </Card>
    }
}
