//! Files that are dragged onto the lab.

use crate::dialogs::take_files;
use crate::session::Session;
use crate::ui::Ui;
use leptos::prelude::*;
use web_sys::DragEvent;

pub fn dragged_over(ui: Ui, event: &DragEvent) {
    let files = event.data_transfer().is_some_and(|data| data.types().includes(&"Files".into(), 0));
    if files {
        event.prevent_default();
        if !ui.dragging.get_untracked() {
            ui.dragging.set(true);
        }
    }
}

pub fn dragged_away(ui: Ui, event: &DragEvent) {
    // Also comes when the pointer goes from one child to another.
    if event.related_target().is_none() {
        ui.dragging.set(false);
    }
}

pub fn dropped(session: Session, ui: Ui, event: &DragEvent) {
    ui.dragging.set(false);
    let Some(files) = event.data_transfer().and_then(|data| data.files()).filter(|f| f.length() > 0) else {
        return;
    };
    event.prevent_default();
    take_files(session, ui, files);
}
