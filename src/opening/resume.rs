//! Going on with work: what the browser has kept of it, or what there was when the lab had to stop.

use super::{Start, has_error, open_or_first, written};
use crate::scenarios::{built_in, key_of};
use crate::session::{Resumed, Session, Source, StartMode, Text};
use cluster::api::{Manifest, TimedAction};
use cluster::sim::Moment;

/// Goes on with the work that was left on a text. False when there is none that can be read; `None` as in
/// [`super::open`].
pub async fn go_on_with_saved(session: Session, key: &str, text: &Text, start: Start) -> Option<bool> {
    let Some(saved) = session.saved(key) else { return Some(false) };
    let undone = session.saved_undone(key);
    go_on(session, key, text, Work { text: saved, undone, until: None }, start).await
}

/// Work on a text.
struct Work {
    /// The run as it was recorded.
    text: String,
    /// The text of what was undone.
    undone: Option<String>,
    /// What was done later waits to be done again.
    until: Option<Moment>,
}

async fn go_on(session: Session, key: &str, text: &Text, work: Work, start: Start) -> Option<bool> {
    let mut turn = session.next_turn();
    let mut manifest = turn.read(&work.text).await?;
    if has_error(&manifest) {
        session.notices.problem("The work that was kept on this text can no longer be read.");
        return Some(false);
    }
    let given = actions_of(turn.read(written(key, text)).await?);
    let mut undone = match &work.undone {
        Some(undone) => actions_of(turn.read(undone).await?),
        None => Vec::new(),
    };
    if let Some(until) = work.until {
        let Some(later) = take_later(&mut manifest, until, &given) else { return Some(false) };
        undone.extend(later.into_iter().rev());
    }
    let (run, _) = turn.load(&manifest).await?;
    let source = Source::read(key, Text::BuiltIn, &manifest).resumed(text.clone(), given.len());
    session.open_run(run.resume(given, undone), source, start.now(session));
    Some(true)
}

fn actions_of(manifest: Manifest) -> Vec<TimedAction> {
    manifest.scenario.map_or_else(Vec::new, |scenario| scenario.actions)
}

/// Ends the recorded run at this moment; with the actions that were its user's and came later.
fn take_later(work: &mut Manifest, at: Moment, given: &[TimedAction]) -> Option<Vec<TimedAction>> {
    let scenario = work.scenario.as_mut()?;
    let (before, after): (Vec<_>, Vec<_>) =
        std::mem::take(&mut scenario.actions).into_iter().partition(|a| a.at <= at || given.contains(a));
    scenario.actions = before;
    scenario.at = Some(at);
    Some(after)
}

/// A lab that has stopped by a fault goes on a second before it, still; or from the beginning.
pub async fn after_a_stop(
    session: Session,
    stopped: Resumed,
    scenario: Option<String>,
    start: Start,
) -> Option<()> {
    let key = stopped.key().unwrap_or_else(|| key_of(scenario.as_deref().unwrap_or(built_in()[0].name)));
    let text = stopped.original().map_or(Text::BuiltIn, Text::Own);
    if let (false, Some(work), Some(at)) = (stopped.anew(), stopped.text(), stopped.at()) {
        let work = Work { text: work, undone: stopped.undone(), until: Some(Moment(at as i64)) };
        if go_on(session, &key, &text, work, Start::With(StartMode::Paused)).await? {
            session.notices.done("Packetyard had stopped. This is a second before.");
            return Some(());
        }
    }
    open_or_first(session, &key, text, start).await?;
    session.forget_saved();
    Some(())
}
