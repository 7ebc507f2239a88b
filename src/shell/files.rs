//! Files: picked, or dragged onto the lab. Their texts become one stream.

use super::{Dialog, Ui};
use crate::session::Session;
use crate::text;
use cluster::api::MAX_TEXT_BYTES;
use leptos::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{DragEvent, File, FileList};

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
    session.with_later(move |later| (later.take_files)(session, ui, files));
}

/// Reads the files into the Load dialog's text, which shows what is in them.
pub fn take(session: Session, ui: Ui, files: FileList) {
    let files: Vec<File> = (0..files.length()).filter_map(|i| files.get(i)).collect();
    let size: f64 = files.iter().map(|file| file.size()).sum();
    if size > MAX_TEXT_BYTES as f64 {
        session.notices.problem(too_large(size));
        return;
    }
    spawn_local(async move {
        let mut texts = Vec::new();
        for file in &files {
            match JsFuture::from(file.text()).await.ok().and_then(|t| t.as_string()) {
                Some(text) if text.trim().is_empty() => {
                    session.notices.problem(format!("The file “{}” is empty.", file.name()));
                }
                Some(text) => texts.push(text),
                None => session.notices.problem(format!("The file “{}” could not be read.", file.name())),
            }
        }
        if session.motion_or_gone().is_some() && !texts.is_empty() {
            ui.draft.set(join(&texts));
            ui.open(Dialog::Load);
        }
    });
}

fn too_large(bytes: f64) -> String {
    format!(
        "{:.1} MB are too much: at most {} MB are read. Leave out what has no part in Services, \
         or load fewer files.",
        bytes / 1e6,
        MAX_TEXT_BYTES / 1_000_000
    )
}

/// As one stream of documents.
fn join(texts: &[String]) -> String {
    let mut all = String::new();
    for text in texts {
        if !all.is_empty() {
            if !all.ends_with('\n') {
                all.push('\n');
            }
            if !text.starts_with("---") {
                all.push_str("---\n");
            }
        }
        all.push_str(text);
    }
    all
}

/// `3 objects`, and what of them is kept but not simulated.
pub fn holds(manifest: &cluster::api::Manifest) -> String {
    let mut said = text::count(manifest.objects.len(), "object");
    if manifest.scenario.is_some() {
        said.push_str(" and a Scenario");
    }
    said
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_become_one_stream() {
        assert_eq!(join(&["a: 1".into(), "b: 2\n".into(), "---\nc: 3".into()]), "a: 1\n---\nb: 2\n---\nc: 3");
    }
}
