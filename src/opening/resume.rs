//! Going on with work: what the browser has kept of it, or what there was when the lab had to stop.

use super::{has_error, open_first, open_from_the_beginning};
use crate::scenarios::{built_in, key_of, text_of_key};
use crate::session::{Resumed, Session, Source, StartMode, Text};
use cluster::api::{Manifest, TimedAction, parse};
use cluster::sim::{Moment, Run};

/// Goes on with the work that was left on a text. False when there is none that can be read.
pub fn go_on_with_saved(session: Session, key: &str, text: &Text, start: StartMode) -> bool {
    let Some(work) = session.saved(key).map(|saved| parse(&saved)).filter(|work| !has_error(work)) else {
        return false;
    };
    let undone = session.saved_undone(key).map_or_else(Vec::new, |undone| actions_of(&undone));
    go_on(session, key, text, &work, undone, start);
    true
}

fn go_on(
    session: Session,
    key: &str,
    text: &Text,
    work: &Manifest,
    undone: Vec<TimedAction>,
    start: StartMode,
) {
    let given = given_actions(key, text);
    let source = Source::read(key, Text::BuiltIn, work).resumed(text.clone(), given.len());
    let run = Run::new(work, None).0.resume(given, undone);
    session.open_run(run, source, start);
}

/// The actions that the text itself has.
fn given_actions(key: &str, text: &Text) -> Vec<TimedAction> {
    match text {
        Text::Own(text) => actions_of(text),
        Text::BuiltIn => text_of_key(key).map_or_else(Vec::new, actions_of),
    }
}

fn actions_of(text: &str) -> Vec<TimedAction> {
    parse(text).scenario.map_or_else(Vec::new, |scenario| scenario.actions)
}

/// A lab that has stopped by a fault goes on a second before it, still; or from the beginning.
pub fn after_a_stop(session: Session, stopped: &Resumed, scenario: Option<&str>, start: StartMode) {
    let key = stopped.key().unwrap_or_else(|| key_of(scenario.unwrap_or(built_in()[0].name)));
    let text = stopped.original().map_or(Text::BuiltIn, Text::Own);
    if !stopped.anew() && go_on_a_second_before(session, &key, &text, stopped) {
        session.notices.done("Packetyard had stopped. This is a second before.");
        return;
    }
    if !open_from_the_beginning(session, &key, text, start) {
        open_first(session, start);
    }
    session.forget_saved();
}

/// What was done in that second waits to be done again.
fn go_on_a_second_before(session: Session, key: &str, text: &Text, stopped: &Resumed) -> bool {
    let (Some(work), Some(at)) = (stopped.text(), stopped.at()) else { return false };
    let at = Moment(at as i64);
    let mut work = parse(&work);
    if has_error(&work) {
        return false;
    }
    let Some(scenario) = &mut work.scenario else { return false };
    let given = given_actions(key, text);
    let (before, after): (Vec<_>, Vec<_>) =
        std::mem::take(&mut scenario.actions).into_iter().partition(|a| a.at <= at || given.contains(a));
    scenario.actions = before;
    scenario.at = Some(at);
    let mut undone = stopped.undone().map_or_else(Vec::new, |undone| actions_of(&undone));
    undone.extend(after.into_iter().rev());
    go_on(session, key, text, &work, undone, StartMode::Paused);
    true
}
