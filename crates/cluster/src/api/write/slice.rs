//! EndpointSlices. All of their fields are known here, so they are written completely, without the original document.

use super::{map, text};
use crate::api::{Endpoint, EndpointPort, EndpointSlice, Kind, Name, Str, Tree};

pub fn overlay(tree: &mut Tree, slice: &EndpointSlice) {
    tree.put("addressType", text(slice.address_type.as_str()));
    let namespace = &slice.meta.namespace;
    tree.put("endpoints", Tree::seq(slice.endpoints.iter().map(|e| endpoint(e, namespace)).collect()));
    tree.put("ports", Tree::seq(slice.ports.iter().map(port).collect()));
}

fn port(port: &EndpointPort) -> Tree {
    map([
        ("name", text(&port.name)),
        ("port", Tree::int(i64::from(port.port))),
        ("protocol", text(port.protocol.as_str())),
    ])
}

fn endpoint(endpoint: &Endpoint, namespace: &Name) -> Tree {
    let conditions = map([
        ("ready", Tree::bool(endpoint.ready)),
        ("serving", Tree::bool(endpoint.serving)),
        ("terminating", Tree::bool(endpoint.terminating)),
    ]);
    let addresses = std::iter::once(&endpoint.address).chain(&endpoint.other_addresses);
    let addresses = Tree::seq(addresses.map(|ip| text(&ip.to_string())).collect());
    let mut out = map([("addresses", addresses), ("conditions", conditions)]);
    let named = [("hostname", &endpoint.hostname), ("nodeName", &endpoint.node), ("zone", &endpoint.zone)];
    for (key, value) in named {
        if let Some(value) = value {
            out.put(key, text(value));
        }
    }
    if let Some((name, uid)) = &endpoint.target {
        let uid = text(&uid.to_uuid());
        let target = [
            ("kind", text(Kind::Pod.as_str())),
            ("name", text(name)),
            ("namespace", text(namespace)),
            ("uid", uid),
        ];
        out.put("targetRef", map(target));
    }
    put_hints(&mut out, &endpoint.zone_hints, &endpoint.node_hints);
    out
}

fn put_hints(out: &mut Tree, zones: &[Str], nodes: &[Name]) {
    for (key, names) in [("forZones", zones), ("forNodes", nodes)] {
        if !names.is_empty() {
            let items = names.iter().map(|name| map([("name", text(name))]));
            let items = Tree::seq(items.collect());
            out.set(&["hints".into(), key.into()], items);
        }
    }
}
