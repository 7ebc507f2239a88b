//! Objects named in one string: `Pod/default/web-0`, `Node/node-1`, and kubectl's short names.

use crate::api::decode::is_cluster_scoped;
use crate::api::{NsName, ObjectRef};

/// kubectl's names for the kinds that are simulated; the first is the one that is printed where
/// a short one is.
const SHORT: [(&str, &[&str]); 8] = [
    ("Pod", &["pod", "pods", "po"]),
    ("Deployment", &["deploy", "deployment", "deployments"]),
    ("ReplicaSet", &["rs", "replicaset", "replicasets"]),
    ("StatefulSet", &["sts", "statefulset", "statefulsets"]),
    ("Service", &["svc", "service", "services"]),
    ("Node", &["node", "nodes", "no"]),
    ("Namespace", &["namespace", "namespaces", "ns"]),
    ("EndpointSlice", &["endpointslice", "endpointslices"]),
];

fn full_kind(text: &str) -> &str {
    SHORT.iter().find(|(_, short)| short.contains(&text)).map_or(text, |(kind, _)| kind)
}

pub fn short_kind(kind: &str) -> &str {
    SHORT.iter().find(|(name, _)| *name == kind).map_or(kind, |(_, short)| short[0])
}

/// `Kind/namespace/name`, or `Kind/name` for what is outside namespaces or in `default`.
pub fn parse_object(text: &str) -> Option<ObjectRef> {
    let mut parts = text.split('/');
    let kind = full_kind(parts.next()?);
    let (second, third) = (parts.next()?, parts.next());
    let (namespace, name) = match third {
        Some(name) => (second, name),
        None if is_cluster_scoped(kind) => ("", second),
        None => ("default", second),
    };
    if kind.is_empty() || name.is_empty() || parts.next().is_some() {
        return None;
    }
    Some(ObjectRef { kind: kind.into(), namespace: namespace.into(), name: name.into() })
}

pub fn print_object(object: &ObjectRef) -> String {
    print_as(&object.kind, object)
}

/// With another word for the kind.
pub fn print_as(kind: &str, object: &ObjectRef) -> String {
    match object.namespace.is_empty() && is_cluster_scoped(&object.kind) {
        true => [kind, "/", &object.name].concat(),
        false => [kind, "/", &object.namespace, "/", &object.name].concat(),
    }
}

/// `namespace/name`, or a name in `default`.
pub fn parse_name(text: &str) -> Option<NsName> {
    let (namespace, name) = text.split_once('/').unwrap_or(("default", text));
    let bad = namespace.is_empty() || name.is_empty() || name.contains('/');
    (!bad).then(|| NsName::new(namespace, name))
}
