//! A Service: its type, its addresses and ports, whom it selects, and how its calls end.

use super::chips::Editor;
use super::deployment::stepper;
use super::doings::types_for;
use super::membership::{deployments_of, pods_of, preview_selector};
use super::policies;
use super::{gone, link_to};
use crate::parts::*;
use crate::session::{Selection, Session};
use crate::shell::Ui;
use crate::text::count;
use cluster::api::{Action, Labels, Service, ServicePort, TargetPort, Uid};
use cluster::sim::World;
use cluster::traffic::Counts;
use leptos::prelude::*;

pub fn about(session: Session, ui: Ui, uid: Uid) -> AnyView {
    block(
        "",
        vec![
            live(move || {
                session.scene_rev();
                session.traffic_rev();
                match session.with_world(|world| world.store().service_by_uid(uid).cloned()) {
                    Some(service) => state(session, ui, &service),
                    None => gone("Service"),
                }
            }),
            policies::section(session, uid),
            selector(session, uid).view(),
        ],
    )
}

fn state(session: Session, ui: Ui, service: &Service) -> AnyView {
    let (ready, all) = session.with_world(|world| {
        let pods = pods_of(world, service);
        (pods.iter().filter(|p| p.status.ready).count(), pods.len())
    });
    let counts = session.with_world(|world| world.traffic().stats.services.get(&service.meta.key()).cloned());
    let mut rows = vec![
        ("Addresses", addresses(service)),
        ("Ports", block("", service.spec.ports.iter().map(|p| code(port(p))).collect())),
        ("Endpoints", text(format!("{ready} of {all} Pods ready"))),
        ("Requests", text(counts.map_or_else(|| "none yet".into(), |c| counted(&c)))),
        ("Pods from", deployments(session, service)),
    ];
    let mut kids = Kids::new();
    match types(session, service) {
        // Too wide to stand beside its name.
        Some(types) => {
            let types = block("pk-lines", vec![span("pk-muted", "Type"), inline("pk-row", vec![types])]);
            kids.push(block("pk-policies", vec![types]));
        }
        None => rows.insert(0, ("Type", text(plain_type(service)))),
    }
    kids.push(facts(rows));
    kids.push(session.with_world(|world| dns(ui, world, service)));
    block("", kids)
}

/// The records that a client finds it by.
fn dns(ui: Ui, world: &World, service: &Service) -> AnyView {
    let records: Vec<String> = world.dns_records(service).iter().map(ToString::to_string).collect();
    let summary = format!("DNS ({})", count(records.len(), "record"));
    match records.is_empty() {
        true => more_if(ui.dns_open, summary, vec![says("pk-muted", "No such name: no endpoint is ready.")]),
        false => more_if(ui.dns_open, summary, vec![listing("DNS records", records.join("\n"))]),
    }
}

fn plain_type(service: &Service) -> &'static str {
    if service.spec.headless { "headless" } else { service.spec.type_.as_str() }
}

/// `None` where it cannot be switched.
fn types(session: Session, service: &Service) -> Option<AnyView> {
    let options: Vec<(&'static str, bool, Act)> = types_for(service)
        .iter()
        .map(|type_| {
            let (key, type_) = (service.meta.key(), *type_);
            let act = move || {
                session.act(Action::SetServiceType { service: key.clone(), type_ });
            };
            (type_.as_str(), type_ == service.spec.type_, Act::new(move |()| act()))
        })
        .collect();
    (!options.is_empty()).then(|| choice("Type", options))
}

fn addresses(service: &Service) -> AnyView {
    let spec = &service.spec;
    let inside = spec.cluster_ips.iter().map(|ip| code(format!("{ip} inside")));
    let outside = service.ingress.iter().map(|i| code(format!("{} outside", i.ip)));
    let external = spec.external_ips.iter().map(|ip| code(format!("{ip} external IP")));
    let mut all: Kids = inside.chain(outside).chain(external).collect();
    if spec.type_ == cluster::api::ServiceType::LoadBalancer && service.ingress.is_empty() {
        all.push(span("pk-muted", "the cloud is still making a load balancer"));
    }
    if all.is_empty() {
        all.push(text(if spec.headless { "none: headless" } else { "none" }));
    }
    block("pk-lines", all)
}

/// `80/TCP → 8080, node port 30080`
fn port(port: &ServicePort) -> String {
    let target = match &port.target_port {
        TargetPort::Number(number) => number.to_string(),
        TargetPort::Name(name) => name.to_string(),
    };
    let name = if port.name.is_empty() { String::new() } else { format!("{} ", port.name) };
    let node = if port.node_port == 0 { String::new() } else { format!(", node port {}", port.node_port) };
    format!("{name}{}/{} → {target}{node}", port.port, port.protocol.as_str())
}

/// `120 sent, 97.5 % delivered, 3 failed`
pub fn counted(counts: &Counts) -> String {
    let share = counts.permille_delivered().map(|p| format!(", {}.{} % delivered", p / 10, p % 10));
    let failed = match counts.failed() {
        0 => String::new(),
        n => format!(", {n} failed"),
    };
    format!("{} sent{}{failed}", counts.sent, share.unwrap_or_default())
}

fn deployments(session: Session, service: &Service) -> AnyView {
    let all = session.with_world(|world| deployments_of(world, service));
    if all.is_empty() {
        return text("no Deployment");
    }
    let rows = all
        .into_iter()
        .map(|d| {
            let link = link_to(session, Selection::Deployment(d.meta.uid), d.meta.name.to_string());
            inline("pk-row", vec![link, stepper(session, &d)])
        })
        .collect();
    block("pk-lines", rows)
}

fn selector(session: Session, uid: Uid) -> Editor {
    let service = move |world: &World| world.store().service_by_uid(uid).cloned();
    Editor {
        name: "Selector",
        current: Signal::derive(move || {
            session.scene_rev();
            session.with_world(|w| service(w).and_then(|s| s.spec.selector.clone())).unwrap_or_default()
        }),
        preview: Callback::new(move |selector: Labels| {
            session.with_world(|w| service(w).map(|s| preview_selector(w, &s, &selector))).unwrap_or_default()
        }),
        apply: Callback::new(move |selector| {
            let key = session.with_world(|w| service(w).map(|s| s.meta.key()));
            key.is_some_and(|service| session.act(Action::SetSelector { service, selector }))
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use netfilter::Protocol;

    #[test]
    fn ports_read_as_kubectl_has_them() {
        let mut p = ServicePort {
            name: "".into(),
            protocol: Protocol::Tcp,
            port: 80,
            target_port: TargetPort::Number(8080),
            node_port: 0,
        };
        assert_eq!(port(&p), "80/TCP → 8080");
        p.name = "http".into();
        p.node_port = 30080;
        p.target_port = TargetPort::Name("web".into());
        assert_eq!(port(&p), "http 80/TCP → web, node port 30080");
    }

    #[test]
    fn counts_say_what_failed() {
        let counts = Counts { sent: 10, delivered: 6, refused: 2, ..Counts::default() };
        assert_eq!(counted(&counts), "10 sent, 75.0 % delivered, 2 failed");
        assert_eq!(counted(&Counts::default()), "0 sent");
    }
}
