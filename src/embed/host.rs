//! What the page around a figure may tell it.

use crate::browser;
use crate::session::Theme;
use js_sys::Reflect;
use leptos::prelude::window;
use wasm_bindgen::prelude::*;
use web_sys::MessageEvent;

/// Calls back when the page around the figure has switched its own theme: it posts
/// `{packetyard: {theme: "dark"}}` to the frame's window.
pub fn on_theme(callback: impl Fn(Theme) + 'static) {
    if !browser::is_framed() {
        return;
    }
    browser::listen(&window(), "message", move |event| {
        let Ok(event) = event.dyn_into::<MessageEvent>() else { return };
        if let Some(theme) = is_from_host(&event).then(|| theme_in(&event.data())).flatten() {
            callback(theme);
        }
    });
}

fn is_from_host(event: &MessageEvent) -> bool {
    let host = window().parent().ok().flatten().map(JsValue::from);
    host.is_some() && event.source().map(JsValue::from) == host
}

fn theme_in(message: &JsValue) -> Option<Theme> {
    let ours = Reflect::get(message, &"packetyard".into()).ok()?;
    let theme = Reflect::get(&ours, &"theme".into()).ok()?.as_string()?;
    match theme.as_str() {
        "light" => Some(Theme::Light),
        "dark" => Some(Theme::Dark),
        "auto" => Some(Theme::Auto),
        _ => None,
    }
}
