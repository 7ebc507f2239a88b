//! The lab as a whole: what is around the picture, and the keys and gestures that belong to all
//! of it.

mod add_client;
mod begin;
mod built_in;
pub(crate) mod dialog;
mod facts;
pub(crate) mod files;
mod header;
pub(crate) mod kept;
mod keys;
mod live;
mod load;
pub(crate) mod menu;
pub(crate) mod myths;
pub(crate) mod notable;
mod share;
pub(crate) mod toasts;
mod track;
mod transport;
mod ui;

use crate::components::Button;
use crate::embed::{Controls, Options};
use crate::later::Later;
use crate::session::{Motion, Recorder, Session, Theme};
use crate::{browser, diagram, panels};
pub use add_client::RateSlider;
#[cfg(test)]
#[cfg(test)]
pub use built_in::text_of;
pub use built_in::{BuiltIn, FIRST, FIRST_HINTS, Hints, MYTH, built_in, built_in_of, hints_of, text_of_key};
use header::Header;
use leptos::html::Div;
use leptos::prelude::*;
use live::SpokenLog;
pub use share::copy_text;
use toasts::Toasts;
use transport::Transport;
pub use ui::{Dialog, Tab, Ui};
use wasm_bindgen::prelude::*;

/// One lab.
#[component]
pub fn App(options: Options, recorder: Option<Recorder>) -> impl IntoView {
    let session = Session::new(storage_name(&options), recorder);
    let ui = Ui::default();
    provide_context(session);
    provide_context(ui);
    session.begin_with_theme(options.theme);
    session.watch_system_theme();
    session.start_frames();
    begin::begin(session, &options);
    let lab = NodeRef::<Div>::new();
    watch_whether_on_screen(session, lab);
    keys::hear_at_once(&options, lab);
    Effect::new(move || {
        if let (Some(later), Some(lab)) = (session.later.get(), lab.get()) {
            (later.begin)(session, ui, &lab);
        }
    });
    let full = options.controls == Controls::Full;
    view! {
        <div
            node_ref=lab
            class="pk-app pk-shell"
            lang="en"
            tabindex="-1"
            data-theme=move || theme_word(session)
            data-drop=move || ui.dragging.get()
            data-controls=controls_word(options.controls)
            on:keydown=move |event| {
                keys::pressed(session, ui, &event);
                session.want_later();
            }
            on:pointerover=move |_| session.want_later()
            on:pointerdown=move |_| session.want_later()
            on:dragover=move |event| files::dragged_over(ui, &event)
            on:dragleave=move |event| files::dragged_away(ui, &event)
            on:drop=move |event| files::dropped(session, ui, &event)
        >
            {full.then(|| view! { <Header/> })}
            <section class="pk-picture" aria-label="Cluster">
                {diagram::diagram(session)}
                <Opening/>
            </section>
            {full.then(|| panels::inspector(session, ui))}
            {(options.controls != Controls::None).then(|| view! { <Transport/> })}
            {move || session.menu.get().and_then(|at| later(session, move |later| (later.menu)(lab, at)))}
            {move || ui.dialog.get().and_then(|which| later(session, move |later| (later.dialog)(which)))}
            <Toasts/>
            <SpokenLog/>
        </div>
    }
}

/// A view of the second part, once that is there.
fn later(session: Session, view: impl FnOnce(&'static Later) -> AnyView) -> Option<AnyView> {
    let Some(later) = session.later.get() else {
        session.want_later();
        return None;
    };
    Some(untrack(|| view(later)))
}

/// What has to be before anything of the second part is seen, and what goes on unseen.
pub fn begin_later(session: Session, ui: Ui, root: &web_sys::Element) {
    // Without, it could still be read and used.
    let _adopted = crate::embed::adopt_more(root, &[crate::theme::LATER_CSS]);
    panels::remember_where_from(session, ui);
    panels::remember_service(session, ui);
    // On a narrow screen a myth is nothing without its words.
    Effect::new(move || {
        session.opened_rev();
        if session.with_source(|source| myths::myth_of(&source.key).is_some()) {
            ui.sheet_up.set(true);
        }
    });
    begin::forget_link_once_changed(session);
}

fn theme_word(session: Session) -> &'static str {
    if session.is_dark() { "dark" } else { "light" }
}

fn controls_word(controls: Controls) -> &'static str {
    match controls {
        Controls::None => "none",
        Controls::Transport => "transport",
        Controls::Full => "full",
    }
}

/// A figure in somebody else's page begins anew each time.
fn storage_name(options: &Options) -> Option<String> {
    let whole = options.controls == Controls::Full && !browser::is_framed();
    whole.then(|| options.name.clone().unwrap_or_else(|| "lab".into()))
}

/// While a long run is being opened: how far it is, and a way out.
#[component]
fn Opening() -> impl IntoView {
    let session = expect_context::<Session>();
    let is_opening = Memo::new(move |_| matches!(session.motion(), Motion::Opening(_)));
    let moment = move || match session.motion() {
        Motion::Opening(now) => crate::text::clock(now),
        Motion::Playing | Motion::Paused => String::new(),
    };
    view! {
        <Show when=move || is_opening.get()>
            <div class="pk-opening">
                <p>"Running up to its moment: " {moment} " …"</p>
                <Button on_press=move || session.stop_opening()>"Stop here"</Button>
            </div>
        </Show>
    }
}

fn watch_whether_on_screen(session: Session, root: NodeRef<Div>) {
    Effect::new(move || {
        let Some(root) = root.get() else { return };
        let callback = Closure::<dyn FnMut(js_sys::Array)>::new(move |entries: js_sys::Array| {
            let last = entries.pop().dyn_into::<web_sys::IntersectionObserverEntry>();
            session.set_on_screen(last.is_ok_and(|entry| entry.is_intersecting()));
        });
        let Ok(observer) = web_sys::IntersectionObserver::new(callback.as_ref().unchecked_ref()) else {
            return;
        };
        observer.observe(&root);
        let kept = StoredValue::new_local((observer, callback));
        on_cleanup(move || {
            kept.try_with_value(|(observer, _)| observer.disconnect());
        });
    });
}

/// The theme button's sign and name.
pub(crate) fn theme_sign(theme: Theme) -> (&'static str, &'static str) {
    match theme {
        Theme::Auto => ("◐", "Theme: as the system"),
        Theme::Light => ("☀", "Theme: light"),
        Theme::Dark => ("☾", "Theme: dark"),
    }
}
