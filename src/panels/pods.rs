//! Pods as other panels list them, and what is said of a Pod's state.

use super::select_link::SelectLink;
use crate::components::{Tag, Tone};
use crate::session::{Selection, Session};
use cluster::api::{Phase, Pod, Uid};
use leptos::prelude::*;

/// As kubectl's STATUS column has it, and whether it is ready.
#[derive(Clone, PartialEq, Default)]
pub struct PodStatus {
    words: String,
    tone: Tone,
}

impl PodStatus {
    pub fn of(pod: &Pod) -> PodStatus {
        let (words, tone) = match (pod.status.waiting(), pod.status.phase) {
            _ if pod.meta.deleted.is_some() => ("Terminating".into(), Tone::Care),
            (Some(reason), _) => (reason.to_string(), Tone::Care),
            (None, Phase::Running) if pod.status.is_ready() => ("Ready".into(), Tone::Good),
            (None, Phase::Running) => ("Running, not ready".into(), Tone::Care),
            (None, Phase::Pending) => ("Pending".into(), Tone::Care),
            (None, Phase::Succeeded) => ("Succeeded".into(), Tone::Care),
            (None, Phase::Failed) => ("Failed".into(), Tone::Care),
        };
        PodStatus { words, tone }
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
        session.watch_scene(move |world| world.store().pod_by_uid(uid).map(|pod| PodStatus::of(pod)));
    view! {
        <li>
            <span class="pk-row">
                <SelectLink to=Selection::Pod(uid)>{name}</SelectLink>
                <PodStatusTag status=move || status.get().unwrap_or_default()/>
            </span>
        </li>
    }
}
