//! What a lab shows first: the run behind a link, the work that was left here, or a scenario.

use super::{BuiltIn, MYTH, built_in, built_in_of};
use crate::browser;
use crate::embed::{self, Options};
use crate::session::{BUILT_IN, Begin, Session, Source, Text};
use cluster::api::parse;
use leptos::prelude::*;
use wasm_bindgen::JsValue;

/// The key of what came with a link.
pub const LINK: &str = "link";

pub fn begin(session: Session, options: &Options) {
    let begin = options.begin();
    let own = options.scenario.clone();
    let takes_links = own.is_none();
    match (session.resumed(), fragment().filter(|f| takes_links && embed::is_link(f))) {
        (Some(resumed), _) => super::kept::after_a_stop(session, &resumed, own, begin),
        (None, Some(link)) => session.with_later(move |later| (later.open_link)(session, link, begin, own)),
        (None, None) => open_usual(session, own, begin),
    }
    if takes_links {
        browser::listen(&window(), "hashchange", move |_| {
            if let Some(link) = fragment().filter(|f| embed::is_link(f)) {
                session.with_later(move |later| (later.open_link)(session, link, begin, None));
            }
        });
    }
}

/// From the first change on, the address would show another run than the lab does. The work is
/// kept in the browser then.
pub fn forget_link_once_changed(session: Session) {
    Effect::new(move || {
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

/// The scenario that was asked for, or the one that was open last; with the work on it.
pub fn open_usual(session: Session, scenario: Option<String>, begin: Begin) {
    if let Some(name) = &scenario
        && !name.starts_with(MYTH)
        && !built_in().iter().any(|s| s.name == *name)
    {
        let name = name.clone();
        session.with_later(move |later| (later.no_such_scenario)(session, &name));
    }
    let key = match scenario {
        Some(name) => [BUILT_IN, &name].concat(),
        None => session.last_opened().unwrap_or_default(),
    };
    open_key(session, &key, begin);
}

/// Opens a built-in scenario or the reader's own text as it was left.
pub fn open_key(session: Session, key: &str, begin: Begin) {
    match built_in_of(key) {
        Some(scenario) if session.saved(key).is_none() => open_built_in(session, scenario, begin),
        None if !is_myth(key) && session.saved_original(key).is_none() => {
            open_built_in(session, &built_in()[0], begin)
        }
        _ => {
            let key = key.to_string();
            session.with_later(move |later| (later.open_kept)(session, key, begin));
        }
    }
}

fn is_myth(key: &str) -> bool {
    key.strip_prefix(BUILT_IN).is_some_and(|name| name.starts_with(MYTH))
}

/// From its beginning.
pub fn open_built_in(session: Session, scenario: &BuiltIn, begin: Begin) {
    let manifest = parse(scenario.text);
    let key = format!("{BUILT_IN}{}", scenario.name);
    session.open(Source::read(&key, Text::BuiltIn, &manifest), &manifest, begin);
}
