//! The tools: what is around the picture, the dialogs and the context menu. The first packets do not wait for
//! them: they are fetched once the picture stands.
//!
//! The module is split at [`Tools`]: code that is only reachable through this table goes into a file of its own, made
//! by `xtask/src/split.rs`. Without the feature `split` everything is in one file and available at once.

use crate::header::Header;
use crate::panels::Inspector;
use crate::session::{MenuAt, Notices, RefusalWords};
use crate::timeline::{SpokenLog, Transport};
use crate::ui::Dialog;
use crate::{context_menu, dialogs, styles, text};
use leptos::html::Div;
use leptos::prelude::*;

pub struct Tools {
    pub header: fn() -> AnyView,
    pub inspector: fn() -> AnyView,
    pub transport: fn() -> AnyView,
    pub spoken_log: fn() -> AnyView,
    pub context_menu: fn(NodeRef<Div>, MenuAt) -> AnyView,
    pub dialog: fn(Dialog) -> AnyView,
    pub refusal: RefusalWords,
    /// How all of them look.
    pub style_sheet: fn() -> String,
}

static TOOLS: Tools = Tools {
    header: || view! { <Header/> }.into_any(),
    inspector: || view! { <Inspector/> }.into_any(),
    transport: || view! { <Transport/> }.into_any(),
    spoken_log: || view! { <SpokenLog/> }.into_any(),
    context_menu: context_menu::context_menu,
    dialog: dialogs::dialog,
    refusal: text::refusal,
    style_sheet: styles::of_tools,
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
        at_once.iter().for_each(|tools| notices.set_refusal_words(tools.refusal));
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
            Ok(tools) => {
                self.notices.set_refusal_words(tools.refusal);
                self.tools.set(Some(tools));
            }
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
