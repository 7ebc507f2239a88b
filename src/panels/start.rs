//! With nothing selected: what this is, what to look at, what to try.

use crate::parts::*;
use crate::session::Session;
use crate::shell::{Dialog, FIRST, FIRST_HINTS, Hints, Tab, Ui, built_in_of, hints_of, myths};
use crate::text;
use leptos::prelude::*;

/// Of the scenario that most readers see first; of any other text the second part tells.
pub fn panel(session: Session, ui: Ui) -> AnyView {
    live(move || {
        session.opened_rev();
        let first = session.with_source(|s| built_in_of(&s.key).is_some_and(|s| s.name == FIRST));
        match (first, session.later.get()) {
            (true, _) => with_hints(session, &FIRST_HINTS),
            (false, Some(later)) => (later.of_text)(session, ui),
            (false, None) => {
                session.want_later();
                nothing()
            }
        }
    })
}

fn with_hints(session: Session, of: &'static Hints) -> AnyView {
    let mut kids = told(session);
    kids.extend(hints(of));
    kids.push(how());
    block("pk-start", kids)
}

/// What a text says of itself.
fn told(session: Session) -> Kids {
    let (title, description) = session.with_source(|s| {
        let description = s.scenario.description.as_ref().map(|d| d.to_string());
        (s.title().map(str::to_owned), description)
    });
    let mut kids = vec![heading(title.unwrap_or_else(|| "Your manifests".into()))];
    kids.extend(description.map(|d| says("", d)));
    kids
}

/// Of any other scenario, a myth, or the reader's own text.
pub fn of_text(session: Session, ui: Ui) -> AnyView {
    let key = session.with_source(|s| s.key.clone());
    if let Some(scenario) = built_in_of(&key) {
        return with_hints(session, hints_of(scenario.name));
    }
    let mut kids = Kids::new();
    match myths::myth_of(&key) {
        Some(myth) => kids.push(view! { <myths::AboutMyth myth/> }.into_any()),
        None => {
            kids.extend(told(session));
            kids.push(summary(session, ui));
        }
    }
    kids.push(how());
    block("pk-start", kids)
}

fn hints(of: &'static Hints) -> Kids {
    let list = |hints: &'static [&'static str]| items("pk-hints", hints.iter().map(|h| text(*h)).collect());
    vec![heading("Watch for"), list(of.watch), heading("Try"), list(of.tries)]
}

fn summary(session: Session, ui: Ui) -> AnyView {
    let (services, pods, others) = session.with_world(|world| {
        let store = world.store();
        (store.services.len(), store.pods.len(), store.unsimulated.len())
    });
    let mut said = format!("{} and {}.", text::count(services, "Service"), text::count(pods, "Pod"));
    if others > 0 {
        said.push_str(&format!(" {} kept, not simulated.", text::count(others, "object")));
    }
    block(
        "",
        vec![
            says("", said),
            block(
                "pk-actions",
                vec![
                    button("Show every object", move || ui.show(Tab::Objects)).view(),
                    button("Add a client …", move || ui.open(Dialog::AddClient)).view(),
                ],
            ),
        ],
    )
}

fn how() -> AnyView {
    block(
        "pk-how",
        vec![
            says(
                "",
                "Dots are packets: filled on the way there, hollow on the way back, a cross where one was refused. Each node decides by its own rules.",
            ),
            says(
                "",
                "Click anything to look at it. Right-click it, press it long, or Shift+F10 on it: what can be done with it. Space pauses, “.” goes on to the next event.",
            ),
        ],
    )
}
