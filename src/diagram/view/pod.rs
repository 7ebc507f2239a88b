//! Pods, and the ghosts of those that are gone.

use cluster::api::Uid;
use cluster::trace::Outcome;
use cluster::traffic::ClientId;
use leptos::prelude::*;

use super::assumed::{AssumedChip, AssumedPort};
use super::card::{Card, CardBody, Placed, part};
use super::service::MarkSign;
use crate::diagram::picture::Picture;
use crate::session::Selection;
use scene::facts::{PodFacts, PodState};
use scene::geometry::Rect;
use scene::layout::PodForm;
use scene::marks::Mark;
use scene::{Scene, words};

/// Of the name's type: monospaced, 12 px.
const CHARACTER: f64 = 7.25;
const IP_CHARACTER: f64 = 6.3;
const MOST_MARKS: usize = 4;
const MOST_LABELS: usize = 2;

/// What the card of a Pod shows.
#[derive(Clone, PartialEq)]
struct Shown {
    pod: PodFacts,
    /// The Services that send to it, by name.
    services: Vec<String>,
    marks: Vec<Mark>,
    place: Rect,
}

impl Shown {
    fn of(scene: &Scene, uid: Uid) -> Option<Shown> {
        let pod = scene.facts.pods.iter().find(|pod| pod.uid == uid)?.clone();
        let services = scene.facts.services.iter().filter(|service| pod.services.contains(&service.uid));
        Some(Shown {
            services: services.map(|service| service.key.name.to_string()).collect(),
            marks: marks(scene, &pod.services),
            place: scene.layout.pod(uid)?,
            pod,
        })
    }

    fn class(&self) -> String {
        match tone(&self.pod.state) {
            Tone::Warn | Tone::Off => "pk-pod pk-unsettled".into(),
            Tone::Ok | Tone::Bad => "pk-pod".into(),
        }
    }

    fn label(&self) -> String {
        let services: Vec<&str> = self.services.iter().map(String::as_str).collect();
        words::pod_label(&self.pod, &services, &self.trouble())
    }

    /// What it lacks, and what is assumed of it.
    fn trouble(&self) -> Vec<String> {
        let lacks = self.pod.lacks.iter().map(::words::not_ready);
        lacks.chain(self.pod.assumed.iter().map(::words::asked_port)).collect()
    }

    /// In the lines below its name, in place of what is of less use meanwhile. That it has completed, or is being
    /// made, its state says.
    fn reason(&self) -> Option<String> {
        let lacks = self.pod.lacks.as_ref()?;
        match self.pod.state {
            PodState::Completed | PodState::Creating | PodState::NodeOff | PodState::Ready => None,
            PodState::Pending
            | PodState::SchedulingGated
            | PodState::Rejected(_)
            | PodState::Init { .. }
            | PodState::NotReady
            | PodState::PreStop
            | PodState::Terminating
            | PodState::Crashed(_)
            | PodState::Held(_) => Some(::words::not_ready(lacks)),
        }
    }

    /// A port that it is asked for and does not declare.
    fn assumed(&self) -> Option<AssumedPort> {
        AssumedPort::of(&self.pod.assumed)
    }

    fn width_within(&self) -> f64 {
        self.place.w - 16.0
    }

    fn name(&self, width: f64) -> String {
        words::shorten(&self.pod.key.name, (width / CHARACTER) as usize)
    }

    fn whole_name(&self) -> String {
        self.name(self.width_within())
    }

    fn name_beside_marks(&self, other: f64) -> String {
        self.name(self.width_within() - 18.0 * self.marks.len() as f64 - other)
    }

    fn ip(&self) -> String {
        match &self.pod.ip {
            Some(ip) => words::shorten(ip, (self.width_within() / IP_CHARACTER) as usize),
            None => words::NO_ADDRESS_YET.to_owned(),
        }
    }

    fn state(&self) -> String {
        let state = &self.pod.state;
        if self.place.w < 150.0 { words::pod_state_short(state) } else { words::pod_state(state) }
            .into_owned()
    }
}

/// Those of the Services that send to it.
fn marks(scene: &Scene, services: &[Uid]) -> Vec<Mark> {
    services.iter().take(MOST_MARKS).filter_map(|uid| scene.mark(*uid).cloned()).collect()
}

type Of = Memo<Option<Shown>>;

#[component]
pub fn PodCard(uid: Uid) -> impl IntoView {
    let picture = expect_context::<Picture>();
    let shown = picture.watch(move |scene| Shown::of(scene, uid));
    let form = picture.watch(|scene| scene.layout.pod);
    let trouble =
        Memo::new(move |_| picture.highlight.with(|highlight| highlight.failures.pods.get(&uid).copied()));
    let label = part(shown, Shown::label);
    let body = move || match form.get() {
        PodForm::Tiny => view! { <TinyLines shown/> }.into_any(),
        PodForm::Dense => view! { <DenseLines shown/> }.into_any(),
        PodForm::Plain => view! { <PlainLines shown/> }.into_any(),
        PodForm::Full => view! { <FullLines shown trouble/> }.into_any(),
    };
    view! {
        <Card
            item=Selection::Pod(uid)
            class=part(shown, Shown::class)
            label=move || words::with_trouble(label(), trouble.get().map(|(_, outcome)| outcome))
            place=part(shown, |s| s.place)
            hint=part(shown, |s| Some(s.trouble().join("\n")).filter(|said| !said.is_empty()))
        >
            <CardBody>{body}</CardBody>
        </Card>
    }
}

#[component]
fn TinyLines(shown: Of) -> impl IntoView {
    view! {
        <div class="pk-line">
            <StateSign shown/>
            <Marks marks=part(shown, |s| s.marks.clone())/>
            <span class="pk-name">{part(shown, |s| s.name_beside_marks(16.0))}</span>
        </div>
    }
}

#[component]
fn DenseLines(shown: Of) -> impl IntoView {
    let is_ready = part(shown, |s| s.pod.state == PodState::Ready);
    let state = move || match is_ready() {
        true => view! { <span class="pk-ip">{part(shown, Shown::ip)}</span> }.into_any(),
        false => {
            let short = part(shown, |s| words::pod_state_short(&s.pod.state).into_owned());
            view! { <span class=part(shown, |s| state_class(&s.pod.state))>{short}</span> }.into_any()
        }
    };
    view! {
        <div class="pk-line">
            <Marks marks=part(shown, |s| s.marks.clone())/>
            <span class="pk-name">{part(shown, |s| s.name_beside_marks(4.0))}</span>
        </div>
        <div class="pk-line">
            <StateSign shown/>
            {state}
        </div>
    }
}

#[component]
fn PlainLines(shown: Of) -> impl IntoView {
    let reason = part(shown, Shown::reason);
    view! {
        <Heading shown/>
        <div class="pk-line">
            {move || match reason() {
                Some(reason) => view! { <span class="pk-ip pk-reason">{reason}</span> }.into_any(),
                None => view! { <span class="pk-ip">{part(shown, Shown::ip)}</span> }.into_any(),
            }}
        </div>
    }
}

/// Its state and its name.
#[component]
fn Heading(shown: Of) -> impl IntoView {
    view! {
        <div class="pk-line pk-apart">
            <span class=part(shown, |s| state_class(&s.pod.state))>{part(shown, Shown::state)}</span>
            <Marks marks=part(shown, |s| s.marks.clone())/>
        </div>
        <div class="pk-line">
            <span class="pk-name">{part(shown, Shown::whole_name)}</span>
        </div>
    }
}

/// A reason has the room of the address, where there is none, and of what stands below.
#[component]
fn FullLines(shown: Of, trouble: Memo<Option<(ClientId, Outcome)>>) -> impl IntoView {
    let reason = part(shown, Shown::reason);
    let has_ip = part(shown, |s| s.pod.ip.is_some());
    let address = move || {
        (has_ip() || reason().is_none()).then(|| {
            view! {
                <div class="pk-line">
                    <span class="pk-ip">{part(shown, Shown::ip)}</span>
                </div>
            }
        })
    };
    let rest = move || match reason() {
        Some(reason) => view! { <p class="pk-reason">{reason}</p> }.into_any(),
        None => view! {
            <Calls shown trouble/>
            <Labels shown/>
        }
        .into_any(),
    };
    view! {
        <Heading shown/>
        {address}
        {rest}
    }
}

/// What the Pod calls, and whether a call failed recently. Where it calls nobody: what it is to its workload.
#[component]
fn Calls(shown: Of, trouble: Memo<Option<(ClientId, Outcome)>>) -> impl IntoView {
    let calls = part(shown, |s| words::calls(&s.pod.calls));
    let role = part(shown, |s| words::part(&s.pod));
    move || {
        let Some(calls) = calls() else {
            return role().map(|role| view! { <span class="pk-calls">{role}</span> }.into_any());
        };
        let Some((client, outcome)) = trouble.get() else {
            return Some(view! { <span class="pk-calls">{calls}</span> }.into_any());
        };
        let target = shown.with(|s| {
            let call = s.as_ref()?.pod.calls.iter().find(|call| call.client == client)?;
            Some(call.target.clone())
        });
        let failed = view! {
            <span class="pk-calls pk-trouble">
                <span>"✕ " {words::call_failed(outcome)}</span>
                {target.map(|target| view! { <span>{target}</span> })}
            </span>
        };
        Some(failed.into_any())
    }
}

#[component]
fn Labels(shown: Of) -> impl IntoView {
    let labels = part(shown, |s| s.pod.labels.iter().take(MOST_LABELS).cloned().collect::<Vec<_>>());
    let chips = move || {
        labels().into_iter().map(|label| view! { <span class="pk-chip">{label}</span> }).collect_view()
    };
    let assumed = part(shown, Shown::assumed);
    view! { <div class="pk-chips"><AssumedChip assumed/> {chips}</div> }
}

#[component]
fn Marks(#[prop(into)] marks: Signal<Vec<Mark>>) -> impl IntoView {
    view! {
        <span class="pk-marks" class:pk-many=move || marks.with(|marks| marks.len() > 2)>
            <For each=move || marks.get() key=|mark| mark.letter.clone() let:mark>
                <MarkSign mark/>
            </For>
        </span>
    }
}

#[component]
fn StateSign(shown: Of) -> impl IntoView {
    view! { <span class=part(shown, |s| sign_class(&s.pod.state)) aria-hidden="true"></span> }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Tone {
    Ok,
    Warn,
    Bad,
    Off,
}

fn tone(state: &PodState) -> Tone {
    match state {
        PodState::Ready => Tone::Ok,
        PodState::Pending
        | PodState::SchedulingGated
        | PodState::Creating
        | PodState::Init { held: None, .. }
        | PodState::PreStop
        | PodState::Terminating => Tone::Warn,
        PodState::NotReady
        | PodState::Init { held: Some(_), .. }
        | PodState::Held(_)
        | PodState::Rejected(_)
        | PodState::Crashed(_) => Tone::Bad,
        PodState::Completed | PodState::NodeOff => Tone::Off,
    }
}

fn state_class(state: &PodState) -> &'static str {
    match tone(state) {
        Tone::Ok => "pk-state pk-ok",
        Tone::Warn => "pk-state pk-warn",
        Tone::Bad => "pk-state pk-bad",
        Tone::Off => "pk-state pk-off",
    }
}

fn sign_class(state: &PodState) -> &'static str {
    match tone(state) {
        Tone::Ok => "pk-sign pk-sign-ok",
        Tone::Warn => "pk-sign pk-sign-warn",
        Tone::Bad => "pk-sign pk-sign-bad",
        Tone::Off => "pk-sign pk-sign-off",
    }
}

/// What is shown of a Pod that is gone.
#[derive(Clone, PartialEq)]
struct Gone {
    name: String,
    ip: String,
    marks: Vec<Mark>,
    place: Rect,
    form: PodForm,
}

/// The outlines of Pods that are gone and not replaced yet.
#[component]
pub fn Ghosts() -> impl IntoView {
    let picture = expect_context::<Picture>();
    let gone = picture.watch(|scene| {
        let ghosts = scene.layout.nodes.iter().flat_map(|node| &node.ghosts);
        let gone = ghosts.map(|(occupant, place)| Gone {
            name: occupant.key.name.to_string(),
            ip: occupant.ip.clone().unwrap_or_default(),
            marks: marks(scene, &occupant.services),
            place: *place,
            form: scene.layout.pod,
        });
        gone.collect::<Vec<_>>()
    });
    move || gone.get().into_iter().map(|gone| view! { <Ghost gone/> }).collect_view()
}

#[component]
fn Ghost(gone: Gone) -> impl IntoView {
    let Gone { name, ip, marks, place, form } = gone;
    let has_room = form < PodForm::Dense;
    let label = words::ghost_label(&name);
    let short = words::shorten(&name, ((place.w - 16.0) / CHARACTER) as usize);
    let state = has_room.then(|| {
        view! {
            <div class="pk-line pk-apart">
                <span class="pk-state pk-off">{words::GONE}</span>
                <Marks marks/>
            </div>
        }
    });
    let address = has_room.then(|| view! { <div class="pk-line"><span class="pk-ip">{ip}</span></div> });
    view! {
        <Placed class="pk-card pk-pod pk-ghost" place>
            <div class="pk-body">
                {state}
                <div class="pk-line">
                    <span class="pk-name">{short}</span>
                </div>
                {address}
                <span class="pk-sr">{label}</span>
            </div>
        </Placed>
    }
}
