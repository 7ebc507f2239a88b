//! The controls of time, at the foot of the lab.

use super::track::Track;
use crate::components::{Button, Slider};
use crate::opening::start_again;
use crate::session::Session;
use crate::session::pace::{self, SPEEDS};
use crate::text;
use crate::ui::{Dialog, Ui};
use leptos::prelude::*;

#[component]
pub fn Transport() -> impl IntoView {
    let is_open = RwSignal::new(false);
    view! {
        <footer class="pk-transport">
            <div class="pk-controls">
                <PlayControls/>
                <Speed/>
            </div>
            <Track is_open/>
            <div class="pk-clock">
                <Clock/>
                <Seed/>
                <Lanes is_open/>
                <StartAgain/>
            </div>
        </footer>
    }
}

/// While the cluster settles for the first time nobody knows yet how long before the origin it is.
#[component]
fn Clock() -> impl IntoView {
    let session = expect_context::<Session>();
    let clock = move || {
        let now = session.now();
        session.with_world(|world| match world.origin() {
            Some(_) => text::clock(world.moment(now)),
            None => ["settling, ", &text::clock(world.moment(now))].concat(),
        })
    };
    view! { <span class="pk-mono">{clock}</span> }
}

#[component]
fn PlayControls() -> impl IntoView {
    let session = expect_context::<Session>();
    let sign = move || if session.is_playing() { "❚❚" } else { "▶" };
    let name = move || if session.is_playing() { "Pause" } else { "Play" };
    view! {
        <span class="pk-row">
            <Button
                on_press=move || session.step_back()
                name="Step back"
                hint="Back to the event before (,)"
            >
                <span class="pk-icon" aria-hidden="true">"◀"</span>
                <span class="pk-wide">"Step"</span>
            </Button>
            <Button on_press=move || session.toggle() class="pk-btn pk-main pk-toggle" hint="Space">
                <span class="pk-icon" aria-hidden="true">{sign}</span>
                {name}
            </Button>
            <Button
                on_press=move || session.step()
                name="Step to the next event"
                hint="On to the next event (.)"
            >
                <span class="pk-wide">"Step"</span>
                <span class="pk-icon" aria-hidden="true">"▶"</span>
            </Button>
        </span>
    }
}

#[component]
fn Speed() -> impl IntoView {
    let session = expect_context::<Session>();
    let text = move || text::speed(session.speed());
    let lag = move || {
        let kept = session.lag()?;
        let kept_up = text::speed(session.speed() * kept);
        Some(view! { <span class="pk-care">{format!("only {kept_up} kept up")}</span> })
    };
    view! {
        <span class="pk-row">
            <Slider
                name="Speed"
                max=SPEEDS.len() as u32 - 1
                value=move || pace::stop_of(session.speed()) as u32
                text=text
                on_input=move |at: u32| session.set_speed(SPEEDS[(at as usize).min(SPEEDS.len() - 1)])
            />
            <span class="pk-speed pk-mono">{text}</span>
            {lag}
        </span>
    }
}

#[component]
fn Seed() -> impl IntoView {
    let session = expect_context::<Session>();
    let seed = session.watch_scene(|world| world.seed());
    view! { <span class="pk-mono pk-muted pk-wide">{move || format!("seed {}", seed.get())}</span> }
}

/// Opens the timeline's lanes, and folds them.
#[component]
fn Lanes(is_open: RwSignal<bool>) -> impl IntoView {
    view! {
        <Button
            on_press=move || is_open.update(|is_open| *is_open = !*is_open)
            class="pk-btn pk-lanes"
            name="Timeline in lanes"
            hint="What you did, objects, kube-proxy and losses apart"
            pressed=is_open
        >
            "☰"
        </Button>
    }
}

#[component]
fn StartAgain() -> impl IntoView {
    let (session, ui) = (expect_context::<Session>(), expect_context::<Ui>());
    let again = move || {
        if session.has_work() {
            ui.open(Dialog::StartAgain);
        } else {
            start_again(session);
        }
    };
    view! { <Button on_press=again name="Start again" hint="Start again from the beginning">"⟲"</Button> }
}
