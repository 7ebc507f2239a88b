//! Pods as other panels list them, and what is said of a Pod's state.

use super::select_link::SelectLink;
use crate::components::{Tag, Tone};
use crate::session::{Selection, Session};
use cluster::api::{Pod, Uid};
use cluster::sim::World;
use leptos::prelude::*;
use scene::facts::PodState;

/// As kubectl's STATUS column has it, and what it lacks to be ready.
#[derive(Clone, PartialEq, Default)]
pub struct PodStatus {
    words: String,
    tone: Tone,
    /// In a few words, and in full.
    pub lacks: Option<(String, String)>,
}

impl PodStatus {
    pub fn of(world: &World, pod: &Pod) -> PodStatus {
        let lacks = world.not_ready(pod);
        let state = PodState::of(lacks.as_ref());
        let said = lacks.map(|lacks| (words::not_ready(&lacks), words::not_ready_in_full(&lacks)));
        PodStatus { words: scene::words::pod_state(&state).into_owned(), tone: tone(&state), lacks: said }
    }
}

fn tone(state: &PodState) -> Tone {
    match state {
        PodState::Ready => Tone::Good,
        PodState::Completed => Tone::Plain,
        PodState::Pending
        | PodState::SchedulingGated
        | PodState::Creating
        | PodState::Init { held: None, .. }
        | PodState::PreStop
        | PodState::Terminating
        | PodState::NodeOff => Tone::Care,
        PodState::NotReady
        | PodState::Init { held: Some(_), .. }
        | PodState::Held(_)
        | PodState::Rejected(_)
        | PodState::Crashed(_) => Tone::Fail,
    }
}

#[component]
pub fn PodStatusTag(#[prop(into)] status: Signal<PodStatus>) -> impl IntoView {
    view! { <Tag tone=Signal::derive(move || status.read().tone)>{move || status.read().words.clone()}</Tag> }
}

/// Each with its status.
#[component]
pub fn PodList(#[prop(into)] pods: Signal<Vec<Uid>>) -> impl IntoView {
    view! {
        <ul class="pk-list" role="list">
            <For each=move || pods.get() key=|uid| *uid let:uid>
                <PodRow uid/>
            </For>
        </ul>
    }
}

#[component]
fn PodRow(uid: Uid) -> impl IntoView {
    let session = expect_context::<Session>();
    let name = session.with_world(|world| world.store().pod_by_uid(uid).map(|pod| pod.meta.name.to_string()));
    let status =
        session.watch_scene(move |world| world.store().pod_by_uid(uid).map(|pod| PodStatus::of(world, pod)));
    let why =
        Memo::new(move |_| status.read().as_ref().and_then(|s| s.lacks.as_ref().map(|(why, _)| why.clone())));
    view! {
        <li>
            <span class="pk-row">
                <SelectLink to=Selection::Pod(uid)>{name}</SelectLink>
                <PodStatusTag status=move || status.get().unwrap_or_default()/>
            </span>
            <ShowLet some=why let:why>
                <p class="pk-muted">{why}</p>
            </ShowLet>
        </li>
    }
}
