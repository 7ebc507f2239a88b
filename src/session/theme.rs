//! Light or dark: as the reader says, else as the system says, which may change at any time.

use super::{Session, Theme};
use crate::browser;

const DARK: &str = "(prefers-color-scheme: dark)";

impl Session {
    /// Tracked.
    pub fn is_dark(&self) -> bool {
        match self.theme.get() {
            Theme::Light => false,
            Theme::Dark => true,
            Theme::Auto => self.system_is_dark.get(),
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
        let Some(query) = browser::media(DARK) else { return };
        self.system_is_dark.set(query.matches());
        let session = *self;
        browser::listen(&query, "change", move |_| {
            let dark = browser::media(DARK).is_some_and(|q| q.matches());
            session.system_is_dark.set(dark);
        });
    }

    /// From auto to the other of the two, and from there back to auto.
    pub fn next_theme(&self) {
        let dark = self.system_is_dark.get_untracked();
        self.theme.update(|theme| {
            *theme = match (*theme, dark) {
                (Theme::Auto, true) => Theme::Light,
                (Theme::Auto, false) => Theme::Dark,
                _ => Theme::Auto,
            }
        });
        self.keep_theme();
    }
}
