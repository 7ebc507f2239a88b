//! A Pod: where it is, how it is, who it belongs to, and its labels.

use super::chips::Editor;
use super::membership::{deployment_of, preview_labels, services_of};
use super::{actions, gone, link_to};
use crate::parts::*;
use crate::session::{Selection, Session};
use crate::text;
use cluster::api::{Action, Labels, Phase, Pod, Uid};
use cluster::sim::World;
use leptos::prelude::*;

pub fn about(session: Session, uid: Uid) -> AnyView {
    block(
        "",
        vec![
            live(move || {
                session.scene_rev();
                session.traffic_rev();
                match session.with_world(|world| world.store().pod_by_uid(uid).cloned()) {
                    Some(pod) => state(session, &pod),
                    None => gone("Pod"),
                }
            }),
            labels(session, uid).view(),
        ],
    )
}

fn state(session: Session, pod: &Pod) -> AnyView {
    let answered = session
        .with_world(|world| world.traffic().stats.pods.get(&pod.meta.uid).map_or(0, |count| count.answered));
    let rows = vec![
        ("Status", status(pod)),
        ("Node", node(session, pod)),
        ("IP", code(pod.status.pod_ip().map_or_else(|| "none yet".into(), |ip| ip.to_string()))),
        ("Made by", owner(session, pod)),
        ("In Services", services(session, pod)),
        ("Restarts", text(pod.status.restarts.to_string())),
        ("Answered", text(text::count(answered as usize, "request"))),
    ];
    block("", vec![facts(rows), actions(session, Selection::Pod(pod.meta.uid))])
}

/// As kubectl's STATUS column has it, and whether it is ready.
pub fn status_words(pod: &Pod) -> (String, &'static str) {
    if pod.meta.deleted.is_some() {
        return ("Terminating".into(), "pk-tag pk-care");
    }
    if let Some(waiting) = &pod.status.waiting {
        return (waiting.to_string(), "pk-tag pk-care");
    }
    match (pod.status.phase, pod.status.ready) {
        (Phase::Running, true) => ("Ready".into(), "pk-tag pk-good"),
        (Phase::Running, false) => ("Running, not ready".into(), "pk-tag pk-care"),
        (phase, _) => (format!("{phase:?}"), "pk-tag pk-care"),
    }
}

fn status(pod: &Pod) -> AnyView {
    let (words, class) = status_words(pod);
    span(class, words)
}

fn node(session: Session, pod: &Pod) -> AnyView {
    let Some(name) = &pod.spec.node_name else { return text("none yet") };
    match session.with_world(|world| world.machine_named(name).map(|m| m.uid)) {
        Some(uid) => link_to(session, Selection::Node(uid), name.to_string()),
        None => text(name.to_string()),
    }
}

fn owner(session: Session, pod: &Pod) -> AnyView {
    if let Some(deployment) = session.with_world(|world| deployment_of(world, pod)) {
        let name = format!("Deployment {}", deployment.meta.name);
        return link_to(session, Selection::Deployment(deployment.meta.uid), name);
    }
    match &pod.meta.owner {
        Some(owner) => {
            link_to(session, Selection::Object(owner.uid), format!("{} {}", owner.kind, owner.name))
        }
        None => text("nobody: when it is deleted, nothing replaces it"),
    }
}

fn services(session: Session, pod: &Pod) -> AnyView {
    let services = session.with_world(|world| services_of(world, pod));
    if services.is_empty() {
        return text("none");
    }
    let links = services
        .into_iter()
        .map(|s| link_to(session, Selection::Service(s.meta.uid), s.meta.name.to_string()))
        .collect();
    inline("pk-links", links)
}

fn labels(session: Session, uid: Uid) -> Editor {
    let pod = move |world: &World| world.store().pod_by_uid(uid).cloned();
    Editor {
        name: "Labels",
        current: Signal::derive(move || {
            session.scene_rev();
            session.with_world(|w| pod(w).map(|p| p.meta.labels.clone())).unwrap_or_default()
        }),
        preview: Callback::new(move |labels: Labels| {
            session.with_world(|w| pod(w).map(|p| preview_labels(w, &p, &labels))).unwrap_or_default()
        }),
        apply: Callback::new(move |labels| {
            let object = session.with_world(|world| world.store().object_ref(uid));
            object.is_some_and(|object| session.act(Action::SetLabels { object, labels }))
        }),
    }
}
