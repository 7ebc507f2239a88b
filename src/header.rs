//! The head of the lab: which scenario, which cluster, and what can be done with the whole.

use crate::components::{Button, Select};
use crate::opening::{Start, open_key};
use crate::scenarios::{built_in, key_of};
use crate::session::{OWN, Session, Theme};
use crate::text;
use crate::ui::{Dialog, Ui};
use leptos::prelude::*;

#[component]
pub fn Header() -> impl IntoView {
    let ui = expect_context::<Ui>();
    view! {
        <header class="pk-header">
            <h1 class="pk-logo">"Packetyard"</h1>
            <ScenarioSelect/>
            <ProxyModeButton/>
            <span class="pk-spring"></span>
            <History/>
            <Button on_press=move || ui.open(Dialog::Load) hint="Load manifests or a scenario file">"Load"</Button>
            <Button on_press=move || ui.open(Dialog::Share) hint="A link to this moment, or a figure">"Share"</Button>
            <ThemeButton/>
        </header>
    }
}

#[component]
fn ScenarioSelect() -> impl IntoView {
    let session = expect_context::<Session>();
    // Not a memo: opening what is open already has to set the list back to it.
    let key = Signal::derive(move || {
        session.opened_rev();
        session.with_source(|source| source.key.clone())
    });
    let choose = move |key: String| open_key(session, &key, Start::AsItIs);
    view! {
        <Select
            name="Scenario"
            options=move || scenarios(session, &key.get())
            chosen=key
            on_choose=choose
        />
    }
}

/// Key and title of those that come with the page, of what is open, and of the reader's own text.
fn scenarios(session: Session, open: &str) -> Vec<(String, String)> {
    const OWN_TITLE: &str = "Your manifests";
    let mut all: Vec<(String, String)> =
        built_in().iter().map(|s| (key_of(s.name), s.title.into())).collect();
    if !all.iter().any(|(key, _)| key == open) {
        let title = session.with_source(|source| source.title().map(str::to_owned));
        all.push((open.into(), title.unwrap_or_else(|| OWN_TITLE.into())));
    }
    if open != OWN && session.saved_original(OWN).is_some() {
        all.push((OWN.into(), OWN_TITLE.into()));
    }
    all
}

/// The cluster's mode, to be changed, and beside it what else is true of all of it.
#[component]
fn ProxyModeButton() -> impl IntoView {
    let (session, ui) = (expect_context::<Session>(), expect_context::<Ui>());
    let mode = session.watch_scene(|world| world.config().proxy_mode);
    let timing = session.watch_scene(|world| text::timing(world.timing()));
    view! {
        <Button
            on_press=move || ui.open(Dialog::Facts)
            name=move || ["kube-proxy: ", mode.get().as_str()].concat()
            hint="Another mode of kube-proxy, and what this model assumes"
        >
            <span class="pk-wide">"kube-proxy:"</span>
            {move || mode.get().as_str()}
            " ▾"
        </Button>
        <span class="pk-muted pk-wide pk-version">"Kubernetes 1.36 · " {timing}</span>
    }
}

#[component]
fn History() -> impl IntoView {
    let session = expect_context::<Session>();
    view! {
        <span class="pk-pair">
            <Button
                on_press=move || session.undo()
                name="Undo"
                hint="Undo (Ctrl+Z)"
                disabled=move || !session.can_undo()
            >
                "↶"
            </Button>
            <Button
                on_press=move || session.redo()
                name="Redo"
                hint="Redo (Ctrl+Shift+Z)"
                disabled=move || !session.can_redo()
            >
                "↷"
            </Button>
        </span>
    }
}

#[component]
fn ThemeButton() -> impl IntoView {
    let session = expect_context::<Session>();
    let name = move || theme_sign(session.theme.get()).1.to_owned();
    view! {
        <Button on_press=move || session.next_theme() name=name hint=name>
            {move || theme_sign(session.theme.get()).0}
        </Button>
    }
}

/// What the theme button shows, and what it is called.
fn theme_sign(theme: Theme) -> (&'static str, &'static str) {
    match theme {
        Theme::Auto => ("◐", "Theme: as the system"),
        Theme::Light => ("☀", "Theme: light"),
        Theme::Dark => ("☾", "Theme: dark"),
    }
}
