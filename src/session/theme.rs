//! Light or dark: as the reader says, else as the system says, which may change at any time.

use super::{Session, Theme};
use crate::browser;
use leptos::prelude::*;

const DARK: &str = "(prefers-color-scheme: dark)";
/// The system's colours in place of ours, except on the canvas: they have to go together.
const FORCED: &str = "(forced-colors: active)";

impl Session {
    /// Tracked.
    pub fn is_dark(&self) -> bool {
        match self.theme.get() {
            Theme::Light if !self.system_forces.get() => false,
            Theme::Dark if !self.system_forces.get() => true,
            Theme::Auto | Theme::Light | Theme::Dark => self.system_is_dark.get(),
        }
    }

    /// What the place asks for wins over what the reader chose here before.
    pub fn begin_with_theme(&self, asked: Theme) {
        let chosen = || match self.kept_theme().as_deref() {
            Some("light") => Theme::Light,
            Some("dark") => Theme::Dark,
            _ => Theme::Auto,
        };
        self.theme.set(if asked == Theme::Auto { chosen() } else { asked });
    }

    /// Called once, by the lab's component.
    pub fn watch_system_theme(&self) {
        watch(DARK, self.system_is_dark);
        watch(FORCED, self.system_forces);
    }

    /// From auto to the other of the two, and from there back to auto.
    pub fn next_theme(&self) {
        let dark = self.system_is_dark.get_untracked();
        self.theme.update(|theme| {
            *theme = match (*theme, dark) {
                (Theme::Auto, true) => Theme::Light,
                (Theme::Auto, false) => Theme::Dark,
                (Theme::Light | Theme::Dark, _) => Theme::Auto,
            }
        });
        self.keep_theme();
    }
}

fn watch(media: &'static str, matches: RwSignal<bool>) {
    let Some(query) = browser::media(media) else { return };
    matches.set(query.matches());
    browser::listen(&query, "change", move |_| {
        matches.set(browser::media(media).is_some_and(|q| q.matches()));
    });
}
