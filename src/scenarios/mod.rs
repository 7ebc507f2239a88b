//! The scenarios that come with the page: texts, parsed when they are opened.

mod built_in;
mod myths;

pub use built_in::{Hints, built_in, built_in_of};
pub use myths::{Myth, claim, is_myth, myth_of, myths};

/// How the keys of these scenarios begin: `scenario/first`, `scenario/myth-kube-proxy-takes-turns`.
pub const KEY_PREFIX: &str = "scenario/";

/// The key of the one of this name.
pub fn key_of(name: &str) -> String {
    format!("{KEY_PREFIX}{name}")
}

/// The text that a key stands for.
pub fn text_of_key(key: &str) -> Option<&'static str> {
    let myth = || myth_of(key).map(|myth| myth.text);
    built_in_of(key).map(|scenario| scenario.text).or_else(myth)
}

/// The text of a scenario, for tests that want one of them.
#[cfg(test)]
pub fn text_of(name: &str) -> &'static str {
    text_of_key(&key_of(name)).expect("a scenario of that name")
}
