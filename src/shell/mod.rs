//! The lab as a whole: what is around the picture, and the keys and gestures that belong to all
//! of it.

mod add_client;
mod begin;
mod built_in;
mod dialog;
mod facts;
mod files;
mod header;
mod keys;
mod live;
mod load;
mod menu;
mod notable;
mod share;
mod toasts;
mod track;
mod transport;
mod ui;

use crate::embed::{Controls, Options};
use crate::parts::*;
use crate::session::{Session, Theme};
use crate::{browser, diagram, panels};
pub use add_client::rate_slider;
pub use built_in::{BuiltIn, built_in};
use leptos::html::Div;
use leptos::prelude::*;
pub use ui::{Dialog, Tab, Ui};
use wasm_bindgen::prelude::*;

/// One lab.
#[component]
pub fn App(options: Options) -> impl IntoView {
    let session = Session::new(storage_name(&options));
    let ui = Ui::default();
    provide_context(session);
    session.begin_with_theme(options.theme);
    session.watch_system_theme();
    session.start_frames();
    begin::begin(session, &options);
    let root = NodeRef::<Div>::new();
    watch_whether_on_screen(session, root);
    keys::hear_at_once(&options, root);
    view! {
        <div
            node_ref=root
            class="pk-app pk-shell"
            lang="en"
            tabindex="-1"
            data-theme=move || if session.is_dark() { "dark" } else { "light" }
            data-controls=controls_word(options.controls)
            data-drop=move || ui.dragging.get().then_some("")
            on:keydown=move |event| keys::pressed(session, ui, &event)
            on:dragover=move |event| files::dragged_over(ui, &event)
            on:dragleave=move |event| files::dragged_away(ui, &event)
            on:drop=move |event| files::dropped(session, ui, &event)
        >
            {(options.controls == Controls::Full).then(|| header::header(session, ui))}
            <section class="pk-picture" aria-label="Cluster">
                <diagram::Diagram/>
                {opening(session)}
            </section>
            {(options.controls == Controls::Full).then(|| panels::inspector(session, ui))}
            {(options.controls != Controls::None).then(|| transport::transport(session, ui))}
            {menu::menu(session, ui, root)}
            {dialog::dialogs(session, ui)}
            {toasts::toasts(session, ui)}
            {live::log(session)}
        </div>
    }
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
fn opening(session: Session) -> AnyView {
    live(move || match session.motion() {
        crate::session::Motion::Opening(now) => block(
            "pk-opening",
            vec![
                says("", format!("Running up to its moment: {} …", crate::text::clock(now))),
                button("Stop here", move || session.stop_opening()).view(),
            ],
        ),
        _ => nothing(),
    })
}

fn watch_whether_on_screen(session: Session, root: NodeRef<Div>) {
    whenever(move || {
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
