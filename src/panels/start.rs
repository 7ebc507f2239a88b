//! With nothing selected: what this is, what to look at, what to try.

use crate::parts::*;
use crate::session::Session;
use crate::shell::{BuiltIn, Dialog, Tab, Ui, built_in_of};
use crate::text;

pub fn panel(session: Session, ui: Ui) -> View {
    live(move || {
        session.opened_rev();
        let (key, title, description) = session.with_source(|s| {
            let scenario = &s.scenario;
            (
                s.key.clone(),
                s.title().map(str::to_owned),
                scenario.description.as_ref().map(|d| d.to_string()),
            )
        });
        let built = built_in_of(&key);
        let mut kids = vec![heading(title.unwrap_or_else(|| "Your manifests".into()))];
        kids.extend(description.map(|d| says("", d)));
        match built {
            Some(scenario) => kids.extend(hints(scenario)),
            None => kids.extend(session.later.get().map(|later| (later.summary)(session, ui))),
        }
        kids.push(how());
        block("pk-start", kids)
    })
}

fn hints(scenario: &'static BuiltIn) -> Kids {
    let list = |hints: &'static [&'static str]| items("pk-hints", hints.iter().map(|h| text(*h)).collect());
    vec![heading("Watch for"), list(scenario.watch), heading("Try"), list(scenario.tries)]
}

/// Of a text of the reader's own.
pub fn summary(session: Session, ui: Ui) -> View {
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
