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

use crate::embed::{Controls, Options};
use crate::parts::*;
use crate::session::{Session, Theme};
use crate::{browser, diagram, panels};
pub use add_client::rate_slider;
#[cfg(test)]
#[cfg(test)]
pub use built_in::text_of;
pub use built_in::{BuiltIn, FIRST, FIRST_HINTS, Hints, MYTH, built_in, built_in_of, hints_of, text_of_key};
use leptos::html::Div;
use leptos::prelude::*;
pub use share::copy_text;
pub use ui::{Dialog, Tab, Ui};
use wasm_bindgen::prelude::*;

/// One lab.
pub fn app(options: Options) -> AnyView {
    let session = Session::new(storage_name(&options));
    let ui = Ui::default();
    session.begin_with_theme(options.theme);
    session.watch_system_theme();
    session.start_frames();
    begin::begin(session, &options);
    let root = NodeRef::<Div>::new();
    watch_whether_on_screen(session, root);
    keys::hear_at_once(&options, root);
    Effect::new(move || {
        if let (Some(later), Some(root)) = (session.later.get(), root.get()) {
            (later.begin)(session, ui, &root);
        }
    });
    frame(session, ui, root, options.controls)
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

fn frame(session: Session, ui: Ui, root: NodeRef<Div>, controls: Controls) -> AnyView {
    let mut kids = Kids::new();
    if controls == Controls::Full {
        kids.push(header::header(session, ui));
    }
    kids.push(
        view! {
            <section class="pk-picture" aria-label="Cluster">{diagram::diagram(session)}{opening(session)}</section>
        }
        .into_any(),
    );
    if controls == Controls::Full {
        kids.push(panels::inspector(session, ui));
    }
    if controls != Controls::None {
        kids.push(transport::transport(session, ui));
    }
    kids.push(live(move || match (session.menu.get(), session.later.get()) {
        (Some(at), Some(later)) => untrack(|| (later.menu)(session, ui, root, at)),
        (None, _) => nothing(),
        (Some(_), None) => on_its_way(session),
    }));
    kids.push(live(move || match (ui.dialog.get(), session.later.get()) {
        (Some(which), Some(later)) => untrack(|| (later.dialog)(session, ui, which)),
        (None, _) => nothing(),
        (Some(_), None) => on_its_way(session),
    }));
    kids.push(toasts::toasts(session, ui));
    kids.push(live::log(session));
    view! {
        <div
            node_ref=root
            class="pk-app pk-shell"
            lang="en"
            tabindex="-1"
            data-theme=move || theme_word(session)
            data-drop=move || ui.dragging.get()
            data-controls=controls_word(controls)
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
            {kids}
        </div>
    }
    .into_any()
}

/// What was asked for is in the second part, which no hand near the lab has brought yet.
fn on_its_way(session: Session) -> AnyView {
    session.want_later();
    nothing()
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
