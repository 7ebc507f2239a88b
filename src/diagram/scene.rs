//! The picture as signals: what there is, where it is, and what stands out.

use std::collections::BTreeMap;
use std::sync::Arc;

use cluster::api::Uid;
use cluster::trace::{Outcome, Place};
use cluster::traffic::ClientId;
use leptos::prelude::*;

use super::camera::{Camera, Room};
use super::facts::{Facts, RuleFacts, rules_of_node};
use super::layout::{Layout, Request, layout};
use super::marks::{Mark, Marks, use_marks};
use super::relations::{self, Chain};
use super::slots::Slots;
use super::walk;
use crate::session::{Selection, Session};

/// What there is and where, at one moment.
#[derive(Debug, PartialEq)]
pub struct Scene {
    pub facts: Arc<Facts>,
    pub marks: Marks,
    pub layout: Layout,
}

impl Scene {
    /// The mark of a Service that exists.
    pub fn mark(&self, service: Uid) -> Option<&Mark> {
        let service = self.facts.services.iter().find(|s| s.uid == service)?;
        self.marks.get(&service.key)
    }
}

/// What went wrong lately, for those who called.
#[derive(Debug, Default, PartialEq)]
pub struct Trouble {
    pub clients: BTreeMap<ClientId, Outcome>,
    /// Of Pods that call.
    pub pods: BTreeMap<Uid, (ClientId, Outcome)>,
    /// How many of each client's requests ended lately, and how many of them well.
    pub ended: BTreeMap<ClientId, (u32, u32)>,
}

type Rules = BTreeMap<Uid, RuleFacts>;

/// Everything that the picture's parts share.
#[derive(Clone, Copy)]
pub struct Picture {
    pub session: Session,
    pub facts: Memo<Arc<Facts>>,
    pub scene: Memo<Arc<Scene>>,
    /// The Service whose rules the nodes show.
    pub focus: Memo<Option<Uid>>,
    pub rules: Memo<Arc<Rules>>,
    pub chain: Memo<Option<Arc<Chain>>>,
    pub trouble: Memo<Arc<Trouble>>,
    /// The size of the view.
    pub view: RwSignal<(f64, f64)>,
    pub camera: RwSignal<Camera>,
    /// The box where the reader was last.
    pub current: RwSignal<Option<Selection>>,
    /// The box that Tab comes to: that one while it is there, else the first.
    pub tab_stop: Memo<Option<Selection>>,
    /// The box of the hop that the inspector points at.
    pub hop: Memo<Option<Selection>>,
}

/// Rows of the rules panel at most; more are counted in its last line.
pub const MOST_ROWS: usize = 6;
/// So many are kept free even where the Service that is looked at needs fewer.
const USUAL_ROWS: usize = 3;
/// For so long after it, a failure is told beside its client.
const TROUBLE_S: u64 = 6;
/// So much of the past counts in "98 % ok".
const COUNTED_S: u64 = 20;

impl Picture {
    pub fn new(session: Session) -> Picture {
        let facts = Memo::new(move |_| {
            session.scene_rev();
            session.with_world(|world| Arc::new(Facts::of(world)))
        });
        let view = RwSignal::new((0.0, 0.0));
        let focus = Memo::new(move |before| focus(session, &facts.get(), before.copied().flatten()));
        let rules = Memo::new(move |_| Arc::new(rules(session, &facts.get(), focus.get())));
        let marks = use_marks(session);
        let memory = StoredValue::new(Memory::default());
        let scene = Memo::new(move |_| {
            let opened = session.opened_rev();
            let (facts, rules, marks, view) = (facts.get(), rules.get(), marks.get(), view.get());
            let mut memory = memory.write_value();
            memory.update(session, opened, &facts, &rules);
            Arc::new(memory.scene(facts, marks, view))
        });
        let chain = Memo::new(move |_| chain(session, &facts.get()));
        let trouble = Memo::new(move |_| {
            session.traffic_rev();
            Arc::new(trouble(session))
        });
        let camera = RwSignal::new(Camera::default());
        let current = RwSignal::new(None);
        let tab_stop = Memo::new(move |_| {
            let current = current.get();
            scene.with(|scene: &Arc<Scene>| {
                let stops = walk::stops(&scene.layout);
                let stands = current.filter(|current| stops.iter().any(|(stop, _)| stop == current));
                stands.or(stops.first().map(|(stop, _)| *stop))
            })
        });
        let hop = Memo::new(move |_| {
            let hop = session.hop.get()?;
            session.with_world(|world| relations::place_of_hop(world, hop)).and_then(relations::item_of)
        });
        Picture { session, facts, scene, focus, rules, chain, trouble, view, camera, current, tab_stop, hop }
    }

    pub fn room(&self) -> Room {
        let picture = self.scene.with_untracked(|s| (s.layout.width, s.layout.height));
        Room { picture, view: self.view.get_untracked() }
    }

    /// How a box stands: classes for its part in the selection's chain, and for being pointed at.
    pub fn standing(&self, item: Selection) -> String {
        let chain = match self.session.selection.get() == Some(item) {
            true => " pk-selected",
            false => match self.chain.with(|chain| Some(chain.as_ref()?.has(item))) {
                Some(true) => " pk-lit",
                Some(false) => " pk-dim",
                None => "",
            },
        };
        let hop = if self.hop.get() == Some(item) { " pk-here" } else { "" };
        let hovered = if self.is_hovered(item) { " pk-hovered" } else { "" };
        format!("{chain}{hop}{hovered}")
    }

    /// The box itself, in whatever view the pointer is; and the Pods of a Service that is pointed at.
    fn is_hovered(&self, item: Selection) -> bool {
        match (self.session.hover.get(), item) {
            (Some(Selection::Service(service)), Selection::Pod(pod)) => self
                .facts
                .with(|facts| facts.pods.iter().any(|p| p.uid == pod && p.services.contains(&service))),
            (hovered, item) => hovered == Some(item),
        }
    }
}

fn focus(session: Session, facts: &Facts, before: Option<Uid>) -> Option<Uid> {
    let selected = session.selection.get();
    let of_selection =
        selected.and_then(|s| session.with_world(|world| relations::service_of(world, facts, s)));
    let before = before.filter(|uid| facts.services.iter().any(|s| s.uid == *uid));
    of_selection.or(before).or_else(|| relations::first_service(facts))
}

fn rules(session: Session, facts: &Facts, focus: Option<Uid>) -> Rules {
    session.rules_rev();
    let Some(service) = focus else { return Rules::new() };
    let of = |world: &cluster::sim::World| {
        facts.nodes.iter().map(|n| (n.uid, rules_of_node(world, n.uid, service))).collect()
    };
    session.with_world(of)
}

fn chain(session: Session, facts: &Facts) -> Option<Arc<Chain>> {
    let selection = session.selection.get();
    if matches!(selection, Some(Selection::Connection(_) | Selection::Packet(_))) {
        session.traffic_rev();
    }
    session.with_world(|world| relations::chain(world, facts, selection)).map(Arc::new)
}

fn trouble(session: Session) -> Trouble {
    session.with_world(|world| {
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
    })
}

/// What the picture remembers so that it stays calm.
#[derive(Default)]
struct Memory {
    opened: u32,
    slots: Slots,
    rule_rows: usize,
}

impl Memory {
    fn update(&mut self, session: Session, opened: u32, facts: &Facts, rules: &Rules) {
        if opened != self.opened {
            *self = Memory { opened, ..Memory::default() };
        }
        self.slots = session.with_world(|world| self.slots.updated(world, facts));
        // Never fewer than before: the Pods under the rules would move each time one of them goes.
        self.rule_rows = self.rule_rows.max(rows_wanted(facts, rules)).min(MOST_ROWS);
    }

    fn scene(&self, facts: Arc<Facts>, marks: Marks, (width, height): (f64, f64)) -> Scene {
        let request = Request { facts: &facts, slots: &self.slots, rule_rows: self.rule_rows, width, height };
        Scene { layout: layout(&request), marks, facts }
    }
}

/// As many as most Services need, so that another selection moves nothing.
fn rows_wanted(facts: &Facts, rules: &Rules) -> usize {
    let endpoints = facts.services.iter().map(|s| s.endpoints.min(USUAL_ROWS)).max().unwrap_or(0);
    let shown = rules.values().map(|rules| match rules {
        RuleFacts::Rows { rows, .. } => rows.len(),
        _ => 1,
    });
    shown.max().unwrap_or(1).max(endpoints).max(1)
}
