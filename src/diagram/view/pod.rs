//! Pods, and the ghosts of those that are gone.

use cluster::api::Uid;
use cluster::trace::Outcome;
use cluster::traffic::ClientId;
use leptos::prelude::*;

use super::assumed::AssumedChip;
use super::card::{Card, CardBody, Placed, part};
use super::service::MarkSign;
use crate::diagram::picture::Picture;
use crate::session::Selection;
use scene::cards::{CallLine, MOST_LABELS, ShownGhost, ShownPod, Tone, tone};
use scene::facts::PodState;
use scene::layout::PodForm;
use scene::marks::Mark;
use scene::words;

/// By how its Pod is.
fn class(shown: &ShownPod) -> String {
    match shown.tone() {
        Tone::Warn | Tone::Off => "pk-pod pk-unsettled".into(),
        Tone::Ok | Tone::Bad => "pk-pod".into(),
    }
}

type Of = Memo<Option<ShownPod>>;

#[component]
pub fn PodCard(uid: Uid) -> impl IntoView {
    let picture = expect_context::<Picture>();
    let shown = picture.watch(move |scene| ShownPod::of(scene, uid));
    let form = picture.watch(|scene| scene.layout.pod);
    let failed = Memo::new(move |_| picture.highlight.with(|highlight| highlight.failures.of_pod(uid)));
    let trouble = move || failed.with(|failed| failed.first().map(|(_, outcome)| *outcome));
    let label = part(shown, ShownPod::label);
    let trouble_said = part(shown, |s| Some(s.trouble().join("\n")).filter(|said| !said.is_empty()));
    // A dot has no room for its name.
    let hint = move || if form.get() == PodForm::Dot { Some(label()) } else { trouble_said() };
    let body = move || match form.get() {
        PodForm::Dot => view! { <div class="pk-line pk-dot"><StateSign shown/></div> }.into_any(),
        PodForm::Tiny => view! { <TinyLines shown/> }.into_any(),
        PodForm::Dense => view! { <DenseLines shown/> }.into_any(),
        PodForm::Plain => view! { <PlainLines shown/> }.into_any(),
        PodForm::Full => view! { <FullLines shown failed/> }.into_any(),
    };
    view! {
        <Card
            item=Selection::Pod(uid)
            class=part(shown, class)
            label=move || words::with_trouble(label(), trouble())
            place=part(shown, |s| s.place)
            hint
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
        true => view! { <span class="pk-ip">{part(shown, ShownPod::ip)}</span> }.into_any(),
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
    let reason = part(shown, ShownPod::reason);
    view! {
        <Heading shown/>
        <div class="pk-line">
            {move || match reason() {
                Some(reason) => view! { <span class="pk-ip pk-reason">{reason}</span> }.into_any(),
                None => view! { <span class="pk-ip">{part(shown, ShownPod::ip)}</span> }.into_any(),
            }}
        </div>
    }
}

/// Its state and its name.
#[component]
fn Heading(shown: Of) -> impl IntoView {
    view! {
        <div class="pk-line pk-apart">
            <span class=part(shown, |s| state_class(&s.pod.state))>{part(shown, ShownPod::state)}</span>
            <Marks marks=part(shown, |s| s.marks.clone())/>
        </div>
        <div class="pk-line">
            <span class="pk-name">{part(shown, ShownPod::whole_name)}</span>
        </div>
    }
}

/// A reason has the room of the address, where there is none, and of what stands below.
#[component]
fn FullLines(shown: Of, failed: Memo<Vec<(ClientId, Outcome)>>) -> impl IntoView {
    let reason = part(shown, ShownPod::reason);
    let has_ip = part(shown, |s| s.pod.ip.is_some());
    let address = move || {
        (has_ip() || reason().is_none()).then(|| {
            view! {
                <div class="pk-line">
                    <span class="pk-ip">{part(shown, ShownPod::ip)}</span>
                </div>
            }
        })
    };
    let rest = move || match reason() {
        Some(reason) => view! { <p class="pk-reason">{reason}</p> }.into_any(),
        None => view! {
            <Calls shown failed/>
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

#[component]
fn Calls(shown: Of, failed: Memo<Vec<(ClientId, Outcome)>>) -> impl IntoView {
    let calls = part(shown, move |s| failed.with(|failed| s.calls(failed)));
    let line = |call: CallLine| match call {
        CallLine::Says(words) => view! { <span class="pk-calls">{words}</span> }.into_any(),
        CallLine::Failed { outcome, whose } => view! {
            <span class="pk-calls pk-trouble">
                <span>"✕ " {words::call_failed(outcome)}</span>
                {whose.map(|whose| view! { <span>{whose}</span> })}
            </span>
        }
        .into_any(),
    };
    move || calls().into_iter().map(line).collect_view()
}

#[component]
fn Labels(shown: Of) -> impl IntoView {
    let labels = part(shown, |s| s.pod.labels.iter().take(MOST_LABELS).cloned().collect::<Vec<_>>());
    let chips = move || {
        labels().into_iter().map(|label| view! { <span class="pk-chip">{label}</span> }).collect_view()
    };
    let assumed = part(shown, ShownPod::assumed);
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

/// The outlines of Pods that are gone and not replaced yet.
#[component]
pub fn Ghosts() -> impl IntoView {
    let picture = expect_context::<Picture>();
    let gone = picture.watch(ShownGhost::all);
    move || gone.get().into_iter().map(|gone| view! { <Ghost gone/> }).collect_view()
}

#[component]
fn Ghost(gone: ShownGhost) -> impl IntoView {
    let (has_room, short) = (gone.has_room(), gone.short_name());
    let ShownGhost { name, ip, marks, place, .. } = gone;
    let label = words::ghost_label(&name);
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
