//! `discovery.k8s.io/v1` EndpointSlice.

use std::net::IpAddr;

use serde::Serialize;

use super::{Meta, Name, Str, Uid};
use crate::net::Protocol;

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EndpointSlice {
    pub meta: Meta,
    /// The label `kubernetes.io/service-name`.
    pub service: Name,
    pub ports: Vec<EndpointPort>,
    pub endpoints: Vec<Endpoint>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct EndpointPort {
    /// Empty when the Service's port has no name.
    pub name: Str,
    pub protocol: Protocol,
    pub port: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Endpoint {
    /// Only `addresses[0]`: kube-proxy reads no other (endpointslicecache.go).
    pub address: IpAddr,
    pub ready: bool,
    pub serving: bool,
    pub terminating: bool,
    pub node: Option<Name>,
    pub zone: Option<Str>,
    pub hostname: Option<Str>,
    /// `targetRef`: the Pod's name and uid.
    pub target: Option<(Name, Uid)>,
    /// `hints.forZones`.
    pub zone_hints: Vec<Str>,
    /// `hints.forNodes`.
    pub node_hints: Vec<Name>,
}
