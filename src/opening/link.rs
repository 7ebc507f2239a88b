//! The run behind a link: the page's own address holds one in its fragment.

use super::{Errors, Start, open_asked_or_last, open_in_turn as open_text};
use crate::browser;
use crate::embed::{self, LinkError};
use crate::session::{Session, StartMode, Text};
use cluster::sim::MODEL_VERSION;
use leptos::prelude::*;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::spawn_local;

/// The key of what came with a link.
const LINK: &str = "link";

/// The link that the page's address holds.
pub fn of_address() -> Option<String> {
    window().location().hash().ok().filter(|fragment| embed::is_link(fragment))
}

/// Opens a link that somebody follows while the page is open.
pub fn follow(session: Session, start: Start) {
    browser::listen(&window(), "hashchange", move |_| {
        if let Some(link) = of_address() {
            open(session, link, start);
        }
    });
}

/// The exact moment that the link holds, still, so that it can be looked at.
pub fn open(session: Session, link: String, start: Start) {
    let turn = session.next_turn();
    spawn_local(async move {
        let text = embed::decode(&link).await;
        if !turn.is_on() {
            return;
        }
        let opened = match text {
            Ok(text) => {
                match open_text(turn, LINK, Text::Own(text), Start::With(StartMode::Paused), Errors::Refuse)
                    .await
                {
                    Some(opened) => opened.map_err(|_errors_in_it| LinkError::Damaged),
                    None => return,
                }
            }
            Err(error) => Err(error),
        };
        match opened {
            Ok(_) => warn_of_another_model(session),
            Err(error) => {
                session.notices.problem(error.sentence());
                if !session.has_opened() {
                    open_asked_or_last(session, None, start).await;
                }
            }
        }
    });
}

fn warn_of_another_model(session: Session) {
    let other = session.with_source(|source| source.other_model().map(str::to_owned));
    if let Some(model) = other {
        session.notices.problem(format!(
            "This run was recorded with model {model}; this page has model {MODEL_VERSION}. The same actions may \
             lead somewhere else here."
        ));
    }
}

/// Removes the link from the address at the first change, since the lab then shows another run. From then on the
/// work is stored in the browser.
pub fn leave_link_once_changed(session: Session) {
    Effect::new(move || {
        session.log_rev();
        let changed = session.with_source(|s| s.key == LINK) && session.has_work();
        if changed && of_address().is_some() {
            session.save_now();
            let location = window().location();
            let path = [location.pathname(), location.search()].into_iter().flatten().collect::<String>();
            if let Ok(history) = window().history() {
                let _shown = history.replace_state_with_url(&JsValue::NULL, "", Some(&path));
            }
        }
    });
}
