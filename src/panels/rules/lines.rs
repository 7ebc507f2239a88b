//! Which lines of a listing are asked for, and what is known of them by now.

use super::printed::Printed;
use super::query::{Query, Scope};
use super::source::{Source, When, lit, ports};
use crate::session::Selection;
use cluster::api::{Service, Uid};
use cluster::node::kube_proxy::rules_of;
use cluster::sim::World;
use leptos::prelude::*;
use litemap::LiteMap;
use std::collections::BTreeSet;
use std::net::SocketAddr;

/// What is known of the lines by now.
#[derive(Clone, Default, PartialEq)]
pub struct Marks {
    /// The selected packet matched them, or one that is just leaving the node.
    pub lit: BTreeSet<usize>,
    /// How many packets matched each since the rules were written.
    pub counts: LiteMap<usize, u64>,
    /// Endpoints that the rules still choose, and should not.
    pub gone: Vec<SocketAddr>,
}

pub fn marks(world: &World, of: Option<Selection>, node: Uid, source: &Source, printed: &Printed) -> Marks {
    let mut marks = Marks::default();
    let Some(rules) = &source.rules else { return marks };
    marks.lit = lit(world, of, node, rules).iter().filter_map(|at| printed.find(rules, *at)).collect();
    let Some(machine) = world.machines().get(&node).filter(|_| source.when == When::Now) else {
        return marks;
    };
    let counts = machine.stack.hooks().get(rules.family()).into_iter().flat_map(|hooks| hooks.counts());
    for (at, count) in counts {
        if let Some(line) = printed.find(rules, *at) {
            *marks.counts.entry(line).or_default() += count;
        }
    }
    let stale = world.lag_of(node).map_or_else(Vec::new, |lag| lag.stale);
    marks.gone = stale.into_iter().flat_map(|port| port.gone).collect();
    marks
}

/// The lines that are asked for, in their order. `service`: the only one whose rules are listed. Tracked.
pub fn wanted(
    query: Query,
    source: &Source,
    printed: &Printed,
    marks: &Marks,
    service: Option<&Service>,
) -> Vec<usize> {
    let filter = query.filter.read().trim().to_lowercase();
    let matched_only = query.matched_only.get();
    let fits = |line: &usize| {
        let is_matched = || marks.lit.contains(line) || marks.counts.contains_key(line);
        (!matched_only || is_matched()) && (filter.is_empty() || holds(printed, *line, &filter))
    };
    match query.scope.get() {
        Scope::Whole => (0..printed.lines.len()).filter(fits).collect(),
        Scope::Service(_) => {
            let mut lines = lines_of(source, printed, service);
            // Of a connection all that it met, whosever rule it is.
            if query.is_of_a_packet() {
                lines.extend(&marks.lit);
            }
            lines.into_iter().filter(fits).collect()
        }
    }
}

fn lines_of(source: &Source, printed: &Printed, service: Option<&Service>) -> BTreeSet<usize> {
    let Some(rules) = &source.rules else { return BTreeSet::new() };
    let ports = service.map(ports).unwrap_or_default();
    let rules_of_ports = ports.iter().flat_map(|port| rules_of(rules, port));
    rules_of_ports.filter_map(|at| printed.find(rules, at)).collect()
}

/// Whether the line or the name of its block has the text, which is in small letters.
fn holds(printed: &Printed, line: usize, text: &str) -> bool {
    printed.blocks[printed.block_of(line)].name.to_lowercase().contains(text)
        || printed.lines[line].to_lowercase().contains(text)
}

/// Lines of one block that are shown.
#[derive(Clone, PartialEq)]
pub struct Group {
    /// Which block of the text.
    pub block: usize,
    pub table: String,
    pub name: String,
    /// Each with its number.
    pub lines: Vec<(usize, String)>,
}

pub fn groups(printed: &Printed, lines: &[usize]) -> Vec<Group> {
    let of_one_block = lines.chunk_by(|a, b| printed.block_of(*a) == printed.block_of(*b));
    of_one_block
        .map(|lines| {
            let number = printed.block_of(lines[0]);
            let block = &printed.blocks[number];
            Group {
                block: number,
                table: block.table.clone(),
                name: block.name.clone(),
                lines: lines.iter().map(|line| (*line, printed.lines[*line].clone())).collect(),
            }
        })
        .collect()
}
