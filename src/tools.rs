//! The tools: inspector, dialogs and context menu. A lab that is only looked at does not need them, so they are
//! fetched at the first interaction with it.
//!
//! The module is split at [`Tools`]: code that is only reachable through this table goes into a file of its own, made
//! by `xtask/src/split.rs`. Without the feature `split` everything is in one file and available at once.

use crate::session::{MenuAt, Notices, Selection};
use crate::ui::{Dialog, Tab};
use crate::{context_menu, dialogs, panels};
use leptos::html::Div;
use leptos::prelude::*;

pub struct Tools {
    /// What the inspector says of the selection under a tab.
    pub pane: fn(Tab, Option<Selection>) -> AnyView,
    pub context_menu: fn(NodeRef<Div>, MenuAt) -> AnyView,
    pub dialog: fn(Dialog) -> AnyView,
}

static TOOLS: Tools = Tools {
    pane: |tab, of| view! { <panels::Panel tab of/> }.into_any(),
    context_menu: context_menu::context_menu,
    dialog: dialogs::dialog,
};

/// A lab's way to the tools.
#[derive(Clone, Copy)]
pub struct LazyTools {
    tools: RwSignal<Option<&'static Tools>>,
    is_loading: RwSignal<bool>,
    notices: Notices,
}

impl LazyTools {
    pub fn new(notices: Notices) -> LazyTools {
        let at_once = if cfg!(feature = "split") { None } else { Some(&TOOLS) };
        LazyTools { tools: RwSignal::new(at_once), is_loading: RwSignal::new(false), notices }
    }

    /// Tracked: `None` until they are loaded.
    pub fn get(self) -> Option<&'static Tools> {
        self.tools.get()
    }

    /// Starts to fetch them. If that fails, a notice says so, and the next call tries again.
    pub fn preload(self) {
        if self.tools.get_untracked().is_none() && !self.is_loading.get_untracked() {
            self.is_loading.set(true);
            wasm_bindgen_futures::spawn_local(self.load());
        }
    }

    async fn load(self) {
        let loaded = load::tools().await;
        let lab_is_gone = self.tools.is_disposed();
        if lab_is_gone {
            return;
        }
        self.is_loading.set(false);
        match loaded {
            Ok(tools) => self.tools.set(Some(tools)),
            Err(_) => self.notices.problem(
                "A part of this page could not be fetched. Look whether you are online, and try again.",
            ),
        }
    }
}

/// The one function that both files of the module know.
#[cfg(feature = "split")]
// Of what the attribute makes of it: an import and an export by the same name.
#[allow(unsafe_code)]
mod load {
    use super::{TOOLS, Tools};
    use wasm_split_helpers::{SplitLoaderError, wasm_split};

    #[wasm_split(tools, fallible)]
    pub fn tools() -> Result<&'static Tools, SplitLoaderError> {
        Ok(&TOOLS)
    }
}

#[cfg(not(feature = "split"))]
mod load {
    use super::{TOOLS, Tools};
    use std::convert::Infallible;

    pub async fn tools() -> Result<&'static Tools, Infallible> {
        Ok(&TOOLS)
    }
}
