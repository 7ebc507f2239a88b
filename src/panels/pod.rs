//! A Pod: where it is, how it is, who it belongs to, and its labels.

use super::action_buttons::ActionButtons;
use super::assumed::{AskedPorts, Supplies};
use super::if_exists::IfExists;
use super::label_editor::LabelEditor;
use super::membership::{preview_labels, services_of};
use super::pods::{PodStatus, PodStatusTag};
use super::select_link::{SelectLink, SelectLinks};
use crate::components::{Fact, Facts};
use crate::session::{Selection, Session, selection_of};
use crate::text;
use cluster::api::{Action, Labels, Pod, Uid};
use cluster::sim::World;
use leptos::prelude::*;
use std::sync::Arc;

#[component]
pub fn PodPanel(uid: Uid) -> impl IntoView {
    let session = expect_context::<Session>();
    let pod = session.watch_scene(move |world| world.store().pod_by_uid(uid).cloned());
    view! {
        <IfExists gone="This Pod is gone." object=pod let:pod>
            <PodFacts uid pod/>
            <ActionButtons of=Selection::Pod(uid)/>
            <Assumed pod/>
            <PodLabels uid pod/>
        </IfExists>
    }
}

#[component]
fn PodFacts(uid: Uid, pod: Memo<Arc<Pod>>) -> impl IntoView {
    let session = expect_context::<Session>();
    let status = session.watch_scene(move |world| PodStatus::of(world, &pod.read()));
    let lacks = Memo::new(move |_| {
        let status = status.read();
        status.lacks.as_ref().map(|(_, in_full)| text::sentence(in_full))
    });
    let services = session.watch_scene(move |world| services(world, uid));
    let answered = session.watch_traffic(move |world| answered(world, uid));
    let ip = move || pod.read().status.pod_ips.map_or_else(|| "none yet".into(), |ips| text::addresses(&ips));
    view! {
        <Facts>
            <Fact name="Status">
                <PodStatusTag status/>
            </Fact>
            <Show when=move || lacks.read().is_some()>
                <Fact name="Why">{move || lacks.get()}</Fact>
            </Show>
            <Fact name="Node">
                <NodeOfPod pod/>
            </Fact>
            <Fact name="IP">
                <code class="pk-mono">{ip}</code>
            </Fact>
            <Fact name="Made by">
                <Owner pod/>
            </Fact>
            <Fact name="In Services">
                <SelectLinks links=services none="none"/>
            </Fact>
            <Fact name="Restarts">{move || pod.read().status.restarts()}</Fact>
            <Fact name="Answered">{move || text::count(answered.get() as usize, "request")}</Fact>
        </Facts>
    }
}

fn services(world: &World, pod: Uid) -> Vec<(Selection, String)> {
    let services = world.store().pod_by_uid(pod).map(|pod| services_of(world, pod)).unwrap_or_default();
    services.into_iter().map(|s| (Selection::Service(s.meta.uid), s.meta.name.to_string())).collect()
}

fn answered(world: &World, pod: Uid) -> u64 {
    world.traffic().stats.pods.get(&pod).map_or(0, |count| count.answered)
}

#[component]
fn NodeOfPod(pod: Memo<Arc<Pod>>) -> impl IntoView {
    let session = expect_context::<Session>();
    let name = Memo::new(move |_| pod.read().spec.node_name.clone());
    let node = session.watch_scene(move |world| {
        let name = name.get()?;
        Some((world.machine_named(&name)?.uid, name.to_string()))
    });
    let none = move || name.get().map_or_else(|| "none yet".to_string(), |name| name.to_string());
    view! {
        <ShowLet some=node fallback=move || none let((uid, name))>
            <SelectLink to=Selection::Node(uid)>{name}</SelectLink>
        </ShowLet>
    }
}

/// The workload that made it.
#[component]
fn Owner(pod: Memo<Arc<Pod>>) -> impl IntoView {
    let session = expect_context::<Session>();
    let owner = session.watch_scene(move |world| owner(world, &pod.read()));
    view! {
        <ShowLet
            some=owner
            fallback=|| "nobody: when it is deleted, nothing replaces it"
            let((to, name))
        >
            <SelectLink to>{name}</SelectLink>
        </ShowLet>
    }
}

fn owner(world: &World, pod: &Pod) -> Option<(Selection, String)> {
    let (object, uid) = world.store().workload_of(pod)?;
    Some((selection_of(&object.kind, uid), words::object(&object)))
}

/// Ports that it is asked for and does not declare, and what it needs.
#[component]
fn Assumed(pod: Memo<Arc<Pod>>) -> impl IntoView {
    let session = expect_context::<Session>();
    let asked = session.watch_scene(move |world| world.ports_asked_of(&pod.read()));
    let supplies = session.watch_scene(move |world| world.supplies_of(&pod.read()));
    view! {
        <Show when=move || !asked.read().is_empty()>
            <div class="pk-section">
                <h3 class="pk-heading">"Ports that it is asked for"</h3>
                <AskedPorts asked/>
            </div>
        </Show>
        <div class="pk-section">
            <h3 class="pk-heading">"What it needs"</h3>
            <Supplies supplies/>
        </div>
    }
}

#[component]
fn PodLabels(uid: Uid, pod: Memo<Arc<Pod>>) -> impl IntoView {
    let session = expect_context::<Session>();
    let preview = move |labels: Labels| {
        session.scene_rev();
        session.with_world(|world| preview_labels(world, &pod.read(), &labels))
    };
    let apply = move |labels: Labels| {
        let object = session.with_world(|world| world.store().object_ref(uid));
        object.is_some_and(|object| session.act(Action::SetLabels { object, labels }))
    };
    view! {
        <LabelEditor
            name="Labels"
            labels=Signal::derive(move || pod.read().meta.labels.clone())
            preview
            on_apply=apply
        />
    }
}
