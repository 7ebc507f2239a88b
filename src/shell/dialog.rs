//! Dialogs: the browser's own, which keeps the focus inside, closes on Escape and gives the
//! focus back.

use super::{Dialog, Ui, add_client, facts, load, share, toasts};
use crate::parts::*;
use crate::session::Session;
use leptos::html;
use leptos::prelude::*;

pub fn dialog(session: Session, ui: Ui, which: Dialog) -> AnyView {
    let (name, body) = match which {
        Dialog::Load => ("Load manifests", load::body(session, ui)),
        Dialog::Share => ("Share", share::body(session)),
        Dialog::Facts => ("kube-proxy's mode", facts::body(session)),
        Dialog::AddClient => ("Add a client", add_client::body(session, ui)),
        Dialog::Rules => ("Rules side by side", crate::panels::compare_rules(session, ui)),
        Dialog::StartAgain => ("Start again?", start_again(session, ui)),
    };
    frame(session, ui, which, name, body)
}

fn frame(session: Session, ui: Ui, which: Dialog, name: &'static str, body: AnyView) -> AnyView {
    let place = NodeRef::<html::Dialog>::new();
    Effect::new(move || {
        let Some(dialog) = place.get() else { return };
        let _open_already = dialog.show_modal();
        let kept = StoredValue::new_local(dialog);
        // Closed before it is gone: only then does the browser give the focus back.
        on_cleanup(move || {
            kept.try_with_value(|dialog| dialog.close());
        });
    });
    let closed = move |_| {
        // Where another one was opened in its place, that is open by now.
        if place.get_untracked().is_none_or(|dialog| !dialog.open()) {
            ui.close();
        }
    };
    let close = button("✕", move || ui.close()).named("Close").class("pk-btn pk-plain").view();
    let class = if which == Dialog::Rules { "pk-dialog pk-dialog-wide" } else { "pk-dialog" };
    view! {
        <dialog node_ref=place class=class aria-label=name on:close=closed>
            {block("pk-dialog-head", vec![title(name), close])}
            {body}
            {toasts::in_dialog(session)}
        </dialog>
    }
    .into_any()
}

fn start_again(session: Session, ui: Ui) -> AnyView {
    let again = move || {
        ui.close();
        super::kept::start_again(session);
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
