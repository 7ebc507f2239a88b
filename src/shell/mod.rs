//! The lab as a whole: what is around the picture, and the keys and gestures that belong to all
//! of it.

mod drop;
mod figure_buttons;
mod keys;
#[cfg(all(test, target_arch = "wasm32"))]
mod tests;

use crate::components::Button;
use crate::diagram::Diagram;
use crate::embed::{Controls, Options};
use crate::session::{Motion, Recorder, Session, Theme};
use crate::tools::{LazyTools, Tools};
use crate::ui::{Toasts, Ui};
use crate::{browser, embed, opening, scenarios};
use figure_buttons::FigureButtons;
use leptos::html::Div;
use leptos::prelude::*;
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
    if options.theme == Theme::Auto {
        embed::on_theme(move |theme| session.theme.set(theme));
    }
    session.start_frames();
    let lab = NodeRef::<Div>::new();
    opening::begin(session, &options);
    opening::leave_link_once_changed(session);
    show_what_a_myth_says(session, ui);
    let tools = LazyTools::new(session.notices);
    style_tools(tools, lab);
    tools.preload();
    let header = move || match tools.get() {
        Some(tools) => untrack(tools.header),
        None => view! { <header class="pk-header"></header> }.into_any(),
    };
    let inspector = move || match tools.get() {
        Some(tools) => untrack(tools.inspector),
        None => view! { <aside class="pk-inspector" aria-label="Inspector"></aside> }.into_any(),
    };
    let transport = move || match tools.get() {
        Some(tools) => untrack(tools.transport),
        None => view! { <footer class="pk-transport"></footer> }.into_any(),
    };
    let spoken_log = move || tools.get().map(|tools| untrack(tools.spoken_log));
    let menu = move || {
        let at = session.menu.get()?;
        wanted(tools).map(|tools| untrack(|| (tools.context_menu)(lab, at)))
    };
    let dialog = move || {
        let dialog = ui.dialog.get()?;
        wanted(tools).map(|tools| untrack(|| (tools.dialog)(dialog)))
    };
    watch_whether_on_screen(session, lab);
    keys::hear_at_once(&options, lab);
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
                tools.preload();
            }
            on:pointerover=move |_| tools.preload()
            on:pointerdown=move |_| tools.preload()
            on:dragover=move |event| drop::dragged_over(ui, &event)
            on:dragleave=move |event| drop::dragged_away(ui, &event)
            on:drop=move |event| drop::dropped(session, ui, &event)
        >
            {full.then_some(header)}
            <section class="pk-picture" aria-label="Cluster">
                <Diagram>
                    <FigureButtons controls=options.controls/>
                </Diagram>
                <div class="pk-openings">
                    <Reading lab/>
                    <Opening/>
                </div>
            </section>
            {full.then_some(inspector)}
            {(options.controls != Controls::None).then_some(transport)}
            {menu}
            {dialog}
            <Toasts/>
            {spoken_log}
        </div>
    }
}

/// The tools' style sheet comes with them.
fn style_tools(tools: LazyTools, lab: NodeRef<Div>) {
    Effect::new(move || {
        if let (Some(lab), Some(tools)) = (lab.get(), tools.get()) {
            embed::add_style(&lab, &(tools.style_sheet)());
        }
    });
}

/// Tracked: the tools, which are now needed.
fn wanted(tools: LazyTools) -> Option<&'static Tools> {
    tools.preload();
    tools.get()
}

/// Opens the inspector for a myth on a narrow screen, since a myth needs its text.
fn show_what_a_myth_says(session: Session, ui: Ui) {
    Effect::new(move || {
        session.opened_rev();
        if session.with_source(|source| scenarios::is_myth(&source.key)) {
            ui.sheet_up.set(true);
        }
    });
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

/// A figure inside another site's page stores nothing: it starts from the beginning each time.
fn storage_name(options: &Options) -> Option<String> {
    let whole = options.controls == Controls::Full && !browser::is_framed();
    whole.then(|| options.name.clone().unwrap_or_else(|| "lab".into()))
}

/// While a long text is read: that it is, and a way to keep what is there. Its place is there before its words, so that
/// these are heard.
#[component]
fn Reading(lab: NodeRef<Div>) -> impl IntoView {
    let session = expect_context::<Session>();
    let can_stay = move || {
        session.opened_rev();
        session.has_opened()
    };
    let cancel = move || {
        // The button goes, and the lab's keys shall go on working.
        if let Some(lab) = lab.get_untracked() {
            browser::focus_without_scrolling(&lab);
        }
        session.stop_reading();
    };
    view! {
        <div class:pk-opening=move || session.is_reading()>
            <p role="status">{move || session.is_reading().then_some("Reading the text …")}</p>
            <Show when=move || session.is_reading() && can_stay()>
                <Button on_press=cancel>"Cancel"</Button>
            </Show>
        </div>
    }
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
