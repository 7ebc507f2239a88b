//! A node: its power, its kube-proxy, what its kernel holds, and its Pods.

use super::pod::status_words;
use super::{actions, gone, link_to, zone};
use crate::parts::*;
use crate::session::{Selection, Session};
use crate::shell::Ui;
use crate::text;
use cluster::api::{Node, NodeCondition, Uid};
use cluster::node::{Hearing, Lag, Machine};
use cluster::sim::World;
use leptos::prelude::*;

pub fn about(session: Session, ui: Ui, uid: Uid) -> AnyView {
    let state = live(move || {
        session.scene_rev();
        session.rules_rev();
        session.traffic_rev();
        session.with_world(|world| match world.machines().get(&uid) {
            Some(machine) => state(session, world, machine),
            None => gone("node"),
        })
    });
    let holds = live(move || {
        session.traffic_rev();
        session.with_world(|world| conntrack(ui, world, uid))
    });
    block("", vec![state, zone::field(session, uid), holds])
}

fn state(session: Session, world: &World, machine: &Machine) -> AnyView {
    let object = world.store().node(&machine.name);
    let zone = object.and_then(|n| n.zone()).map_or_else(|| "none".into(), |z| z.to_string());
    let rows = vec![
        ("Status", status(machine, object.map(|n| &**n))),
        ("Address", code(machine.addresses.primary().to_string())),
        ("Zone", text(zone)),
        ("kube-proxy", proxy(world, machine)),
        ("conntrack", text(format!("{} entries", machine.stack.conntrack.entries(world.now()).count()))),
    ];
    let pods = world.store().pods.iter().filter(|p| p.spec.node_name.as_ref() == Some(&machine.name));
    let pods: Kids = pods
        .map(|pod| {
            let (words, class) = status_words(pod);
            let link = link_to(session, Selection::Pod(pod.meta.uid), pod.meta.name.to_string());
            inline("pk-row", vec![link, span(class, words)])
        })
        .collect();
    let none = pods.is_empty().then(|| says("pk-muted", "None."));
    let mut kids = vec![facts(rows), actions_of(session, machine), heading("Pods")];
    kids.extend(none);
    kids.push(items("pk-list", pods));
    block("", kids)
}

fn conntrack(ui: Ui, world: &World, node: Uid) -> AnyView {
    match world.conntrack_lines(node) {
        Some(entries) => {
            more_if(ui.conntrack_open, format!("conntrack -L ({})", entries.len()), vec![table_of(entries)])
        }
        None => nothing(),
    }
}

/// As `conntrack -L` prints it, no longer than anybody reads.
fn table_of(mut entries: Vec<String>) -> AnyView {
    const SHOWN: usize = 200;
    let more = entries.len().saturating_sub(SHOWN);
    entries.truncate(SHOWN);
    if more > 0 {
        entries.push(format!("and {more} more"));
    }
    listing("conntrack", entries.join("\n"))
}

fn actions_of(session: Session, machine: &Machine) -> AnyView {
    actions(session, Selection::Node(machine.uid))
}

fn status(machine: &Machine, node: Option<&Node>) -> AnyView {
    let mut kids = vec![match (machine.power, node.map(|n| n.ready)) {
        (false, _) => span("pk-tag pk-fail", "Power off"),
        (true, Some(NodeCondition::True)) => span("pk-tag pk-good", "Ready"),
        (true, _) => span("pk-tag pk-care", "NotReady"),
    }];
    if node.is_some_and(|n| n.spec.unschedulable) {
        kids.push(span("pk-tag pk-care", "Cordoned"));
    }
    if machine.cut_off {
        kids.push(span("pk-tag pk-fail", "Cut off"));
    }
    inline("pk-row", kids)
}

/// How old the rules are, how many changes they do not hold yet, and why.
pub fn proxy(world: &World, machine: &Machine) -> AnyView {
    let Some(lag) = world.lag_of(machine.uid).filter(|lag| lag.hearing != Hearing::Off) else {
        return text("not running");
    };
    let synced = match machine.proxy.synced_at {
        Some(at) => format!("synced {} ago", text::span(world.now().since(at))),
        None => "has written no rules yet".to_string(),
    };
    let mut kids = Kids::new();
    match lag.hearing {
        Hearing::Paused => kids.extend([span("pk-tag pk-fail", "paused"), text(" ")]),
        Hearing::CutOff => kids.extend([span("pk-tag pk-fail", "cut off"), text(" ")]),
        Hearing::Hears | Hearing::Off => {}
    }
    if lag.behind > 0 {
        kids.push(span("pk-tag pk-fail", behind(&lag)));
        kids.push(text(" "));
    }
    kids.push(text(format!("{} mode, {synced}", machine.proxy.mode.as_str())));
    inline("", kids)
}

/// `2 updates behind, for 1.250 s`
fn behind(lag: &Lag) -> String {
    let updates = text::count(lag.behind as usize, "update");
    let age = lag.age.map_or_else(String::new, |age| format!(", for {}", text::span(age)));
    format!("{updates} behind{age}")
}
