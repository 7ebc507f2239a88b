//! Dialogs: the browser's own, which keeps the focus inside, closes on Escape and gives the
//! focus back.

use super::{Dialog, Ui, add_client, facts, load, share, toasts};
use crate::dom::Place;
use crate::dom::reactive::*;
use crate::parts::*;
use crate::session::Session;
use wasm_bindgen::JsCast;
use web_sys::HtmlDialogElement;

pub fn dialogs(session: Session, ui: Ui) -> View {
    live(move || {
        let Some(which) = ui.dialog.get() else { return nothing() };
        let (name, body) = match which {
            Dialog::Load => ("Load manifests", load::body(session, ui)),
            Dialog::Share => ("Share", share::body(session)),
            Dialog::Facts => ("kube-proxy's mode", facts::body(session)),
            Dialog::AddClient => ("Add a client", add_client::body(session, ui)),
            Dialog::Rules => ("Rules side by side", crate::panels::compare_rules(session, ui)),
            Dialog::StartAgain => ("Start again?", start_again(session, ui)),
        };
        frame(session, ui, which, name, body)
    })
}

fn frame(session: Session, ui: Ui, which: Dialog, name: &'static str, body: View) -> View {
    let place = Place::new(None);
    whenever(move || {
        let Some(dialog) = place.get().and_then(|e| e.dyn_into::<HtmlDialogElement>().ok()) else { return };
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
    let close = button("✕", closed).named("Close").class("pk-btn pk-plain").view();
    el("dialog")
        .place(place)
        .class(if which == Dialog::Rules { "pk-dialog pk-dialog-wide" } else { "pk-dialog" })
        .attr("aria-label", name)
        .on("close", move |_| closed())
        .kid(block("pk-dialog-head", vec![title(name), close]))
        .kid(body)
        .kid(toasts::in_dialog(session))
        .view()
}

fn start_again(session: Session, ui: Ui) -> View {
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
