//! One listing: the rules of one node in one mode, as far as they are asked for.

use super::printed::{Printed, struck};
use super::source::{Source, When, lit, ports, source};
use super::{Looking, Scope};
use crate::parts::*;
use crate::shell::copy_text;
use crate::text;
use cluster::api::{Service, Uid};
use cluster::node::kube_proxy::{ProxyMode, rules_of};
use cluster::node::{Hearing, Lag, StaleService};
use cluster::sim::World;
use leptos::prelude::*;
use litemap::LiteMap;
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;

/// Lines that are shown at first, and with each wish for more.
const LINES: usize = 400;

#[derive(Clone, Copy)]
pub struct Column {
    pub looking: Looking,
    pub node: RwSignal<Option<Uid>>,
    /// `None`: the node's own.
    pub mode: RwSignal<Option<ProxyMode>>,
    room: RwSignal<usize>,
    source: Memo<Source>,
    printed: Memo<Text>,
}

/// The printed text. Another one only when it was printed again.
#[derive(Clone)]
struct Text(Arc<Printed>);

impl PartialEq for Text {
    fn eq(&self, other: &Text) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

/// What is known of the lines by now.
#[derive(Default)]
struct Marks {
    lit: BTreeSet<usize>,
    counts: LiteMap<usize, u64>,
    gone: Vec<SocketAddr>,
}

impl Column {
    pub fn new(looking: Looking, node: Option<Uid>, mode: Option<ProxyMode>) -> Column {
        let (node, mode) = (RwSignal::new(node), RwSignal::new(mode));
        let session = looking.session;
        let source = Memo::new(move |_| {
            session.rules_rev();
            session.opened_rev();
            let (node, mode) = (node.get(), mode.get());
            let of = looking.of;
            session.with_world(|world| node.map_or(Source::NONE, |node| source(world, of, node, mode)))
        });
        let printed = Memo::new(move |_| Text(Arc::new(Printed::new(&source.with(Source::text)))));
        Column { looking, node, mode, room: RwSignal::new(LINES), source, printed }
    }

    /// What the rules are and how old, and the listing.
    pub fn view(self) -> AnyView {
        let about = live(move || self.about());
        let listing = live(move || self.listing());
        block("pk-rules-column", vec![about, listing])
    }

    fn about(&self) -> AnyView {
        let session = self.looking.session;
        session.rules_rev();
        session.now();
        let Some(node) = self.node.get() else { return says("pk-muted", "No node is there.") };
        let service = self.service();
        let source = self.source.read();
        let Some(rules) = &source.rules else { return super::gone("node") };
        session.with_world(|world| {
            let mut kids = Kids::new();
            kids.push(says(
                "pk-muted",
                format!("{} rules, {}.", rules.rule_count(), readers(rules.reader())),
            ));
            match source.when {
                When::Now => kids.extend(lag_of(world, node, service.as_deref())),
                When::Then => kids.push(says(
                    "pk-care",
                    "As they were when the packet passed. kube-proxy has written others since.",
                )),
                When::AsIf(mode) => kids.push(says(
                    "pk-muted",
                    format!(
                        "As kube-proxy would write them in {} mode, from what this node has seen by now. \
                         No packet meets them.",
                        mode.as_str()
                    ),
                )),
            }
            block("", kids)
        })
    }

    fn service(&self) -> Option<std::sync::Arc<Service>> {
        let Scope::Service(uid) = self.looking.scope.get()? else { return None };
        self.looking.session.with_world(|world| world.store().service_by_uid(uid).cloned())
    }

    fn marks(&self, printed: &Printed) -> Marks {
        let session = self.looking.session;
        session.traffic_rev();
        let source = self.source.read();
        let (Some(rules), Some(node)) = (&source.rules, self.node.get()) else { return Marks::default() };
        session.with_world(|world| {
            let mut marks = Marks::default();
            for at in lit(world, self.looking.of, node, rules).iter() {
                if let Some(line) = printed.find(rules, *at) {
                    marks.lit.insert(line);
                }
            }
            let Some(machine) = world.machines().get(&node) else { return marks };
            if source.when == When::Now {
                for (at, count) in machine.stack.counts().iter() {
                    if let Some(line) = printed.find(rules, *at) {
                        *marks.counts.entry(line).or_default() += count;
                    }
                }
                let stale = world.lag_of(node).map_or_else(Vec::new, |lag| lag.stale);
                marks.gone = stale.into_iter().flat_map(|port| port.gone).collect();
            }
            marks
        })
    }

    /// The lines that are asked for, in their order.
    fn wanted(&self, printed: &Printed, marks: &Marks) -> Vec<usize> {
        let looking = &self.looking;
        let filter = looking.filter.get().trim().to_lowercase();
        let only = looking.matched_only.get();
        let source = self.source.read();
        let scope: Option<BTreeSet<usize>> = match (looking.scope.get(), &source.rules) {
            (Some(Scope::Service(_)), Some(rules)) => {
                let service = self.service();
                let names = service.iter().flat_map(|service| ports(service));
                let refs = names.flat_map(|name| rules_of(rules, &name));
                let mut lines: BTreeSet<usize> = refs.filter_map(|at| printed.find(rules, at)).collect();
                // Of a connection all that it met, whosever rule it is.
                if looking.is_of_a_packet() {
                    lines.extend(marks.lit.iter().copied());
                }
                Some(lines)
            }
            _ => None,
        };
        let fits = |line: &usize| {
            let matched = || marks.lit.contains(line) || marks.counts.get(line).is_some();
            let named = || {
                let block = &printed.blocks[printed.block_of(*line)];
                block.name.to_lowercase().contains(&filter)
                    || printed.lines[*line].to_lowercase().contains(&filter)
            };
            (!only || matched()) && (filter.is_empty() || named())
        };
        match scope {
            Some(lines) => lines.iter().copied().filter(fits).collect(),
            None => (0..printed.lines.len()).filter(fits).collect(),
        }
    }

    fn listing(&self) -> AnyView {
        let printed = Arc::clone(&self.printed.get().0);
        let marks = self.marks(&printed);
        let wanted = self.wanted(&printed, &marks);
        let room = self.room.get();
        if wanted.is_empty() {
            return says("pk-muted", self.nothing_to_show(&printed));
        }
        let shown = &wanted[..room.min(wanted.len())];
        let mut blocks = Kids::new();
        for lines in shown.chunk_by(|a, b| printed.block_of(*a) == printed.block_of(*b)) {
            blocks.push(self.block(&printed, lines, &marks));
        }
        let (column, name) = (*self, self.name());
        let label = format!("Rules: {name}");
        let listing = view! {
            <div class="pk-listing pk-rule-list" tabindex="0" role="region" aria-label=label>{blocks}</div>
        }
        .into_any();
        let matched = wanted.iter().filter(|line| marks.lit.contains(line)).count();
        let mut said = text::count(wanted.len(), "line");
        if matched > 0 {
            said.push_str(&format!(", {matched} matched"));
        }
        let copy = button("Copy", move || column.copy()).named(format!("Copy: {name}")).view();
        let mut kids =
            vec![inline("pk-row", vec![span("pk-muted", said), span("pk-spring", ""), copy]), listing];
        if wanted.len() > shown.len() {
            kids.push(self.more(wanted.len(), shown.len()));
        }
        block("", kids)
    }

    fn nothing_to_show(&self, printed: &Printed) -> &'static str {
        match (printed.lines.is_empty(), self.looking.filter.with(|f| f.trim().is_empty())) {
            (true, _) => "No rules are written yet.",
            (_, false) => "No line holds that.",
            _ if self.looking.matched_only.get() => "No packet has matched a rule since they were written.",
            _ => "kube-proxy writes no rules for it here.",
        }
    }

    fn more(&self, all: usize, shown: usize) -> AnyView {
        let room = self.room;
        let next = LINES.max(shown).min(all - shown);
        block(
            "pk-row",
            vec![
                span("pk-muted", format!("{shown} of {all} lines are shown. ")),
                button(format!("Show {next} more"), move || room.update(|room| *room += next)).view(),
            ],
        )
    }

    /// `web on node-1`, `all of node-1, in nftables mode`
    fn name(&self) -> String {
        let node = self.node.get();
        let session = self.looking.session;
        let node = session.with_world(|world| {
            node.and_then(|node| world.machines().get(&node)).map(|machine| machine.name.to_string())
        });
        let node = node.unwrap_or_default();
        let what = match self.service() {
            Some(service) => format!("{} on {node}", service.meta.name),
            None => format!("all of {node}"),
        };
        match self.source.with(|source| source.when) {
            When::AsIf(mode) => format!("{what}, in {} mode", mode.as_str()),
            _ => what,
        }
    }

    fn block(&self, printed: &Printed, lines: &[usize], marks: &Marks) -> AnyView {
        let of = &printed.blocks[printed.block_of(lines[0])];
        let lines: Kids = lines.iter().map(|line| show_line(&printed.lines[*line], *line, marks)).collect();
        view! {
            <div role="group" aria-label=of.name.clone()>
                <h4 class="pk-chain">{span("pk-muted", of.table.clone())}" "{of.name.clone()}</h4>
                {lines}
            </div>
        }
        .into_any()
    }

    /// Everything that is asked for, also what is not shown yet.
    fn copy(&self) {
        let (words, said) = untrack(|| {
            let printed = Arc::clone(&self.printed.get().0);
            let wanted = self.wanted(&printed, &self.marks(&printed));
            let words = printed.text_of(&wanted);
            (words, format!("Copied {}: {}.", text::count(wanted.len(), "line"), self.name()))
        });
        copy_text(self.looking.session, words, said);
    }
}

/// `as nft -f takes them`: who reads the text, which in one mode is the input of several programs.
fn readers(names: &str) -> String {
    match names.contains(" and ") {
        true => format!("as {names} take them: each part under its program's name"),
        false => format!("as {names} takes them"),
    }
}

fn show_line(line: &str, number: usize, marks: &Marks) -> AnyView {
    let lit = marks.lit.contains(&number);
    let count = marks.counts.get(&number).map_or_else(String::new, u64::to_string);
    let mut kids = vec![if count.is_empty() {
        sign("pk-count", "")
    } else {
        let name = text::count(marks.counts.get(&number).map_or(0, |n| *n as usize), "packet");
        view! { <span class="pk-count" title=name>{count}</span> }.into_any()
    }];
    let mut rule = Kids::new();
    if lit {
        rule.push(span("pk-sr", "matched: "));
    }
    for (gone, piece) in struck(line, &marks.gone) {
        let piece = piece.to_string();
        rule.push(if gone { view! { <del>{piece}</del> }.into_any() } else { crate::parts::text(piece) });
    }
    kids.push(view! { <code class="pk-rule-text">{rule}</code> }.into_any());
    block(if lit { "pk-rules-line pk-rules-hit" } else { "pk-rules-line" }, kids)
}

/// How far the rules are behind, and what is wrong with them for it.
fn lag_of(world: &World, node: Uid, service: Option<&Service>) -> Kids {
    let (Some(machine), Some(lag)) = (world.machines().get(&node), world.lag_of(node)) else {
        return Kids::new();
    };
    let mut kids = vec![para("", vec![crate::panels::node::proxy(world, machine)])];
    kids.extend(stale(&lag, service).into_iter().map(|said| says("pk-care", said)));
    kids
}

/// What the rules say that is not so any more, in sentences: of one Service, or of all.
fn stale(lag: &Lag, service: Option<&Service>) -> Vec<String> {
    let list =
        |endpoints: &[SocketAddr]| text::and(&endpoints.iter().map(ToString::to_string).collect::<Vec<_>>());
    let mut said = Vec::new();
    let mine = |port: &&cluster::node::StalePort| {
        service.is_none_or(|service| port.port.service == service.meta.key())
    };
    for port in lag.stale.iter().filter(mine) {
        match port.service {
            StaleService::Current => {}
            StaleService::Unknown => said.push(format!("{}: not in these rules yet.", port.port)),
            StaleService::Deleted => said.push(format!("{}: deleted, and still in these rules.", port.port)),
            StaleService::Changed => {
                said.push(format!("{}: changed since these rules were written.", port.port));
            }
        }
        if !port.gone.is_empty() && port.service != StaleService::Deleted {
            said.push(format!("{}: still chooses {}.", port.port, list(&port.gone)));
        }
        if !port.missing.is_empty() && port.service != StaleService::Unknown {
            said.push(format!("{}: does not know {} yet.", port.port, list(&port.missing)));
        }
    }
    if said.is_empty() && lag.behind > 0 && lag.hearing != Hearing::Off {
        said.push("What it has not heard would not change these rules.".into());
    }
    said
}
