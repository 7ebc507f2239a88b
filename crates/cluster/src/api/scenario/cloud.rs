//! `spec.cloud` of a Scenario: who makes load balancers, and how they pass packets on; or which addresses there are
//! without any.

use serde::Serialize;

use super::address_pool::{self, AddressPool};
use crate::api::decode::{
    FieldCursor, FieldShape as Shape, Struct, check_shape, field, ours, pod_one_of, shown,
};
use crate::api::diagnostics::Diagnostics;
use crate::api::{DiagnosticKind, Rule, Tree, Value};

/// The cloud that the cluster is in, if it is in one.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize)]
pub enum CloudProvider {
    /// No service controller: a Service of type LoadBalancer has no address but those of its node port, as on kind and
    /// minikube.
    None,
    /// No load balancers either, but addresses: one node answers for each, as with MetalLB in layer 2 mode.
    AddressPool(AddressPool),
    /// Load balancers that pass packets on unchanged: `ipMode: VIP`.
    #[default]
    Vip,
    /// Load balancers that call node ports with an address of their own: `ipMode: Proxy`.
    Proxy,
}

impl CloudProvider {
    pub fn of_ip_mode(is_proxy: bool) -> CloudProvider {
        if is_proxy { CloudProvider::Proxy } else { CloudProvider::Vip }
    }

    /// Whether there is a cloud.
    pub fn makes_balancers(&self) -> bool {
        match self {
            CloudProvider::Vip | CloudProvider::Proxy => true,
            CloudProvider::None | CloudProvider::AddressPool(_) => false,
        }
    }

    pub fn address_pool(&self) -> Option<&AddressPool> {
        match self {
            CloudProvider::AddressPool(pool) => Some(pool),
            CloudProvider::None | CloudProvider::Vip | CloudProvider::Proxy => None,
        }
    }
}

const FIELDS: &Struct = &ours(&[field("ipMode", Shape::Str), field("addressPool", Shape::Strs)]);
const NONE: &str = "none";

pub fn read(cursor: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> Option<CloudProvider> {
    let value = &cursor.tree()?.value;
    match value {
        Value::Null => None,
        Value::String(text) if &**text == NONE => Some(CloudProvider::None),
        Value::Map(_) => {
            check_shape(cursor, FIELDS, diagnostics);
            let (mode, pool) = (cursor.field("ipMode"), cursor.field("addressPool"));
            if pool.is_set() {
                if mode.is_set() {
                    mode.error(diagnostics, DiagnosticKind::Forbidden { why: Rule::IpModeOfPool });
                }
                return address_pool::read(&pool, diagnostics).map(CloudProvider::AddressPool);
            }
            let mode = pod_one_of(&mode, &["Proxy", "VIP"], diagnostics)?;
            Some(CloudProvider::of_ip_mode(mode == "Proxy"))
        }
        Value::String(_) | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Seq(_) => {
            let allowed = &[NONE, "{ipMode: VIP}", "{ipMode: Proxy}", "{addressPool: [FIRST-LAST]}"];
            cursor.error(diagnostics, DiagnosticKind::Unsupported { value: shown(value), allowed });
            None
        }
    }
}

pub fn write(cloud: &CloudProvider) -> Tree {
    let with = |key: &str, value| {
        let mut cloud = Tree::map();
        cloud.put(key, value);
        cloud
    };
    match cloud {
        CloudProvider::None => Tree::string(NONE),
        CloudProvider::AddressPool(pool) => with("addressPool", pool.write()),
        CloudProvider::Vip => with("ipMode", Tree::string("VIP")),
        CloudProvider::Proxy => with("ipMode", Tree::string("Proxy")),
    }
}
