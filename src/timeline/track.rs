//! The last minute of the run: a mark for each notable event.

use super::notable::{self, Mark};
use crate::session::Session;
use crate::text;
use crate::ui::Ui;
use cluster::sim::{Moment, Span, Time, World};
use leptos::prelude::*;

const SHOWS: Span = Span::from_secs(60);
const MOST_MARKS: usize = 24;
/// The track moves twice a second, which is less than a pixel each time.
const MOVES_EVERY: u64 = 500_000_000;
/// The room for a letter of a label, in percent of the shortest track that has more than one label, that of
/// a window 1024 wide; a label without room is only a tooltip.
const LETTER: f64 = 1.6;
const NEAR_THE_END: f64 = 80.0;

#[component]
pub fn Track() -> impl IntoView {
    let session = expect_context::<Session>();
    let now = Memo::new(move |_| session.now().0 / MOVES_EVERY);
    let marks = Memo::new(move |_| {
        session.log_rev();
        // Not `track`: a memo that nobody has read follows nothing.
        now.get();
        let system = session.system.get();
        session.with_world(|world| {
            let now = world.now();
            let log = world.log().iter().map(|logged| &**logged);
            let log = log.filter(|logged| system.shows_entry(world, &logged.entry));
            let marks = notable::marks(log, now - SHOWS, MOST_MARKS);
            let labelled = with_room(&marks, now);
            let shown = |(mark, labelled)| Shown::new(mark, world, labelled);
            marks.into_iter().zip(labelled).map(shown).collect()
        })
    });
    view! {
        <div class="pk-track" role="group" aria-label="Events of the last minute">
            <Before/>
            <div class="pk-ticks">
                <For
                    each=move || marks.get()
                    key=Shown::key
                    children=move |shown| {
                        let key = shown.key();
                        let shown = Memo::new(move |_| {
                            let now = marks.with(|all: &Vec<Shown>| all.iter().find(|s| s.key() == key).cloned());
                            now.unwrap_or_else(|| shown.clone())
                        });
                        view! { <Tick shown/> }
                    }
                />
            </div>
        </div>
    }
}

/// The part of the track from before the clients began; it leads back to the beginning.
#[component]
fn Before() -> impl IntoView {
    let session = expect_context::<Session>();
    let now = Memo::new(move |_| session.now().0 / MOVES_EVERY);
    let settling = Memo::new(move |_| {
        session.log_rev();
        session.opened_rev();
        now.get();
        session.with_world(Settling::of)
    });
    let of = move |text: fn(Settling) -> String| settling.with(|settling| settling.map(text));
    view! {
        <Show when=move || settling.with(Option::is_some)>
            <button
                type="button"
                class="pk-before"
                style:left=move || of(|settling| percent(settling.from))
                style:width=move || of(|settling| percent(settling.until - settling.from))
                title=move || of(Settling::name)
                aria-label=move || of(Settling::name)
                on:click=move |_| session.seek(Time::ZERO)
            ></button>
        </Show>
    }
}

/// How long the cluster took to settle, and from where to where that is on the track, in percent.
#[derive(Clone, Copy, PartialEq)]
struct Settling {
    took: Span,
    from: f64,
    until: f64,
}

impl Settling {
    /// `None` where clients began with the cluster.
    fn of(world: &World) -> Option<Settling> {
        let origin = world.origin().filter(|origin| *origin > Time::ZERO)?;
        let on_track = |at: Time| position(at.min(world.now()), world.now()).max(0.0);
        Some(Settling { took: origin.since(Time::ZERO), from: on_track(Time::ZERO), until: on_track(origin) })
    }

    fn name(self) -> String {
        format!("Before the clients began: {}. Go back to the beginning", text::span(self.took))
    }
}

/// A mark, and how it stands on the track.
#[derive(Clone, PartialEq)]
struct Shown {
    mark: Mark,
    moment: Moment,
    label: String,
    /// In percent.
    position: f64,
    labelled: bool,
}

impl Shown {
    fn new(mark: Mark, world: &World, labelled: bool) -> Shown {
        let position = position(mark.at, world.now());
        Shown { label: label(&mark), position, labelled, moment: world.moment(mark.at), mark }
    }

    fn key(&self) -> (Time, String) {
        (self.mark.at, self.label.clone())
    }
}

#[component]
fn Tick(shown: Memo<Shown>) -> impl IntoView {
    let (session, ui) = (expect_context::<Session>(), expect_context::<Ui>());
    // What is seen comes first in what is heard.
    let name = move || {
        shown.with(|shown| format!("{}: {}, at {}", shown.label, shown.mark.said, text::clock(shown.moment)))
    };
    let choose = move |_| {
        let about = shown.with_untracked(|shown| shown.mark.about.clone());
        notable::show(session, ui, about);
    };
    view! {
        <button
            type="button"
            class="pk-tick"
            class:pk-tick-bad=move || shown.with(|shown| shown.mark.bad)
            class:pk-quiet=move || shown.with(|shown| !shown.labelled)
            class:pk-end=move || shown.with(|shown| shown.position > NEAR_THE_END)
            style:left=move || shown.with(|shown| percent(shown.position))
            title=name
            aria-label=name
            on:click=choose
        >
            <em aria-hidden="true">{move || shown.with(|shown| shown.label.clone())}</em>
        </button>
    }
}

/// In percent of the track.
fn position(at: Time, now: Time) -> f64 {
    100.0 - (now.since(at).0 as f64) / (SHOWS.0 as f64) * 100.0
}

/// As a style has it, to the hundredth.
fn percent(x: f64) -> String {
    let hundredths = (x * 100.0).round() as i64;
    format!("{}.{:02}%", hundredths / 100, hundredths % 100)
}

/// Which marks have room for their label: bad news first, then the newest.
fn with_room(marks: &[Mark], now: Time) -> Vec<bool> {
    let mut order: Vec<usize> = (0..marks.len()).rev().collect();
    order.sort_by_key(|nth| !marks[*nth].bad);
    let mut taken: Vec<(f64, f64)> = Vec::new();
    let mut shown = vec![false; marks.len()];
    for nth in order {
        let (from, to) = label_place(&marks[nth], now);
        shown[nth] = taken.iter().all(|(left, right)| to <= *left || from >= *right);
        if shown[nth] {
            taken.push((from, to));
        }
    }
    shown
}

/// From where to where a mark's label reaches, in percent: to the right of it, or to the left
/// near the end of the track.
fn label_place(mark: &Mark, now: Time) -> (f64, f64) {
    let (at, width) = (position(mark.at, now), label(mark).chars().count() as f64 * LETTER + 1.0);
    if at > NEAR_THE_END { (at - width, at) } else { (at, at + width) }
}

fn label(mark: &Mark) -> String {
    match mark.count {
        n if n > 1 && !mark.label.contains(',') => format!("{} ×{n}", mark.label),
        _ => mark.label.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(seconds: u64) -> Mark {
        Mark {
            at: Time(seconds * 1_000_000_000),
            label: String::new(),
            said: String::new(),
            bad: false,
            about: None,
            count: 1,
        }
    }

    #[test]
    fn the_track_ends_now() {
        let now = Time(100_000_000_000);
        assert_eq!(position(now, now), 100.0);
        assert_eq!(position(now - SHOWS, now), 0.0);
    }

    #[test]
    fn labels_do_not_lie_on_each_other() {
        let now = Time(60_000_000_000);
        let marks = [mark(10), mark(30), mark(31), mark(59)].map(|m| Mark { label: "a label".into(), ..m });
        assert_eq!(with_room(&marks, now), [true, false, true, true]);
    }
}
