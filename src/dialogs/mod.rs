//! Dialogs: the browser's own, which keeps the focus inside, closes on Escape and gives the
//! focus back.

mod add_client;
mod files;
mod findings;
mod load;
mod myths;
mod proxy_mode;
mod share;
#[cfg(all(test, target_arch = "wasm32"))]
mod tests;

use crate::components::Button;
use crate::panels::CompareRules;
use crate::session::Session;
use crate::ui::{Dialog, DialogToasts, Ui};
use add_client::AddClient;
pub use files::take_files;
use leptos::html;
use leptos::prelude::*;
use load::Load;
use proxy_mode::ProxyModes;
use share::Share;

pub fn dialog(which: Dialog) -> AnyView {
    match which {
        Dialog::Load => view! { <Modal name="Load manifests"><Load/></Modal> }.into_any(),
        Dialog::Share => view! { <Modal name="Share"><Share/></Modal> }.into_any(),
        Dialog::Facts => view! { <Modal name="kube-proxy's mode"><ProxyModes/></Modal> }.into_any(),
        Dialog::AddClient => view! { <Modal name="Add a client"><AddClient/></Modal> }.into_any(),
        Dialog::StartAgain => view! { <Modal name="Start again?"><StartAgain/></Modal> }.into_any(),
        Dialog::Rules => {
            let class = "pk-dialog pk-dialog-wide";
            view! { <Modal name="Rules side by side" class><CompareRules/></Modal> }.into_any()
        }
    }
}

#[component]
fn Modal(
    name: &'static str,
    #[prop(default = "pk-dialog")] class: &'static str,
    children: Children,
) -> impl IntoView {
    let ui = expect_context::<Ui>();
    let element = NodeRef::<html::Dialog>::new();
    Effect::new(move || {
        let Some(dialog) = element.get() else { return };
        let _open_already = dialog.show_modal();
        let dialog = StoredValue::new_local(dialog);
        // Closed before it is gone: only then does the browser give the focus back.
        on_cleanup(move || {
            dialog.try_with_value(|dialog| dialog.close());
        });
    });
    let closed = move |_| {
        // Where another one was opened in its place, that is open by now.
        if element.get_untracked().is_none_or(|dialog| !dialog.open()) {
            ui.close();
        }
    };
    view! {
        <dialog node_ref=element class=class aria-label=name on:close=closed>
            <div class="pk-dialog-head">
                <h2 class="pk-caption">{name}</h2>
                <Button on_press=move || ui.close() name="Close" class="pk-btn pk-plain">"✕"</Button>
            </div>
            {children()}
            <DialogToasts/>
        </dialog>
    }
}

#[component]
fn StartAgain() -> impl IntoView {
    let (session, ui) = (expect_context::<Session>(), expect_context::<Ui>());
    let again = move || {
        ui.close();
        crate::opening::start_again(session);
    };
    view! {
        <div class="pk-dialog-body">
            <p>
                "What you did here is undone, and the run begins from its first moment. Undo brings it back."
            </p>
            <div class="pk-row">
                <Button on_press=again class="pk-btn pk-main">"Start again"</Button>
                <Button on_press=move || ui.close()>"Keep going"</Button>
            </div>
        </div>
    }
}
