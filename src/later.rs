//! What the first view does without: the second part of the module, fetched when somebody first
//! turns to the lab.
//!
//! [`Later`] is the seam. The first part calls the second through this table only, so whatever
//! nothing but the table reaches is left out of what every reader of a page downloads. In the
//! other direction anything may be called. Built without the feature `split` both are one.

use crate::session::{Begin, Deed, MenuAt, Selection, Session};
use crate::shell::{Dialog, Tab, Ui};
use crate::{panels, session, shell};
use cluster::api::{Action, ObjectRef};
use cluster::sim::LogEntry;
use leptos::html::Div;
use leptos::prelude::*;

pub struct Later {
    /// Comes before all else that is shown of this part, in the lab's element.
    pub begin: fn(Session, Ui, &web_sys::Element),
    /// What the inspector says of the selection under a tab.
    pub pane: fn(Session, Ui, Tab, Option<Selection>) -> AnyView,
    /// What there is to say of a myth, or of the reader's own text.
    pub of_text: fn(Session, Ui) -> AnyView,
    /// What the log's entries say, deeds too; and a deed in two words, where it makes a mark.
    pub happened: fn(&LogEntry) -> String,
    pub done: fn(&Action) -> Option<String>,
    pub show_mark: fn(Session, Ui, Option<ObjectRef>),
    pub menu: fn(NodeRef<Div>, MenuAt) -> AnyView,
    pub dialog: fn(Dialog) -> AnyView,
    pub take_files: fn(Session, Ui, web_sys::FileList),
    /// Opens the reader's own text, or work that was left on a scenario, by its key.
    pub open_kept: fn(Session, String, Begin),
    pub open_link: fn(Session, String, Begin, Option<String>),
    pub start_again: fn(Session),
    pub no_such_scenario: fn(Session, &str),
    /// What a person does to the run.
    pub perform: fn(Session, Deed),
    /// Keeps the work on the text of this key at this place.
    pub save: fn(Session, &str, &str),
}

pub static LATER: Later = Later {
    begin: shell::begin_later,
    pane: panels::pane,
    of_text: panels::of_text,
    happened: words::happened,
    done: shell::notable::done,
    show_mark: shell::notable::show,
    menu: shell::menu::menu,
    dialog: shell::dialog::dialog,
    take_files: shell::files::take,
    open_kept: shell::kept::open_kept,
    open_link: shell::kept::open_link,
    start_again: shell::kept::start_again,
    no_such_scenario: shell::kept::no_such_scenario,
    perform: session::perform,
    save: session::save,
};

/// The part, when it is there.
#[derive(Clone, Copy)]
pub struct Part {
    there: RwSignal<Option<&'static Later>>,
    /// It is being fetched.
    coming: RwSignal<bool>,
}

impl Default for Part {
    fn default() -> Part {
        let at_once = if cfg!(feature = "split") { None } else { Some(&LATER) };
        Part { there: RwSignal::new(at_once), coming: RwSignal::new(false) }
    }
}

impl Part {
    /// Tracked.
    pub fn get(self) -> Option<&'static Later> {
        self.there.get()
    }

    pub fn get_untracked(self) -> Option<&'static Later> {
        self.there.try_get_untracked().flatten()
    }
}

impl Session {
    /// Begins to fetch the second part, if that has not been done.
    pub fn want_later(&self) {
        if !self.later.coming.get_untracked() {
            self.with_later(|_| {});
        }
    }

    /// Calls back with the second part, at once where it is there. When it cannot be fetched,
    /// that is said, and the next call tries again.
    pub fn with_later(&self, then: impl FnOnce(&'static Later) + 'static) {
        match self.later.get_untracked() {
            Some(later) => then(later),
            None => fetch(*self, Box::new(then)),
        }
    }
}

#[cfg(not(feature = "split"))]
fn fetch(_: Session, then: Box<dyn FnOnce(&'static Later)>) {
    then(&LATER);
}

#[cfg(feature = "split")]
fn fetch(session: Session, then: Box<dyn FnOnce(&'static Later)>) {
    session.later.coming.set(true);
    wasm_bindgen_futures::spawn_local(async move {
        let fetched = part::table().await;
        if session.motion_or_gone().is_none() {
            return;
        }
        match fetched {
            Ok(later) => {
                if session.later.get_untracked().is_none() {
                    session.later.there.set(Some(later));
                }
                then(later);
            }
            Err(_) => {
                session.later.coming.set(false);
                session.notices.problem(
                    "A part of this page could not be fetched. Look whether you are online, and try again.",
                );
            }
        }
    });
}

/// The one function that both parts know. What the attribute makes of it is an import and an
/// export by the same name, which are unsafe to declare.
#[cfg(feature = "split")]
#[allow(unsafe_code)]
mod part {
    use super::{LATER, Later};
    use wasm_split_helpers::{SplitLoaderError, wasm_split};

    #[wasm_split(later, fallible)]
    pub fn table() -> Result<&'static Later, SplitLoaderError> {
        Ok(&LATER)
    }
}
