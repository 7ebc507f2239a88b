//! A reload keeps the work: the run is stored as a scenario text, a little after each change.

use super::source::undone;
use super::{Session, Text, Theme, recorded};
use crate::browser;
use crate::scenarios::KEY_PREFIX;
use leptos::prelude::*;
use std::cell::{Cell, RefCell};

/// The key of what the reader has loaded.
pub const OWN: &str = "own";

const SAVE_AFTER_MS: u32 = 800;
/// More than this is not worth the reader's storage.
const LARGEST_SAVED: usize = 1 << 20;
const NOT_SAVED: &str = "Your browser keeps nothing of this page, or not as much as this: a reload will begin \
    anew. “Share” has a link and a file that hold your work.";

pub(super) struct Saver {
    /// Of the lab; `None` for one that keeps nothing.
    name: Option<String>,
    timer: RefCell<Option<gloo_timers::callback::Timeout>>,
    /// The reader knows that the work is not kept.
    has_warned: Cell<bool>,
}

impl Saver {
    pub fn new(name: Option<String>) -> Saver {
        Saver { name, timer: RefCell::default(), has_warned: Cell::default() }
    }

    /// Where the work on a text is kept.
    fn place(&self, key: &str) -> Option<String> {
        self.name.as_ref().map(|name| ["packetyard.1:", name, ":", key].concat())
    }
}

impl Session {
    pub(super) fn save_soon(&self) {
        let lab = self.lab();
        if lab.saver.name.is_none() {
            return;
        }
        let session = *self;
        let timer = gloo_timers::callback::Timeout::new(SAVE_AFTER_MS, move || session.save_now());
        *lab.saver.timer.borrow_mut() = Some(timer);
    }

    /// Keeps the work, where there is some.
    pub fn save_now(&self) {
        let Some(lab) = self.try_lab() else { return };
        if self.has_stopped() || !self.has_opened() || self.is_opening() {
            return;
        }
        let key = lab.source.borrow().key.clone();
        let Some(place) = lab.saver.place(&key) else { return };
        if let Some(last) = lab.saver.place("last") {
            browser::store(&last, &key);
        }
        // Work that was undone completely is stored too. Otherwise the work stored before would come back.
        let nothing_undone = lab.run.borrow().undone().is_empty();
        if key.starts_with(KEY_PREFIX) && !self.has_work() && nothing_undone {
            return;
        }
        self.save(&key, &place);
    }

    /// Keeps the work on the text of this key at this place.
    fn save(&self, key: &str, place: &str) {
        let lab = self.lab();
        let (source, run) = (lab.source.borrow(), lab.run.borrow());
        let mut kept = match &source.text {
            Text::Own(text) => keep(&original(place), text),
            Text::BuiltIn => true,
        };
        kept = kept && keep(place, &recorded(&source, &run));
        if kept && !run.undone().is_empty() {
            keep(&undone_place(place), &undone(&run));
        } else {
            browser::forget(&undone_place(place));
        }
        if !kept {
            // Work on one text beside another text would be taken for work on that.
            browser::forget(place);
            browser::forget(&original(place));
        }
        if !kept && (self.has_work() || key == OWN) && !lab.saver.has_warned.replace(true) {
            self.notices.problem(NOT_SAVED);
        }
    }

    /// The key of the text that was open last.
    pub fn last_opened(&self) -> Option<String> {
        browser::stored(&self.lab().saver.place("last")?)
    }

    /// The work that was kept for a text.
    pub fn saved(&self, key: &str) -> Option<String> {
        browser::stored(&self.lab().saver.place(key)?)
    }

    /// The text of what was undone in that work, and can be done again.
    pub fn saved_undone(&self, key: &str) -> Option<String> {
        browser::stored(&undone_place(&self.lab().saver.place(key)?))
    }

    pub(super) fn keep_theme(&self) {
        let Some(place) = self.lab().saver.place("theme") else { return };
        match self.theme.get_untracked() {
            Theme::Auto => browser::forget(&place),
            Theme::Light => {
                browser::store(&place, "light");
            }
            Theme::Dark => {
                browser::store(&place, "dark");
            }
        }
    }

    pub(super) fn kept_theme(&self) -> Option<String> {
        browser::stored(&self.lab().saver.place("theme")?)
    }

    /// The text that the work was done on, for one that is not built in.
    pub fn saved_original(&self, key: &str) -> Option<String> {
        browser::stored(&original(&self.lab().saver.place(key)?))
    }

    pub fn forget_saved(&self) {
        let lab = self.lab();
        lab.saver.timer.take();
        let key = lab.source.borrow().key.clone();
        if let Some(place) = lab.saver.place(&key) {
            browser::forget(&place);
            browser::forget(&undone_place(&place));
        }
    }
}

fn keep(place: &str, text: &str) -> bool {
    text.len() <= LARGEST_SAVED && browser::store(place, text)
}

fn undone_place(place: &str) -> String {
    [place, ":undone"].concat()
}

fn original(place: &str) -> String {
    [place, ":text"].concat()
}
