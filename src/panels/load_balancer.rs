//! The cloud's load balancer of a Service. It is no Kubernetes object.

use super::if_exists::IfExists;
use super::select_link::SelectLink;
use crate::components::{Fact, Facts, Tag, Tone};
use crate::session::{Selection, Session};
use crate::text;
use cluster::api::{CloudProvider, Uid};
use cluster::sim::World;
use leptos::prelude::*;
use netfilter::PerFamily;
use std::net::IpAddr;

#[derive(Clone, PartialEq)]
struct LoadBalancer {
    service: String,
    /// `None` until the cloud has given it any.
    addresses: Option<PerFamily<IpAddr>>,
    /// Whether `ipMode` is `Proxy`.
    is_proxy: bool,
}

impl LoadBalancer {
    fn of(world: &World, service: Uid) -> Option<LoadBalancer> {
        let service = world.store().service_by_uid(service)?;
        let balancer = world.cloud().balancers.get(&service.meta.key())?;
        let is_proxy = world.config().cloud == CloudProvider::Proxy;
        Some(LoadBalancer { service: service.meta.name.to_string(), addresses: balancer.ips, is_proxy })
    }

    fn what_it_does(&self) -> &'static str {
        match self.is_proxy {
            true => {
                "It takes each connection itself, and makes another from an address of its own to the node port of \
                 one node that answers kube-proxy's health check (ipMode Proxy): the node sees the load balancer call."
            }
            false => {
                "It sends each connection to one node that answers kube-proxy's health check, and passes the packets \
                 on unchanged (ipMode VIP)."
            }
        }
    }
}

#[component]
pub fn LoadBalancerPanel(service: Uid) -> impl IntoView {
    let session = expect_context::<Session>();
    let balancer = session.watch_scene(move |world| LoadBalancer::of(world, service));
    let nodes = session.watch_scene(nodes);
    view! {
        <IfExists gone="This load balancer is gone." object=balancer let:balancer>
            <Facts>
                <Fact name="Address">
                    <code class="pk-mono">{move || addresses(&balancer.read())}</code>
                </Fact>
                <Fact name="For">
                    <SelectLink to=Selection::Service(service)>
                        "Service " {move || balancer.read().service.clone()}
                    </SelectLink>
                </Fact>
            </Facts>
            <p class="pk-muted">{move || balancer.read().what_it_does()}</p>
            <h3 class="pk-heading">"Nodes"</h3>
            <ul class="pk-list" role="list">
                <For each=move || nodes.get() key=|(node, _)| *node let((node, name))>
                    <NodeHealth service node name/>
                </For>
            </ul>
        </IfExists>
    }
}

fn addresses(balancer: &LoadBalancer) -> String {
    balancer.addresses.map_or_else(|| "the cloud is still at work".into(), |ips| text::addresses(&ips))
}

fn nodes(world: &World) -> Vec<(Uid, String)> {
    world.machines().values().map(|machine| (machine.uid, machine.name.to_string())).collect()
}

/// What its health check found of a node.
#[component]
fn NodeHealth(service: Uid, node: Uid, name: String) -> impl IntoView {
    let session = expect_context::<Session>();
    let is_healthy = session.watch_scene(move |world| is_healthy(world, service, node).unwrap_or(false));
    let tone = move || if is_healthy.get() { Tone::Good } else { Tone::Fail };
    view! {
        <li>
            <span class="pk-row">
                <SelectLink to=Selection::Node(node)>{name}</SelectLink>
                <Tag tone=Signal::derive(tone)>
                    {move || if is_healthy.get() { "healthy" } else { "not healthy" }}
                </Tag>
            </span>
        </li>
    }
}

fn is_healthy(world: &World, service: Uid, node: Uid) -> Option<bool> {
    let service = world.store().service_by_uid(service)?;
    Some(world.cloud().balancers.get(&service.meta.key())?.healthy.contains(&node))
}
