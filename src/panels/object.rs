//! What is no Kubernetes object: the cloud's load balancer.

use super::{gone, link_to};
use crate::parts::*;
use crate::session::{Selection, Session};
use cluster::api::Uid;
use cluster::sim::World;
use leptos::prelude::*;

pub fn balancer(session: Session, service: Uid) -> AnyView {
    live(move || {
        session.scene_rev();
        session.rules_rev();
        session.with_world(|world| state(session, world, service))
    })
}

fn about(is_proxy: bool) -> &'static str {
    match is_proxy {
        true => {
            "It takes each connection itself, and makes another from an address of its own to the node port of one \
             node that answers kube-proxy's health check (ipMode Proxy): the node sees the load balancer call."
        }
        false => {
            "It sends each connection to one node that answers kube-proxy's health check, and passes the packets on \
             unchanged (ipMode VIP)."
        }
    }
}

fn state(session: Session, world: &World, uid: Uid) -> AnyView {
    let Some(service) = world.store().service_by_uid(uid) else { return gone("load balancer") };
    let Some(balancer) = world.cloud().balancers.get(&service.meta.key()) else {
        return gone("load balancer");
    };
    let address = balancer.ip.map_or_else(|| "the cloud is still at work".into(), |ip| ip.to_string());
    let healthy = &balancer.healthy;
    let nodes = world
        .machines()
        .values()
        .map(|m| {
            let (words, class) = match healthy.contains(&m.uid) {
                true => ("healthy", "pk-tag pk-good"),
                false => ("not healthy", "pk-tag pk-fail"),
            };
            let link = link_to(session, Selection::Node(m.uid), m.name.to_string());
            inline("pk-row", vec![link, span(class, words)])
        })
        .collect();
    block(
        "",
        vec![
            facts(vec![
                ("Address", code(address)),
                ("For", link_to(session, Selection::Service(uid), format!("Service {}", service.meta.name))),
            ]),
            says("pk-muted", about(world.config().balancer_is_proxy)),
            heading("Nodes"),
            items("pk-list", nodes),
        ],
    )
}
