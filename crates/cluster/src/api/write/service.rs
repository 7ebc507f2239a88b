//! `spec` and `status` of Services, defaults included.

use std::net::IpAddr;
use std::str::FromStr;

use litemap::LiteMap;

use super::{at, map, port_or_name, printed, put_labels, put_or_remove, text};
use crate::api::{
    Labels, LoadBalancerIngress, Service, ServicePort, ServiceSpec, ServiceType, SessionAffinity, Tree,
};

/// No field is passed over by a `..`: one that is added is written here.
pub fn overlay(tree: &mut Tree, service: &Service) {
    let Service { meta: _, spec, ingress } = service;
    let ServiceSpec {
        type_,
        selector,
        ports,
        headless,
        cluster_ips,
        ip_families,
        ip_family_policy,
        external_ips,
        external_name,
        session_affinity,
        external_traffic_policy,
        internal_traffic_policy,
        load_balancer_source_ranges,
        load_balancer_class,
        load_balancer_ip,
        health_check_node_port,
        publish_not_ready_addresses,
        allocate_load_balancer_node_ports,
        traffic_distribution,
    } = spec;
    let out = at(tree, "spec");
    overlay_cluster_ips(out, *headless, cluster_ips);
    let external = as_written(out, "externalIPs", external_ips).or_else(|| list(external_ips));
    put_or_remove(out, "externalIPs", external);
    let ranges = as_written(out, "loadBalancerSourceRanges", load_balancer_source_ranges);
    put_or_remove(out, "loadBalancerSourceRanges", ranges.or_else(|| list(load_balancer_source_ranges)));
    overlay_ports(out, ports);
    put_or_remove(out, "externalTrafficPolicy", external_traffic_policy.map(|policy| text(policy.as_str())));
    let internal = (*type_ != ServiceType::ExternalName).then(|| text(internal_traffic_policy.as_str()));
    put_or_remove(out, "internalTrafficPolicy", internal);
    put_or_remove(out, "allocateLoadBalancerNodePorts", allocate_load_balancer_node_ports.map(Tree::bool));
    put_or_remove(out, "loadBalancerIP", load_balancer_ip.as_deref().map(text));
    put_or_remove(out, "loadBalancerClass", load_balancer_class.as_deref().map(text));
    let health = i64::from(*health_check_node_port);
    put_or_remove(out, "healthCheckNodePort", (health != 0).then(|| Tree::int(health)));
    put_or_remove(out, "publishNotReadyAddresses", publish_not_ready_addresses.then(|| Tree::bool(true)));
    put_or_remove(out, "trafficDistribution", traffic_distribution.as_deref().map(text));
    overlay_affinity(out, *session_affinity);
    let families: Vec<&str> = ip_families.iter().map(|family| family.as_str()).collect();
    put_or_remove(out, "ipFamilies", list(&families));
    put_or_remove(out, "ipFamilyPolicy", ip_family_policy.map(|policy| text(policy.as_str())));
    out.put("type", text(type_.as_str()));
    put_labels(out, "selector", selector.as_ref().unwrap_or(&Labels::new()));
    put_or_remove(out, "externalName", external_name.as_deref().map(text));
    let mut balancer = Tree::map();
    if !ingress.is_empty() {
        balancer.put("ingress", Tree::seq(ingress.iter().map(self::ingress).collect()));
    }
    tree.put("status", map([("loadBalancer", balancer)]));
}

/// `None` for an empty one.
pub(super) fn list<T: ToString>(items: &[T]) -> Option<Tree> {
    (!items.is_empty()).then(|| printed(items))
}

/// Addresses or prefixes: the API server does not change how they were written.
fn as_written<T: FromStr + PartialEq + ToString>(tree: &Tree, key: &str, items: &[T]) -> Option<Tree> {
    let written = tree.field(key)?;
    let says = |(written, item): (&Tree, &T)| is_written(written, item);
    let is_same = written.items().len() == items.len() && written.items().iter().zip(items).all(says);
    (is_same && !items.is_empty()).then(|| written.clone())
}

/// `loadBalancerSourceRanges` may have spaces around them (ValidateLoadBalancerSourceRanges).
fn is_written<T: FromStr + PartialEq>(written: &Tree, item: &T) -> bool {
    written.as_str().and_then(|written| written.trim().parse().ok()).is_some_and(|read: T| read == *item)
}

/// The list begins with the single address, as that was written (normalizeClusterIPs).
fn overlay_cluster_ips(tree: &mut Tree, headless: bool, ips: &[IpAddr]) {
    let (one, many) = match (headless, ips.first()) {
        (true, _) => (Some(text("None")), Some(Tree::seq(vec![text("None")]))),
        (false, Some(first)) => {
            let many = as_written(tree, "clusterIPs", ips).unwrap_or_else(|| printed(ips));
            let one = tree.field("clusterIP").filter(|written| is_written(written, first));
            let one = one.or(many.items().first()).cloned();
            let all = one.iter().chain(many.items().iter().skip(1)).cloned().collect();
            (one, Some(Tree::seq(all)))
        }
        (false, None) => (None, None),
    };
    put_or_remove(tree, "clusterIP", one);
    put_or_remove(tree, "clusterIPs", many);
}

/// Each port keeps what was written for it beside what is known here.
fn overlay_ports(tree: &mut Tree, ports: &[ServicePort]) {
    let written = tree.field("ports").map_or(&[][..], |t| t.items());
    let mut by_key: LiteMap<(i64, &str), &Tree> = LiteMap::new();
    for tree in written {
        if let Some(key) = key_of(tree) {
            by_key.insert(key, tree);
        }
    }
    let items = ports.iter().map(|port| {
        let base = by_key.get(&(i64::from(port.port), port.protocol.as_str()));
        overlay_port(base.map_or_else(Tree::map, |t| (*t).clone()), port)
    });
    let items: Vec<Tree> = items.collect();
    put_or_remove(tree, "ports", (!items.is_empty()).then(|| Tree::seq(items)));
}

fn key_of(port: &Tree) -> Option<(i64, &str)> {
    let protocol = port.field("protocol").and_then(Tree::as_str).map_or("TCP", |p| p);
    Some((port.field("port")?.as_int()?, protocol))
}

fn overlay_port(mut out: Tree, port: &ServicePort) -> Tree {
    let ServicePort { name, protocol, port, target_port, node_port, app_protocol } = port;
    put_or_remove(&mut out, "appProtocol", app_protocol.as_deref().map(text));
    put_or_remove(&mut out, "name", (!name.is_empty()).then(|| text(name)));
    put_or_remove(&mut out, "nodePort", (*node_port != 0).then(|| Tree::int(i64::from(*node_port))));
    out.put("port", Tree::int(i64::from(*port)));
    out.put("protocol", text(protocol.as_str()));
    out.put("targetPort", port_or_name(target_port));
    out
}

fn overlay_affinity(tree: &mut Tree, affinity: SessionAffinity) {
    let (kind, config) = match affinity {
        SessionAffinity::None => ("None", None),
        SessionAffinity::ClientIP { timeout_s } => {
            let timeout = map([("timeoutSeconds", Tree::int(i64::from(timeout_s)))]);
            ("ClientIP", Some(map([("clientIP", timeout)])))
        }
    };
    tree.put("sessionAffinity", text(kind));
    put_or_remove(tree, "sessionAffinityConfig", config);
}

fn ingress(ingress: &LoadBalancerIngress) -> Tree {
    let mode = if ingress.proxy { "Proxy" } else { "VIP" };
    map([("ip", text(&ingress.ip.to_string())), ("ipMode", text(mode))])
}
