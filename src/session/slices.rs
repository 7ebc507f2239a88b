//! Work of the core in slices. Between any two of them the page draws, and hears its reader.

use super::Session;
use crate::browser;
use cluster::api::{Manifest, Reader};
use cluster::sim::{Loading, Refusal, Run};
use gloo_timers::future::TimeoutFuture;
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

/// A text that is being opened, until it is open or another one is to be opened in its place.
pub struct Turn {
    session: Session,
    number: u32,
    slice: Slice,
}

impl Session {
    /// For a text of so many bytes. What was being opened is given up.
    pub fn next_turn(&self, text_bytes: usize) -> Turn {
        let lab = self.lab();
        lab.turn.set(lab.turn.get() + 1);
        Turn { session: *self, number: lab.turn.get(), slice: Slice::first(text_bytes) }
    }

    fn is_turn(&self, number: u32) -> bool {
        self.try_lab().is_some_and(|lab| lab.turn.get() == number) && !self.has_stopped()
    }
}

impl Turn {
    /// `None` when the turn has passed.
    pub async fn read(&mut self, text: &str) -> Option<Manifest> {
        let (session, number) = (self.session, self.number);
        read(text, &mut self.slice, &move || session.is_turn(number)).await
    }

    /// `None` when the turn has passed.
    pub async fn load(&mut self, manifest: &Manifest) -> Option<(Run, Vec<Refusal>)> {
        let (session, number) = (self.session, self.number);
        let mut loading = Loading::new(manifest, None);
        while !loading.step() {
            self.slice.go_on(&move || session.is_turn(number)).await?;
        }
        Some(loading.finish())
    }
}
