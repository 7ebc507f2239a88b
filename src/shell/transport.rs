//! The controls of time, at the foot of the lab.

use super::{Dialog, Ui, track};
use crate::parts::*;
use crate::session::pace::{self, SPEEDS};
use crate::session::{Deed, Motion, Session};
use crate::text;
use leptos::prelude::*;

pub fn transport(session: Session, ui: Ui) -> AnyView {
    let controls = vec![live(move || controls(session)), live(move || speed(session))];
    let clock = vec![
        live(move || span("pk-mono", text::clock(session.now()))),
        live(move || seed(session)),
        live(move || again(session, ui)),
    ];
    view! {
        <footer class="pk-transport">
            {block("pk-controls", controls)}
            {track::track(session, ui)}
            {block("pk-clock", clock)}
        </footer>
    }
    .into_any()
}

fn controls(session: Session) -> AnyView {
    let playing = session.motion() == Motion::Playing;
    let (mark, name) = if playing { ("❚❚", "Pause") } else { ("▶", "Play") };
    let toggle = button("", move || session.toggle())
        .labelled(vec![sign("pk-icon", mark), text(name)])
        .class("pk-btn pk-main pk-toggle")
        .hint("Space");
    inline(
        "pk-row",
        vec![
            button("", move || session.ask(Deed::StepBack))
                .labelled(vec![sign("pk-icon", "◀"), span("pk-wide", "Step")])
                .named("Step back")
                .hint("Back to the event before (,)")
                .view(),
            toggle.view(),
            button("", move || session.ask(Deed::Step))
                .labelled(vec![span("pk-wide", "Step"), sign("pk-icon", "▶")])
                .named("Step to the next event")
                .hint("On to the next event (.)")
                .view(),
        ],
    )
}

fn speed(session: Session) -> AnyView {
    let speed = session.speed();
    let said = text::speed(speed);
    let slider = Slider {
        name: "Speed",
        most: SPEEDS.len() as u32 - 1,
        value: pace::stop_of(speed) as u32,
        said: said.clone(),
        take: Callback::new(move |at| session.set_speed(SPEEDS[(at as usize).min(SPEEDS.len() - 1)])),
    };
    let lag = session.lag().map(|kept| {
        let keeps = format!("only {} kept up", text::speed(speed * kept));
        span("pk-care", keeps)
    });
    let mut kids = vec![slider.view(), span("pk-speed pk-mono", said)];
    kids.extend(lag);
    inline("pk-row", kids)
}

fn seed(session: Session) -> AnyView {
    session.opened_rev();
    span("pk-mono pk-muted pk-wide", format!("seed {}", session.with_world(|world| world.seed())))
}

fn again(session: Session, ui: Ui) -> AnyView {
    session.opened_rev();
    let again = move || {
        if session.has_work() {
            ui.open(Dialog::StartAgain);
        } else {
            session.with_later(move |later| (later.start_again)(session));
        }
    };
    button("⟲", again).named("Start again").hint("Start again from the beginning").view()
}
