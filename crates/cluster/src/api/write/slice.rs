//! EndpointSlices. All of their fields are known here, so they are written completely, without the original document.

use super::{map, put_or_remove, text};
use crate::api::{Endpoint, EndpointPort, EndpointSlice, Kind, Name, Str, Tree, Uid, Value};

/// The API server writes an empty list of a slice that a controller made as null.
pub fn overlay(tree: &mut Tree, slice: &EndpointSlice) {
    tree.put("addressType", text(slice.address_type.as_str()));
    if tree.field("endpoints").is_some() {
        // Written by hand, and nothing but another text changes it.
        return;
    }
    let namespace = &slice.meta.namespace;
    let endpoint = |e: &Endpoint| match slice.is_mirrored() {
        true => mirrored_endpoint(e, namespace),
        false => endpoint(e, namespace),
    };
    tree.put("endpoints", list(slice.endpoints.iter().map(endpoint).collect()));
    tree.put("ports", list(slice.ports.iter().map(port).collect()));
}

fn list(items: Vec<Tree>) -> Tree {
    if items.is_empty() { Tree::new(Value::Null) } else { Tree::seq(items) }
}

/// The mirroring controller sets no other condition than `ready`.
fn mirrored_endpoint(of: &Endpoint, namespace: &Name) -> Tree {
    let mut out = endpoint(of, namespace);
    out.put("conditions", map([("ready", Tree::bool(of.ready))]));
    out
}

pub fn port(port: &EndpointPort) -> Tree {
    let EndpointPort { name, protocol, port, app_protocol } = port;
    let mut out = map([
        ("name", text(name)),
        ("port", Tree::int(i64::from(*port))),
        ("protocol", text(protocol.as_str())),
    ]);
    put_or_remove(&mut out, "appProtocol", app_protocol.as_deref().map(text));
    out
}

/// `targetRef`.
pub fn target((name, uid): &(Name, Uid), namespace: &Name) -> Tree {
    map([
        ("kind", text(Kind::Pod.as_str())),
        ("name", text(name)),
        ("namespace", text(namespace)),
        ("uid", text(&uid.to_uuid())),
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
    if let Some(of) = &endpoint.target {
        out.put("targetRef", target(of, namespace));
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
