//! Among which endpoints each node chooses for a Service, and at what odds.

use super::super::link_to;
use super::super::node::proxy;
use super::source::ports;
use crate::parts::*;
use crate::session::{Selection, Session};
use cluster::api::{Service, Uid};
use cluster::node::Machine;
use cluster::node::kube_proxy::{BlockReason, endpoint_choices, port_summary};
use cluster::sim::World;
use leptos::prelude::*;
use netfilter::Rules;
use scene::facts::For;
use scene::words;

pub fn of_service(session: Session, uid: Uid) -> AnyView {
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

fn on_node(session: Session, world: &World, machine: &Machine, service: &Service) -> AnyView {
    let rules = machine.stack.rules();
    let gone: Vec<std::net::SocketAddr> = world
        .lag_of(machine.uid)
        .map_or_else(Vec::new, |lag| lag.stale.into_iter().flat_map(|p| p.gone).collect());
    let mut odds: Kids = Vec::new();
    for (name, local) in ports(service).iter().flat_map(|name| [(name, false), (name, true)]) {
        let whom = if local { whom(For::of(&port_summary(rules, name))) } else { "" };
        for choice in endpoint_choices(rules, name, local) {
            let chance = words::chance(choice.one_in, choice.scheduler) + whom;
            let endpoint = choice.endpoint.to_string();
            let endpoint = match gone.contains(&choice.endpoint) {
                true => view! { <del class="pk-fail">{endpoint}</del> }.into_any(),
                false => span("", endpoint),
            };
            odds.push(inline("pk-odds pk-mono", vec![endpoint, span("", chance)]));
        }
    }
    let link = link_to(session, Selection::Node(machine.uid), machine.name.to_string());
    let mut kids = vec![inline("pk-row", vec![link, age(session, machine.uid)])];
    if !odds.is_empty() {
        kids.push(items("pk-list", odds));
    }
    let stops = stops(rules, service);
    if kids.len() == 1 && stops.is_empty() {
        kids.push(says("pk-muted", "It is not in these rules yet."));
    }
    kids.extend(stops.into_iter().map(|said| says("pk-muted", said)));
    block("pk-section", kids)
}

fn whom(only: For) -> &'static str {
    match only {
        For::Inside => ", policy Local, to the ClusterIP only",
        For::Outside => ", policy Local, from outside only",
        For::All => ", policy Local",
    }
}

/// It changes all the time, and the choices do not.
fn age(session: Session, node: Uid) -> AnyView {
    live(move || {
        session.now();
        session.rules_rev();
        session.with_world(|world| world.machines().get(&node).map_or_else(nothing, |m| proxy(world, m)))
    })
}

/// Whom these rules stop, each said once however many ports there are.
fn stops(rules: &Rules, service: &Service) -> Vec<&'static str> {
    let mut said: Vec<&'static str> = Vec::new();
    for stop in ports(service).iter().flat_map(|name| port_summary(rules, name).blocks) {
        let words = match stop {
            BlockReason::NoEndpoints => "No endpoint in these rules: a connection is refused.",
            BlockReason::InternalPolicyLocal => {
                "No endpoint on this node: what comes to the ClusterIP is dropped (policy Local)."
            }
            BlockReason::ExternalPolicyLocal => {
                "No endpoint on this node: what comes from outside is dropped (policy Local)."
            }
            BlockReason::SourceRanges => "What comes from outside loadBalancerSourceRanges is dropped.",
        };
        if !said.contains(&words) {
            said.push(words);
        }
    }
    said
}

#[cfg(test)]
mod tests {
    use super::*;
    use cluster::api::parse;
    use cluster::node::kube_proxy::ProxyMode;
    use cluster::sim::{Run, Time};

    #[test]
    fn who_is_dropped_is_not_said_to_be_refused() {
        let text = include_str!(
            "../../../crates/cluster/tests/scenarios/myth-no-endpoints-is-a-time-out/input.yaml"
        );
        let (mut run, _) = Run::new(&parse(text), None);
        run.advance_to(Time(10_000_000_000), u64::MAX);
        let world = run.world();
        let of = |name: &str, node: &str, mode: &str| {
            let service = world.store().services.iter().find(|s| &*s.meta.name == name).expect("the Service");
            let node = world.machine_named(node).expect("the node").uid;
            let rules: Rules =
                world.rules_as_if(node, ProxyMode::named(mode).expect("a mode")).expect("rules");
            stops(&rules, service)
        };
        for mode in ["iptables", "nftables"] {
            assert!(of("web", "node-1", mode)[0].ends_with("refused."), "{mode}");
            assert!(of("api", "node-1", mode)[0].ends_with("dropped (policy Local)."), "{mode}");
            assert!(of("api", "node-2", mode).is_empty(), "{mode}");
        }
    }
}
