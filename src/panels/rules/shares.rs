//! Among which endpoints each node chooses for a Service, and at what odds.

use super::super::link_to;
use super::super::node::proxy;
use super::source::ports;
use crate::parts::*;
use crate::session::{Selection, Session};
use cluster::api::{Service, Uid};
use cluster::node::Machine;
use cluster::node::kube_proxy::choices;
use cluster::sim::World;

pub fn of_service(session: Session, uid: Uid) -> View {
    live(move || {
        session.scene_rev();
        session.rules_rev();
        session.with_world(|world| {
            let Some(service) = world.store().service_by_uid(uid) else { return nothing() };
            let nodes = world.machines().values().map(|m| on_node(session, world, m, service));
            let mut kids = vec![heading("Among which each node chooses")];
            kids.extend(nodes);
            block("", kids)
        })
    })
}

fn on_node(session: Session, world: &World, machine: &Machine, service: &Service) -> View {
    let rules = machine.stack.rules();
    let gone: Vec<std::net::SocketAddr> = world
        .lag_of(machine.uid)
        .map_or_else(Vec::new, |lag| lag.stale.into_iter().flat_map(|p| p.gone).collect());
    let mut odds: Kids = Vec::new();
    for (name, local) in ports(service).iter().flat_map(|name| [(name, false), (name, true)]) {
        for choice in choices(rules, name, local) {
            let chance = choice.one_in.map_or_else(|| "else".into(), |n| format!("1/{n}"));
            let chance = if local { format!("{chance}, policy Local") } else { chance };
            let endpoint = choice.endpoint.to_string();
            let endpoint = match gone.contains(&choice.endpoint) {
                true => el("del").class("pk-fail").text(endpoint).view(),
                false => span("", endpoint),
            };
            odds.push(inline("pk-odds pk-mono", vec![endpoint, span("", chance)]));
        }
    }
    let link = link_to(session, Selection::Node(machine.uid), machine.name.to_string());
    let choices = match odds.is_empty() {
        true => says("pk-muted", "No endpoint in these rules: a connection is refused."),
        false => items("pk-list", odds),
    };
    block("pk-section", vec![inline("pk-row", vec![link, proxy(world, machine)]), choices])
}
