//! Notices, in a corner of the lab; while a dialog is open, which makes the rest of the lab inert,
//! at its foot.

use super::Ui;
use crate::parts::*;
use crate::session::{Notice, Session, Tone};

pub fn toasts(session: Session, ui: Ui) -> View {
    list(session, move || if ui.dialog.get().is_none() { 0 } else { u32::MAX })
}

/// Those that came while the dialog was open.
pub fn in_dialog(session: Session) -> View {
    let since = session.notices.next_id();
    list(session, move || since)
}

fn list(session: Session, since: impl Fn() -> u32 + 'static) -> View {
    let shown = live(move || {
        let since = since();
        let shown = session.notices.shown().into_iter().filter(|notice| notice.id >= since);
        block("", shown.map(|notice| toast(session, notice)).collect())
    });
    el("div").class("pk-toasts").attr("role", "status").kid(shown).view()
}

fn toast(session: Session, notice: Notice) -> View {
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
