//! Notices, in a corner of the lab; while a dialog is open, which makes the rest of the lab inert,
//! at its foot.

use super::Ui;
use crate::components::Button;
use crate::session::{Notice, Session, Tone};
use leptos::prelude::*;

/// Those of the lab: none while a dialog shows them.
#[component]
pub fn Toasts() -> impl IntoView {
    let ui = expect_context::<Ui>();
    view! { <NoticesSince since=0 hidden=Signal::derive(move || ui.dialog.get().is_some())/> }
}

/// Those that came while the dialog was open.
#[component]
pub fn DialogToasts() -> impl IntoView {
    let session = expect_context::<Session>();
    view! { <NoticesSince since=session.notices.next_id()/> }
}

/// Those with this id or a later one.
#[component]
fn NoticesSince(since: u32, #[prop(optional)] hidden: Signal<bool>) -> impl IntoView {
    let session = expect_context::<Session>();
    let shown = move || {
        let all = if hidden.get() { Vec::new() } else { session.notices.shown() };
        all.into_iter().filter(|notice| notice.id >= since).collect::<Vec<_>>()
    };
    view! {
        <div class="pk-toasts" role="status">
            <div>
                <For each=shown key=|notice| notice.id let:notice>
                    <Toast notice/>
                </For>
            </div>
        </div>
    }
}

#[component]
fn Toast(notice: Notice) -> impl IntoView {
    let session = expect_context::<Session>();
    let id = notice.id;
    let (class, sign_class, sign) = match notice.tone {
        Tone::Done => ("pk-toast", "pk-good", "✓"),
        Tone::Problem => ("pk-toast pk-problem", "pk-fail", "✕"),
    };
    let offer = notice.offer.map(|(label, act)| {
        let act = move || {
            session.notices.dismiss(id);
            act(session);
        };
        view! { <Button on_press=act>{label}</Button> }
    });
    view! {
        <div class=class>
            <span class=sign_class aria-hidden="true">{sign}</span>
            <p>{move || session.notices.text(&notice.said)}</p>
            {offer}
            <Button on_press=move || session.notices.dismiss(id) name="Dismiss" class="pk-btn pk-plain">"✕"</Button>
        </div>
    }
}
