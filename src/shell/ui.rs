//! What is open in the shell: no fact about the cluster is kept here.

use crate::dom::State;
use crate::session::Selection;
use cluster::api::{ObjectRef, Uid};

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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
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
    pub dialog: State<Option<Dialog>>,
    /// The tab last asked for: the nearest that the selection has is shown.
    pub tab: State<Tab>,
    /// What was selected before one of its connections was.
    pub came_from: State<Option<Selection>>,
    /// The object that is selected, by name: what happened to it is told when it is gone, too.
    pub named: State<Option<ObjectRef>>,
    /// The Service that was looked at last.
    pub service: State<Option<Uid>>,
    /// Files are being dragged over the lab.
    pub dragging: State<bool>,
    /// The text in the Load dialog.
    pub draft: State<String>,
    /// On a narrow screen the inspector is a sheet: whether it is up.
    pub sheet_up: State<bool>,
}

impl Default for Ui {
    fn default() -> Ui {
        Ui {
            dialog: State::new(None),
            tab: State::new(Tab::About),
            came_from: State::new(None),
            named: State::new(None),
            service: State::new(None),
            dragging: State::new(false),
            draft: State::new(String::new()),
            sheet_up: State::new(false),
        }
    }
}

impl Ui {
    pub fn open(&self, dialog: Dialog) {
        // Opening it again would close it: the old one's clean-up comes after the new one's opening.
        if self.dialog.get_untracked() != Some(dialog) {
            self.dialog.set(Some(dialog));
        }
    }

    pub fn close(&self) {
        self.dialog.set(None);
    }

    pub fn show(&self, tab: Tab) {
        self.tab.set(tab);
        self.sheet_up.set(true);
    }
}
