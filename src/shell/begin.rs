//! What a lab shows first: the run behind a link, the work that was left here, or a scenario.

use super::built_in;
use crate::browser;
use crate::embed::{self, Options};
use crate::parts::whenever;
use crate::session::{BUILT_IN, Begin, Session};
use leptos::prelude::*;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::spawn_local;

const LINK: &str = "link";

pub fn begin(session: Session, options: &Options) {
    let begin = options.begin();
    let own = options.scenario.clone();
    let takes_links = own.is_none();
    match fragment().filter(|f| takes_links && embed::is_link(f)) {
        Some(link) => open_link(session, link, begin, own),
        None => open_usual(session, own, begin),
    }
    if takes_links {
        forget_link_once_changed(session);
        browser::listen(&window(), "hashchange", move |_| {
            if let Some(link) = fragment().filter(|f| embed::is_link(f)) {
                open_link(session, link, begin, None);
            }
        });
    }
}

/// From the first change on, the address would show another run than the lab does. The work is
/// kept in the browser then.
fn forget_link_once_changed(session: Session) {
    whenever(move || {
        session.log_rev();
        let changed = session.with_source(|s| s.key == LINK) && session.has_work();
        if changed && fragment().is_some_and(|f| embed::is_link(&f)) {
            session.save_now();
            let location = window().location();
            let path = [location.pathname(), location.search()].into_iter().flatten().collect::<String>();
            if let Ok(history) = window().history() {
                let _shown = history.replace_state_with_url(&JsValue::NULL, "", Some(&path));
            }
        }
    });
}

fn fragment() -> Option<String> {
    window().location().hash().ok()
}

/// The exact moment that the link holds, still, so that it can be looked at.
fn open_link(session: Session, link: String, begin: Begin, scenario: Option<String>) {
    spawn_local(async move {
        let text = embed::decode(&link).await;
        if session.motion_or_gone().is_none() {
            return;
        }
        match text {
            Ok(text) => {
                if session.open(LINK, &text, Begin::Paused).is_err() {
                    session.notices.problem(embed::LinkError::Damaged.sentence());
                    open_usual(session, scenario, begin);
                    return;
                }
                warn_of_another_model(session);
            }
            Err(error) => {
                session.notices.problem(error.sentence());
                if !session.has_opened() {
                    open_usual(session, scenario, begin);
                }
            }
        }
    });
}

fn warn_of_another_model(session: Session) {
    let other = session.with_source(|source| source.other_model().map(str::to_owned));
    if let Some(model) = other {
        session.notices.problem(format!(
            "This run was recorded with model {model}; this page has model {}. The same actions may \
             lead somewhere else here.",
            cluster::sim::MODEL_VERSION
        ));
    }
}

/// The scenario that was asked for, or the one that was open last; with the work on it.
fn open_usual(session: Session, scenario: Option<String>, begin: Begin) {
    if let Some(name) = &scenario
        && !built_in().iter().any(|s| s.name == *name)
    {
        let known: Vec<String> = built_in().iter().map(|s| s.name.to_string()).collect();
        session
            .notices
            .problem(format!("There is no scenario named “{name}”. There are {}.", crate::text::and(&known)));
    }
    let key = match scenario {
        Some(name) => [BUILT_IN, &name].concat(),
        None => session.last_opened().unwrap_or_default(),
    };
    open_key(session, &key, begin);
}

/// Opens a built-in scenario or the reader's own text as it was left.
pub fn open_key(session: Session, key: &str, begin: Begin) {
    let built = built_in().iter().find(|s| key.strip_prefix(BUILT_IN) == Some(s.name));
    let original = match built {
        Some(scenario) => Some(scenario.text.to_string()),
        None => session.saved_original(key),
    };
    if let (Some(original), Some(saved)) = (&original, session.saved(key))
        && session.resume(key, original, &saved, begin)
    {
        return;
    }
    let first = &built_in()[0];
    let (key, text) = match (built, &original) {
        (Some(_), Some(text)) => (key.to_string(), text.as_str()),
        _ => ([BUILT_IN, first.name].concat(), first.text),
    };
    if session.open(&key, text, begin).is_err() {
        session.notices.problem("The scenario could not be opened.");
    }
}
