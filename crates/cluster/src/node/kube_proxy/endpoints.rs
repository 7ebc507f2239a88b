//! What kube-proxy keeps of EndpointSlices (pkg/proxy/endpointslicecache.go).

use litemap::LiteMap;
use std::net::SocketAddr;
use std::sync::Arc;

use super::ServicePortName;
use crate::api::{Endpoint, EndpointSlice, Name, Str};
use netfilter::Family;

/// The endpoints of each service port, sorted as upstream sorts them.
pub type EndpointsMap = LiteMap<ServicePortName, Vec<EndpointInfo>>;

/// One endpoint of one service port (BaseEndpointInfo).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndpointInfo {
    pub address: SocketAddr,
    /// `IP:port`, which endpoints are sorted by and their chains are named after.
    pub text: Str,
    /// On the node whose kube-proxy this is for.
    pub local: bool,
    pub ready: bool,
    pub serving: bool,
    pub terminating: bool,
    pub zone_hints: Vec<Str>,
    pub node_hints: Vec<Name>,
}

/// The endpoints of one family in these slices, for the kube-proxy of node `node_name`.
pub fn endpoints_map(
    slices: &mut dyn Iterator<Item = &Arc<EndpointSlice>>,
    node_name: &str,
    family: Family,
) -> EndpointsMap {
    let mut by_text: LiteMap<ServicePortName, LiteMap<Str, EndpointInfo>> = LiteMap::new();
    for slice in slices.filter(|slice| super::is_watched(slice)) {
        let service = slice.service_key();
        for port in slice.ports.iter().filter(|port| port.port != 0) {
            let name = ServicePortName {
                service: service.clone(),
                port: port.name.clone(),
                protocol: port.protocol,
            };
            let endpoints = slice.endpoints.iter().filter(|e| Family::of(e.address) == family);
            let infos = endpoints.map(|e| endpoint_info(e, port.port, node_name));
            let known = by_text.entry(name).or_default();
            infos.for_each(|info| add(known, info));
        }
    }
    // A LiteMap over the texts has upstream's order already: 10.0.0.10:80 before 10.0.0.8:80.
    by_text.retain(|_, known| !known.is_empty());
    by_text
        .into_iter()
        .map(|(name, known)| (name, known.into_iter().map(|(_, endpoint)| endpoint).collect()))
        .collect()
}

/// addEndpoints: an address may be in two slices, while an endpoint moves or when a new Pod got
/// the address of one that still terminates. One that does not terminate wins; else the first.
fn add(known: &mut LiteMap<Str, EndpointInfo>, info: EndpointInfo) {
    if !info.terminating || !known.contains_key(&info.text) {
        known.insert(info.text.clone(), info);
    }
}

fn endpoint_info(endpoint: &Endpoint, port: u16, node_name: &str) -> EndpointInfo {
    let address = SocketAddr::new(endpoint.address, port);
    EndpointInfo {
        address,
        text: address.to_string().into(),
        local: !node_name.is_empty() && endpoint.node.as_deref() == Some(node_name),
        ready: endpoint.ready,
        serving: endpoint.serving,
        terminating: endpoint.terminating,
        zone_hints: endpoint.zone_hints.clone(),
        node_hints: endpoint.node_hints.clone(),
    }
}
