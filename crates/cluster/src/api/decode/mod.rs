//! Value trees to typed objects: the first of the API server's three passes. It says what is no field, what is not of
//! its JSON type, what is missing where our types need it, and what no value of them is: an address that is none, a
//! word that is no variant, a number that is too large. It also notes what is kept and not simulated. All else that may
//! be wrong is said of typed objects, by validation, after defaulting (`KubeObject::decode`). All errors are reported,
//! not only the first.

mod canonical;
mod container;
mod dns_config;
pub(super) mod endpoints;
mod field_cursor;
pub(super) mod fields;
mod lifecycle;
pub(super) mod meta;
mod names;
pub(super) mod node;
pub(super) mod pod;
pub(super) mod priority_class;
mod probe;
mod resources;
mod scheduling;
mod schema;
pub(super) mod service;
pub(super) mod service_cidr;
mod service_port;
pub(super) mod slice;
mod unknown_fields;
mod volume;

pub(super) use field_cursor::{FieldCursor, shown};

use super::diagnostics::Diagnostics;
use super::field::Path;
use super::kind::group;
use super::validate::warn;
use super::{
    DiagnosticKind, Kind, KubeObject, ObjectRef, Position, Problem, Scope, Str, Tree, Type, Unsimulated,
    Value,
};
use super::{field, validate};

pub(super) use canonical::canonical_pod_spec;
pub use canonical::canonical_template;
pub(super) use canonical::complete_template;
pub(crate) use canonical::{pull_policy, pull_policy_of};
pub(super) use lifecycle::sleep_problem;
pub(super) use meta::labels as read_labels;
pub(super) use names::{check as check_name, findings as name_findings, holds as holds_name};
pub(super) use node::{address as read_address, cidr as read_cidr};
pub(super) use pod::{one_of as pod_one_of, required as pod_required};
pub(super) use scheduling::no_operator;
use schema::undecodable;
pub(super) use schema::{
    Field, Shape as FieldShape, Struct, api_struct, check as check_shape, field, named, ours, unsimulated,
};

/// API groups that have served one of these kinds: with them only the version can be wrong; in another group it is
/// a different kind.
const GROUPS: [&str; 7] =
    ["", "apps", "batch", "extensions", "policy", "discovery.k8s.io", "scheduling.k8s.io"];

/// Kind and apiVersion of a document. If one is missing, it is reported.
pub(super) fn kind_of(tree: &Tree, diagnostics: &mut Diagnostics) -> Option<(Str, Str)> {
    let root = FieldCursor::root(tree);
    if !matches!(tree.value, Value::Map(_)) {
        root.error(diagnostics, DiagnosticKind::NotAnObject { found: tree.value.type_of() });
        return None;
    }
    let mut required = |name: &'static str| {
        let cursor = root.field(name);
        match cursor.tree().map(|t| &t.value) {
            Some(Value::String(text)) if !text.is_empty() => return Some(text.clone()),
            None | Some(Value::String(_)) => {
                cursor.error(diagnostics, DiagnosticKind::NotSet { field: name })
            }
            Some(_) => cursor.wrong_type(diagnostics, Type::String),
        }
        None
    };
    let (version, kind) = (required("apiVersion"), required("kind"));
    Some((kind?, version?))
}

/// Decodes one object. `None` exactly when an error is among the diagnostics it added.
pub(super) fn decode(tree: &Tree, diagnostics: &mut Diagnostics) -> Option<KubeObject> {
    let (from, errors) = (diagnostics.len(), diagnostics.errors());
    let typed = kind_of(tree, diagnostics)
        .and_then(|(kind, version)| decode_kind(tree, &kind, &version, diagnostics));
    if let Some(object) = &typed {
        finalizers(&FieldCursor::root(tree), diagnostics);
        // What it refuses, it does not warn of (apiserver registry/rest/create.go, BeforeCreate), but that a kind is
        // deprecated it says first (core/v1 lifecycle.go, APILifecycleDeprecated).
        if diagnostics.errors() == errors || matches!(object, KubeObject::Endpoints(_)) {
            warn(object, &FieldCursor::root(tree), diagnostics);
        }
    }
    if let Some(object) = written_ref(tree) {
        diagnostics.name_since(from, &object);
    }
    typed.filter(|_| diagnostics.errors() == errors)
}

/// Leaves out what the kind of the document does not have, as the API server does where fields are not validated
/// strictly. `note` hears of each field: its path, and where its key is.
pub(super) fn leave_out_unknown_fields(tree: &mut Tree, note: &mut dyn FnMut(Path<'_>, Position)) {
    let kind = tree.field("kind").and_then(Tree::as_str).map_or("", |kind| &**kind);
    if let Some(fields) = Kind::named(kind).fields().filter(|_| is_of_served_kind(tree)) {
        unknown_fields::leave_out(tree, fields, note);
    }
}

/// Whether the document is of a kind that kubectl finds in the API server's discovery.
pub(super) fn is_of_served_kind(tree: &Tree) -> bool {
    let text = |key| tree.field(key).and_then(Tree::as_str).map_or("", |text| &**text);
    Kind::named(text("kind")).api().is_some_and(|api| *api.api_version == *text("apiVersion"))
}

/// The object's kind and name as written, valid or not, for diagnostics.
pub(super) fn written_ref(tree: &Tree) -> Option<ObjectRef> {
    let kind = Kind::named(tree.field("kind")?.as_str()?);
    let meta = tree.field("metadata")?;
    let name = meta.field("name")?.as_str()?.clone();
    let namespace = match meta.field("namespace").and_then(Tree::as_str) {
        _ if kind.scope() == Scope::Cluster => "".into(),
        Some(namespace) if !namespace.is_empty() => namespace.clone(),
        _ => "default".into(),
    };
    Some(ObjectRef { kind, namespace, name })
}

fn decode_kind(tree: &Tree, name: &Str, version: &Str, diagnostics: &mut Diagnostics) -> Option<KubeObject> {
    let root = FieldCursor::root(tree);
    let group = group(version);
    let kind = Kind::named(name);
    let served = match &kind {
        Kind::Other(_) => None,
        simulated => simulated.api().map(|api| api.api_version),
    };
    match served {
        Some(served) if *served == **version => KubeObject::decode(&kind, &root, diagnostics),
        Some(served) if GROUPS.contains(&group) => {
            let (kind, api_version) = (name.clone(), version.clone());
            let cursor = root.field("apiVersion");
            cursor.error(diagnostics, DiagnosticKind::UnknownVersion { kind, api_version });
            cursor.report(diagnostics, super::Severity::Info, DiagnosticKind::Served { api_version: served });
            None
        }
        Some(_) | None if &**version == "v1" && !CORE.contains(&&**name) => {
            no_kind(&root, name, version, diagnostics);
            None
        }
        Some(_) | None => Some(decode_other(&root, name, version, diagnostics).into()),
    }
}

/// Those of `v1` that are not simulated.
const CORE: [&str; 12] = [
    "Binding",
    "ComponentStatus",
    "ConfigMap",
    "Event",
    "LimitRange",
    "List",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "PodTemplate",
    "ResourceQuota",
    "Secret",
    "ServiceAccount",
];

/// kubectl finds a kind in small letters, and the API server does not.
fn no_kind(root: &FieldCursor<'_>, kind: &Str, version: &Str, diagnostics: &mut Diagnostics) {
    let is_it = |known: &str| known.to_ascii_lowercase() == **kind;
    let served = |kind: &Kind| kind.api().is_some_and(|api| *api.api_version == **version);
    let simulated = Kind::SIMULATED.iter().filter(|kind| served(kind)).map(Kind::as_str);
    let cursor = root.field("kind");
    if simulated.chain(CORE).any(is_it) {
        undecodable(&cursor, Problem::NoSuchKind, diagnostics);
    } else {
        let (kind, api_version) = (kind.clone(), version.clone());
        cursor.error(diagnostics, DiagnosticKind::UnknownVersion { kind, api_version });
    }
}

/// api/validation/generic.go, ValidateFinalizerName.
fn finalizers(root: &FieldCursor<'_>, diagnostics: &mut Diagnostics) {
    let metadata = root.field("metadata");
    let list = metadata.field("finalizers");
    for i in 0..list.len() {
        let item = list.item(i);
        let text = item.str().map_or("", |text| text);
        check_name(&item, text, super::NameRule::QualifiedName, diagnostics);
        if !text.contains('/') && !["kubernetes", "foregroundDeletion", "orphan"].contains(&text) {
            let (value, problem) = (super::diagnostic::clip(text), super::NameProblem::NoFinalizer);
            item.error(diagnostics, DiagnosticKind::BadName { value, part: "", problem });
        }
    }
}

/// Reports validation errors at their positions in the text. Errors of fields that could not be decoded are dropped:
/// those were reported already, from index `from` on.
pub(super) fn report(
    root: &FieldCursor<'_>,
    from: usize,
    errors: Vec<field::Error>,
    diagnostics: &mut Diagnostics,
) {
    let unread: Vec<String> = diagnostics.errors_since(from).map(|error| error.path.clone()).collect();
    for error in errors {
        let path = field::print(&error.path);
        if !unread.iter().any(|unread| field::overlap(unread, &path)) {
            root.error_at(&error.path, error.message, diagnostics);
        }
    }
}

/// Only what every object has is checked.
fn decode_other(
    root: &FieldCursor<'_>,
    kind: &Str,
    version: &Str,
    diagnostics: &mut Diagnostics,
) -> Unsimulated {
    let from = diagnostics.len();
    schema::check(&root.field("metadata"), fields::META, diagnostics);
    let meta = meta::decode_any(root, Kind::named(kind).scope());
    report(root, from, validate::meta::validate_any(&meta), diagnostics);
    // They only hold data; no behaviour of a Service depends on them.
    let inert = ["ConfigMap", "Secret", "ServiceAccount"].contains(&&**kind) && &**version == "v1";
    if !inert {
        let kind = super::diagnostic::clip(kind);
        root.report(diagnostics, super::Severity::Info, DiagnosticKind::KindNotSimulated { kind });
    }
    Unsimulated { kind: kind.clone(), api_version: version.clone(), meta }
}
