//! Files, picked or dropped on the lab: their texts become one stream in the Load dialog.

use crate::session::Session;
use crate::text;
use crate::ui::{Dialog, Ui};
use cluster::api::MAX_TEXT_BYTES;
use leptos::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{File, FileList};

/// Reads the files into the Load dialog's text, which shows what is in them.
pub fn take_files(session: Session, ui: Ui, files: FileList) {
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
    let (megabytes, tenths) = (bytes as u64 / 1_000_000, bytes as u64 / 100_000 % 10);
    format!(
        "{megabytes}.{tenths} MB are too much: at most {} MB are read. Leave out what has no part in Services, \
         or load fewer files.",
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
