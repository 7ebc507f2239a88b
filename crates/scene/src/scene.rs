//! One moment of the picture: the objects, their places, and what is highlighted.

use cluster::api::Uid;
use cluster::sim::{Span, Time, World};
use cluster::trace::{ConnectionRecord, Outcome, Place};
use cluster::traffic::ClientId;
use litemap::LiteMap;

use crate::facts::{Facts, Row, RuleFacts, RuleOutcome, SystemObjects, rules_of_node};
use crate::layout::{Layout, Request, layout};
use crate::marks::{Mark, Marks};
use crate::pod_slots::PodSlots;
use crate::relations::{self, Chain};
use crate::{HopRef, Selection};

/// The objects and their places at one moment. Each scene is made from the one before, so that a Pod keeps its slot
/// and a Service its mark.
#[derive(Debug)]
pub struct Scene {
    pub facts: Facts,
    pub marks: Marks,
    pub layout: Layout,
    /// The Service whose rules the nodes show.
    pub focus: Option<Uid>,
    pub rules: Rules,
    /// The place inside its node that each Pod has.
    pub slots: PodSlots,
    /// Rows kept free in each node.
    pub rule_rows: usize,
    /// Counts the texts that were opened, so that the scene of a new text does not follow that of an old one.
    pub opened: u32,
    pub system: SystemObjects,
}

/// What of a World a scene shows, and in how much room.
#[derive(Clone, Copy, Debug)]
pub struct Shown {
    /// See [`Scene::opened`].
    pub opened: u32,
    pub system: SystemObjects,
    pub selected: Option<Selection>,
    /// Width and height in CSS pixels.
    pub view: (f64, f64),
}

/// What each node's rules say of the Service that is looked at.
type Rules = LiteMap<Uid, RuleFacts>;

/// What is highlighted.
#[derive(Debug, Default, PartialEq)]
pub struct Highlight {
    pub chain: Option<Chain>,
    /// The box of the hop that the inspector points at.
    pub hop: Option<Selection>,
    pub failures: RecentFailures,
    /// What rules just did with packets, by node, and whether these packets are highlighted.
    pub passing: Vec<(Uid, RuleOutcome, bool)>,
}

/// How a box stands to what is selected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Nothing is selected.
    Usual,
    Selected,
    /// It belongs to what is selected.
    Lit,
    /// Something else is selected, and it steps back.
    Dim,
}

/// How strongly a rule is highlighted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Emphasis {
    None,
    /// By packets that are not highlighted.
    Faint,
    Full,
}

/// Recent failures of each caller.
#[derive(Debug, Default, PartialEq)]
pub struct RecentFailures {
    pub clients: LiteMap<ClientId, Outcome>,
    /// Of Pods that call, by Pod and client.
    pub pods: LiteMap<(Uid, ClientId), Outcome>,
    /// How many of each client's requests ended recently, and how many of those succeeded.
    pub ended: LiteMap<ClientId, (u32, u32)>,
}

/// Rows of the rules panel at most; more are counted in its last line.
pub const MOST_ROWS: usize = 6;
/// The rows that are kept free even if the focused Service needs fewer.
const USUAL_ROWS: usize = 3;
/// For how many seconds a failure is shown beside its client.
const SHOWN_S: u64 = 6;
/// How many past seconds "98 % ok" covers.
const COUNTED_S: u64 = 20;

impl RecentFailures {
    /// The clients in a Pod whose calls failed.
    pub fn of_pod(&self, pod: Uid) -> Vec<(ClientId, Outcome)> {
        let its = self.pods.iter().filter(|((of, _), _)| *of == pod);
        its.map(|((_, client), outcome)| (*client, *outcome)).collect()
    }
}

impl Highlight {
    /// What is highlighted in a World while this is selected, and the inspector points at that hop.
    pub fn of(world: &World, facts: &Facts, selected: Option<Selection>, hop: Option<HopRef>) -> Highlight {
        let chain = selected.and_then(|selected| relations::chain(world, facts, selected));
        Highlight {
            hop: hop.and_then(|hop| relations::item_of_hop(world, hop)),
            failures: recent_failures(world),
            passing: relations::passing(world, chain.as_ref()),
            chain,
        }
    }

    pub fn standing(&self, item: Selection, selected: Option<Selection>) -> Standing {
        match &self.chain {
            _ if selected == Some(item) => Standing::Selected,
            Some(chain) if chain.has(item) => Standing::Lit,
            Some(_) => Standing::Dim,
            None => Standing::Usual,
        }
    }

    /// How strongly a row of a node's rules is highlighted.
    pub fn emphasis(&self, node: Uid, row: &Row) -> Emphasis {
        let mut hits = self.chain.iter().flat_map(|chain| &chain.hits);
        if hits.any(|(at, outcome)| *at == node && row.decided(outcome)) {
            return Emphasis::Full;
        }
        let here = self.passing.iter().filter(|(at, outcome, _)| *at == node && row.decided(outcome));
        here.map(|(_, _, highlighted)| if *highlighted { Emphasis::Full } else { Emphasis::Faint })
            .max()
            .unwrap_or(Emphasis::None)
    }
}

/// The age of rules that were just written is shown in tenths of a second, that of others in seconds.
pub fn display_tenths(world: &World) -> u64 {
    let now = world.now();
    let fresh = |at: Option<Time>| at.is_some_and(|at| now.since(at) < Span::from_secs(1));
    let tenths = now.0 / 100_000_000;
    if world.machines().values().any(|m| fresh(m.proxy.synced_at())) { tenths } else { tenths / 10 * 10 }
}

pub fn recent_failures(world: &World) -> RecentFailures {
    let mut failures = RecentFailures::default();
    let since = |seconds: u64| world.now().0.saturating_sub(seconds * 1_000_000_000);
    let (lately, counted) = (since(SHOWN_S), since(COUNTED_S));
    let mut ended = |record: &ConnectionRecord, at: Time, outcome: Outcome| {
        if outcome == Outcome::Abandoned {
            return;
        }
        let count = failures.ended.entry(record.client).or_default();
        count.0 += 1;
        if outcome == Outcome::Delivered {
            count.1 += 1;
        } else if at.0 >= lately {
            failures.clients.entry(record.client).or_insert(outcome);
            if let Place::Pod(pod) = record.source {
                failures.pods.entry((pod, record.client)).or_insert(outcome);
            }
        }
    };
    for record in world.traffic().finished.iter().rev() {
        let Some((at, outcome)) = record.ended.filter(|(at, _)| at.0 >= counted) else { break };
        ended(record, at, outcome);
    }
    for live in world.traffic().connections.values() {
        let datagrams = live.datagrams().take_while(|(at, _)| at.0 >= counted);
        datagrams.for_each(|(at, outcome)| ended(&live.record, at, outcome));
    }
    failures
}

impl Scene {
    /// The scene of a World, that follows the one before.
    pub fn after(
        before: Option<&Scene>,
        world: &World,
        Shown { opened, system, selected, view: (width, height) }: Shown,
    ) -> Scene {
        let facts = Facts::of(world, system);
        let slots = before.map_or(&PodSlots::default(), |b| &b.slots).updated(world, &facts);
        let marks =
            before.map_or(&Marks::default(), |b| &b.marks).with(facts.services.iter().map(|s| &s.key));
        let focus = focus(world, &facts, selected, before.and_then(|before| before.focus));
        let rules = rules(world, &facts, focus, selected);
        // Never fewer than before, so that the Pods below the rules do not move whenever one is removed.
        let rows_before = before.map_or(0, |before| before.rule_rows);
        let rule_rows = rows_before.max(rows_wanted(&facts, &rules)).min(MOST_ROWS);
        let same_room = before.filter(|before| before.layout.view == (width, height));
        let same_room =
            same_room.filter(|_| slots.has_ghosts() || facts.pods.iter().any(|pod| pod.is_changing()));
        let most_scale = same_room.map(|before| before.layout.scale);
        let layout = layout(&Request { facts: &facts, slots: &slots, rule_rows, width, height, most_scale });
        Scene { facts, marks, layout, focus, rules, slots, rule_rows, opened, system }
    }

    /// With the same slots and marks, but no room for what was there before, and no scale because of it.
    pub fn without_traces_of_the_past(mut self) -> Scene {
        self.rule_rows = 0;
        self.layout.view = (0.0, 0.0);
        self
    }

    /// What is drawn: the rest is for the next one.
    pub fn drawn(&self) -> impl PartialEq {
        (&self.facts, &self.marks, &self.layout, self.focus, &self.rules)
    }

    /// The mark of a Service that exists.
    pub fn mark(&self, service: Uid) -> Option<&Mark> {
        let service = self.facts.services.iter().find(|s| s.uid == service)?;
        self.marks.get(&service.key)
    }
}

/// The Service of what is selected; else the one before, as long as it is there.
fn focus(world: &World, facts: &Facts, selected: Option<Selection>, before: Option<Uid>) -> Option<Uid> {
    selected
        .and_then(|selected| relations::service_of(world, facts, selected))
        .or(before.filter(|uid| facts.services.iter().any(|s| s.uid == *uid)))
        .or_else(|| relations::first_service(facts))
}

fn rules(world: &World, facts: &Facts, focus: Option<Uid>, selected: Option<Selection>) -> Rules {
    let Some(service) = focus else { return Rules::new() };
    let called = selected.and_then(|selected| relations::port_called(world, selected));
    facts.nodes.iter().map(|n| (n.uid, rules_of_node(world, n.uid, service, called))).collect()
}

/// As many as most Services need, so that another selection moves nothing.
fn rows_wanted(facts: &Facts, rules: &Rules) -> usize {
    let endpoints = facts.services.iter().map(|s| s.endpoints.min(USUAL_ROWS)).max().unwrap_or(0);
    let shown = rules.values().map(|rules| match rules {
        RuleFacts::Rows(rows) => rows.len(),
        RuleFacts::NodeOff | RuleFacts::NotYet | RuleFacts::NoVirtualIp => 1,
    });
    shown.max().unwrap_or(1).max(endpoints).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::relations::About;
    use crate::testing::{WEB, pass, run};
    use cluster::api::NsName;
    use cluster::traffic::ConnectionId;

    fn highlight(world: &World, chain: Option<Chain>) -> Highlight {
        Highlight { passing: relations::passing(world, chain.as_ref()), chain, ..Highlight::default() }
    }

    fn emphases(world: &World, highlight: &Highlight) -> Vec<Emphasis> {
        let web = world.store().services.get(&NsName::new("default", "web")).expect("web").meta.uid;
        let rows = |node: &Uid| match rules_of_node(world, *node, web, None) {
            RuleFacts::Rows(rows) => rows.into_iter().map(|row| highlight.emphasis(*node, &row)).collect(),
            RuleFacts::NodeOff | RuleFacts::NotYet | RuleFacts::NoVirtualIp => Vec::new(),
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
            let full = emphases(world, &highlight(world, None));
            let about = About::Connection(ConnectionId(u64::MAX));
            let other = emphases(world, &highlight(world, Some(Chain { about, ..Chain::default() })));
            for (full, other) in full.into_iter().zip(other) {
                assert_eq!(other, if full == Emphasis::Full { Emphasis::Faint } else { Emphasis::None });
                faint += usize::from(other == Emphasis::Faint);
            }
        }
        assert!(faint > 0);
    }
}
