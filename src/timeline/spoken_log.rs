//! Events for screen readers: about one message a second while time passes, every event while it is paused, none
//! while it runs fast.

use super::notable::notable;
use crate::session::{Motion, Session};
use cluster::sim::World;
use cluster::trace::PacketTrace;
use leptos::prelude::*;
use scene::facts::SystemObjects;

const EVERY_MS: u32 = 1_000;
/// Faster than this, nobody could listen.
const TOO_FAST: f64 = 4.0;
const IN_ONE_MESSAGE: usize = 3;
const AFTER_A_STEP: usize = 12;
const KEPT: usize = 6;

#[component]
pub fn SpokenLog() -> impl IntoView {
    let session = expect_context::<Session>();
    // Each with a number of its own, so that those who hear it hear the new ones only.
    let said = RwSignal::new(Vec::<(u32, String)>::new());
    let say = move |line: String| {
        said.update(|said| {
            let next = said.last().map_or(0, |(number, _)| number + 1);
            said.push((next, line));
            let extra = said.len().saturating_sub(KEPT);
            said.drain(..extra);
        });
    };
    let heard = StoredValue::new(0u64);
    let timer = StoredValue::new_local(None::<gloo_timers::callback::Timeout>);
    Effect::new(move || {
        session.opened_rev();
        heard.set_value(session.with_world(World::log_count));
    });
    let speak = move |most: usize| {
        let message = session.with_world(|world| {
            let since = heard.try_get_value().unwrap_or(u64::MAX);
            heard.try_set_value(world.log_count());
            message(world, session.system.get_untracked(), since, most)
        });
        if let Some(message) = message {
            say(message);
        }
    };
    Effect::new(move || {
        session.log_rev();
        match session.motion() {
            Motion::Opening(_) => {}
            Motion::Paused => speak(AFTER_A_STEP),
            Motion::Playing if session.speed() > TOO_FAST => {}
            Motion::Playing => {
                if timer.with_value(Option::is_none) {
                    let speak_then = move || {
                        if session.motion_or_gone().is_some() {
                            timer.set_value(None);
                            speak(IN_ONE_MESSAGE);
                        }
                    };
                    timer.set_value(Some(gloo_timers::callback::Timeout::new(EVERY_MS, speak_then)));
                }
            }
        }
    });
    Effect::new(move || {
        let moved = if session.stepped.get() > 0 { session.with_world(moved) } else { String::new() };
        if !moved.is_empty() {
            say(moved);
        }
    });
    view! {
        <div class="pk-sr" role="log" aria-live="polite" aria-label="What happens">
            <For each=move || said.get() key=|(number, _)| *number let((_, line))>
                <p>{line}</p>
            </For>
        </div>
    }
}

/// The notable entries since the `since`-th, in one line. `None` when there are none.
fn message(world: &World, system: SystemObjects, since: u64, most: usize) -> Option<String> {
    let new = usize::try_from(world.log_count().checked_sub(since)?).unwrap_or(usize::MAX);
    let log = world.log();
    let said: Vec<String> = log
        .iter()
        .skip(log.len().saturating_sub(new))
        .filter(|logged| notable(&logged.entry).is_some() && system.shows_entry(world, &logged.entry))
        .map(|logged| words::happened(&logged.entry))
        .collect();
    let rest = said.len().saturating_sub(most);
    let mut line = said.into_iter().take(most).collect::<Vec<_>>().join(". ");
    if rest > 0 {
        line.push_str(&format!(", and {rest} more"));
    }
    (!line.is_empty()).then(|| [&line, "."].concat())
}

/// What packets do at this very moment: no more than anybody listens to.
fn moved(world: &World) -> String {
    const SAID: usize = 3;
    let now = world.now();
    let ended = world.traffic().connections.values().flat_map(|live| &live.record.packets).map(|p| &**p);
    let flying = world.traffic().flights.values().map(|flight| &flight.trace);
    let last = |trace: &&PacketTrace| trace.hops.last().is_some_and(|hop| hop.at == now);
    let mut moved: Vec<&PacketTrace> = ended.chain(flying).filter(last).collect();
    moved.sort_unstable_by_key(|trace| trace.id);
    let rest = moved.len().saturating_sub(SAID);
    let said = moved.iter().take(SAID).filter_map(|trace| {
        let what = words::hop(world, trace, trace.hops.last()?);
        Some(format!("{}: {what}. ", words::packet_kind(trace)))
    });
    let mut said: String = said.collect();
    if rest > 0 {
        said.push_str(&format!("And {rest} more."));
    }
    said
}
