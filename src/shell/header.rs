//! The head of the lab: which scenario, which cluster, and what can be done with the whole.

use super::{Dialog, Ui, begin, built_in, theme_sign};
use crate::parts::*;
use crate::session::{BUILT_IN, Begin, Deed, Motion, OWN, Session};
use crate::text;
use leptos::prelude::*;

pub fn header(session: Session, ui: Ui) -> AnyView {
    view! {
        <header class="pk-header">
            <h1 class="pk-logo">"Packetyard"</h1>
            {live(move || picker(session))}
            {live(move || mode(session, ui))}
            {span("pk-spring", "")}
            {live(move || history(session))}
            {button("Load", move || ui.open(Dialog::Load)).hint("Load manifests or a scenario file").view()}
            {button("Share", move || ui.open(Dialog::Share)).hint("A link to this moment, or a figure").view()}
            {live(move || theme(session))}
        </header>
    }
    .into_any()
}

fn picker(session: Session) -> AnyView {
    session.opened_rev();
    let (key, title) = session.with_source(|s| (s.key.clone(), s.title().map(str::to_owned)));
    let mut options: Vec<(String, String)> =
        built_in().iter().map(|s| ([BUILT_IN, s.name].concat(), s.title.into())).collect();
    if !options.iter().any(|(other, _)| *other == key) {
        options.push((key.clone(), title.unwrap_or_else(|| "Your manifests".into())));
    }
    if key != OWN && session.saved_original(OWN).is_some() {
        options.push((OWN.into(), "Your manifests".into()));
    }
    let take = move |key: String| {
        session.save_now();
        let paused = session.motion_or_gone() == Some(Motion::Paused);
        begin::open_key(session, &key, if paused { Begin::Paused } else { Begin::Playing });
    };
    select("Scenario", options, &key, Callback::new(take))
}

/// The cluster's mode, to be changed, and beside it what else is true of all of it.
fn mode(session: Session, ui: Ui) -> AnyView {
    session.opened_rev();
    session.scene_rev();
    let (mode, timing) =
        session.with_world(|world| (world.config().proxy_mode.as_str(), text::timing(world.timing())));
    let label = vec![span("pk-wide", "kube-proxy:"), text(mode), text(" ▾")];
    vec![
        button("", move || ui.open(Dialog::Facts))
            .labelled(label)
            .named(["kube-proxy: ", mode].concat())
            .hint("Another mode of kube-proxy, and what this model assumes")
            .view(),
        span("pk-muted pk-wide pk-version", ["Kubernetes 1.36 · ", &timing].concat()),
    ]
    .into_any()
}

fn history(session: Session) -> AnyView {
    let (undo, redo) = (session.can_undo(), session.can_redo());
    inline(
        "pk-pair",
        vec![
            button("↶", move || session.ask(Deed::Undo))
                .named("Undo")
                .hint("Undo (Ctrl+Z)")
                .disabled(!undo)
                .view(),
            button("↷", move || session.ask(Deed::Redo))
                .named("Redo")
                .hint("Redo (Ctrl+Shift+Z)")
                .disabled(!redo)
                .view(),
        ],
    )
}

fn theme(session: Session) -> AnyView {
    let (sign, name) = theme_sign(session.theme.get());
    button(sign, move || session.next_theme()).named(name).hint(name).view()
}
