//! Dialogs: the browser's own, which keeps the focus inside, closes on Escape and gives the
//! focus back.

use super::{Dialog, Ui, add_client, facts, load, share, toasts};
use crate::parts::*;
use crate::session::Session;
use leptos::html;
use leptos::prelude::*;

pub fn dialogs(session: Session, ui: Ui) -> AnyView {
    live(move || {
        let Some(which) = ui.dialog.get() else { return nothing() };
        let (name, body) = match which {
            Dialog::Load => ("Load manifests", load::body(session, ui)),
            Dialog::Share => ("Share", share::body(session)),
            Dialog::Facts => ("What this model assumes", facts::body(session)),
            Dialog::AddClient => ("Add a client", add_client::body(session, ui)),
            Dialog::StartAgain => ("Start again?", start_again(session, ui)),
        };
        frame(session, ui, which, name, body)
    })
}

fn frame(session: Session, ui: Ui, which: Dialog, name: &'static str, body: AnyView) -> AnyView {
    let dialog = NodeRef::<html::Dialog>::new();
    whenever(move || {
        let Some(dialog) = dialog.get() else { return };
        let _open_already = dialog.show_modal();
        let kept = StoredValue::new_local(dialog);
        // Closed before it is gone: only then does the browser give the focus back.
        on_cleanup(move || {
            kept.try_with_value(|dialog| dialog.close());
        });
    });
    let closed = move || {
        if ui.dialog.get_untracked() == Some(which) {
            ui.close();
        }
    };
    view! {
        <dialog node_ref=dialog class="pk-dialog" aria-label=name on:close=move |_| closed()>
            <div class="pk-dialog-head">
                <h2 class="pk-caption">{name}</h2>
                {button("✕", closed).named("Close").class("pk-btn pk-plain").view()}
            </div>
            {body}
            {toasts::in_dialog(session)}
        </dialog>
    }
    .into_any()
}

fn start_again(session: Session, ui: Ui) -> AnyView {
    let again = move || {
        ui.close();
        session.start_again();
    };
    block(
        "pk-dialog-body",
        vec![
            says(
                "",
                "What you did here is undone, and the run begins from its first moment. Undo brings it back.",
            ),
            block(
                "pk-row",
                vec![
                    button("Start again", again).class("pk-btn pk-main").view(),
                    button("Keep going", move || ui.close()).view(),
                ],
            ),
        ],
    )
}
