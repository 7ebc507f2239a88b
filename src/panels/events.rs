//! What happened, newest first: to the selection, or to everything.

use crate::parts::*;
use crate::session::{Selection, Session};
use crate::shell::Ui;
use crate::text;
use cluster::api::ObjectRef;
use cluster::sim::{LogEntry, World};
use leptos::prelude::*;

const SHOWN: usize = 100;

pub fn list(session: Session, ui: Ui, of: Option<Selection>) -> AnyView {
    live(move || {
        session.log_rev();
        let object = ui.named.get();
        let rows = session.with_world(|world| rows(world, of, object.as_ref()));
        match rows.is_empty() {
            true => says("pk-muted", "Nothing happened yet."),
            false => items("pk-events", rows),
        }
    })
}

fn rows(world: &World, of: Option<Selection>, object: Option<&ObjectRef>) -> Kids {
    let wanted = |entry: &LogEntry| of.is_none() || object.is_some_and(|o| concerns(entry, o));
    let newest = world.log().iter().rev().filter(|logged| wanted(&logged.entry));
    newest
        .take(SHOWN)
        .map(|logged| {
            let did = matches!(logged.entry, LogEntry::Did { .. });
            let said = text::stopped(&words::happened(&logged.entry));
            block(
                if did { "pk-event pk-did" } else { "pk-event" },
                vec![span("pk-mono pk-muted", text::clock(logged.at)), span("", said)],
            )
        })
        .collect()
}

/// Whether an entry is about the object, or was done to it.
fn concerns(entry: &LogEntry, object: &ObjectRef) -> bool {
    let about = match entry {
        LogEntry::Did { action } => action.about(),
        other => other.about(),
    };
    about.as_ref() == Some(object)
}
