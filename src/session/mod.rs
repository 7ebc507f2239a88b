//! The session of one lab: it owns the run, drives it from animation frames, and is the one way
//! in for everything that a person does. Two labs on one page have a session each.
//!
//! What a view does with it:
//!
//! - takes it from context: `expect_context::<Session>()`;
//! - reads the World by memos: [`Session::watch_scene`] for objects, clients and their states,
//!   [`Session::watch_rules`] for nodes' rules and how old they are, [`Session::watch_traffic`] for
//!   counts (at most four times a second), [`Session::watch_log`]; or with [`Session::with_world`]
//!   (untracked), inside something that tracks the revision which says when to look again;
//! - paints what moves from [`Session::on_frame`], which also runs once while paused whenever
//!   something has changed;
//! - changes things with [`Session::act`] only.

mod control;
mod edit;
mod frame;
mod notice;
pub mod open;
pub mod pace;
mod recorder;
mod save;
mod slices;
mod source;
mod theme;
mod watch;

use cluster::api::ClusterDns;
use cluster::sim::{Changes, Moment, Run, Time, World};
use leptos::prelude::*;
pub use notice::{Notice, Notices, RefusalWords, Tone};
pub use open::StartMode;
pub use recorder::{Recorder, Resumed};
pub use save::OWN;
pub use scene::facts::SystemObjects;
pub use scene::{HopRef, Selection, selection_of, selection_of_ref};
pub use slices::{Slice, Turn, read, soon};
pub use source::{Source, Text, recorded};
use std::cell::{Cell, RefCell};
use std::rc::Rc;

type FrameCallback = Rc<dyn Fn(&World, &Changes)>;

/// A context menu, and where on the viewport it opens.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MenuAt {
    pub of: Selection,
    pub x: f64,
    pub y: f64,
}

/// What the reader asked for; [`Session::is_dark`] says what that comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Theme {
    #[default]
    Auto,
    Light,
    Dark,
}

/// Whether time passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Motion {
    Playing,
    /// By the reader.
    Paused,
    /// A text is being opened: how far its run has got.
    Opening(Moment),
}

#[derive(Clone, Copy)]
pub struct Session {
    lab: StoredValue<Rc<Lab>, LocalStorage>,
    pub selection: RwSignal<Option<Selection>>,
    /// What the pointer or the focus is on, in whatever view.
    pub hover: RwSignal<Option<Selection>>,
    /// The hop that the inspector's list has its focus on.
    pub hop: RwSignal<Option<HopRef>>,
    /// Whether the cluster's own objects are shown, in the picture and in lists.
    pub system: RwSignal<SystemObjects>,
    pub menu: RwSignal<Option<MenuAt>>,
    pub theme: RwSignal<Theme>,
    pub notices: Notices,
    system_is_dark: RwSignal<bool>,
    system_forces: RwSignal<bool>,
    motion: RwSignal<Motion>,
    is_reading: RwSignal<bool>,
    speed: RwSignal<f64>,
    lag: RwSignal<Option<f64>>,
    /// What can be undone and done again.
    history: RwSignal<(bool, bool)>,
    opened: RwSignal<u32>,
    scene: RwSignal<u32>,
    rules: RwSignal<u32>,
    traffic: RwSignal<u32>,
    log: RwSignal<u32>,
    clock: RwSignal<Time>,
    /// Counts the steps, for those who hear what packets do in each.
    pub stepped: RwSignal<u32>,
}

/// What is not reactive.
struct Lab {
    run: RefCell<Run>,
    source: RefCell<Source>,
    /// What was there before another text was opened, or the same one again.
    before: RefCell<Option<(Run, Source, Motion)>>,
    /// Counts the texts that were to be opened: the last one is.
    turn: Cell<u32>,
    /// Whether time shall pass once the text that is being opened stands.
    start_mode: Cell<StartMode>,
    callbacks: RefCell<Vec<(u32, FrameCallback)>>,
    next_callback: Cell<u32>,
    frames: frame::Frames,
    saver: save::Saver,
    recorder: Option<Recorder>,
}

impl Session {
    /// Whether the cluster's own objects are shown.
    pub fn shows_system(&self) -> bool {
        self.system.get() == SystemObjects::Shown
    }

    /// Whether there are any: with ideal DNS there is none.
    pub fn has_system(self) -> Memo<bool> {
        self.watch_scene(|world| world.config().dns == ClusterDns::Pods)
    }

    pub fn toggle_system(&self) {
        self.system.update(|system| {
            *system = match system {
                SystemObjects::Hidden => SystemObjects::Shown,
                SystemObjects::Shown => SystemObjects::Hidden,
            }
        });
    }

    /// A lab with nothing in it. `name` keeps its stored work apart from other labs';
    /// `None` stores nothing.
    pub fn new(name: Option<String>, recorder: Option<Recorder>) -> Session {
        let (run, _) = Run::new(&Default::default(), None);
        let lab = Lab {
            run: run.into(),
            source: RefCell::default(),
            before: RefCell::default(),
            turn: Cell::new(0),
            start_mode: Cell::new(StartMode::Paused),
            callbacks: RefCell::default(),
            next_callback: Cell::new(0),
            frames: frame::Frames::default(),
            saver: save::Saver::new(name),
            recorder,
        };
        Session {
            lab: StoredValue::new_local(Rc::new(lab)),
            selection: RwSignal::new(None),
            hover: RwSignal::new(None),
            hop: RwSignal::new(None),
            system: RwSignal::new(SystemObjects::Hidden),
            menu: RwSignal::new(None),
            theme: RwSignal::new(Theme::Auto),
            notices: Notices::default(),
            system_is_dark: RwSignal::new(false),
            system_forces: RwSignal::new(false),
            motion: RwSignal::new(Motion::Paused),
            is_reading: RwSignal::new(false),
            speed: RwSignal::new(pace::USUAL),
            lag: RwSignal::new(None),
            history: RwSignal::new((false, false)),
            opened: RwSignal::new(0),
            scene: RwSignal::new(0),
            rules: RwSignal::new(0),
            traffic: RwSignal::new(0),
            log: RwSignal::new(0),
            clock: RwSignal::new(Time::ZERO),
            stepped: RwSignal::new(0),
        }
    }

    fn lab(&self) -> Rc<Lab> {
        self.lab.get_value()
    }

    /// For timers and frames, which may come when the lab is gone.
    fn try_lab(&self) -> Option<Rc<Lab>> {
        self.lab.try_get_value()
    }

    /// Untracked: track one of the revisions beside it.
    pub fn with_world<R>(&self, read: impl FnOnce(&World) -> R) -> R {
        read(self.lab().run.borrow().world())
    }

    /// Tracked: objects, clients, and what state they are in.
    pub fn scene_rev(&self) -> u32 {
        self.scene.get()
    }

    /// Tracked: the rules of some node, or its news of them.
    pub fn rules_rev(&self) -> u32 {
        self.rules.get()
    }

    /// Tracked: counts and the list of connections; at most four times a second.
    pub fn traffic_rev(&self) -> u32 {
        self.traffic.get()
    }

    /// Tracked: at most four times a second.
    pub fn log_rev(&self) -> u32 {
        self.log.get()
    }

    /// Tracked: simulated time for texts, about ten times a second.
    pub fn now(&self) -> Time {
        self.clock.get()
    }

    /// Tracked: counts the texts that were opened in this lab.
    pub fn opened_rev(&self) -> u32 {
        self.opened.get()
    }

    pub fn has_opened(&self) -> bool {
        self.opened.get_untracked() > 0
    }

    /// Untracked: track [`Session::opened_rev`] beside it.
    pub fn with_source<R>(&self, read: impl FnOnce(&Source) -> R) -> R {
        read(&self.lab().source.borrow())
    }

    /// Untracked: the run and where it came from.
    pub fn with_run_and_source<R>(&self, read: impl FnOnce(&Run, &Source) -> R) -> R {
        let lab = self.lab();
        read(&lab.run.borrow(), &lab.source.borrow())
    }

    /// Tracked.
    pub fn motion(&self) -> Motion {
        self.motion.get()
    }

    /// For what comes back later: `None` when the lab is gone.
    pub fn motion_or_gone(&self) -> Option<Motion> {
        self.motion.try_get_untracked()
    }

    /// Tracked: whether time passes, as the reader asked for.
    pub fn is_playing(&self) -> bool {
        self.motion.get() == Motion::Playing
    }

    /// Tracked: simulated seconds for each second, as asked for.
    pub fn speed(&self) -> f64 {
        self.speed.get()
    }

    /// Tracked: the part of the speed that is kept, when the run cannot keep up.
    pub fn lag(&self) -> Option<f64> {
        self.lag.get()
    }

    /// For a text that is opened next: as it is now.
    pub fn start_mode(&self) -> StartMode {
        match self.motion_or_gone() {
            Some(Motion::Paused) => StartMode::Paused,
            Some(Motion::Opening(_)) => self.lab().start_mode.get(),
            Some(Motion::Playing) | None => StartMode::Playing,
        }
    }

    pub fn set_speed(&self, speed: f64) {
        self.speed.set(speed);
    }

    /// Calls back after each frame's simulation, with what it touched, until the calling
    /// component is gone. While paused, only when something changed or [`Session::repaint`] asks.
    pub fn on_frame(&self, callback: impl Fn(&World, &Changes) + 'static) {
        let lab = self.lab();
        let id = lab.next_callback.get();
        lab.next_callback.set(id + 1);
        lab.callbacks.borrow_mut().push((id, Rc::new(callback)));
        let session = *self;
        on_cleanup(move || {
            if let Some(lab) = session.try_lab() {
                lab.callbacks.borrow_mut().retain(|(other, _)| *other != id);
            }
        });
        self.repaint();
    }

    pub fn select(&self, what: Option<Selection>) {
        self.hop.set(None);
        self.selection.set(what);
    }

    pub fn open_menu(&self, of: Selection, x: f64, y: f64) {
        self.menu.set(Some(MenuAt { of, x, y }));
    }
}
