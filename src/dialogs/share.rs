//! Sharing: a link that opens this very moment, and a tag for somebody's page.

use crate::components::{Button, Listing};
use crate::embed;
use crate::scenarios::KEY_PREFIX;
use crate::session::Session;
use crate::ui::copy_text;
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

#[component]
pub fn Share() -> impl IntoView {
    let session = expect_context::<Session>();
    session.save_now();
    let link = RwSignal::new(None::<Result<String, String>>);
    let text = recorded(session);
    spawn_local(async move {
        let made = embed::encode(&text).await.map_err(|error| error.sentence());
        link.set(Some(made.map(|fragment| [&page(), &*fragment].concat())));
    });
    move || match link.get() {
        None => view! { <p class="pk-dialog-body">"Packing …"</p> }.into_any(),
        Some(Err(problem)) => view! { <p class="pk-dialog-body pk-fail">{problem}</p> }.into_any(),
        Some(Ok(link)) => view! { <Links link/> }.into_any(),
    }
}

/// The page's address without query and fragment.
fn page() -> String {
    let href = window().location().href().unwrap_or_default();
    href.split(['?', '#']).next().unwrap_or_default().to_string()
}

/// Longer links are cut by some chat and mail programs.
const LONG_LINK: usize = 8_000;

#[component]
fn Links(link: String) -> impl IntoView {
    let session = expect_context::<Session>();
    let long = (link.len() > LONG_LINK).then(|| {
        view! {
            <p class="pk-care">"The link is long: some programs cut it. The scenario file is the safer way."</p>
        }
    });
    let tag = tag(session, &link);
    view! {
        <div class="pk-dialog-body">
            <Copied
                name="Link"
                about="Opens this very moment: manifests, seed and everything done so far."
                text=link
            />
            {long}
            <Copied name="Figure" about="For a page of your own." text=tag/>
            <Copied
                name="Scenario file"
                about="The same as text, for a repository or the command line."
                text=recorded(session)
            />
        </div>
    }
}

/// The tag for another page. It names the scenario if that is unchanged, and otherwise holds the link.
fn tag(session: Session, link: &str) -> String {
    let untouched = !session.has_work();
    let name =
        session.with_source(|s| s.key.strip_prefix(KEY_PREFIX).map(str::to_owned)).filter(|_| untouched);
    let figure = match name {
        Some(name) => [&page(), "?scenario=", &name, "&controls=transport"].concat(),
        None => link.replacen('#', "?controls=transport#", 1),
    };
    format!(
        "<iframe src=\"{figure}\" title=\"Packetyard\" width=\"100%\" height=\"640\" loading=\"lazy\"></iframe>"
    )
}

/// A text, and a button that copies it.
#[component]
fn Copied(name: &'static str, about: &'static str, text: String) -> impl IntoView {
    let session = expect_context::<Session>();
    let words = text.clone();
    view! {
        <div class="pk-copied">
            <div class="pk-row">
                <b>{name}</b>
                <span class="pk-muted">{about}</span>
                <span class="pk-spring"></span>
                <Button
                    on_press=move || copy_text(session, words.clone(), format!("Copied: {name}."))
                    name=format!("Copy: {name}")
                >
                    "Copy"
                </Button>
            </div>
            <Listing name text/>
        </div>
    }
}

fn recorded(session: Session) -> String {
    session.with_run_and_source(|run, source| crate::session::recorded(source, run))
}
