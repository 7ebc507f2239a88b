//! Notices, in a corner of the lab.

use crate::parts::*;
use crate::session::{Notice, Session, Tone};
use leptos::prelude::*;

pub fn toasts(session: Session) -> AnyView {
    view! {
        <div class="pk-toasts" role="status">
            {live(move || block("", session.notices.shown().into_iter().map(|n| toast(session, n)).collect()))}
        </div>
    }
    .into_any()
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
