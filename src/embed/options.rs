//! What a lab's place asks of it: `data-*` attributes of its element, or the page's query.

use crate::browser;
use crate::session::{StartMode, Theme};
use js_sys::Reflect;
use leptos::prelude::*;

/// How much there is around the picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Controls {
    None,
    Transport,
    #[default]
    Full,
}

#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Options {
    /// A built-in scenario's name.
    pub scenario: Option<String>,
    pub theme: Theme,
    pub controls: Controls,
    pub autoplay: Option<bool>,
    /// Keeps the stored work of this lab apart from other labs'.
    pub name: Option<String>,
}

impl Options {
    /// The element's own attributes win over the page's query.
    pub fn of_element(dataset: &str) -> Options {
        let attributes = js_sys::JSON::parse(dataset).unwrap_or_default();
        let query = window().location().search().unwrap_or_default();
        let query = web_sys::UrlSearchParams::new_with_str(&query).ok();
        Options::read(|key| {
            let attribute = Reflect::get(&attributes, &key.into()).ok().and_then(|value| value.as_string());
            attribute.or_else(|| query.as_ref()?.get(key))
        })
    }

    /// What is not understood is as if it had not been said.
    fn read(get: impl Fn(&str) -> Option<String>) -> Options {
        let word = |key: &str| get(key).unwrap_or_default().to_ascii_lowercase();
        Options {
            scenario: get("scenario").filter(|s| !s.is_empty()),
            theme: match word("theme").as_str() {
                "light" => Theme::Light,
                "dark" => Theme::Dark,
                _ => Theme::Auto,
            },
            controls: match word("controls").as_str() {
                "none" => Controls::None,
                "transport" => Controls::Transport,
                _ => Controls::Full,
            },
            autoplay: match word("autoplay").as_str() {
                "0" | "false" | "no" => Some(false),
                "1" | "true" | "yes" => Some(true),
                _ => None,
            },
            name: get("name").filter(|s| !s.is_empty()),
        }
    }

    /// Who prefers less motion begins with a still picture, whatever the page says.
    pub fn start_mode(&self) -> StartMode {
        match self.autoplay {
            Some(false) => StartMode::Paused,
            _ if browser::wants_less_motion() => StartMode::Paused,
            _ => StartMode::Playing,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Options {
        Options::read(|key| pairs.iter().find(|(k, _)| *k == key).map(|(_, v)| v.to_string()))
    }

    #[test]
    fn nothing_said_is_the_whole_lab() {
        assert_eq!(read(&[]), Options::default());
        assert_eq!(read(&[("theme", "purple"), ("controls", "some"), ("autoplay", "?")]), Options::default());
    }

    #[test]
    fn each_option_is_read() {
        let options = read(&[
            ("scenario", "doors"),
            ("theme", "Dark"),
            ("controls", "transport"),
            ("autoplay", "0"),
            ("name", "left"),
        ]);
        assert_eq!(options.scenario.as_deref(), Some("doors"));
        assert_eq!(options.theme, Theme::Dark);
        assert_eq!(options.controls, Controls::Transport);
        assert_eq!(options.autoplay, Some(false));
        assert_eq!(options.name.as_deref(), Some("left"));
    }
}
