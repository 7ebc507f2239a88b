//! What happened, newest first: to the selection, or to everything.

use crate::session::{Selection, Session};
use crate::text;
use crate::ui::Ui;
use cluster::api::ObjectRef;
use cluster::sim::{LogEntry, Moment, World};
use leptos::prelude::*;

/// More entries than anybody reads.
const SHOWN: usize = 100;

/// A line of the log.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Row {
    /// Its place in the log. After an undo another entry may have it.
    nth: u64,
    at: Moment,
    words: String,
    /// Somebody did it.
    is_action: bool,
}

#[component]
pub fn EventsPanel(of: Option<Selection>) -> impl IntoView {
    let (session, ui) = (expect_context::<Session>(), expect_context::<Ui>());
    let rows = session.watch_log(move |world| match of {
        None => {
            let system = session.system.get();
            rows(world, |entry| system.shows_entry(world, entry))
        }
        Some(_) => match ui.selected_object.get() {
            Some(object) => rows(world, |entry| concerns(entry, &object)),
            None => Vec::new(),
        },
    });
    view! {
        <Show
            when=move || !rows.read().is_empty()
            fallback=|| view! { <p class="pk-muted">"Nothing happened yet."</p> }
        >
            <ul class="pk-events" role="list">
                <For each=move || rows.get() key=Clone::clone let:row>
                    <li>
                        <div class="pk-event" class:pk-did=row.is_action>
                            <span class="pk-mono pk-muted">{text::clock(row.at)}</span>
                            <span>{row.words}</span>
                        </div>
                    </li>
                </For>
            </ul>
        </Show>
    }
}

fn rows(world: &World, is_wanted: impl Fn(&LogEntry) -> bool) -> Vec<Row> {
    let newest = (0..world.log_count()).rev().zip(world.log().iter().rev());
    let wanted = newest.filter(|(_, logged)| is_wanted(&logged.entry)).take(SHOWN);
    wanted
        .map(|(nth, logged)| Row {
            nth,
            at: world.moment(logged.at),
            words: text::stopped(&words::happened(&logged.entry)),
            is_action: matches!(logged.entry, LogEntry::Did { .. }),
        })
        .collect()
}

/// Whether an entry is about the object, or was done to it.
fn concerns(entry: &LogEntry, object: &ObjectRef) -> bool {
    entry.about().as_ref() == Some(object)
}
