//! Opening what is not built in: a text, a link, and the work that was left on either.

use super::{begin, built_in, built_in_of, text_of_key};
use crate::embed;
use crate::session::{BUILT_IN, Begin, Motion, Resumed, Session, Source, Text};
use begin::LINK;
use cluster::api::{Manifest, Severity, TimedAction, parse};
use cluster::sim::{Run, Time};
use wasm_bindgen_futures::spawn_local;

/// Opens a text. With an error in it nothing changes, and its findings come back.
pub fn open_text(session: Session, key: &str, text: String, how: Begin) -> Result<Manifest, Box<Manifest>> {
    let manifest = parse(&text);
    if has_error(&manifest) {
        return Err(Box::new(manifest));
    }
    session.open(Source::read(key, Text::Own(text), &manifest), &manifest, how);
    Ok(manifest)
}

fn has_error(manifest: &Manifest) -> bool {
    manifest.diagnostics.iter().any(|d| d.severity == Severity::Error)
}

/// Goes on with the work that was left on a scenario or on the reader's own text; where there is
/// none that can be read, with the text.
pub fn open_kept(session: Session, key: String, how: Begin) {
    let original = original(session, &key);
    let Some(text) = &original else {
        if let Some(name) = key.strip_prefix(BUILT_IN) {
            session.notices.problem(format!("There is no myth named “{name}”. “Load” has a list of them."));
        }
        return begin::open_built_in(session, &super::built_in()[0], how);
    };
    if session.saved(&key).is_some_and(|saved| resume(session, &key, text, &saved, how)) {
        return;
    }
    match built_in_of(&key) {
        Some(scenario) => begin::open_built_in(session, scenario, how),
        None if *text == Text::BuiltIn => open_myth(session, &key, how),
        None if open_text(session, &key, text_itself(&key, text).into(), how).is_ok() => {}
        None => begin::open_built_in(session, &super::built_in()[0], how),
    }
}

/// From its beginning.
fn open_myth(session: Session, key: &str, how: Begin) {
    let manifest = parse(text_of_key(key).unwrap_or_default());
    session.open(Source::read(key, Text::BuiltIn, &manifest), &manifest, how);
}

/// The text that a key stands for.
fn original(session: Session, key: &str) -> Option<Text> {
    match text_of_key(key) {
        Some(_) => Some(Text::BuiltIn),
        None => session.saved_original(key).map(Text::Own),
    }
}

fn text_itself<'a>(key: &str, text: &'a Text) -> &'a str {
    match text {
        Text::Own(text) => text,
        Text::BuiltIn => text_of_key(key).unwrap_or_default(),
    }
}

/// False when the work cannot be read any more.
fn resume(session: Session, key: &str, original: &Text, saved: &str, how: Begin) -> bool {
    let manifest = parse(saved);
    if has_error(&manifest) {
        return false;
    }
    go_on(session, key, original, &manifest, undone(session, key), how);
    true
}

fn go_on(
    session: Session,
    key: &str,
    original: &Text,
    work: &Manifest,
    undone: Vec<TimedAction>,
    how: Begin,
) {
    let given = given_actions(key, original);
    let source = Source::read(key, Text::BuiltIn, work).resumed(original.clone(), given.len());
    let (run, _) = Run::resume(work, given, undone);
    session.open_run(run, source, how);
}

/// The actions that the text itself has.
fn given_actions(key: &str, original: &Text) -> Vec<TimedAction> {
    parse(text_itself(key, original)).scenario.map_or_else(Vec::new, |scenario| scenario.actions)
}

/// A lab that has stopped by a fault goes on a second before it, still; or from the beginning.
pub fn after_a_stop(session: Session, stopped: &Resumed, scenario: Option<String>, how: Begin) {
    let key = stopped.key().or_else(|| scenario.map(|name| [BUILT_IN, &name].concat()));
    let key = key.unwrap_or_else(|| [BUILT_IN, built_in()[0].name].concat());
    let original = stopped.original().map_or(Text::BuiltIn, Text::Own);
    if !stopped.anew() && go_on_a_second_before(session, &key, &original, stopped) {
        session.notices.done("Packetyard had stopped. This is a second before.");
        return;
    }
    if !open_from_the_beginning(session, &key, original, how) {
        begin::open_built_in(session, &built_in()[0], how);
    }
    session.forget_saved();
}

/// What was done in that second waits to be done again.
fn go_on_a_second_before(session: Session, key: &str, original: &Text, stopped: &Resumed) -> bool {
    let (Some(text), Some(at)) = (stopped.text(), stopped.at()) else { return false };
    let at = Time(at as u64);
    let mut work = parse(&text);
    if has_error(&work) {
        return false;
    }
    let Some(scenario) = &mut work.scenario else { return false };
    let given = given_actions(key, original);
    let (kept, later): (Vec<_>, Vec<_>) =
        std::mem::take(&mut scenario.actions).into_iter().partition(|a| a.at <= at || given.contains(a));
    scenario.actions = kept;
    scenario.at = Some(at);
    let undone = stopped.undone().and_then(|text| parse(&text).scenario);
    let mut undone = undone.map_or_else(Vec::new, |scenario| scenario.actions);
    undone.extend(later.into_iter().rev());
    go_on(session, key, original, &work, undone, Begin::Paused);
    true
}

/// What was undone in that work, and can be done again.
fn undone(session: Session, key: &str) -> Vec<TimedAction> {
    let text = session.saved_undone(key);
    text.and_then(|text| parse(&text).scenario).map_or_else(Vec::new, |scenario| scenario.actions)
}

/// The text that the lab has, from its beginning.
pub fn start_again(session: Session) {
    let (key, text) = session.with_source(|s| (s.key.clone(), s.text.clone()));
    session.forget_saved();
    let paused = session.motion_or_gone() == Some(Motion::Paused);
    let how = if paused { Begin::Paused } else { Begin::Playing };
    if !open_from_the_beginning(session, &key, text, how) {
        return;
    }
    session.notices.offer("Started again from the beginning.", "Undo", |session| session.undo());
}

/// False when the text has an error.
fn open_from_the_beginning(session: Session, key: &str, text: Text, how: Begin) -> bool {
    match (built_in_of(key), text) {
        (Some(scenario), Text::BuiltIn) => begin::open_built_in(session, scenario, how),
        (None, Text::BuiltIn) => open_myth(session, key, how),
        (_, Text::Own(text)) => return open_text(session, key, text, how).is_ok(),
    }
    true
}

/// The exact moment that the link holds, still, so that it can be looked at.
pub fn open_link(session: Session, link: String, how: Begin, scenario: Option<String>) {
    spawn_local(async move {
        let text = embed::decode(&link).await;
        if session.motion_or_gone().is_none() {
            return;
        }
        match text {
            Ok(text) => {
                if open_text(session, LINK, text, Begin::Paused).is_err() {
                    session.notices.problem(embed::LinkError::Damaged.sentence());
                    begin::open_usual(session, scenario, how);
                    return;
                }
                warn_of_another_model(session);
            }
            Err(error) => {
                session.notices.problem(error.sentence());
                if !session.has_opened() {
                    begin::open_usual(session, scenario, how);
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

/// Somebody's page or link asks for a scenario that is not built in.
pub fn no_such_scenario(session: Session, name: &str) {
    let known: Vec<String> = built_in().iter().map(|s| s.name.to_string()).collect();
    let known = crate::text::and(&known);
    session.notices.problem(format!("There is no scenario named “{name}”. There are {known}."));
}
