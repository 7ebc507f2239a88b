//! The web app: it draws the cluster that `cluster` simulates and lets a person break it.

mod browser;
mod components;
pub mod diagram;
pub mod embed;
mod later;
mod panels;
mod parts;
pub mod session;
mod shell;
mod text;
pub mod theme;

use embed::Options;
use leptos::prelude::*;
use wasm_bindgen::prelude::*;

/// What is around the picture. The last one has what changes where there is less room.
const SHELL_CSS: [&str; 4] = [
    include_str!("theme/parts.css"),
    include_str!("theme/shell.css"),
    include_str!("theme/inspector.css"),
    include_str!("theme/narrow.css"),
];

/// What happens once, before the first lab is mounted. A panic ends in a trap, which says nothing
/// about itself: the message goes to the console first.
pub fn start() {
    std::panic::set_hook(Box::new(|panic| web_sys::console::error_1(&panic.to_string().into())));
}

/// Mounts a lab into `element`, in a shadow root. `options` is a JSON object of the element's
/// `data-*` attributes.
#[wasm_bindgen]
pub fn mount(element: web_sys::HtmlElement, options: String) -> Result<(), JsValue> {
    let options = Options::of_element(&options);
    let mut styles = vec![theme::THEME_CSS, theme::DIAGRAM_CSS];
    styles.extend(SHELL_CSS);
    embed::attach(&element, &styles, move || view! { <shell::App options/> })
}
