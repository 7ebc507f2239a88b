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
use scene::layout::OutsideForm;
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
    let form = picture.watch(|scene| scene.layout.outside);
    let state = Signal::derive(state);
    let failure = Signal::derive(trouble);
    let lines = move || match form.get() {
        OutsideForm::Full => view! { <ClientLines shown state failure/> }.into_any(),
        OutsideForm::Slim => view! { <SlimClient shown state failure/> }.into_any(),
    };
    view! {
        <Card
            item=Selection::Client(id)
            class="pk-outside"
            label
            place=part(shown, |s| s.place)
        >
            <CardBody>{lines}</CardBody>
        </Card>
    }
}

type OfClient = Memo<Option<ShownClient>>;

#[component]
fn ClientLines(shown: OfClient, state: Signal<String>, failure: Signal<Option<Outcome>>) -> impl IntoView {
    let mark = part(shown, |s| s.mark.clone());
    view! {
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
            <span class="pk-note">{move || state.get()}</span>
        </div>
        <div class="pk-line">
            {move || failure.get().map(|outcome| view! { <RecentFailure outcome/> })}
        </div>
    }
}

/// Where there is little room: a failure stands where else the rate does.
#[component]
fn SlimClient(shown: OfClient, state: Signal<String>, failure: Signal<Option<Outcome>>) -> impl IntoView {
    let mark = part(shown, |s| s.mark.clone());
    let second = move || match failure.get() {
        Some(outcome) => view! { <RecentFailure outcome/> }.into_any(),
        None => view! { <span class="pk-note">{state.get()}</span> }.into_any(),
    };
    view! {
        <div class="pk-line">
            <span class="pk-title">{part(shown, ShownClient::name)}</span>
            {move || mark().map(|mark| view! { <MarkSign mark/> })}
        </div>
        <div class="pk-line">{second}</div>
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
    let form = picture.watch(|scene| scene.layout.outside);
    let health = move || {
        let has_room = form.get() == OutsideForm::Full;
        has_room.then(|| {
            view! {
                <div class="pk-line pk-wrap">
                    <span class="pk-note">{part(shown, |s| words::balancer_health(&s.balancer))}</span>
                </div>
            }
        })
    };
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
                {health}
            </CardBody>
        </Card>
    }
}
