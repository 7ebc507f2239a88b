//! With nothing selected: what this is, what to look at, what to try.

use crate::components::{Tag, Tone};
use crate::parts::*;
use crate::scenarios::{Hints, Myth, built_in_of, myth_of};
use crate::session::Session;
use crate::text;
use crate::ui::{Dialog, Tab, Ui};
use leptos::prelude::*;

pub fn panel(session: Session, ui: Ui) -> AnyView {
    live(move || {
        session.opened_rev();
        let key = session.with_source(|source| source.key.clone());
        let mut kids: Kids = match (built_in_of(&key), myth_of(&key)) {
            (Some(scenario), _) => about_text(session).into_iter().chain(hints(&scenario.hints)).collect(),
            (None, Some(myth)) => vec![view! { <AboutMyth myth/> }.into_any()],
            (None, None) => about_text(session).into_iter().chain([summary(session, ui)]).collect(),
        };
        kids.push(how());
        block("pk-start", kids)
    })
}

/// What a text says of itself.
fn about_text(session: Session) -> Kids {
    let (title, description) = session.with_source(|s| {
        let description = s.scenario.description.as_ref().map(|d| d.to_string());
        (s.title().map(str::to_owned), description)
    });
    let mut kids = vec![heading(title.unwrap_or_else(|| "Your manifests".into()))];
    kids.extend(description.map(|d| says("", d)));
    kids
}

#[component]
fn AboutMyth(myth: &'static Myth) -> impl IntoView {
    view! {
        <p class="pk-claim"><Tag tone=Tone::Fail>"Often said"</Tag>" "{myth.claim()}</p>
        <p class="pk-claim"><Tag tone=Tone::Good>"In truth"</Tag>" "{myth.truth}</p>
        <h3 class="pk-heading">"Watch for"</h3>
        <ul class="pk-hints" role="list">
            {myth.watch().iter().map(|hint| view! { <li>{*hint}</li> }).collect_view()}
        </ul>
    }
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
