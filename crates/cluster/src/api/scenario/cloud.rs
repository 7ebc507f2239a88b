//! `spec.cloud` of a Scenario: who makes load balancers, and how they pass packets on.

use serde::Serialize;

use crate::api::decode::{
    FieldCursor, FieldShape as Shape, Struct, check_shape, field, ours, pod_one_of, shown,
};
use crate::api::diagnostics::Diagnostics;
use crate::api::{DiagnosticKind, Tree, Value};

/// The cloud that the cluster is in, if it is in one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize)]
pub enum CloudProvider {
    /// No service controller: a Service of type LoadBalancer has no address but those of its node port, as on kind and
    /// minikube.
    None,
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
}

const FIELDS: &Struct = &ours(&[field("ipMode", Shape::Str)]);
const NONE: &str = "none";

pub fn read(cursor: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> Option<CloudProvider> {
    let value = &cursor.tree()?.value;
    match value {
        Value::Null => None,
        Value::String(text) if &**text == NONE => Some(CloudProvider::None),
        Value::Map(_) => {
            check_shape(cursor, FIELDS, diagnostics);
            let mode = pod_one_of(&cursor.field("ipMode"), &["Proxy", "VIP"], diagnostics)?;
            Some(CloudProvider::of_ip_mode(mode == "Proxy"))
        }
        Value::String(_) | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Seq(_) => {
            let allowed = &[NONE, "{ipMode: VIP}", "{ipMode: Proxy}"];
            cursor.error(diagnostics, DiagnosticKind::Unsupported { value: shown(value), allowed });
            None
        }
    }
}

pub fn write(cloud: CloudProvider) -> Tree {
    let balancers = |mode| {
        let mut cloud = Tree::map();
        cloud.put("ipMode", Tree::string(mode));
        cloud
    };
    match cloud {
        CloudProvider::None => Tree::string(NONE),
        CloudProvider::Vip => balancers("VIP"),
        CloudProvider::Proxy => balancers("Proxy"),
    }
}
