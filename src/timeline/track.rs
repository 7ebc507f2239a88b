//! The run from its beginning to its latest moment: a mark for each notable event, and the moment that is shown.
//!
//! Folded, all marks share one line; open, each lane has its own.

use super::known::Known;
use super::notable::{self, Lane, Mark, together};
use super::window::Window;
use crate::components::aria_bool;
use crate::session::{Motion, Session};
use crate::text;
use crate::ui::Ui;
use cluster::sim::{Moment, Time};
use leptos::html::Div;
use leptos::prelude::*;

/// Targets are no closer to each other, in pixels.
const APART: f64 = 24.0;
/// A letter of a label, in pixels.
const LETTER: f64 = 6.2;
/// Until its width has been measured.
const USUAL_WIDTH: f64 = 700.0;
/// Half of the slider's thumb: so far from the track's ends are its first and its last moment, in pixels.
const INSET: f64 = 7.0;

/// What the timeline knows and shows.
#[derive(Clone, Copy)]
struct Timeline {
    session: Session,
    known: Memo<Known>,
    window: Memo<Window>,
    track: NodeRef<Div>,
}

impl Timeline {
    fn new(session: Session) -> Timeline {
        let known = Memo::new_owning(move |before: Option<Known>| {
            session.log_rev();
            session.traffic_rev();
            session.now();
            let opened = session.opened_rev();
            let state = |known: &Known| (known.opened, known.actions.len(), known.latest, known.marks.len());
            let was = before.as_ref().map(state);
            let known = session.with_run_and_source(|run, _| match before {
                Some(before) => before.with(run, opened),
                None => Known::of(run, opened),
            });
            // What is done and undone at the shown moment changes its marks.
            let has_changed = was != Some(state(&known)) || known.latest == session.now();
            (known, has_changed)
        });
        let window = Memo::new(move |_| {
            let now = session.now();
            let latest = known.with(|known| known.latest);
            session.with_world(|world| Window::of(world.origin(), latest, now))
        });
        Timeline { session, known, window, track: NodeRef::new() }
    }

    /// Of the track, in pixels.
    fn width(self) -> f64 {
        let measured = self.track.get().map(|track| f64::from(track.client_width()));
        (measured.filter(|width| *width > 0.0).unwrap_or(USUAL_WIDTH) - 2.0 * INSET).max(1.0)
    }

    /// The marks of these lanes, as they stand on one line.
    fn shown(self, lanes: &[Lane]) -> Vec<Shown> {
        let (window, width) = (self.window.get(), self.width());
        let now = self.session.now();
        let pixels = |from: Time, to: Time| to.since(from).0 as f64 / window.span.0 as f64 * width;
        let marks = self.known.with(|known| {
            let is_shown = |mark: &&Mark| self.session.shows_system() || !mark.is_system;
            let here = known.marks.iter().filter(|mark| lanes.contains(&mark.lane) && mark.at >= window.from);
            together(here.filter(is_shown), |a, b| pixels(a, b) < APART)
        });
        let labelled = with_room(&marks, window, width);
        let current = marks.iter().rposition(|mark| mark.at <= now);
        let moment = |at| self.session.with_world(|world| world.moment(at));
        let shown = |(nth, mark): (usize, Mark)| Shown {
            moment: moment(mark.named_at),
            label: label(&mark),
            position: window.position(mark.at),
            label_side: labelled[nth],
            is_current: current == Some(nth),
            is_ahead: current.is_none_or(|current| nth > current),
            mark,
        };
        marks.into_iter().enumerate().map(shown).collect()
    }
}

#[component]
pub fn Track(#[prop(into)] is_open: Signal<bool>) -> impl IntoView {
    let timeline = Timeline::new(expect_context::<Session>());
    let lanes = move || match is_open.get() {
        true => {
            Lane::ALL.into_iter().map(|lane| view! { <OneLane timeline lane/> }.into_any()).collect_view()
        }
        false => vec![view! { <Ticks timeline lanes=Lane::ALL.to_vec()/> }.into_any()],
    };
    view! {
        <div
            node_ref=timeline.track
            class="pk-track"
            class:pk-open=move || is_open.get()
            role="group"
            aria-label="Timeline"
        >
            {lanes}
            <Scrubber timeline/>
        </div>
    }
}

#[component]
fn OneLane(timeline: Timeline, lane: Lane) -> impl IntoView {
    view! {
        <div class="pk-lane" role="group" aria-label=lane.name()>
            <span class="pk-lane-name" aria-hidden="true">{lane.name()}</span>
            <Ticks timeline lanes=vec![lane]/>
        </div>
    }
}

#[component]
fn Ticks(timeline: Timeline, lanes: Vec<Lane>) -> impl IntoView {
    let marks = Memo::new(move |_| timeline.shown(&lanes));
    view! {
        <div class="pk-ticks">
            <For
                each=move || marks.get()
                key=|shown| shown.mark.at
                children=move |shown| {
                    let at = shown.mark.at;
                    let shown = Memo::new(move |_| {
                        let now = marks.with(|all: &Vec<Shown>| all.iter().find(|s| s.mark.at == at).cloned());
                        now.unwrap_or_else(|| shown.clone())
                    });
                    view! { <Tick shown/> }
                }
            />
        </div>
    }
}

/// A mark, and how it stands on its line.
#[derive(Clone, PartialEq)]
struct Shown {
    mark: Mark,
    moment: Moment,
    label: String,
    /// In percent.
    position: f64,
    /// Where its label stands, if it has room.
    label_side: Option<Side>,
    /// The last that has happened by the moment that is shown.
    is_current: bool,
    /// It has not happened yet, at that moment.
    is_ahead: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Left,
    Right,
}

#[component]
fn Tick(shown: Memo<Shown>) -> impl IntoView {
    let (session, ui) = (expect_context::<Session>(), expect_context::<Ui>());
    // What is seen comes first in what is heard.
    let name = move || {
        shown.with(|shown| format!("{}: {}, at {}", shown.label, shown.mark.said, text::clock(shown.moment)))
    };
    let is = move |what: fn(&Shown) -> bool| move || shown.with(what);
    view! {
        <button
            type="button"
            class="pk-tick"
            class:pk-tick-bad=is(|shown| shown.mark.bad)
            class:pk-quiet=is(|shown| shown.label_side.is_none())
            class:pk-end=is(|shown| shown.label_side == Some(Side::Left))
            class:pk-current=is(|shown| shown.is_current)
            class:pk-ahead=is(|shown| shown.is_ahead)
            style:left=move || shown.with(|shown| on_track(shown.position))
            title=name
            aria-label=name
            aria-current=move || aria_bool(shown.with(|shown| shown.is_current))
            on:click=move |_| shown.with_untracked(|shown| notable::show(session, ui, &shown.mark))
        >
            <em aria-hidden="true">{move || shown.with(|shown| shown.label.clone())}</em>
        </button>
    }
}

/// The moment that is shown, to be taken elsewhere; below it some moments are named.
#[component]
fn Scrubber(timeline: Timeline) -> impl IntoView {
    let Timeline { session, known, window, .. } = timeline;
    let origin = move || session.with_world(|world| world.origin().unwrap_or_default());
    let names = move || {
        let window = window.get();
        let name = |at: Time| {
            let moment = session.with_world(|world| world.moment(at));
            view! { <span style:left=on_track(window.position(at))>{text::whole_seconds(moment)}</span> }
        };
        window.named(origin()).into_iter().map(name).collect_view()
    };
    let settled = move || on_track(window.get().position(origin()).max(0.0));
    let latest = move || on_track(window.get().position(known.with(|known| known.latest)));
    view! {
        <div class="pk-scrubber">
            <span class="pk-known" style:width=latest></span>
            <span class="pk-settling" style:width=settled></span>
            <MomentSlider timeline/>
            <div class="pk-moments" aria-hidden="true">{names}</div>
        </div>
    }
}

/// While a person holds it, time does not pass.
#[component]
fn MomentSlider(timeline: Timeline) -> impl IntoView {
    let Timeline { session, known, window, .. } = timeline;
    let was_playing = StoredValue::new(false);
    let hold = move |event: web_sys::Event| {
        let Ok(milliseconds) = event_target_value(&event).parse::<u64>() else { return };
        if session.motion_or_gone() == Some(Motion::Playing) {
            was_playing.set_value(true);
            session.pause();
        }
        let to = Time(milliseconds * 1_000_000);
        session.seek(to.min(known.with_untracked(|known| known.latest)));
        // Where the run does not go the slider does not stay.
        let now = session.with_world(|world| world.now());
        event_target::<web_sys::HtmlInputElement>(&event).set_value(&(now.0 / 1_000_000).to_string());
    };
    let let_go = move |_| {
        if was_playing.try_update_value(std::mem::take) == Some(true) {
            session.play();
        }
    };
    let milliseconds = |at: Time| (at.0 / 1_000_000).to_string();
    let clock = move || {
        let now = session.now();
        text::clock(session.with_world(|world| world.moment(now)))
    };
    view! {
        <input
            type="range"
            class="pk-moment"
            aria-label="Moment"
            aria-valuetext=clock
            min=move || milliseconds(window.get().from)
            max=move || milliseconds(window.get().until())
            step=move || (window.get().span.0 / 600_000_000).to_string()
            prop:value=move || milliseconds(session.now())
            on:input=hold
            on:change=let_go
        />
    }
}

/// Where a part of the track is, in percent of its moments.
fn on_track(percent: f64) -> String {
    let hundredths = (percent * 100.0).round() as i64;
    let (whole, part) = (hundredths / 100, hundredths % 100);
    format!("calc({INSET}px + (100% - {}px) * {whole}.{part:02} / 100)", 2.0 * INSET)
}

/// Where the labels of marks stand that have room for one, beside the labels and the marks of others: bad news first,
/// then the newest. Rather to the right of the mark.
fn with_room(marks: &[Mark], window: Window, width: f64) -> Vec<Option<Side>> {
    let at = |mark: &Mark| window.position(mark.at) / 100.0 * width;
    let mut order: Vec<usize> = (0..marks.len()).rev().collect();
    order.sort_by_key(|nth| !marks[*nth].bad);
    let mut taken: Vec<(f64, f64)> = marks.iter().map(|mark| (at(mark), at(mark))).collect();
    let mut sides = vec![None; marks.len()];
    for nth in order {
        let (at, room) = (at(&marks[nth]), label(&marks[nth]).chars().count() as f64 * LETTER + 14.0);
        let is_free = |(from, to): (f64, f64)| {
            from >= 0.0 && to <= width && taken.iter().all(|(left, right)| to <= *left || from >= *right)
        };
        let places = [(Side::Right, (at, at + room)), (Side::Left, (at - room, at))];
        if let Some((side, place)) = places.into_iter().find(|(_, place)| is_free(*place)) {
            sides[nth] = Some(side);
            taken.push(place);
        }
    }
    sides
}

/// `Pod ready ×3`, and how many others are told with it: `Pod killed +2`
fn label(mark: &Mark) -> String {
    let times = match mark.count {
        n if n > 1 && !mark.label.contains(',') => format!(" ×{n}"),
        _ => String::new(),
    };
    let others = if mark.others > 0 { format!(" +{}", mark.others) } else { String::new() };
    [&mark.label, &*times, &*others].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use cluster::sim::Span;

    #[test]
    fn labels_do_not_lie_on_each_other() {
        let window = Window { from: Time::ZERO, span: Span::from_secs(60) };
        let mark = |seconds: u64| Mark {
            at: Time(seconds * 1_000_000_000),
            named_at: Time(seconds * 1_000_000_000),
            lane: Lane::Objects,
            is_system: false,
            label: "a label".into(),
            said: String::new(),
            bad: false,
            about: None,
            count: 1,
            others: 0,
        };
        let marks = [10, 30, 31, 59].map(mark);
        let (left, right) = (Some(Side::Left), Some(Side::Right));
        assert_eq!(with_room(&marks, window, 600.0), [right, left, right, left]);
        assert_eq!(with_room(&marks[..1], window, 50.0), [None], "and not beyond the track's ends");
    }
}
