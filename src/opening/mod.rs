//! What a lab shows: the run behind a link, a scenario, the reader's own text; and the work that was left on it.

mod link;
mod resume;

use crate::embed::Options;
use crate::scenarios::{KEY_PREFIX, built_in, is_myth, key_of, text_of_key};
use crate::session::{Session, Source, StartMode, Text};
use cluster::api::{Manifest, Severity, parse};
pub use link::leave_link_once_changed;

/// What it shows first.
pub fn begin(session: Session, options: &Options) {
    let start = options.start_mode();
    let asked = options.scenario.as_deref();
    match (session.resumed(), link::of_address()) {
        (Some(stopped), _) => resume::after_a_stop(session, &stopped, asked, start),
        (None, Some(link)) if asked.is_none() => link::open(session, link, start),
        (None, _) => open_asked_or_last(session, asked, start),
    }
    if asked.is_none() {
        link::follow(session, start);
    }
}

/// The scenario of this name, else the text that was open last; with the work on it.
fn open_asked_or_last(session: Session, asked: Option<&str>, start: StartMode) {
    let key = match asked {
        Some(name) => key_of(name),
        None => session.last_opened().unwrap_or_default(),
    };
    if let Some(name) = asked.filter(|_| !is_myth(&key) && text_of_key(&key).is_none()) {
        let known: Vec<String> = built_in().iter().map(|scenario| scenario.name.to_string()).collect();
        let known = crate::text::and(&known);
        session.notices.problem(format!("There is no scenario named “{name}”. There are {known}."));
    }
    open_key(session, &key, start);
}

/// Opens a scenario or the reader's own text as it was left; the first scenario where there is no such text.
pub fn open_key(session: Session, key: &str, start: StartMode) {
    let Some(text) = text_of(session, key) else {
        if let Some(name) = key.strip_prefix(KEY_PREFIX).filter(|_| is_myth(key)) {
            session.notices.problem(format!("There is no myth named “{name}”. “Load” has a list of them."));
        }
        return open_first(session, start);
    };
    let went_on = resume::go_on_with_saved(session, key, &text, start);
    if !went_on && !open_from_the_beginning(session, key, text, start) {
        open_first(session, start);
    }
}

/// The text that a key stands for.
fn text_of(session: Session, key: &str) -> Option<Text> {
    match text_of_key(key) {
        Some(_) => Some(Text::BuiltIn),
        None => session.saved_original(key).map(Text::Own),
    }
}

fn open_first(session: Session, start: StartMode) {
    open_from_the_beginning(session, &key_of(built_in()[0].name), Text::BuiltIn, start);
}

/// False when the text has an error: then nothing changes.
fn open_from_the_beginning(session: Session, key: &str, text: Text, start: StartMode) -> bool {
    match text {
        Text::Own(text) => open_text(session, key, text, start).is_ok(),
        Text::BuiltIn => {
            let manifest = parse(text_of_key(key).unwrap_or_default());
            session.open(Source::read(key, Text::BuiltIn, &manifest), &manifest, start);
            true
        }
    }
}

/// Opens a text. With an error in it nothing changes, and its findings come back.
pub fn open_text(
    session: Session,
    key: &str,
    text: String,
    start: StartMode,
) -> Result<Manifest, Box<Manifest>> {
    let manifest = parse(&text);
    if has_error(&manifest) {
        return Err(Box::new(manifest));
    }
    session.open(Source::read(key, Text::Own(text), &manifest), &manifest, start);
    Ok(manifest)
}

fn has_error(manifest: &Manifest) -> bool {
    manifest.diagnostics.iter().any(|d| d.severity == Severity::Error)
}

/// The text that the lab has, from its beginning.
pub fn start_again(session: Session) {
    let (key, text) = session.with_source(|s| (s.key.clone(), s.text.clone()));
    session.forget_saved();
    if open_from_the_beginning(session, &key, text, session.start_mode()) {
        session.notices.offer("Started again from the beginning.", "Undo", |session| session.undo());
    }
}
