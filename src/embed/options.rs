//! What a lab's place asks of it: `data-*` attributes of its element, or the page's query.

use crate::browser;
use crate::session::{StartMode, Theme};
use js_sys::Reflect;
use leptos::prelude::*;
use std::cell::RefCell;

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
        let (options, notes) = Options::read(|key| {
            let attribute = Reflect::get(&attributes, &key.into()).ok().and_then(|value| value.as_string());
            attribute.or_else(|| query.as_ref()?.get(key))
        });
        for note in notes {
            web_sys::console::warn_1(&note.into());
        }
        options
    }

    /// What is not understood is as if it had not been said; the author of the page is told.
    fn read(get: impl Fn(&str) -> Option<String>) -> (Options, Vec<String>) {
        let notes = RefCell::new(Vec::new());
        let word = |key: &str| get(key).unwrap_or_default().to_ascii_lowercase();
        let not_one_of = |key: &str, known: &str| {
            let said = word(key);
            if !said.is_empty() {
                notes.borrow_mut().push(format!("Packetyard: {key}={said} is not understood, only {known}."));
            }
        };
        let theme = match word("theme").as_str() {
            "light" => Theme::Light,
            "dark" => Theme::Dark,
            "auto" => Theme::Auto,
            _ => {
                not_one_of("theme", "light, dark and auto");
                Theme::Auto
            }
        };
        let controls = match word("controls").as_str() {
            "none" => Controls::None,
            "transport" => Controls::Transport,
            "full" => Controls::Full,
            _ => {
                not_one_of("controls", "none, transport and full");
                Controls::Full
            }
        };
        let autoplay = match word("autoplay").as_str() {
            "0" | "false" | "no" => Some(false),
            "1" | "true" | "yes" => Some(true),
            _ => {
                not_one_of("autoplay", "0 and 1");
                None
            }
        };
        let [scenario, name] = ["scenario", "name"].map(|key| get(key).filter(|said| !said.is_empty()));
        (Options { scenario, theme, controls, autoplay, name }, notes.into_inner())
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
        Options::read(|key| pairs.iter().find(|(k, _)| *k == key).map(|(_, v)| v.to_string())).0
    }

    #[test]
    fn what_is_not_understood_is_said() {
        let said = |key: &str| match key {
            "theme" => Some("Purple".to_owned()),
            "controls" => Some("none".to_owned()),
            _ => None,
        };
        let note = "Packetyard: theme=purple is not understood, only light, dark and auto.";
        assert_eq!(Options::read(said).1, [note]);
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
