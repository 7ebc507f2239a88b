//! `packetyard get conntrack --node NODE`: a node's connections, as `conntrack -L` prints them.

use std::net::{IpAddr, SocketAddr};

use cluster::node::Tracked;
use netfilter::Tuple;
use schemars::JsonSchema;
use serde::Serialize;

use super::output::Output;
use crate::args::Get as Args;
use crate::failure::Failure;
use crate::input::Input;
use crate::{input, words};

/// A connection that a node's conntrack remembers.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Row {
    /// tcp or udp
    protocol: &'static str,
    /// Of TCP: SYN_SENT, ESTABLISHED ...
    state: Option<&'static str>,
    /// Nanoseconds until it is forgotten.
    left: u64,
    /// As the client sends.
    original: Way,
    /// As replies come.
    reply: Way,
    /// No reply was seen.
    unreplied: bool,
    /// It is not dropped early when the table is full.
    assured: bool,
    dnat: bool,
    snat: bool,
}

/// Two sockets, each an address and a port.
#[derive(Serialize, JsonSchema)]
struct Way {
    from: String,
    to: String,
}

pub fn get(args: &Args) -> Result<String, Failure> {
    if args.resources.len() > 1
        || args.selector.is_some()
        || args.namespace().is_some()
        || args.is_of_objects()
    {
        return Err(Failure::Usage("usage: packetyard get conntrack --node NODE".into()));
    }
    let Some(node) = &args.node else {
        return Err(Failure::Usage("get conntrack: which node's? Add --node NODE".into()));
    };
    let mut input = Input::read(&args.cluster)?;
    let mut run = input.start(&args.cluster)?;
    input::go_to_moment(&args.cluster, &mut run);
    let world = run.world();
    let machine = world.machine_named(node).ok_or_else(|| Failure::NotFound(format!("node {node:?}")))?;
    let rows = world.conntrack_of(machine.uid).unwrap_or_default();
    input.answer(match Output::parse(args)? {
        Output::Json => words::json(&rows.iter().map(row).collect::<Vec<_>>())?,
        Output::Text | Output::Wide => {
            eprintln!("conntrack: {} flow entries have been shown.", rows.len());
            let lines = world.conntrack_lines(machine.uid).unwrap_or_default();
            lines.into_iter().map(|line| line + "\n").collect()
        }
        Output::Yaml | Output::Name | Output::JsonPath(_) | Output::CustomColumns { .. } => {
            return Err(Failure::Usage("get conntrack prints -o text or -o json".into()));
        }
    })
}

fn row(tracked: &Tracked) -> Row {
    let entry = tracked.entry;
    Row {
        protocol: entry.original.protocol.lower(),
        state: tracked.state(),
        left: tracked.left.0,
        original: way(entry.original),
        reply: way(entry.reply),
        unreplied: !entry.seen_reply,
        assured: entry.assured,
        dnat: entry.is_dnat(),
        snat: entry.is_snat(),
    }
}

fn way(tuple: Tuple) -> Way {
    let socket = |ip: IpAddr, port| SocketAddr::new(ip, port).to_string();
    Way { from: socket(tuple.src, tuple.src_port), to: socket(tuple.dst, tuple.dst_port) }
}
