//! Work of the core in slices. Between any two of them the page draws, and hears its reader.

use super::Session;
use crate::browser;
use cluster::api::{Manifest, Reader};
use cluster::sim::{Loading, Refusal, Run};
use gloo_timers::future::TimeoutFuture;
use leptos::prelude::*;
use std::pin::Pin;
use std::task::{Context, Waker};
use wasm_bindgen_futures::spawn_local;

/// How long the core may work before the page has its turn; what it has begun then takes milliseconds more.
pub const SLICE_MS: f64 = 4.0;
/// A text of usual size is all there before the first paint.
const FIRST_SLICE_MS: f64 = 150.0;
const USUAL_TEXT_BYTES: usize = 64_000;

/// What a text's first slice may take.
pub fn first_slice_ms(text_bytes: usize) -> f64 {
    if text_bytes <= USUAL_TEXT_BYTES { FIRST_SLICE_MS } else { SLICE_MS }
}

/// Does the first slice of a task now, and the others in between what the page does.
pub fn soon(task: impl Future<Output = Option<()>> + 'static) {
    let mut task: Pin<Box<dyn Future<Output = ()>>> = Box::pin(async move {
        task.await;
    });
    if task.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending() {
        spawn_local(task);
    }
}

/// The core's turn.
pub struct Slice {
    ends_at: f64,
}

impl Slice {
    /// The first one for a text.
    pub fn first(text_bytes: usize) -> Slice {
        Slice { ends_at: browser::clock() + first_slice_ms(text_bytes) }
    }

    /// Called between any two steps: lets the page have its turn if this slice is over. `None` if what is done is not
    /// wanted any more.
    async fn go_on(&mut self, is_wanted: &dyn Fn() -> bool) -> Option<()> {
        if browser::clock() >= self.ends_at {
            TimeoutFuture::new(0).await;
            self.ends_at = browser::clock() + SLICE_MS;
            return is_wanted().then_some(());
        }
        Some(())
    }
}

/// Reads a text. `None` if that is not wanted any more.
pub async fn read(text: &str, slice: &mut Slice, is_wanted: &dyn Fn() -> bool) -> Option<Manifest> {
    let mut reader = Reader::new(text);
    while !reader.step() {
        slice.go_on(is_wanted).await?;
    }
    Some(reader.finish())
}

/// A text that is being fetched, read and loaded, until its run is there or another text is to be opened in its place.
pub struct Turn {
    session: Session,
    number: u32,
    /// From when the text is there.
    slice: Option<Slice>,
}

impl Session {
    /// What was being opened is given up.
    pub fn next_turn(&self) -> Turn {
        let lab = self.lab();
        lab.turn.set(lab.turn.get() + 1);
        self.is_reading.set(true);
        Turn { session: *self, number: lab.turn.get(), slice: None }
    }

    /// Gives up the text that is being read. The lab stays as it is.
    pub fn stop_reading(&self) {
        drop(self.next_turn());
    }

    /// Tracked: whether a text is being read. It is not what the lab shows yet.
    pub fn is_reading(&self) -> bool {
        self.is_reading.get()
    }
}

impl Turn {
    /// Of the lab that the text is opened in.
    pub fn session(&self) -> Session {
        self.session
    }

    /// Whether it is still this text's.
    pub fn is_on(&self) -> bool {
        is_turn(self.session, self.number)
    }

    /// `None` when the turn has passed.
    pub async fn read(&mut self, text: &str) -> Option<Manifest> {
        let (session, number) = (self.session, self.number);
        let slice = self.slice.get_or_insert_with(|| Slice::first(text.len()));
        read(text, slice, &move || is_turn(session, number)).await
    }

    /// `None` when the turn has passed.
    pub async fn load(&mut self, manifest: &Manifest) -> Option<(Run, Vec<Refusal>)> {
        let (session, number) = (self.session, self.number);
        let slice = self.slice.get_or_insert_with(|| Slice::first(0));
        let mut loading = Loading::new(manifest, None);
        while !loading.step() {
            slice.go_on(&move || is_turn(session, number)).await?;
        }
        Some(loading.finish())
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if self.is_on() {
            self.session.is_reading.set(false);
        }
    }
}

fn is_turn(session: Session, number: u32) -> bool {
    session.try_lab().is_some_and(|lab| lab.turn.get() == number) && !session.has_stopped()
}
