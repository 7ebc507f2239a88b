//! Among which endpoints each node chooses for a Service, and at what odds.

use super::source::ports;
use crate::panels::if_exists::IfExists;
use crate::panels::kube_proxy::KubeProxyState;
use crate::panels::select_link::SelectLink;
use crate::session::{Selection, Session};
use cluster::api::{Service, Uid};
use cluster::node::Machine;
use cluster::node::kube_proxy::{BlockReason, endpoint_choices, port_summary};
use cluster::sim::World;
use leptos::prelude::*;
use netfilter::{Hooks, Rules};
use scene::facts::For as Audience;
use scene::words;
use std::net::SocketAddr;
use std::sync::Arc;

#[component]
pub fn Shares(service: Uid) -> impl IntoView {
    let session = expect_context::<Session>();
    let service = session.watch_scene(move |world| world.store().service_by_uid(service).cloned());
    let nodes = session.watch_scene(|world| {
        world.machines().values().map(|machine| (machine.uid, machine.name.to_string())).collect::<Vec<_>>()
    });
    view! {
        <IfExists object=service let:service>
            <h3 class="pk-heading">"Among which each node chooses"</h3>
            <For each=move || nodes.get() key=|(node, _)| *node let((node, name))>
                <OnNode node name service/>
            </For>
        </IfExists>
    }
}

/// What a node's rules do with a Service's connections.
#[derive(Clone, Default, PartialEq)]
struct Choices {
    odds: Vec<Odds>,
    /// The traffic that they stop.
    stops: Vec<&'static str>,
}

#[derive(Clone, PartialEq)]
struct Odds {
    endpoint: SocketAddr,
    /// It is not there any more.
    is_gone: bool,
    /// How often it is chosen, and for whom.
    chance: String,
}

impl Choices {
    fn of(world: &World, machine: &Machine, service: &Service) -> Choices {
        let stale = world.lag_of(machine.uid).map(|lag| lag.stale).unwrap_or_default();
        let gone: Vec<SocketAddr> = stale.into_iter().flat_map(|port| port.gone).collect();
        let (mut odds, mut said) = (Vec::new(), Vec::new());
        for rules in machine.stack.hooks().values().map(Hooks::rules) {
            for (name, is_local) in ports(service).iter().flat_map(|name| [(name, false), (name, true)]) {
                let whom = if is_local { whom(Audience::of(&port_summary(rules, name))) } else { "" };
                odds.extend(endpoint_choices(rules, name, is_local).into_iter().map(|choice| Odds {
                    endpoint: choice.endpoint,
                    is_gone: gone.contains(&choice.endpoint),
                    chance: words::chance(choice.one_in, choice.scheduler) + whom,
                }));
            }
            add_stops(&mut said, rules, service);
        }
        Choices { odds, stops: said }
    }
}

fn whom(only: Audience) -> &'static str {
    match only {
        Audience::Inside => ", policy Local, to the ClusterIP only",
        Audience::Outside => ", policy Local, from outside only",
        Audience::All => ", policy Local",
    }
}

#[component]
fn OnNode(node: Uid, name: String, service: Memo<Arc<Service>>) -> impl IntoView {
    let session = expect_context::<Session>();
    let choices = session.watch_rules(move |world| {
        let machine = world.machines().get(&node);
        machine.map(|machine| Choices::of(world, machine, &service.read())).unwrap_or_default()
    });
    let has_odds = move || !choices.read().odds.is_empty();
    let is_unknown = move || choices.read().odds.is_empty() && choices.read().stops.is_empty();
    view! {
        <div class="pk-section">
            <span class="pk-row">
                <SelectLink to=Selection::Node(node)>{name}</SelectLink>
                <KubeProxyState node/>
            </span>
            <Show when=has_odds>
                <ul class="pk-list" role="list">
                    {move || choices.read().odds.iter().map(odds_view).collect_view()}
                </ul>
            </Show>
            <Show when=is_unknown>
                <p class="pk-muted">"It is not in these rules yet."</p>
            </Show>
            <For each=move || choices.get().stops key=|words| *words let:words>
                <p class="pk-muted">{words}</p>
            </For>
        </div>
    }
}

fn odds_view(odds: &Odds) -> impl IntoView + use<> {
    let endpoint = odds.endpoint.to_string();
    let endpoint = match odds.is_gone {
        true => view! { <del class="pk-fail">{endpoint}</del> }.into_any(),
        false => view! { <span>{endpoint}</span> }.into_any(),
    };
    view! {
        <li>
            <span class="pk-odds pk-mono">{endpoint} <span>{odds.chance.clone()}</span></span>
        </li>
    }
}

/// The traffic that these rules stop, each kind once for all ports.
fn add_stops(said: &mut Vec<&'static str>, rules: &Rules, service: &Service) {
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
            let rules = world.rules_as_if(node, ProxyMode::named(mode).expect("a mode")).expect("rules");
            let mut said = Vec::new();
            add_stops(&mut said, rules.primary(), service);
            said
        };
        for mode in ["iptables", "nftables"] {
            assert!(of("web", "node-1", mode)[0].ends_with("refused."), "{mode}");
            assert!(of("api", "node-1", mode)[0].ends_with("dropped (policy Local)."), "{mode}");
            assert!(of("api", "node-2", mode).is_empty(), "{mode}");
        }
    }
}
