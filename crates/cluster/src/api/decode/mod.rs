//! Value trees to typed objects. First the shape (types and names of fields), then the values
//! (API server: validation.go), then the defaults (defaults.go). Every finding is gathered.

mod canonical;
mod endpoint_ip;
mod fields;
mod meta;
mod names;
mod node;
mod pod;
mod probe;
mod schema;
mod service;
mod service_port;
mod slice;
mod spot;
mod workload;

pub(super) use spot::{Spot, shown};

use super::findings::Findings;
use super::{DiagnosticKind, NameRule, ObjectRef, Str, Tree, Type, Typed, Value};
use schema::Shape;

pub use canonical::canonical_template;
pub use meta::wrong_labels;
pub(super) use meta::{is_cluster_scoped, labels as read_labels};
pub(super) use names::{check as check_name, holds as holds_name};
pub(super) use node::{address as read_address, cidr as read_cidr};
pub(super) use pod::{one_of as pod_one_of, protocol as pod_protocol, required as pod_required};
pub(super) use schema::{Field, Shape as FieldShape, check as check_shape, f as known_field};

/// The kinds that are simulated, with the one apiVersion in which 1.36 serves them.
const SERVED: [(&str, &str); 7] = [
    ("Namespace", "v1"),
    ("Node", "v1"),
    ("Pod", "v1"),
    ("Service", "v1"),
    ("Deployment", "apps/v1"),
    ("ReplicaSet", "apps/v1"),
    ("EndpointSlice", "discovery.k8s.io/v1"),
];

/// Groups that have served one of those kinds: there the version is wrong, elsewhere the kind
/// is somebody else's.
const GROUPS: [&str; 4] = ["", "apps", "extensions", "discovery.k8s.io"];

/// Kind and apiVersion of a document; what misses is reported.
pub(super) fn kind_of(tree: &Tree, findings: &mut Findings) -> Option<(Str, Str)> {
    let root = Spot::root(tree);
    if !matches!(tree.value, Value::Map(_)) {
        root.error(findings, DiagnosticKind::NotAnObject { found: tree.value.type_of() });
        return None;
    }
    let mut required = |name| {
        let spot = root.field(name);
        match spot.tree().map(|t| &t.value) {
            Some(Value::String(text)) if !text.is_empty() => return Some(text.clone()),
            None | Some(Value::String(_)) => spot.error(findings, DiagnosticKind::Required),
            Some(_) => spot.wrong_type(findings, Type::String),
        }
        None
    };
    let (version, kind) = (required("apiVersion"), required("kind"));
    Some((kind?, version?))
}

/// Decodes one object. `None` exactly when an error is among the findings it added.
pub(super) fn decode(tree: &Tree, findings: &mut Findings) -> Option<Typed> {
    let (from, errors) = (findings.len(), findings.errors());
    let typed =
        kind_of(tree, findings).and_then(|(kind, version)| decode_kind(tree, &kind, &version, findings));
    if let Some(object) = written_ref(tree) {
        findings.name_since(from, &object);
    }
    typed.filter(|_| findings.errors() == errors)
}

/// What the object calls itself, right or wrong: findings name it.
pub(super) fn written_ref(tree: &Tree) -> Option<ObjectRef> {
    let kind = tree.field("kind")?.as_str()?.clone();
    let meta = tree.field("metadata")?;
    let name = meta.field("name")?.as_str()?.clone();
    let namespace = match meta.field("namespace").and_then(Tree::as_str) {
        _ if is_cluster_scoped(&kind) => "".into(),
        Some(namespace) if !namespace.is_empty() => namespace.clone(),
        _ => "default".into(),
    };
    Some(ObjectRef { kind, namespace, name })
}

fn decode_kind(tree: &Tree, kind: &Str, version: &Str, findings: &mut Findings) -> Option<Typed> {
    let root = Spot::root(tree);
    let group = version.split_once('/').map_or("", |(group, _)| group);
    match SERVED.iter().find(|(name, _)| *name == &**kind) {
        Some((_, served)) if *served == &**version => decode_known(&root, kind, findings),
        Some((_, served)) if GROUPS.contains(&group) => {
            let (kind, api_version) = (kind.clone(), version.clone());
            let spot = root.field("apiVersion");
            spot.error(findings, DiagnosticKind::UnknownVersion { kind, api_version, served });
            None
        }
        _ => decode_other(&root, kind, version, findings),
    }
}

fn decode_known(root: &Spot<'_>, kind: &str, findings: &mut Findings) -> Option<Typed> {
    let mut shaped = |fields| schema::check(root, Shape::Obj(fields), findings);
    match kind {
        "Namespace" => shaped(fields::NAMESPACE),
        "Node" => shaped(fields::NODE),
        "Pod" => shaped(fields::POD),
        "Service" => shaped(fields::SERVICE),
        "Deployment" => shaped(fields::DEPLOYMENT),
        "ReplicaSet" => shaped(fields::REPLICA_SET),
        _ => shaped(fields::ENDPOINT_SLICE),
    }
    Some(match kind {
        "Namespace" => Typed::Namespace(meta::decode(root, NameRule::Dns1123Label, kind, findings)),
        "Node" => Typed::Node(node::decode(root, findings)),
        "Pod" => Typed::Pod(pod::decode(root, findings)),
        "Service" => Typed::Service(service::decode(root, findings)),
        "Deployment" => Typed::Deployment(workload::deployment(root, findings)),
        "ReplicaSet" => Typed::ReplicaSet(workload::replica_set(root, findings)),
        _ => Typed::EndpointSlice(slice::decode(root, findings)),
    })
}

/// Only what every object has is checked.
fn decode_other(root: &Spot<'_>, kind: &Str, version: &Str, findings: &mut Findings) -> Option<Typed> {
    schema::check(&root.field("metadata"), Shape::Obj(fields::META), findings);
    let meta = meta::decode_any(root, kind, findings);
    // These hold data for others; nothing a Service does depends on them.
    let inert = ["ConfigMap", "Secret", "ServiceAccount"].contains(&&**kind) && &**version == "v1";
    if !inert {
        let kind = super::diagnostic::clip(kind);
        root.report(findings, super::Severity::Info, DiagnosticKind::KindNotSimulated { kind });
    }
    Some(Typed::Other { kind: kind.clone(), api_version: version.clone(), meta })
}
