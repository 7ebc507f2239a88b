//! Pods, and the ghosts of those that are gone.

use cluster::api::Uid;
use cluster::trace::Outcome;
use cluster::traffic::ClientId;
use leptos::prelude::*;

use super::card::{Shell, placed};
use super::service::mark;
use crate::diagram::picture::Picture;
use crate::parts::{Kids, block, inline, sign, span};
use scene::Scene;
use scene::facts::{PodFacts, PodState};
use scene::geometry::Rect;
use scene::layout::PodForm;
use scene::slots::Tenant;
use scene::words;

/// Of the name's type: monospaced, 12 px.
const CHARACTER: f64 = 7.25;
const IP_CHARACTER: f64 = 6.3;
const MOST_MARKS: usize = 4;

fn find(scene: &Scene, uid: Uid) -> Option<&PodFacts> {
    scene.facts.pods.iter().find(|p| p.uid == uid)
}

pub fn shell(picture: Picture, uid: Uid) -> Option<Shell> {
    let trouble = picture.front.with(|front| front.trouble.pods.get(&uid).map(|(_, outcome)| *outcome));
    picture.scene.with(|scene| {
        let pod = find(scene, uid)?;
        let of = scene.facts.services.iter().filter(|s| pod.services.contains(&s.uid));
        let services: Vec<&str> = of.map(|s| &*s.key.name).collect();
        let class = match tone(pod.state) {
            Tone::Warn | Tone::Off => "pk-pod pk-unsettled",
            _ => "pk-pod",
        };
        Some(Shell {
            class: class.to_owned(),
            label: words::with_trouble(words::pod_label(pod, &services), trouble),
            rect: scene.layout.pod(uid)?,
        })
    })
}

pub fn inside(picture: Picture, uid: Uid) -> Option<AnyView> {
    let trouble = picture.front.with(|front| front.trouble.pods.get(&uid).copied());
    picture.scene.with(|scene| Some(body(scene, find(scene, uid)?, scene.layout.pod(uid)?, trouble)))
}

fn body(scene: &Scene, pod: &PodFacts, rect: Rect, trouble: Option<(ClientId, Outcome)>) -> AnyView {
    let marks = marks(scene, &pod.services);
    let room = rect.w - 16.0;
    let beside_marks = room - 18.0 * pod.services.len().min(MOST_MARKS) as f64;
    let name = |width: f64| span("pk-name", words::shorten(&pod.key.name, (width / CHARACTER) as usize));
    let ip = || {
        let short = |ip: &String| words::shorten(ip, (room / IP_CHARACTER) as usize);
        span("pk-ip", pod.ip.as_ref().map_or_else(|| words::NO_ADDRESS_YET.to_owned(), short))
    };
    let dot = || sign(dot_class(pod.state), "");
    match scene.layout.pod {
        PodForm::Tiny => block("pk-line", vec![dot(), marks, name(beside_marks - 16.0)]),
        PodForm::Dense => {
            let state = match pod.state {
                PodState::Ready => ip(),
                other => span(state_class(other), words::pod_state_short(other)),
            };
            let lines = vec![
                block("pk-line", vec![marks, name(beside_marks - 4.0)]),
                block("pk-line", vec![dot(), state]),
            ];
            lines.into_any()
        }
        form => {
            let mut lines = vec![
                block("pk-line pk-apart", vec![state(pod.state, rect.w), marks]),
                block("pk-line", vec![name(room)]),
                block("pk-line", vec![ip()]),
            ];
            if form == PodForm::Full {
                lines.extend(calls(pod, trouble));
                let chips = pod.labels.iter().take(2).map(|label| span("pk-chip", label.clone()));
                lines.push(block("pk-chips", chips.collect()));
            }
            lines.into_any()
        }
    }
}

fn state(state: PodState, width: f64) -> AnyView {
    let word = if width < 150.0 { words::pod_state_short(state) } else { words::pod_state(state) };
    span(state_class(state), word)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Tone {
    Ok,
    Warn,
    Bad,
    Off,
}

fn tone(state: PodState) -> Tone {
    match state {
        PodState::Ready => Tone::Ok,
        PodState::Pending | PodState::Creating | PodState::Terminating => Tone::Warn,
        PodState::NotReady | PodState::Crashed(_) => Tone::Bad,
        PodState::NodeOff => Tone::Off,
    }
}

fn state_class(state: PodState) -> &'static str {
    match tone(state) {
        Tone::Ok => "pk-state pk-ok",
        Tone::Warn => "pk-state pk-warn",
        Tone::Bad => "pk-state pk-bad",
        Tone::Off => "pk-state pk-off",
    }
}

fn dot_class(state: PodState) -> &'static str {
    match tone(state) {
        Tone::Ok => "pk-sign pk-sign-ok",
        Tone::Warn => "pk-sign pk-sign-warn",
        Tone::Bad => "pk-sign pk-sign-bad",
        Tone::Off => "pk-sign pk-sign-off",
    }
}

/// The marks of the Services that send to it.
fn marks(scene: &Scene, services: &[Uid]) -> AnyView {
    let kids = services.iter().take(MOST_MARKS).filter_map(|uid| scene.mark(*uid).map(mark));
    inline(if services.len() > 2 { "pk-marks pk-many" } else { "pk-marks" }, kids.collect())
}

fn calls(pod: &PodFacts, trouble: Option<(ClientId, Outcome)>) -> Option<AnyView> {
    let calls = words::calls(&pod.calls)?;
    Some(match trouble {
        Some((client, outcome)) => {
            let call = pod.calls.iter().find(|call| call.client == client);
            let target = call.map(|call| span("", call.target.clone()));
            let kids = [Some(span("", ["✕ ", words::call_failed(outcome)].concat())), target];
            inline("pk-calls pk-trouble", kids.into_iter().flatten().collect())
        }
        None => span("pk-calls", calls),
    })
}

/// The outlines of Pods that are gone and not replaced yet.
pub fn ghosts(picture: Picture) -> AnyView {
    let kids: Kids = picture.scene.with(|scene| {
        let ghosts = scene.layout.nodes.iter().flat_map(|n| &n.ghosts);
        ghosts.map(|(tenant, rect)| ghost(scene, tenant, *rect)).collect()
    });
    kids.into_any()
}

fn ghost(scene: &Scene, tenant: &Tenant, rect: Rect) -> AnyView {
    let name = words::shorten(&tenant.key.name, ((rect.w - 16.0) / CHARACTER) as usize);
    let mut kids = vec![block("pk-line", vec![span("pk-name", name)])];
    if scene.layout.pod < PodForm::Dense {
        let state = span("pk-state pk-off", words::GONE);
        kids.insert(0, block("pk-line pk-apart", vec![state, marks(scene, &tenant.services)]));
        kids.push(block("pk-line", vec![span("pk-ip", tenant.ip.clone().unwrap_or_default())]));
    }
    kids.push(span("pk-sr", words::ghost_label(&tenant.key.name)));
    placed("pk-card pk-pod pk-ghost", rect, vec![block("pk-body", kids)])
}
