//! What the lab has to say beside the picture: refusals, and what was done.

use super::Session;
use cluster::sim::Refusal;
use gloo_timers::future::TimeoutFuture;
use leptos::prelude::*;
use std::sync::Arc;
use wasm_bindgen_futures::spawn_local;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// Something was done.
    Done,
    /// Something was refused, or failed.
    Problem,
}

pub type Offer = (&'static str, Arc<dyn Fn(Session) + Send + Sync>);

#[derive(Clone, PartialEq)]
pub enum Said {
    InWords(String),
    /// In the API server's words, which come with the tools.
    Refused(Box<Refusal>),
}

/// Puts a refusal into words.
pub type RefusalWords = fn(&Refusal) -> String;

#[derive(Clone)]
pub struct Notice {
    pub id: u32,
    pub tone: Tone,
    pub said: Said,
    /// A button: its label, and what it does.
    pub offer: Option<Offer>,
}

/// The notices on show, oldest first.
#[derive(Clone, Copy)]
pub struct Notices {
    shown: RwSignal<Vec<Notice>>,
    next: RwSignal<u32>,
    refusal_words: RwSignal<Option<RefusalWords>>,
}

const SHOWN_AT_ONCE: usize = 3;
const DONE_FOR_MS: u32 = 6_000;
const PROBLEM_FOR_MS: u32 = 20_000;

impl Default for Notices {
    fn default() -> Notices {
        Notices {
            shown: RwSignal::new(Vec::new()),
            next: RwSignal::new(0),
            refusal_words: RwSignal::new(None),
        }
    }
}

impl Notices {
    pub fn done(&self, text: impl Into<String>) {
        self.push(Tone::Done, Said::InWords(text.into()), None);
    }

    pub fn problem(&self, text: impl Into<String>) {
        self.push(Tone::Problem, Said::InWords(text.into()), None);
    }

    pub fn refused(&self, refusal: Refusal) {
        self.push(Tone::Problem, Said::Refused(Box::new(refusal)), None);
    }

    /// From then on refusals are said in full.
    pub fn set_refusal_words(&self, words: RefusalWords) {
        self.refusal_words.set(Some(words));
    }

    /// Tracked.
    pub fn text(&self, said: &Said) -> String {
        match (said, self.refusal_words.get()) {
            (Said::InWords(text), _) => text.clone(),
            (Said::Refused(refusal), Some(words)) => words(refusal),
            (Said::Refused(_), None) => "The API server refused that. What it said is being fetched.".into(),
        }
    }

    pub fn offer(&self, text: &str, label: &'static str, act: impl Fn(Session) + Send + Sync + 'static) {
        self.push(Tone::Done, Said::InWords(text.into()), Some((label, Arc::new(act))));
    }

    fn push(&self, tone: Tone, said: Said, offer: Option<Offer>) {
        let id = self.next.get_untracked();
        self.next.set(id + 1);
        self.shown.update(|shown| {
            shown.retain(|notice| notice.said != said);
            shown.push(Notice { id, tone, said, offer });
            if shown.len() > SHOWN_AT_ONCE {
                shown.remove(0);
            }
        });
        let notices = *self;
        let after = if tone == Tone::Done { DONE_FOR_MS } else { PROBLEM_FOR_MS };
        spawn_local(async move {
            TimeoutFuture::new(after).await;
            notices.dismiss(id);
        });
    }

    /// Also called by a timer, when the lab may be gone.
    pub fn dismiss(&self, id: u32) {
        self.shown.update(|shown| shown.retain(|notice| notice.id != id));
    }

    /// Of the next notice: later ones have larger ids.
    pub fn next_id(&self) -> u32 {
        self.next.get_untracked()
    }

    /// Tracked.
    pub fn shown(&self) -> Vec<Notice> {
        self.shown.get()
    }
}
