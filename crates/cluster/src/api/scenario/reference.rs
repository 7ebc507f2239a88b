//! Objects named in one string: `Pod/default/web-0`, `Node/node-1`, and kubectl's short names.

use crate::api::{Kind, NsName, ObjectRef, Scope};

/// How a client's workload is written: as one types it after `kubectl exec`.
pub fn workload_word(kind: &Kind) -> &str {
    match kind {
        Kind::Pod => "pod",
        Kind::Deployment => "deploy",
        Kind::ReplicaSet => "rs",
        Kind::ReplicationController => "rc",
        Kind::StatefulSet => "sts",
        Kind::DaemonSet => "ds",
        Kind::Job => "job",
        Kind::Service
        | Kind::Endpoints
        | Kind::CronJob
        | Kind::ControllerRevision
        | Kind::PodDisruptionBudget
        | Kind::EndpointSlice
        | Kind::Node
        | Kind::Namespace
        | Kind::PriorityClass
        | Kind::ServiceCidr
        | Kind::Other(_) => kind.as_str(),
    }
}

/// `Kind/namespace/name`, or `Kind/name` for what is outside namespaces or in `default`.
pub fn parse_object(text: &str) -> Option<ObjectRef> {
    let mut parts = text.split('/');
    let kind = parts.next().filter(|kind| !kind.is_empty())?;
    let kind = Kind::called(kind).unwrap_or_else(|| Kind::named(kind));
    let (second, third) = (parts.next()?, parts.next());
    let (namespace, name) = match third {
        Some(name) => (second, name),
        None if kind.scope() == Scope::Cluster => ("", second),
        None => ("default", second),
    };
    if name.is_empty() || parts.next().is_some() {
        return None;
    }
    Some(ObjectRef { kind, namespace: namespace.into(), name: name.into() })
}

pub fn print_object(object: &ObjectRef) -> String {
    print_as(object.kind.as_str(), object)
}

/// With another word for the kind.
pub fn print_as(kind: &str, object: &ObjectRef) -> String {
    match object.namespace.is_empty() && object.kind.scope() == Scope::Cluster {
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
