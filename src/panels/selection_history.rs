//! What is remembered of the selections so far.

use crate::session::{Selection, Session};
use crate::ui::Ui;
use cluster::sim::World;
use leptos::prelude::*;
use scene::facts::{Facts, SystemObjects};
use scene::relations::service_of;

/// A connection is looked at on the way from something else, and there is a way back.
pub fn track_previous_selection(session: Session, ui: Ui) {
    let last = StoredValue::new(None::<Selection>);
    Effect::new(move || {
        let now = session.selection.get();
        let before = last.get_value();
        last.set_value(now);
        let is_connection =
            |s: Option<Selection>| matches!(s, Some(Selection::Connection(_) | Selection::Packet(_)));
        match (is_connection(now), is_connection(before)) {
            (true, false) => ui.previous_selection.set(before),
            (true, true) => {}
            (false, _) => ui.previous_selection.set(None),
        }
        if now.is_some() {
            ui.sheet_up.set(true);
        }
        ui.selected_object.set(session.with_world(|world| world.store().object_ref(now?.uid()?)));
    });
}

/// Whoever selects one of the cluster's own objects wants to see it.
pub fn show_system_objects_when_selected(session: Session) {
    Effect::new(move || {
        let selected = session.selection.get().and_then(Selection::uid);
        let is_system = |world: &World| {
            let object = world.store().object_ref(selected?)?;
            Some(world.is_system(&object))
        };
        if session.with_world(is_system) == Some(true) {
            session.system.set(SystemObjects::Shown);
        }
    });
}

/// The rules of nodes are first shown for the Service that was looked at last.
pub fn track_last_service(session: Session, ui: Ui) {
    Effect::new(move || {
        session.opened_rev();
        let Some(of) = session.selection.get() else { return };
        let service =
            session.with_world(|world| service_of(world, &Facts::of(world, SystemObjects::Shown), of));
        if service.is_some() {
            ui.service.set(service);
        }
    });
}
