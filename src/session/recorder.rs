//! State that outlives the module: it is passed to the page's script as the run goes (`Recorder` in
//! public/stopped.js), since after a panic nothing in the module's own memory can be trusted.

use super::source::undone;
use super::{Session, Text, recorded};
use cluster::api::Action;
use cluster::sim::World;
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    pub type Recorder;

    /// Simulated nanoseconds from when the clients begin.
    #[wasm_bindgen(method, setter)]
    fn set_now(this: &Recorder, nanoseconds: f64);

    /// The action that is about to be carried out, in words.
    #[wasm_bindgen(method, setter)]
    fn set_doing(this: &Recorder, what: &str);

    #[wasm_bindgen(method)]
    fn keep(this: &Recorder, key: &str, text: &str, undone: &str, original: Option<&str>);

    /// After a trap.
    #[wasm_bindgen(method, getter)]
    fn stopped(this: &Recorder) -> bool;

    #[wasm_bindgen(method, getter)]
    fn resumed(this: &Recorder) -> Option<Resumed>;

    /// What a lab had that has stopped: what [`Recorder::keep`] was told, as far as it was.
    pub type Resumed;

    /// It is to be opened from its beginning.
    #[wasm_bindgen(method, getter)]
    pub fn anew(this: &Resumed) -> bool;

    #[wasm_bindgen(method, getter)]
    pub fn key(this: &Resumed) -> Option<String>;

    #[wasm_bindgen(method, getter)]
    pub fn text(this: &Resumed) -> Option<String>;

    #[wasm_bindgen(method, getter)]
    pub fn undone(this: &Resumed) -> Option<String>;

    #[wasm_bindgen(method, getter)]
    pub fn original(this: &Resumed) -> Option<String>;

    /// Simulated nanoseconds from when the clients begin.
    #[wasm_bindgen(method, getter)]
    pub fn at(this: &Resumed) -> Option<f64>;
}

impl Session {
    /// What the lab is to go on with.
    pub fn resumed(&self) -> Option<Resumed> {
        self.lab().recorder.as_ref()?.resumed()
    }

    /// Frames and timers that were asked for before a trap still come after it. Nothing in the lab can be trusted
    /// then, so nothing is simulated, and nothing is kept in the browser.
    pub(super) fn has_stopped(&self) -> bool {
        self.try_lab().is_some_and(|lab| lab.recorder.as_ref().is_some_and(Recorder::stopped))
    }

    /// The whole run, after each change that time alone does not make.
    pub(super) fn record(&self) {
        let lab = self.lab();
        let Some(recorder) = &lab.recorder else { return };
        let (source, run) = (lab.source.borrow(), lab.run.borrow());
        let original = match &source.text {
            Text::Own(text) => Some(text.as_str()),
            Text::BuiltIn => None,
        };
        recorder.keep(&source.key, &recorded(&source, &run), &undone(&run), original);
        recorder.set_now(moment(run.world()));
    }

    /// How far the run has got: what comes next may be what stops it.
    pub(super) fn record_now(&self) {
        let lab = self.lab();
        if let Some(recorder) = &lab.recorder {
            recorder.set_now(moment(lab.run.borrow().world()));
        }
    }

    pub(super) fn record_attempt(&self, action: &Action) {
        if let Some(recorder) = &self.lab().recorder {
            recorder.set_doing(&words::action(action));
        }
    }
}

/// As a script takes it. Nothing can be said of how far a run is that has yet to find when its clients begin.
fn moment(world: &World) -> f64 {
    world.origin().map_or(0.0, |_| world.moment(world.now()).0 as f64)
}
