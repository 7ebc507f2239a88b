//! Sharing: a link that opens this very moment, and a tag for somebody's page.

use crate::embed;
use crate::parts::*;
use crate::session::{BUILT_IN, Session};
use leptos::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};

/// Longer links are cut by some chat and mail programs.
const LONG_LINK: usize = 8_000;

pub fn body(session: Session) -> AnyView {
    session.save_now();
    let link = RwSignal::new(None::<Result<String, String>>);
    let text = recorded(session);
    spawn_local(async move {
        let made = embed::encode(&text).await.map_err(|error| error.sentence());
        link.set(Some(made.map(|fragment| [&page(), &*fragment].concat())));
    });
    live(move || match link.get() {
        None => says("pk-dialog-body", "Packing …"),
        Some(Err(problem)) => says("pk-dialog-body pk-fail", problem),
        Some(Ok(link)) => links(session, link),
    })
}

/// The page's address without query and fragment.
fn page() -> String {
    let href = window().location().href().unwrap_or_default();
    href.split(['?', '#']).next().unwrap_or_default().to_string()
}

fn links(session: Session, link: String) -> AnyView {
    let long = link.len() > LONG_LINK;
    let untouched = !session.has_work();
    let name = session.with_source(|s| s.key.strip_prefix(BUILT_IN).map(str::to_owned)).filter(|_| untouched);
    let figure = match name {
        Some(name) => [&page(), "?scenario=", &name, "&controls=transport"].concat(),
        None => link.replacen('#', "?controls=transport#", 1),
    };
    let tag = format!(
        "<iframe src=\"{figure}\" title=\"Packetyard\" width=\"100%\" height=\"640\" loading=\"lazy\"></iframe>"
    );
    let mut kids = vec![
        copied(session, "Link", "Opens this very moment: manifests, seed and everything done so far.", link),
        copied(session, "Figure", "For a page of your own.", tag),
        copied(
            session,
            "Scenario file",
            "The same as text, for a repository or the command line.",
            recorded(session),
        ),
    ];
    if long {
        kids.insert(
            1,
            says("pk-care", "The link is long: some programs cut it. The scenario file is the safer way."),
        );
    }
    block("pk-dialog-body", kids)
}

fn copied(session: Session, name: &'static str, what: &'static str, words: String) -> AnyView {
    let copy = words.clone();
    block(
        "pk-copied",
        vec![
            block(
                "pk-row",
                vec![
                    strong(name),
                    span("pk-muted", what),
                    span("pk-spring", ""),
                    button("Copy", move || copy_text(session, copy.clone(), format!("Copied: {name}.")))
                        .named(format!("Copy: {name}"))
                        .view(),
                ],
            ),
            listing(name, words),
        ],
    )
}

/// Says what was copied, or that it was not.
pub fn copy_text(session: Session, words: String, said: String) {
    spawn_local(async move {
        let copied = JsFuture::from(window().navigator().clipboard().write_text(&words)).await;
        if session.motion_or_gone().is_none() {
            return;
        }
        match copied {
            Ok(_) => session.notices.done(said),
            Err(_) => session
                .notices
                .problem("The browser did not allow copying: mark the text and copy it yourself."),
        }
    });
}

fn recorded(session: Session) -> String {
    session.with_run_and_source(|run, source| crate::session::recorded(source, run))
}
