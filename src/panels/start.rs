//! With nothing selected: what this is, what to look at, what to try.

use crate::parts::*;
use crate::session::Session;
use crate::shell::{BuiltIn, Dialog, Tab, Ui, built_in_of, myths};
use crate::text;

/// Of a scenario that is in the first part; of any other text the second part tells.
pub fn panel(session: Session, ui: Ui) -> View {
    live(move || {
        session.opened_rev();
        let built = session.with_source(|s| built_in_of(&s.key));
        match (built, session.later.get()) {
            (Some(scenario), _) => {
                let description = session.with_source(|s| s.scenario.description.clone());
                let mut kids = vec![heading(scenario.title)];
                kids.extend(description.map(|d| says("", d.to_string())));
                kids.extend(hints(scenario));
                kids.push(how());
                block("pk-start", kids)
            }
            (None, Some(later)) => (later.of_text)(session, ui),
            (None, None) => {
                session.want_later();
                nothing()
            }
        }
    })
}

/// Of a myth, or of the reader's own text.
pub fn of_text(session: Session, ui: Ui) -> View {
    let (key, title, description) = session.with_source(|s| {
        let description = s.scenario.description.as_ref().map(|d| d.to_string());
        (s.key.clone(), s.title().map(str::to_owned), description)
    });
    let mut kids = Kids::new();
    match myths::myth_of(&key) {
        Some(myth) => kids.extend(myths::about(myth)),
        None => {
            kids.push(heading(title.unwrap_or_else(|| "Your manifests".into())));
            kids.extend(description.map(|d| says("", d)));
            kids.push(summary(session, ui));
        }
    }
    kids.push(how());
    block("pk-start", kids)
}

fn hints(scenario: &'static BuiltIn) -> Kids {
    let list = |hints: &'static [&'static str]| items("pk-hints", hints.iter().map(|h| text(*h)).collect());
    vec![heading("Watch for"), list(scenario.watch), heading("Try"), list(scenario.tries)]
}

fn summary(session: Session, ui: Ui) -> View {
    let (services, pods, others) = session.with_world(|world| {
        let store = world.store();
        (store.services.len(), store.pods.len(), store.others.len())
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

fn how() -> View {
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
