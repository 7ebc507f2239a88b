//! What is open, shown and said around the picture, for all that stands there: no fact about the cluster is kept
//! here.

mod copy;
mod toasts;

use crate::session::Selection;
use cluster::api::{ObjectRef, Uid};
pub use copy::copy_text;
use leptos::prelude::*;
pub use toasts::{DialogToasts, Toasts};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialog {
    Load,
    Share,
    Facts,
    AddClient,
    StartAgain,
    /// Rules side by side.
    Rules,
}

/// A tab of the inspector.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Tab {
    #[default]
    About,
    Objects,
    Path,
    Endpoints,
    Rules,
    Yaml,
    Events,
}

impl Tab {
    pub fn label(self) -> &'static str {
        match self {
            Tab::About => "About",
            Tab::Objects => "Objects",
            Tab::Path => "Path",
            Tab::Endpoints => "Endpoints",
            Tab::Rules => "Rules",
            Tab::Yaml => "YAML",
            Tab::Events => "Events",
        }
    }
}

#[derive(Clone, Copy)]
pub struct Ui {
    pub dialog: RwSignal<Option<Dialog>>,
    /// The tab last asked for: the nearest that the selection has is shown.
    pub tab: RwSignal<Tab>,
    /// What was selected before one of its connections was.
    pub previous_selection: RwSignal<Option<Selection>>,
    /// The selected object by name, so that its events can be shown even after it is deleted.
    pub selected_object: RwSignal<Option<ObjectRef>>,
    /// The Service that was looked at last.
    pub service: RwSignal<Option<Uid>>,
    /// Files are being dragged over the lab.
    pub dragging: RwSignal<bool>,
    /// The text in the Load dialog.
    pub draft: RwSignal<String>,
    /// Whether a Service's DNS records are unfolded, and what a node's conntrack holds.
    pub dns_open: RwSignal<bool>,
    pub conntrack_open: RwSignal<bool>,
    /// On a narrow screen the inspector is a sheet: whether it is up.
    pub sheet_up: RwSignal<bool>,
}

impl Default for Ui {
    fn default() -> Ui {
        Ui {
            dialog: RwSignal::new(None),
            tab: RwSignal::new(Tab::About),
            previous_selection: RwSignal::new(None),
            selected_object: RwSignal::new(None),
            service: RwSignal::new(None),
            dragging: RwSignal::new(false),
            draft: RwSignal::new(String::new()),
            dns_open: RwSignal::new(false),
            conntrack_open: RwSignal::new(false),
            sheet_up: RwSignal::new(false),
        }
    }
}

impl Ui {
    pub fn open(&self, dialog: Dialog) {
        self.dialog.set(Some(dialog));
    }

    pub fn close(&self) {
        self.dialog.set(None);
    }

    pub fn show(&self, tab: Tab) {
        self.tab.set(tab);
        self.sheet_up.set(true);
    }
}
