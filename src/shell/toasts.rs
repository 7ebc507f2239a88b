//! Notices, in a corner of the lab.

use crate::parts::*;
use crate::session::{Notice, Session, Tone};

pub fn toasts(session: Session) -> View {
    let shown = move || block("", session.notices.shown().into_iter().map(|n| toast(session, n)).collect());
    el("div").class("pk-toasts").attr("role", "status").kid(live(shown)).view()
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
