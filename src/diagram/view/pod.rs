//! Pods, and the ghosts of those that are gone.

use cluster::api::Uid;
use cluster::trace::Outcome;
use cluster::traffic::ClientId;
use leptos::prelude::*;

use super::card::{Card, placed};
use crate::diagram::facts::{PodFacts, PodState};
use crate::diagram::geometry::Rect;
use crate::diagram::layout::PodForm;
use crate::diagram::scene::{Picture, Scene};
use crate::diagram::slots::Tenant;
use crate::diagram::words;
use crate::parts::{Kids, block, live, nothing, span, text};
use crate::session::Selection;

/// Of the name's type: monospaced, 12 px.
const CHARACTER: f64 = 7.25;

const MOST_MARKS: usize = 4;

pub fn card(picture: Picture, uid: Uid) -> AnyView {
    let facts =
        Memo::new(move |_| picture.facts.with(|facts| facts.pods.iter().find(|p| p.uid == uid).cloned()));
    let rect = Memo::new(move |_| picture.scene.with(|s| s.layout.pod(uid)).unwrap_or_default());
    let label = Signal::derive(move || {
        let trouble = picture.trouble.with(|t| t.pods.get(&uid).map(|(_, outcome)| *outcome));
        let label = facts.with(|facts| facts.as_ref().map(|pod| label(picture, pod)).unwrap_or_default());
        words::with_trouble(label, trouble)
    });
    let class = Signal::derive(move || {
        let state = facts.with(|f| f.as_ref().map(|pod| tone(pod.state)));
        format!("pk-pod pk-pod-{}", state.unwrap_or("off"))
    });
    let body = live(move || {
        let trouble = picture.trouble.with(|t| t.pods.get(&uid).copied());
        facts.with(|facts| match facts {
            Some(pod) => picture.scene.with(|scene| body(scene, pod, rect.get(), trouble)),
            None => nothing(),
        })
    });
    let item = Selection::Pod(uid);
    Card { picture, item, class, rect: rect.into(), label, body, controls: None }.view()
}

fn label(picture: Picture, pod: &PodFacts) -> String {
    let services: Vec<String> = picture.facts.with(|facts| {
        let of = facts.services.iter().filter(|s| pod.services.contains(&s.uid));
        of.map(|s| s.key.name.to_string()).collect()
    });
    words::pod_label(pod, &services)
}

fn body(scene: &Scene, pod: &PodFacts, rect: Rect, trouble: Option<(ClientId, Outcome)>) -> AnyView {
    let form = scene.layout.pod;
    let marks = marks(scene, &pod.services);
    let room = rect.w - 16.0;
    let name = |width: f64| {
        let name = words::shorten(&pod.key.name, (width / CHARACTER) as usize);
        span("pk-name", name)
    };
    let ip = || span("pk-ip", pod.ip.as_deref().unwrap_or(words::NO_ADDRESS_YET));
    let sign = format!("pk-sign pk-sign-{}", tone(pod.state));
    let marks_width = 18.0 * pod.services.len().min(MOST_MARKS) as f64;
    match form {
        PodForm::Tiny => {
            let sign = view! { <i class=sign></i> }.into_any();
            block("pk-line", vec![sign, marks, name(room - marks_width - 16.0)])
        }
        PodForm::Dense => {
            let state = match pod.state {
                PodState::Ready => ip(),
                other => span(state_class(other), words::pod_state_short(other)),
            };
            let sign = view! { <i class=sign></i> }.into_any();
            vec![
                block("pk-line", vec![marks, name(room - marks_width - 4.0)]),
                block("pk-line", vec![sign, state]),
            ]
            .into_any()
        }
        PodForm::Plain | PodForm::Full => {
            let mut lines = vec![
                block("pk-line pk-apart", vec![state(pod.state, rect.w), marks]),
                block("pk-line", vec![name(room)]),
                block("pk-line", vec![ip()]),
            ];
            if form == PodForm::Full {
                lines.extend(calls(pod, trouble));
                lines.push(chips(pod));
            }
            lines.into_any()
        }
    }
}

fn state(state: PodState, width: f64) -> AnyView {
    let word = if width < 150.0 { words::pod_state_short(state) } else { words::pod_state(state) };
    span(state_class(state), word)
}

fn state_class(state: PodState) -> &'static str {
    match tone(state) {
        "ok" => "pk-state pk-ok",
        "warn" => "pk-state pk-warn",
        "bad" => "pk-state pk-bad",
        _ => "pk-state pk-off",
    }
}

fn tone(state: PodState) -> &'static str {
    match state {
        PodState::Ready => "ok",
        PodState::Pending | PodState::Creating | PodState::Terminating => "warn",
        PodState::NotReady | PodState::Crashed(_) => "bad",
        PodState::NodeOff => "off",
    }
}

/// The marks of the Services that send to it.
fn marks(scene: &Scene, services: &[Uid]) -> AnyView {
    let mark = |uid: &Uid| {
        let mark = scene.mark(*uid)?;
        Some(super::service::mark(mark))
    };
    let kids: Kids = services.iter().take(MOST_MARKS).filter_map(mark).collect();
    let class = if services.len() > 2 { "pk-marks pk-many" } else { "pk-marks" };
    crate::parts::inline(class, kids)
}

fn calls(pod: &PodFacts, trouble: Option<(ClientId, Outcome)>) -> Option<AnyView> {
    let calls = words::calls(&pod.calls)?;
    Some(match trouble {
        Some((client, outcome)) => {
            let call = pod.calls.iter().find(|call| call.client == client);
            span("pk-calls pk-trouble", words::call_failed(call, outcome))
        }
        None => span("pk-calls", calls),
    })
}

fn chips(pod: &PodFacts) -> AnyView {
    let chips: Kids = pod.labels.iter().take(2).map(|label| span("pk-chip", label.clone())).collect();
    block("pk-chips", chips)
}

/// The outlines of Pods that are gone and not replaced yet.
pub fn ghosts(picture: Picture, node: Uid) -> AnyView {
    let ghosts = Memo::new(move |_| {
        picture.scene.with(|s| s.layout.node(node).map(|n| n.ghosts.clone()).unwrap_or_default())
    });
    live(move || {
        let ghosts = ghosts.get();
        let kids: Kids = ghosts.into_iter().map(|(tenant, rect)| ghost(picture, &tenant, rect)).collect();
        kids.into_any()
    })
}

fn ghost(picture: Picture, tenant: &Tenant, rect: Rect) -> AnyView {
    let name = words::shorten(&tenant.key.name, ((rect.w - 16.0) / CHARACTER) as usize);
    let marks = picture.scene.with(|scene| marks(scene, &tenant.services));
    let dense = picture.scene.with(|scene| scene.layout.pod >= PodForm::Dense);
    let mut kids = vec![block("pk-line", vec![span("pk-name", name)])];
    if !dense {
        let head = block("pk-line pk-apart", vec![span("pk-state pk-off", words::GONE), marks]);
        kids.insert(0, head);
        kids.push(block("pk-line", vec![span("pk-ip", tenant.ip.clone().unwrap_or_default())]));
    }
    kids.push(span("pk-sr", words::ghost_label(&tenant.key.name)));
    kids.push(text(""));
    placed("pk-card pk-pod pk-ghost", Signal::derive(move || rect), vec![block("pk-body", kids)])
}
