//! What of Leptos this app is made with, beside what this folder wraps.

pub use leptos::graph::untrack;
pub use leptos::owner::{LocalStorage, StoredValue, on_cleanup};
pub use leptos::traits::{GetValue, SetValue, UpdateValue, WithValue, WriteValue};

pub fn window() -> web_sys::Window {
    web_sys::window().expect("a page")
}

pub fn document() -> web_sys::Document {
    window().document().expect("a page")
}
