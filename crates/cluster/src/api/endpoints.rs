//! `v1` Endpoints: the older form of a Service's EndpointSlices.

use std::net::IpAddr;

use serde::Serialize;

use super::decode::{self, Field, FieldCursor, fields};
use super::diagnostics::Diagnostics;
use super::field;
use super::kind::Codec;
use super::{
    ApiResource, EndpointPort, Meta, Name, NameRule, Resource, Scope, Str, Tree, Uid, validate, write,
};

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Endpoints {
    pub meta: Meta,
    pub subsets: Vec<EndpointSubset>,
}

/// Every address serves on every port.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EndpointSubset {
    pub addresses: Vec<EndpointAddress>,
    pub not_ready_addresses: Vec<EndpointAddress>,
    pub ports: Vec<EndpointPort>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EndpointAddress {
    pub ip: IpAddr,
    pub hostname: Option<Str>,
    pub node: Option<Name>,
    /// `targetRef`: the Pod's name and uid.
    pub target: Option<(Name, Uid)>,
}

impl Resource for Endpoints {
    const API: ApiResource = ApiResource {
        kind: "Endpoints",
        api_version: "v1",
        plural: "endpoints",
        singular: "endpoints",
        short_names: &["ep"],
        scope: Scope::Namespaced,
    };
    const NAME_RULE: NameRule = NameRule::Dns1123Subdomain;
}

impl Codec for Endpoints {
    const FIELDS: &'static [Field] = fields::ENDPOINTS;

    fn decode(root: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> Endpoints {
        decode::endpoints::decode(root, diagnostics)
    }

    /// Each field has the default of its type (protocol TCP).
    fn set_defaults(&mut self) {}

    fn validate(&self) -> Vec<field::Error> {
        validate::endpoints::validate(self)
    }

    fn print(&self, over: &mut Tree) {
        write::endpoints::overlay(over, self);
    }
}
