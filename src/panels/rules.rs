//! Rules as text: all of a node's, or one Service's on every node.

use super::node::proxy;
use super::{gone, link_to};
use crate::dom::Derived;
use crate::parts::*;
use crate::session::{Selection, Session};
use cluster::api::{Service, Uid};
use cluster::net::netfilter::{Rules, ServicePortName};
use cluster::node::Machine;
use cluster::node::kube_proxy::{choices, rules_of};
use cluster::sim::World;

/// A page of text is enough to read; the whole is for the clipboard.
const LINES_SHOWN: usize = 1_500;

pub fn of_node(session: Session, uid: Uid) -> View {
    // The text is large, so it is made again only when the rules are other ones.
    let rules = Derived::new(move || {
        session.rules_rev();
        session.opened_rev();
        RulesOf(session.with_world(|world| world.machines().get(&uid).map(set_of)))
    });
    let age = live(move || {
        session.rules_rev();
        session.now();
        session.with_world(|world| match world.machines().get(&uid) {
            Some(machine) => para("", vec![proxy(world, machine)]),
            None => gone("node"),
        })
    });
    let rules = live(move || match &rules.get().0 {
        Some(rules) => block(
            "",
            vec![
                says("pk-muted", format!("{} rules, as {} takes them.", rules.rule_count(), rules.reader())),
                listing("Rules", cut(rules.to_string())),
            ],
        ),
        None => nothing(),
    });
    block("", vec![age, rules])
}

fn set_of(machine: &Machine) -> Rules {
    machine.stack.rules().clone()
}

/// A node's rules; none when the node is gone. The same when they are the same object.
struct RulesOf(Option<Rules>);

impl PartialEq for RulesOf {
    fn eq(&self, other: &RulesOf) -> bool {
        match (&self.0, &other.0) {
            (Some(old), Some(new)) => old.is_same(new),
            (None, None) => true,
            _ => false,
        }
    }
}

fn cut(text: String) -> String {
    let lines = text.lines().count();
    if lines <= LINES_SHOWN {
        return text;
    }
    let mut shown: String = text.split_inclusive('\n').take(LINES_SHOWN).collect();
    shown.push_str(&format!("# ... and {} lines more\n", lines - LINES_SHOWN));
    shown
}

pub fn of_service(session: Session, uid: Uid) -> View {
    live(move || {
        session.scene_rev();
        session.rules_rev();
        session.with_world(|world| {
            let Some(service) = world.store().service_by_uid(uid) else { return gone("Service") };
            if !service.has_virtual_ip() {
                return says("", "kube-proxy writes no rules for it: it has no virtual IP.");
            }
            let nodes = world.machines().values().map(|m| on_node(session, world, m, service));
            block("", nodes.collect())
        })
    })
}

fn on_node(session: Session, world: &World, machine: &Machine, service: &Service) -> View {
    let set = set_of(machine);
    let mut text = String::new();
    let mut odds: Kids = Vec::new();
    for port in &service.spec.ports {
        let name =
            ServicePortName { service: service.meta.key(), port: port.name.clone(), protocol: port.protocol };
        for at in rules_of(&set, &name) {
            if let Some(line) = set.rule_text(at) {
                text.push_str(&line);
                text.push('\n');
            }
        }
        for choice in choices(&set, &name, false) {
            let chance = choice.one_in.map_or_else(|| "else".into(), |n| format!("1/{n}"));
            odds.push(inline(
                "pk-odds pk-mono",
                vec![span("", choice.endpoint.to_string()), span("", chance)],
            ));
        }
    }
    let link = link_to(session, Selection::Node(machine.uid), machine.name.to_string());
    let mut kids = vec![inline("pk-row", vec![link, proxy(world, machine)])];
    kids.push(match odds.is_empty() {
        true => says("pk-muted", "No endpoint in these rules: a connection is refused."),
        false => items("pk-list", odds),
    });
    kids.push(more("The rules themselves", vec![listing("Rules", text)]));
    block("pk-section", kids)
}
