//! What of Leptos this app is made with, beside what this folder wraps.

pub use leptos::prelude::{
    GetValue, LocalStorage, SetValue, StoredValue, UpdateValue, WithValue, WriteValue, document, on_cleanup,
    untrack, window,
};
