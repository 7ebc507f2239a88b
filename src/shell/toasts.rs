//! Notices, in a corner of the lab; while a dialog is open, which makes the rest of the lab inert,
//! at its foot.

use super::Ui;
use crate::parts::*;
use crate::session::{Notice, Session, Tone};
use leptos::prelude::*;

pub fn toasts(session: Session, ui: Ui) -> AnyView {
    frame(live(move || match session.later.get() {
        Some(later) => (later.toasts)(session, if ui.dialog.get().is_none() { 0 } else { u32::MAX }),
        // It may be the second part that could not be fetched.
        None => block("", session.notices.shown().into_iter().map(plain).collect()),
    }))
}

fn plain(notice: Notice) -> AnyView {
    block("pk-toast", vec![says("", notice.text)])
}

/// Those that came while the dialog was open.
pub fn in_dialog(session: Session) -> AnyView {
    let since = session.notices.next_id();
    frame(live(move || list(session, since)))
}

fn frame(shown: AnyView) -> AnyView {
    view! { <div class="pk-toasts" role="status">{shown}</div> }.into_any()
}

/// Those with this id or a later one.
pub fn list(session: Session, since: u32) -> AnyView {
    let shown = session.notices.shown().into_iter().filter(|notice| notice.id >= since);
    block("", shown.map(|notice| toast(session, notice)).collect())
}

fn toast(session: Session, notice: Notice) -> AnyView {
    let id = notice.id;
    let (class, sign_class, mark) = match notice.tone {
        Tone::Done => ("pk-toast", "pk-good", "✓"),
        Tone::Problem => ("pk-toast pk-problem", "pk-fail", "✕"),
    };
    let mut kids = vec![sign(sign_class, mark), says("", notice.text)];
    if let Some((label, act)) = notice.offer {
        let act = move || {
            session.notices.dismiss(id);
            act(session);
        };
        kids.push(button(label, act).view());
    }
    kids.push(
        button("✕", move || session.notices.dismiss(id)).named("Dismiss").class("pk-btn pk-plain").view(),
    );
    block(class, kids)
}
