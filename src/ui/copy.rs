//! Copying to the clipboard.

use crate::session::Session;
use leptos::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};

/// Says what was copied, or that it was not.
pub fn copy_text(session: Session, words: String, said: String) {
    spawn_local(async move {
        let copied = JsFuture::from(window().navigator().clipboard().write_text(&words)).await;
        if session.motion_or_gone().is_none() {
            return;
        }
        match copied {
            Ok(_) => session.notices.done(said),
            Err(_) => session
                .notices
                .problem("The browser did not allow copying: mark the text and copy it yourself."),
        }
    });
}
