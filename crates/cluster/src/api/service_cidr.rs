//! `networking.k8s.io/v1` ServiceCIDR: ranges that Services get their ClusterIPs from.

use serde::Serialize;

use super::decode::{self, Field, FieldCursor};
use super::diagnostics::Diagnostics;
use super::field;
use super::kind::Codec;
use super::validate;
use super::{ApiResource, Meta, NameRule, Resource, Scope, Tree, write};
use crate::sim::Time;
use netfilter::Cidr;

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ServiceCidr {
    pub meta: Meta,
    /// `spec.cidrs`: one, or one of each IP family.
    pub cidrs: Vec<Cidr>,
    /// `None` until its controller has seen it: the allocator takes that for true.
    pub ready: Option<ServiceCidrReady>,
}

/// Its condition Ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct ServiceCidrReady {
    /// False for one that is to go while Services have addresses that are in no other.
    pub is_true: bool,
    pub since: Time,
}

impl ServiceCidr {
    /// The one that a cluster has by itself (controlplane/controller/defaultservicecidr, DefaultServiceCIDRName).
    pub const DEFAULT: &str = "kubernetes";
    /// servicecidrs_controller.go, ServiceCIDRProtectionFinalizer.
    pub const FINALIZER: &str = "networking.k8s.io/service-cidr-finalizer";

    /// Of an update.
    pub(crate) fn forbidden_changes(&self, old: &ServiceCidr) -> Vec<field::Error> {
        validate::service_cidr::forbidden_changes(self, old)
    }

    /// Whether Services get addresses from it (ipallocator/cidrallocator.go, syncAllocators).
    pub fn gives_addresses(&self) -> bool {
        self.meta.deleted.is_none() && self.ready.is_none_or(|ready| ready.is_true)
    }
}

impl Resource for ServiceCidr {
    const API: ApiResource = ApiResource {
        kind: "ServiceCIDR",
        api_version: "networking.k8s.io/v1",
        plural: "servicecidrs",
        singular: "servicecidr",
        short_names: &[],
        scope: Scope::Cluster,
    };
    const NAME_RULE: NameRule = NameRule::Dns1123Subdomain;
}

impl Codec for ServiceCidr {
    const FIELDS: &'static [Field] = decode::service_cidr::FIELDS;

    fn decode(root: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> ServiceCidr {
        decode::service_cidr::decode(root, diagnostics)
    }

    fn set_defaults(&mut self) {}

    fn validate(&self) -> Vec<field::Error> {
        validate::service_cidr::validate(self)
    }

    fn print(&self, over: &mut Tree) {
        write::service_cidr::overlay(over, self);
    }
}
