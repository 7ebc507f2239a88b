//! The picture as signals: what there is, where it is, and what stands out.
//!
//! Few of them, and coarse: working all of it out again costs less than a millisecond.

use cluster::api::Uid;
use cluster::sim::{Span, Time, World};
use cluster::trace::{Outcome, Place};
use cluster::traffic::ClientId;
use leptos::prelude::*;
use litemap::LiteMap;

use std::sync::Arc;

use super::camera::{Camera, Room};
use super::facts::{Facts, Met, Notes, Row, RuleFacts, rules_of_node};
use super::layout::{Layout, Request, layout};
use super::marks::{Mark, Marks};
use super::relations::{self, Chain};
use super::slots::Slots;
use super::walk;
use crate::later::Later;
use crate::session::{Selection, Session};

/// What there is and where, at one moment. Each is made from the one before, so that the picture stays calm:
/// a Pod keeps its place and a Service its mark.
#[derive(Debug)]
pub struct Scene {
    pub facts: Facts,
    pub marks: Marks,
    pub layout: Layout,
    /// The Service whose rules the nodes show.
    pub focus: Option<Uid>,
    pub rules: Rules,
    /// The place inside its node that each Pod has.
    pub slots: Slots,
    /// Rows kept free in each node.
    pub rule_rows: usize,
    /// Counts the texts that were opened: another one begins anew.
    pub opened: u32,
}

/// What each node's rules say of the Service that is looked at.
type Rules = LiteMap<Uid, RuleFacts>;

/// What is brought forward.
#[derive(Debug, Default, PartialEq)]
pub struct Front {
    pub chain: Option<Chain>,
    /// The box of the hop that the inspector points at.
    pub hop: Option<Selection>,
    pub trouble: Trouble,
    /// What rules just did with packets, on which node; whether these are brought forward.
    pub passing: Vec<(Uid, Met, bool)>,
}

/// How much a rule is lit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Light {
    Out,
    /// By packets that are not brought forward.
    Faint,
    Full,
}

/// What went wrong lately, for those who called.
#[derive(Debug, Default, PartialEq)]
pub struct Trouble {
    pub clients: LiteMap<ClientId, Outcome>,
    /// Of Pods that call.
    pub pods: LiteMap<Uid, (ClientId, Outcome)>,
    /// How many of each client's requests ended lately, and how many of them well.
    pub ended: LiteMap<ClientId, (u32, u32)>,
}

/// Everything that the picture's parts share.
#[derive(Clone, Copy)]
pub struct Picture {
    pub session: Session,
    pub scene: Memo<Arc<Scene>>,
    pub front: Memo<Arc<Front>>,
    /// The size of the view.
    pub view: RwSignal<(f64, f64)>,
    pub camera: RwSignal<Camera>,
    /// The box where the reader was last.
    pub current: RwSignal<Option<Selection>>,
    /// Simulated tenths of a second, that change as seldom as what is said of them.
    pub tenths: RwSignal<u64>,
}

/// Rows of the rules panel at most; more are counted in its last line.
pub const MOST_ROWS: usize = 6;
/// So many are kept free even where the Service that is looked at needs fewer.
const USUAL_ROWS: usize = 3;
/// For so long after it, a failure is told beside its client.
const TROUBLE_S: u64 = 6;
/// So much of the past counts in "98 % ok".
const COUNTED_S: u64 = 20;

impl Front {
    /// How a row of a node's rules is lit.
    pub fn light(&self, node: Uid, row: &Row) -> Light {
        let mut hits = self.chain.iter().flat_map(|chain| &chain.hits);
        if hits.any(|(at, met)| *at == node && row.says(met)) {
            return Light::Full;
        }
        let here = self.passing.iter().filter(|(at, met, _)| *at == node && row.says(met));
        here.map(|(_, _, front)| if *front { Light::Full } else { Light::Faint }).max().unwrap_or(Light::Out)
    }
}

impl Picture {
    pub fn new(session: Session) -> Picture {
        let view = RwSignal::new((0.0, 0.0));
        let scene = Memo::new_with_compare(
            move |before: Option<&Arc<Scene>>| {
                session.scene_rev();
                session.rules_rev();
                let (opened, view) = (session.opened_rev(), view.get());
                let later = session.later.get();
                let selected = session.selection.get().zip(later);
                let before = before.map(|before| &**before).filter(|before| before.opened == opened);
                let notes = later.map(|later| later.notes);
                session
                    .with_world(|world| Arc::new(Scene::after(before, world, opened, selected, notes, view)))
            },
            |before, now| before.zip(now).is_none_or(|(before, now)| before.looks() != now.looks()),
        );
        let front = Memo::new(move |_| {
            session.traffic_rev();
            let (selected, hop) = (session.selection.get(), session.hop.get());
            let (scene, later) = (scene.get(), session.later.get());
            session.with_world(|world| {
                let chain = later.zip(selected).and_then(|(l, of)| (l.chain)(world, &scene.facts, of));
                Arc::new(Front {
                    hop: later.zip(hop).and_then(|(l, hop)| (l.item_of_hop)(world, hop)),
                    trouble: trouble(world),
                    passing: relations::passing(world, chain.as_ref()),
                    chain,
                })
            })
        });
        let camera = RwSignal::new(Camera::default());
        let (current, tenths) = (RwSignal::new(None), RwSignal::new(0));
        Effect::new(move || {
            session.now();
            let told = session.with_world(told_tenths);
            if told != tenths.get_untracked() {
                tenths.set(told);
            }
        });
        Picture { session, scene, front, view, camera, current, tenths }
    }

    pub fn room(&self) -> Room {
        let picture = self.scene.with_untracked(|s| (s.layout.width, s.layout.height));
        Room { picture, view: self.view.get_untracked() }
    }

    /// How a box stands: classes for its part in the selection's chain, and for being pointed at.
    pub fn standing(&self, item: Selection) -> String {
        let mut classes = self.front.with(|front| {
            let chain = match &front.chain {
                _ if self.session.selection.get() == Some(item) => " pk-selected",
                Some(chain) if chain.has(item) => " pk-lit",
                Some(_) => " pk-dim",
                None => "",
            };
            let hop = if front.hop == Some(item) { " pk-here" } else { "" };
            format!("{chain}{hop}")
        });
        if self.is_hovered(item) {
            classes.push_str(" pk-hovered");
        }
        classes
    }

    /// The box itself, in whatever view the pointer is; and the Pods of a Service that is pointed at.
    fn is_hovered(&self, item: Selection) -> bool {
        match (self.session.hover.get(), item) {
            (Some(Selection::Service(service)), Selection::Pod(pod)) => self
                .scene
                .with(|scene| scene.facts.pods.iter().any(|p| p.uid == pod && p.services.contains(&service))),
            (hovered, item) => hovered == Some(item),
        }
    }

    /// One stop for all boxes: the one where the reader was last, while it is there; else the first.
    pub fn is_tab_stop(&self, item: Selection) -> bool {
        let current = self.current.get();
        self.scene.with(|scene| {
            let stands = current.filter(|current| walk::place(&scene.layout, *current).is_some());
            stands.or_else(|| walk::first(&scene.layout)) == Some(item)
        })
    }
}

/// Rules that were just written are told in tenths of a second, all others in seconds.
fn told_tenths(world: &World) -> u64 {
    let now = world.now();
    let fresh = |at: Option<Time>| at.is_some_and(|at| now.since(at) < Span::from_secs(1));
    let tenths = now.0 / 100_000_000;
    if world.machines().values().any(|m| fresh(m.proxy.synced_at)) { tenths } else { tenths / 10 * 10 }
}

fn trouble(world: &World) -> Trouble {
    let mut trouble = Trouble::default();
    let since = |seconds: u64| world.now().0.saturating_sub(seconds * 1_000_000_000);
    let (lately, counted) = (since(TROUBLE_S), since(COUNTED_S));
    for record in world.traffic().finished.iter().rev() {
        let Some((at, outcome)) = record.ended.filter(|(at, _)| at.0 >= counted) else { break };
        if outcome == Outcome::Abandoned {
            continue;
        }
        let count = trouble.ended.entry(record.client).or_default();
        count.0 += 1;
        if outcome == Outcome::Delivered {
            count.1 += 1;
        } else if at.0 >= lately {
            trouble.clients.entry(record.client).or_insert(outcome);
            if let Place::Pod(pod) = record.source {
                trouble.pods.entry(pod).or_insert((record.client, outcome));
            }
        }
    }
    trouble
}

type Selected<'a> = Option<(Selection, &'a Later)>;

impl Scene {
    fn after(
        before: Option<&Scene>,
        world: &World,
        opened: u32,
        selected: Selected,
        notes: Option<Notes>,
        (width, height): (f64, f64),
    ) -> Scene {
        let facts = Facts::of(world);
        let slots = before.map_or(&Slots::default(), |b| &b.slots).updated(world, &facts);
        let marks =
            before.map_or(&Marks::default(), |b| &b.marks).with(facts.services.iter().map(|s| &s.key));
        let focus = focus(world, &facts, selected, before.and_then(|before| before.focus));
        let rules = rules(world, &facts, focus, selected, notes);
        // Never fewer than before: the Pods under the rules would move each time one of them goes.
        let rows_before = before.map_or(0, |before| before.rule_rows);
        let rule_rows = rows_before.max(rows_wanted(&facts, &rules)).min(MOST_ROWS);
        let layout = layout(&Request { facts: &facts, slots: &slots, rule_rows, width, height });
        Scene { facts, marks, layout, focus, rules, slots, rule_rows, opened }
    }

    /// What is drawn: the rest is for the next one.
    fn looks(&self) -> impl PartialEq {
        (&self.facts, &self.marks, &self.layout, self.focus, &self.rules)
    }

    /// The mark of a Service that exists.
    pub fn mark(&self, service: Uid) -> Option<&Mark> {
        let service = self.facts.services.iter().find(|s| s.uid == service)?;
        self.marks.get(&service.key)
    }
}

/// The Service of what is selected; else the one before, as long as it is there.
fn focus(world: &World, facts: &Facts, selected: Selected, before: Option<Uid>) -> Option<Uid> {
    selected
        .and_then(|(selected, later)| (later.service_of)(world, facts, selected))
        .or(before.filter(|uid| facts.services.iter().any(|s| s.uid == *uid)))
        .or_else(|| relations::first_service(facts))
}

fn rules(
    world: &World,
    facts: &Facts,
    focus: Option<Uid>,
    selected: Selected,
    notes: Option<Notes>,
) -> Rules {
    let Some(service) = focus else { return Rules::new() };
    let called = selected.and_then(|(selected, later)| (later.port_called)(world, selected));
    facts.nodes.iter().map(|n| (n.uid, rules_of_node(world, n.uid, service, called, notes))).collect()
}

/// As many as most Services need, so that another selection moves nothing.
fn rows_wanted(facts: &Facts, rules: &Rules) -> usize {
    let endpoints = facts.services.iter().map(|s| s.endpoints.min(USUAL_ROWS)).max().unwrap_or(0);
    let shown = rules.values().map(|rules| match rules {
        RuleFacts::Rows(rows) => rows.len(),
        _ => 1,
    });
    shown.max().unwrap_or(1).max(endpoints).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagram::relations::About;
    use crate::diagram::testing::{WEB, pass, run};
    use cluster::api::NsName;
    use cluster::traffic::ConnectionId;

    fn front(world: &World, chain: Option<Chain>) -> Front {
        Front { passing: relations::passing(world, chain.as_ref()), chain, ..Front::default() }
    }

    fn lights(world: &World, front: &Front) -> Vec<Light> {
        let web = world.store().services.get(&NsName::new("default", "web")).expect("web").meta.uid;
        let rows = |node: &Uid| match rules_of_node(world, *node, web, None, None) {
            RuleFacts::Rows(rows) => rows.into_iter().map(|row| front.light(*node, &row)).collect(),
            _ => Vec::new(),
        };
        world.machines().keys().flat_map(rows).collect()
    }

    #[test]
    fn beside_a_selected_connection_the_rules_that_others_matched_are_lit_faintly() {
        let mut run = run(WEB, 3);
        let mut faint = 0;
        for _ in 0..300 {
            pass(&mut run, 20);
            let world = run.world();
            let full = lights(world, &front(world, None));
            let about = About::Connection(ConnectionId(u64::MAX));
            let other = lights(world, &front(world, Some(Chain { about, ..Chain::default() })));
            for (full, other) in full.into_iter().zip(other) {
                assert_eq!(other, if full == Light::Full { Light::Faint } else { Light::Out });
                faint += usize::from(other == Light::Faint);
            }
        }
        assert!(faint > 0);
    }
}
