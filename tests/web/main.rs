//! The app in a real browser: `cargo xtask test web`, and `firefox`. One binary, as each would be linked anew.
//! What a panel, a dialog or a control shows is tested beside it, in `src`.
#![cfg(target_arch = "wasm32")]

mod hashes;
mod lifetime;
mod support;

wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);
