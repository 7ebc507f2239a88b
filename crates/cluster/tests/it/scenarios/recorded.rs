//! What there is to say of a run at its end, for a person who reviews it: what happened, what there
//! is, and what came of the clients' requests.

use std::collections::BTreeSet;
use std::fmt::{Display, Write};
use std::net::IpAddr;

use cluster::api::{Endpoint, Pod, Service};
use cluster::dns::RecordType;
use cluster::sim::{Span, World};
use cluster::traffic::Counts;
use netfilter::Protocol;

pub fn record(world: &World) -> String {
    let mut out = String::new();
    for logged in world.log().iter() {
        let _ = writeln!(
            out,
            "{:>11}  {}",
            words::moment(world.moment(logged.at)),
            words::happened(&logged.entry)
        );
    }
    out.push('\n');
    for line in objects(world) {
        let _ = writeln!(out, "{line}");
    }
    out.push('\n');
    write_requests(&mut out, world);
    out
}

/// A sentence for each object.
pub fn objects(world: &World) -> Vec<String> {
    let store = world.store();
    let mut lines: Vec<String> = store.pods.iter().map(|pod| of_pod(pod)).collect();
    lines.extend(store.services.iter().map(|service| of_service(world, service)));
    // What DNS says of ports, where it says anything of them.
    let records = store.services.iter().flat_map(|service| world.dns_records(service));
    lines.extend(
        records.filter(|record| record.kind() == RecordType::Srv).map(|record| format!("DNS: {record}")),
    );
    for slice in store.slices.iter() {
        lines.extend(slice.endpoints.iter().map(|endpoint| of_endpoint(&slice.service, endpoint)));
    }
    lines
}

fn of_endpoint(service: &str, endpoint: &Endpoint) -> String {
    let conditions =
        [("ready", endpoint.ready), ("serving", endpoint.serving), ("terminating", endpoint.terminating)];
    let conditions: Vec<&str> = conditions.iter().filter(|(_, on)| *on).map(|(name, _)| *name).collect();
    let conditions = if conditions.is_empty() { "not ready".into() } else { conditions.join(", ") };
    format!("Endpoint of {service}: {}, {conditions}", endpoint.address)
}

fn of_pod(pod: &Pod) -> String {
    let node = pod.spec.node_name.as_ref().map_or("on no node".to_string(), |node| format!("on {node}"));
    let ip = pod.status.pod_ip().map_or("no address".to_string(), |ip| ip.to_string());
    let ready = if pod.status.is_ready() { "ready" } else { "not ready" };
    format!("Pod {} {node}: {ip}, {ready}", pod.meta.key())
}

fn of_service(world: &World, service: &Service) -> String {
    let spec = &service.spec;
    let type_ = if spec.headless { "headless" } else { spec.type_.as_str() };
    let mut parts = vec![type_.to_string()];
    parts.extend(spec.external_name.iter().map(ToString::to_string));
    if !spec.cluster_ips.is_empty() {
        parts.push(list(&spec.cluster_ips));
    }
    for port in &spec.ports {
        let protocol = match port.protocol {
            Protocol::Tcp => String::new(),
            protocol => format!("/{}", protocol.as_str()),
        };
        let node_port = Some(port.node_port).filter(|port| *port != 0);
        let node_port = node_port.map_or(String::new(), |port| format!(" on node port {port}"));
        parts.push(format!("port {}{protocol}{node_port}", port.port));
    }
    if !service.ingress.is_empty() {
        let addresses: Vec<_> = service.ingress.iter().map(|ingress| ingress.ip).collect();
        let pool = world.pool().assigned.get(&service.meta.key());
        let who = pool.map(|assigned| assigned.node.and_then(|node| world.node_name(node)));
        parts.push(match who {
            None => format!("load balancer at {}", list(&addresses)),
            Some(None) => format!("{} at no node", list(&addresses)),
            Some(Some(node)) => format!("{} at {node}", list(&addresses)),
        });
    }
    format!("Service {}: {}", service.meta.key(), parts.join(", "))
}

fn list(items: &[impl Display]) -> String {
    items.iter().map(ToString::to_string).collect::<Vec<_>>().join(" and ")
}

fn write_requests(out: &mut String, world: &World) {
    let seen_as = masqueraded(world);
    for (name, counts) in &world.traffic().stats.clients {
        let _ = writeln!(out, "Client {name}: {}", of_counts(counts));
        for (class, count) in &counts.lost {
            let _ = writeln!(out, "    lost {count}: {}", words::loss_class(*class));
        }
        if counts.by_stale_rule > 0 {
            let _ = writeln!(out, "    of these, {} were sent by a stale rule", counts.by_stale_rule);
        }
        for (_, source) in seen_as.iter().filter(|(client, _)| client == name.as_ref()) {
            let _ = writeln!(out, "    a Pod sees it as {source}");
        }
    }
    for count in world.traffic().stats.pods.values() {
        let _ = writeln!(out, "Pod {} answered {}", count.pod, count.answered);
    }
}

fn of_counts(counts: &Counts) -> String {
    let mut parts = vec![format!("{} requests", counts.sent)];
    if let Some(mean) = counts.latency_total.0.checked_div(counts.delivered) {
        parts.push(format!("{} delivered, each in {} on average", counts.delivered, words::span(Span(mean))));
    }
    let others = [
        (counts.refused, "refused"),
        (counts.unreachable, "host unreachable"),
        (counts.reset, "reset or closed"),
        (counts.timed_out, "timed out"),
        (counts.not_received, "not received"),
        (counts.unresolved, "name not found"),
        (counts.no_dns, "without an answer from DNS"),
        (counts.no_address, "without an address to call"),
        (counts.abandoned, "given up"),
    ];
    parts.extend(others.iter().filter(|(count, _)| *count > 0).map(|(count, how)| format!("{count} {how}")));
    parts.join(", ")
}

/// Clients whose address the Pods do not see, and what they see.
fn masqueraded(world: &World) -> BTreeSet<(String, IpAddr)> {
    let finished = world.traffic().finished.iter();
    let seen = finished.filter_map(|r| Some((r, r.server_saw?.0)));
    seen.filter(|(r, source)| r.tuple.is_some_and(|t| t.src != *source))
        .map(|(r, source)| (r.client_name.to_string(), source))
        .collect()
}
