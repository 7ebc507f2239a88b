//! `spec` and `status` of Services, defaults included.

use litemap::LiteMap;

use super::{at, map, port_or_name, printed, put_labels, put_or_remove, text};
use crate::api::{
    Labels, LoadBalancerIngress, Service, ServicePort, ServiceSpec, ServiceType, SessionAffinity,
    TrafficPolicy, Tree,
};

pub fn overlay(tree: &mut Tree, service: &Service) {
    let spec = at(tree, "spec");
    overlay_addresses(spec, &service.spec);
    overlay_ports(spec, &service.spec.ports);
    overlay_policies(spec, &service.spec);
    spec.put("type", text(service.spec.type_.as_str()));
    put_labels(spec, "selector", service.spec.selector.as_ref().unwrap_or(&Labels::new()));
    put_or_remove(spec, "externalName", service.spec.external_name.as_deref().map(text));
    let mut balancer = Tree::map();
    if !service.ingress.is_empty() {
        balancer.put("ingress", Tree::seq(service.ingress.iter().map(ingress).collect()));
    }
    tree.put("status", map([("loadBalancer", balancer)]));
}

fn overlay_addresses(tree: &mut Tree, spec: &ServiceSpec) {
    let none = || Tree::seq(vec![text("None")]);
    let (one, many) = match (spec.headless, spec.cluster_ips.first()) {
        (true, _) => (Some(text("None")), Some(none())),
        (false, Some(ip)) => (Some(text(&ip.to_string())), Some(printed(&spec.cluster_ips))),
        (false, None) => (None, None),
    };
    put_or_remove(tree, "clusterIP", one);
    put_or_remove(tree, "clusterIPs", many);
    put_or_remove(tree, "externalIPs", spec.external_ips.first().map(|_| printed(&spec.external_ips)));
    let ranges = &spec.load_balancer_source_ranges;
    put_or_remove(tree, "loadBalancerSourceRanges", ranges.first().map(|_| printed(ranges)));
}

/// Each port keeps what was written for it beside what is simulated (`appProtocol`).
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
    put_or_remove(&mut out, "name", (!port.name.is_empty()).then(|| text(&port.name)));
    let node_port = (port.node_port != 0).then(|| Tree::int(i64::from(port.node_port)));
    put_or_remove(&mut out, "nodePort", node_port);
    out.put("port", Tree::int(i64::from(port.port)));
    out.put("protocol", text(port.protocol.as_str()));
    out.put("targetPort", port_or_name(&port.target_port));
    out
}

fn overlay_policies(tree: &mut Tree, spec: &ServiceSpec) {
    let policy = |policy: TrafficPolicy| match policy {
        TrafficPolicy::Cluster => text("Cluster"),
        TrafficPolicy::Local => text("Local"),
    };
    put_or_remove(tree, "externalTrafficPolicy", spec.external_traffic_policy.map(policy));
    // Not a default of ExternalName (defaults.go, SetDefaults_Service), but it may be asked for.
    let internal = spec.internal_traffic_policy;
    let shows_internal = spec.type_ != ServiceType::ExternalName || internal != TrafficPolicy::Cluster;
    put_or_remove(tree, "internalTrafficPolicy", shows_internal.then(|| policy(internal)));
    let allocate = spec.allocate_load_balancer_node_ports.map(Tree::bool);
    put_or_remove(tree, "allocateLoadBalancerNodePorts", allocate);
    put_or_remove(tree, "loadBalancerClass", spec.load_balancer_class.as_deref().map(text));
    let health = spec.health_check_node_port;
    put_or_remove(tree, "healthCheckNodePort", (health != 0).then(|| Tree::int(i64::from(health))));
    let publish = spec.publish_not_ready_addresses.then(|| Tree::bool(true));
    put_or_remove(tree, "publishNotReadyAddresses", publish);
    put_or_remove(tree, "trafficDistribution", spec.traffic_distribution.as_deref().map(text));
    overlay_affinity(tree, spec.session_affinity);
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
