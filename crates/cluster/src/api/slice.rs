//! `discovery.k8s.io/v1` EndpointSlice.

use std::net::IpAddr;

use serde::{Serialize, Serializer};

use super::decode::{self, Field, FieldCursor, fields};
use super::diagnostics::Diagnostics;
use super::field;
use super::kind::Codec;
use super::validate;
use super::{ApiResource, Meta, Name, NameRule, NsName, Resource, Scope, Str, Tree, Uid, write};
use netfilter::{Family, Protocol};

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EndpointSlice {
    pub meta: Meta,
    /// The label `kubernetes.io/service-name`.
    pub service: Name,
    pub address_type: AddressType,
    pub ports: Vec<EndpointPort>,
    pub endpoints: Vec<Endpoint>,
}

impl EndpointSlice {
    /// The label that names the controller which writes a slice.
    pub const MANAGED_BY: &'static str = "endpointslice.kubernetes.io/managed-by";
    /// The label of slices of a headless Service, and of its Endpoints.
    pub const HEADLESS: &'static str = "service.kubernetes.io/headless";
    /// The controller that mirrors Endpoints.
    pub const MIRRORING: &'static str = "endpointslicemirroring-controller.k8s.io";

    /// The Service that it belongs to.
    pub fn service_key(&self) -> NsName {
        NsName { namespace: self.meta.namespace.clone(), name: self.service.clone() }
    }

    pub fn is_mirrored(&self) -> bool {
        self.meta.labels.get(EndpointSlice::MANAGED_BY).is_some_and(|by| &**by == EndpointSlice::MIRRORING)
    }
}

/// `addressType`: a slice has addresses of one kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum AddressType {
    Ip(Family),
    /// DNS names. kube-proxy ignores them (endpointslicecache.go), so they are not kept here.
    Fqdn,
}

impl AddressType {
    pub fn as_str(self) -> &'static str {
        match self {
            AddressType::Ip(family) => family.as_str(),
            AddressType::Fqdn => "FQDN",
        }
    }
}

impl Serialize for AddressType {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl Resource for EndpointSlice {
    const API: ApiResource = ApiResource {
        kind: "EndpointSlice",
        api_version: "discovery.k8s.io/v1",
        plural: "endpointslices",
        singular: "endpointslice",
        short_names: &[],
        scope: Scope::Namespaced,
    };
    const NAME_RULE: NameRule = NameRule::Dns1123Subdomain;
}

impl Codec for EndpointSlice {
    const FIELDS: &'static [Field] = fields::ENDPOINT_SLICE;

    fn decode(root: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> EndpointSlice {
        decode::slice::decode(root, diagnostics)
    }

    /// What is not written is the default of its type.
    fn set_defaults(&mut self) {}

    fn validate(&self) -> Vec<field::Error> {
        validate::slice::validate(self)
    }

    fn print(&self, over: &mut Tree) {
        write::slice::overlay(over, self);
    }
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct EndpointPort {
    /// Empty when the Service's port has no name.
    pub name: Str,
    pub protocol: Protocol,
    pub port: u16,
    pub app_protocol: Option<Str>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Endpoint {
    /// `addresses[0]`: kube-proxy reads no other (endpointslicecache.go, addEndpoints).
    pub address: IpAddr,
    /// The rest of `addresses`.
    pub other_addresses: Vec<IpAddr>,
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
