//! The web app: it draws the cluster that `cluster` simulates and lets a person break it.

mod browser;
pub mod embed;
mod parts;
pub mod session;
pub mod diagram;
pub mod theme;
mod text;

use leptos::prelude::*;
use wasm_bindgen::prelude::*;

/// What happens once, before the first lab is mounted. A panic ends in a trap, which says nothing
/// about itself: the message goes to the console first.
pub fn start() {
    std::panic::set_hook(Box::new(|panic| web_sys::console::error_1(&panic.to_string().into())));
}

/// Mounts a lab into `element`, in a shadow root. `options` is a JSON object of the element's
/// `data-*` attributes.
#[wasm_bindgen]
pub fn mount(element: web_sys::HtmlElement, options: String) -> Result<(), JsValue> {
    let init = web_sys::ShadowRootInit::new(web_sys::ShadowRootMode::Open);
    let shadow = element.attach_shadow(&init)?;
    let place = document().create_element("div")?.unchecked_into::<web_sys::HtmlElement>();
    shadow.append_child(&place)?;
    let _ = options;
    leptos::mount::mount_to(place, App).forget();
    Ok(())
}

/// The whole app.
#[component]
pub fn App() -> impl IntoView {
    view! {
        <main>
            <h1>"Packetyard"</h1>
        </main>
    }
}
