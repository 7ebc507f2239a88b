//! Endpoints. All of their fields are known here, so they are written completely.

use super::{map, slice, text};
use crate::api::{EndpointAddress, EndpointPort, EndpointSubset, Endpoints, Name, Tree};

pub fn overlay(tree: &mut Tree, endpoints: &Endpoints) {
    tree.remove(&["subsets".into()]);
    if endpoints.subsets.is_empty() {
        return;
    }
    let namespace = &endpoints.meta.namespace;
    let subsets = endpoints.subsets.iter().map(|of| subset(of, namespace)).collect();
    tree.put("subsets", Tree::seq(subsets));
}

fn subset(subset: &EndpointSubset, namespace: &Name) -> Tree {
    let mut out = Tree::map();
    let lists = [("addresses", &subset.addresses), ("notReadyAddresses", &subset.not_ready_addresses)];
    for (key, addresses) in lists.into_iter().filter(|(_, addresses)| !addresses.is_empty()) {
        out.put(key, Tree::seq(addresses.iter().map(|of| address(of, namespace)).collect()));
    }
    if !subset.ports.is_empty() {
        out.put("ports", Tree::seq(subset.ports.iter().map(port).collect()));
    }
    out
}

/// Other than in a slice, a port without a name has none.
fn port(port: &EndpointPort) -> Tree {
    let mut out = slice::port(port);
    if port.name.is_empty() {
        out.remove(&["name".into()]);
    }
    out
}

fn address(address: &EndpointAddress, namespace: &Name) -> Tree {
    let mut out = map([("ip", text(&address.ip.to_string()))]);
    for (key, value) in [("hostname", &address.hostname), ("nodeName", &address.node)] {
        if let Some(value) = value {
            out.put(key, text(value));
        }
    }
    if let Some(target) = &address.target {
        out.put("targetRef", slice::target(target, namespace));
    }
    out
}
