//! A `kind: Scenario` document to a [`Scenario`].

use std::collections::BTreeSet;

use super::{
    App, ClientSpec, FieldValidation, MAX_APPS, Scenario, ScenarioNode, Start, TimingProfile, actions, cloud,
    dns, kube_proxy, ranges, validate,
};
use crate::api::decode::{
    FieldCursor, FieldShape as Shape, Struct, check_name, check_shape, field, ours, pod_one_of, pod_required,
    shown, written_ref,
};
use crate::api::diagnostic::clip;
use crate::api::diagnostics::Diagnostics;
use crate::api::tree::from_tree;
use crate::api::{DiagnosticKind, Format, Name, NameRule, Prerequisite, Str, Tree, Type, Value, duration};
use crate::net::longest_for;
use crate::node::kube_proxy::ProxyMode;
use crate::sim::{DEFAULT_NODES, Moment, NODE_LIMIT, Span};
use crate::traffic::MAX_CLIENTS;
use netfilter::{Cidr, Scheduler};

/// apimachinery api/validation, TotalAnnotationSizeLimitB.
const MAX_PROSE_BYTES: usize = 256 << 10;

const API_GROUP: &str = "packetyard/";
const API_VERSION: &str = "packetyard/v1alpha1";

const SCENARIO: &Struct = &ours(&[
    field("apiVersion", Shape::Str),
    field("kind", Shape::Str),
    field(
        "metadata",
        Shape::Obj(&ours(&[
            field("name", Shape::Str),
            field("labels", Shape::StrMap),
            field("annotations", Shape::StrMap),
        ])),
    ),
    field("spec", Shape::Obj(SPEC)),
]);

const SPEC: &Struct = &ours(&[
    field("title", Shape::Str),
    field("description", Shape::Str),
    field("seed", Shape::Any),
    field(
        "nodes",
        Shape::List(&ours(&[
            field("name", Shape::Str),
            field("zone", Shape::Str),
            field("ready", Shape::Bool),
        ])),
    ),
    field("podCIDR", Shape::Str),
    field("serviceCIDR", Shape::Str),
    field("kubeProxy", Shape::Obj(kube_proxy::FIELDS)),
    field("cni", Shape::Obj(&ours(&[field("ipMasq", Shape::Bool)]))),
    field("apps", Shape::Any),
    field("missing", Shape::Any),
    field("cloud", Shape::Any),
    field("dns", Shape::Str),
    field("proxyMode", Shape::Str),
    field("ipvs", Shape::Obj(&ours(&[field("scheduler", Shape::Str)]))),
    field("timing", Shape::Str),
    field("fieldValidation", Shape::Str),
    field("start", Shape::Str),
    field("clients", Shape::Any),
    field("actions", Shape::Any),
    field("at", Shape::Any),
    field("model", Shape::Str),
]);

/// Whether a text speaks of a Scenario at all. For one that cannot be read.
pub fn is_mentioned_in(text: &str) -> bool {
    text.contains(API_GROUP)
}

/// True for a document of this page's own kind, of whatever version.
pub fn is_scenario(tree: &Tree) -> bool {
    let text = |key| tree.field(key).and_then(Tree::as_str).map_or("", |s| &**s);
    text("kind") == "Scenario" && text("apiVersion").split('/').next() == Some("packetyard")
}

/// `None` exactly when an error is among the diagnostics it added.
pub fn decode(tree: &Tree, diagnostics: &mut Diagnostics) -> Option<Scenario> {
    let (from, errors) = (diagnostics.len(), diagnostics.errors());
    let root = FieldCursor::root(tree);
    check_shape(&root, SCENARIO, diagnostics);
    let version = root.field("apiVersion");
    if let Some(text) = version.str().filter(|v| &***v != API_VERSION) {
        let (kind, api_version) = ("Scenario".into(), clip(text));
        version.error(diagnostics, DiagnosticKind::UnknownVersion { kind, api_version });
        version.report(
            diagnostics,
            crate::api::Severity::Info,
            DiagnosticKind::Served { api_version: API_VERSION },
        );
    }
    let scenario = scenario(&root, diagnostics);
    if let Some(object) = written_ref(tree) {
        diagnostics.name_since(from, &object);
    }
    (diagnostics.errors() == errors).then_some(scenario)
}

fn scenario(root: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> Scenario {
    let spec = root.field("spec");
    let meta = root.field("metadata");
    let start = start(&spec.field("start"), diagnostics);
    let service_cidrs = ranges::read_services(&spec, diagnostics);
    Scenario {
        name: checked(&meta.field("name"), NameRule::Dns1123Subdomain, diagnostics),
        title: prose(&spec.field("title"), diagnostics),
        description: prose(&spec.field("description"), diagnostics),
        seed: seed(&spec.field("seed"), diagnostics),
        nodes: nodes(&spec.field("nodes"), diagnostics),
        pod_cidrs: ranges::read_pods(&spec, diagnostics),
        service_cidrs,
        kube_proxy: kube_proxy::read(&spec.field("kubeProxy"), diagnostics),
        ip_masq: spec.field("cni").field("ipMasq").bool(),
        apps_drain: apps_drain(&spec.field("apps"), diagnostics),
        apps: apps(&spec.field("apps"), diagnostics),
        missing: missing(&spec.field("missing"), diagnostics),
        cloud: cloud::read(&spec.field("cloud"), diagnostics),
        dns: dns::read(&spec.field("dns"), service_cidrs, diagnostics),
        proxy_mode: pod_one_of(&spec.field("proxyMode"), ProxyMode::NAMES, diagnostics)
            .and_then(ProxyMode::named),
        ipvs_scheduler: pod_one_of(&spec.field("ipvs").field("scheduler"), &Scheduler::NAMES, diagnostics)
            .and_then(Scheduler::parse),
        timing: timing(&spec.field("timing"), diagnostics),
        field_validation: pod_one_of(&spec.field("fieldValidation"), FieldValidation::NAMES, diagnostics)
            .and_then(FieldValidation::named),
        clients: clients(&spec.field("clients"), diagnostics),
        actions: actions::read(&spec.field("actions"), start.unwrap_or_default(), diagnostics),
        start,
        at: moment(&spec.field("at"), start.unwrap_or_default(), diagnostics),
        model: checked(&spec.field("model"), NameRule::LabelValue, diagnostics),
    }
}

fn checked(cursor: &FieldCursor<'_>, rule: NameRule, diagnostics: &mut Diagnostics) -> Option<Str> {
    let text = cursor.str()?;
    check_name(cursor, text, rule, diagnostics);
    Some(text.clone())
}

/// A text for people: as long as all annotations of an object may be together.
fn prose(cursor: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> Option<Str> {
    let text = cursor.str()?;
    if text.len() > MAX_PROSE_BYTES {
        cursor.error(diagnostics, DiagnosticKind::TooLong { limit: MAX_PROSE_BYTES });
    }
    Some(text.clone())
}

/// Every node that the text has gets a part of the Pod range.
pub fn check_pod_range(tree: &Tree, scenario: &Scenario, written: &[&Name], diagnostics: &mut Diagnostics) {
    let Some(ranges) = scenario.pod_cidrs else { return };
    let of_scenario = scenario.nodes.iter().flatten().map(|node| &node.name);
    let names: BTreeSet<&Name> = of_scenario.chain(written.iter().copied()).collect();
    let named = scenario.nodes.is_some() || !written.is_empty();
    let nodes = if named { u32::try_from(names.len()).unwrap_or(u32::MAX) } else { DEFAULT_NODES };
    // More than these the World refuses, whatever the range.
    let nodes = nodes.clamp(1, NODE_LIMIT);
    for range in ranges.values() {
        check_length(tree, *range, nodes, diagnostics);
    }
}

fn check_length(tree: &Tree, range: Cidr, nodes: u32, diagnostics: &mut Diagnostics) {
    let longest = longest_for(nodes, range.address().is_ipv4());
    if range.length() > longest {
        let (from, value) = (diagnostics.len(), range.to_string().into());
        let (root, kind) =
            (FieldCursor::root(tree), DiagnosticKind::PodRangeTooSmall { value, nodes, longest });
        root.field("spec").field("podCIDR").error(diagnostics, kind);
        if let Some(object) = written_ref(tree) {
            diagnostics.name_since(from, &object);
        }
    }
}

fn bad_format(cursor: &FieldCursor<'_>, format: Format, diagnostics: &mut Diagnostics) {
    let value = cursor.tree().map_or_else(|| "".into(), |t| shown(&t.value));
    cursor.error(diagnostics, DiagnosticKind::BadFormat { value, format });
}

/// Any `u64`: above `i64` the tree holds the number's text.
fn seed(cursor: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> Option<u64> {
    let seed = match &cursor.tree()?.value {
        Value::Int(number) => u64::try_from(*number).ok(),
        Value::Float(text) => text.parse().ok(),
        Value::Null | Value::Bool(_) | Value::String(_) | Value::Seq(_) | Value::Map(_) => None,
    };
    if seed.is_none() {
        bad_format(cursor, Format::Seed, diagnostics);
    }
    seed
}

fn timing(cursor: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> Option<TimingProfile> {
    match pod_one_of(cursor, &["realistic", "teaching"], diagnostics)? {
        "realistic" => Some(TimingProfile::Realistic),
        _ => Some(TimingProfile::Teaching),
    }
}

/// A length of time; a bare 0 is one too.
pub fn span(cursor: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> Option<Span> {
    let nanos = match &cursor.tree()?.value {
        Value::Int(0) => Some(0),
        Value::String(text) => duration::parse(text),
        Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Seq(_) | Value::Map(_) => {
            None
        }
    };
    if nanos.is_none() {
        bad_format(cursor, Format::Duration, diagnostics);
    }
    nanos.map(Span)
}

/// A moment of the run. With `start: cold` there is nothing before the origin.
pub fn moment(cursor: &FieldCursor<'_>, start: Start, diagnostics: &mut Diagnostics) -> Option<Moment> {
    let moment = match &cursor.tree()?.value {
        Value::Int(0) => Some(Moment::ORIGIN),
        Value::String(text) => duration::parse_moment(text),
        _ => None,
    };
    let (first, format) = match start {
        Start::Settled => (Moment(i64::MIN), Format::Moment),
        Start::Cold => (Moment::ORIGIN, Format::Duration),
    };
    let moment = moment.filter(|moment| *moment >= first);
    if moment.is_none() {
        bad_format(cursor, format, diagnostics);
    }
    moment
}

fn start(cursor: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> Option<Start> {
    match pod_one_of(cursor, &["cold", "settled"], diagnostics)? {
        "cold" => Some(Start::Cold),
        _ => Some(Start::Settled),
    }
}

fn nodes(list: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> Option<Vec<ScenarioNode>> {
    list.tree()?;
    let mut names = BTreeSet::new();
    let mut out: Vec<ScenarioNode> = Vec::new();
    for i in 0..limited(list, NODE_LIMIT, diagnostics) {
        let item = list.item(i);
        let name = unique_name(&item.field("name"), &mut names, diagnostics);
        let zone = item.field("zone").str().cloned();
        let node = ScenarioNode { name, zone, ready: item.field("ready").bool().unwrap_or(true) };
        if !node.name.is_empty() {
            report(&item, validate::check_node(&node), diagnostics);
        }
        out.push(node);
    }
    Some(out)
}

/// What a typed check found, at its place.
pub fn report(
    cursor: &FieldCursor<'_>,
    checked: Result<(), validate::Invalid>,
    diagnostics: &mut Diagnostics,
) {
    if let Err(invalid) = checked {
        cursor.field(invalid.field).error(diagnostics, invalid.message);
    }
}

/// At most so many, else none is looked at.
pub fn limited(list: &FieldCursor<'_>, limit: u32, diagnostics: &mut Diagnostics) -> usize {
    let count = list.len();
    if count > limit as usize {
        list.error(diagnostics, DiagnosticKind::TooMany { count, limit });
        return 0;
    }
    count
}

fn unique_name(cursor: &FieldCursor<'_>, earlier: &mut BTreeSet<Str>, diagnostics: &mut Diagnostics) -> Str {
    let name = pod_required(cursor, diagnostics);
    if !name.is_empty() && !earlier.insert(name.clone()) {
        cursor.error(diagnostics, DiagnosticKind::Duplicate { value: clip(&name) });
    }
    name
}

const ALL_APPS: &Struct = &ours(&[field("drain", Shape::Bool)]);

/// Of all apps; a list has each app's own.
fn apps_drain(cursor: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> Option<bool> {
    if !matches!(cursor.tree()?.value, Value::Seq(_)) {
        check_shape(cursor, ALL_APPS, diagnostics);
    }
    cursor.field("drain").bool()
}

fn apps(list: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> Vec<App> {
    let is_list = list.tree().is_some_and(|t| matches!(t.value, Value::Seq(_)));
    if is_list { each(list, MAX_APPS, validate::check_app, diagnostics) } else { Vec::new() }
}

fn missing(list: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> Vec<Prerequisite> {
    if list.tree().is_some_and(|t| !matches!(t.value, Value::Seq(_))) {
        list.wrong_type(diagnostics, Type::List);
    }
    each(list, MAX_APPS, |_| Ok(()), diagnostics)
}

/// The items of a list; those that are wrong are reported and left out.
fn each<T: serde::de::DeserializeOwned>(
    list: &FieldCursor<'_>,
    limit: u32,
    check: fn(&T) -> Result<(), validate::Invalid>,
    diagnostics: &mut Diagnostics,
) -> Vec<T> {
    let mut out = Vec::new();
    for i in 0..limited(list, limit, diagnostics) {
        let item = list.item(i);
        match item.tree().map(from_tree::<T>) {
            None => {}
            Some(Err(error)) => item.error_at(&error.path, error.message, diagnostics),
            Some(Ok(value)) => {
                report(&item, check(&value), diagnostics);
                out.push(value);
            }
        }
    }
    out
}

fn clients(list: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> Option<Vec<ClientSpec>> {
    if !matches!(list.tree()?.value, Value::Seq(_)) {
        list.wrong_type(diagnostics, Type::List);
    }
    let mut names = BTreeSet::new();
    let mut out: Vec<ClientSpec> = Vec::new();
    for i in 0..limited(list, MAX_CLIENTS, diagnostics) {
        let item = list.item(i);
        if !required_map(&item, diagnostics) {
            continue;
        }
        match item.tree().map(from_tree::<ClientSpec>) {
            None => {}
            Some(Err(error)) => item.error_at(&error.path, error.message, diagnostics),
            Some(Ok(client)) => {
                report(&item, validate::check_client(&client), diagnostics);
                if !names.insert(client.name.clone()) {
                    let value = clip(&client.name);
                    item.field("name").error(diagnostics, DiagnosticKind::Duplicate { value });
                }
                out.push(client);
            }
        }
    }
    Some(out)
}

/// A map that must be there.
pub fn required_map(cursor: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> bool {
    match cursor.tree().map(|t| &t.value) {
        Some(Value::Map(_)) => return true,
        Some(_) => cursor.wrong_type(diagnostics, Type::Map),
        None => cursor.error(diagnostics, DiagnosticKind::Required),
    }
    false
}
