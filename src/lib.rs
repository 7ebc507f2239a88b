//! The web app: it draws the cluster that `cluster` simulates and lets a person break it.

mod browser;
mod components;
mod context_menu;
pub mod diagram;
mod dialogs;
pub mod embed;
mod header;
#[cfg(all(test, target_arch = "wasm32"))]
mod in_page;
mod opening;
mod panels;
mod scenarios;
pub mod session;
mod shell;
mod styles;
mod text;
pub mod theme;
mod timeline;
mod tools;
mod ui;

use embed::Options;
use leptos::prelude::*;
use session::Recorder;
use std::cell::OnceCell;
use wasm_bindgen::prelude::*;

thread_local! {
    /// The function to call on a panic.
    static ON_PANIC: OnceCell<js_sys::Function> = const { OnceCell::new() };
}

/// Called once, before the first lab is mounted. A panic ends in a trap without any message, so a hook reports
/// its message and location before.
pub fn start() {
    std::panic::set_hook(Box::new(|panic| {
        let message = JsValue::from(panic.to_string());
        web_sys::console::error_1(&message);
        ON_PANIC.with(|callback| {
            if let Some(callback) = callback.get() {
                let _ignored = callback.call1(&JsValue::NULL, &message);
            }
        });
    }));
}

/// `tell` is called with the message and the place of a panic, just before the module stops.
#[wasm_bindgen]
pub fn on_panic(callback: js_sys::Function) {
    ON_PANIC.with(|place| {
        let _first_stays = place.set(callback);
    });
}

/// The versions of the app and of the model, for fault reports.
#[wasm_bindgen]
pub fn version() -> String {
    format!("Packetyard {}, model {}", env!("CARGO_PKG_VERSION"), cluster::sim::MODEL_VERSION)
}

/// Mounts a lab into `element`, in a shadow root. `options` is a JSON object of the element's
/// `data-*` attributes; `recorder` is told of the run as it goes.
#[wasm_bindgen]
pub fn mount(
    element: web_sys::HtmlElement,
    options: String,
    recorder: Option<Recorder>,
) -> Result<(), JsValue> {
    let options = Options::of_element(&options);
    embed::attach(&element, &styles::at_first(), move || view! { <shell::App options recorder/> })
}
