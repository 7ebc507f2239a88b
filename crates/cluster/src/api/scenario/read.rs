//! A `kind: Scenario` document to a [`Scenario`].

use std::collections::BTreeSet;

use super::{ClientSpec, Scenario, ScenarioNode, TimingProfile, actions, kube_proxy, validate};
use crate::api::decode::{
    Field, FieldShape as Shape, Spot, check_name, check_shape, known_field as f, pod_one_of, pod_required,
    read_cidr, shown, written_ref,
};
use crate::api::diagnostic::clip;
use crate::api::findings::Findings;
use crate::api::tree::from_tree;
use crate::api::{DiagnosticKind, Format, Name, NameRule, Rule, Str, Tree, Type, Value, duration};
use crate::net::longest_for;
use crate::node::kube_proxy::ProxyMode;
use crate::sim::{DEFAULT_NODES, NODE_LIMIT, Span, Time};
use crate::traffic::MAX_CLIENTS;
use netfilter::{Cidr, Scheduler};

/// apimachinery api/validation, TotalAnnotationSizeLimitB.
const MAX_PROSE_BYTES: usize = 256 << 10;

const API_VERSION: &str = "packetyard/v1alpha1";

const SCENARIO: &[Field] = &[
    f("apiVersion", Shape::Str),
    f("kind", Shape::Str),
    f(
        "metadata",
        Shape::Obj(&[f("name", Shape::Str), f("labels", Shape::StrMap), f("annotations", Shape::StrMap)]),
    ),
    f("spec", Shape::Obj(SPEC)),
];

const SPEC: &[Field] = &[
    f("title", Shape::Str),
    f("description", Shape::Str),
    f("seed", Shape::Any),
    f("nodes", Shape::List(&[f("name", Shape::Str), f("zone", Shape::Str), f("ready", Shape::Bool)])),
    f("podCIDR", Shape::Str),
    f("serviceCIDR", Shape::Str),
    f("kubeProxy", Shape::Obj(kube_proxy::FIELDS)),
    f("cni", Shape::Obj(&[f("ipMasq", Shape::Bool)])),
    f("apps", Shape::Obj(&[f("drain", Shape::Bool)])),
    f("cloud", Shape::Obj(&[f("ipMode", Shape::Str)])),
    f("proxyMode", Shape::Str),
    f("ipvs", Shape::Obj(&[f("scheduler", Shape::Str)])),
    f("timing", Shape::Str),
    f("clients", Shape::Any),
    f("actions", Shape::Any),
    f("at", Shape::Any),
    f("model", Shape::Str),
];

/// True for a document of this page's own kind, of whatever version.
pub fn is_scenario(tree: &Tree) -> bool {
    let text = |key| tree.field(key).and_then(Tree::as_str).map_or("", |s| &**s);
    text("kind") == "Scenario" && text("apiVersion").split('/').next() == Some("packetyard")
}

/// `None` exactly when an error is among the findings it added.
pub fn decode(tree: &Tree, findings: &mut Findings) -> Option<Scenario> {
    let (from, errors) = (findings.len(), findings.errors());
    let root = Spot::root(tree);
    check_shape(&root, Shape::Obj(SCENARIO), findings);
    let version = root.field("apiVersion");
    if let Some(text) = version.str().filter(|v| &***v != API_VERSION) {
        let (kind, api_version) = ("Scenario".into(), clip(text));
        version.error(findings, DiagnosticKind::UnknownVersion { kind, api_version, served: API_VERSION });
    }
    let scenario = scenario(&root, findings);
    if let Some(object) = written_ref(tree) {
        findings.name_since(from, &object);
    }
    (findings.errors() == errors).then_some(scenario)
}

fn scenario(root: &Spot<'_>, findings: &mut Findings) -> Scenario {
    let spec = root.field("spec");
    let meta = root.field("metadata");
    Scenario {
        name: checked(&meta.field("name"), NameRule::Dns1123Subdomain, findings),
        title: prose(&spec.field("title"), findings),
        description: prose(&spec.field("description"), findings),
        seed: seed(&spec.field("seed"), findings),
        nodes: nodes(&spec.field("nodes"), findings),
        pod_cidr: read_cidr(&spec.field("podCIDR"), findings),
        service_cidr: service_cidr(&spec, findings),
        kube_proxy: kube_proxy::read(&spec.field("kubeProxy"), findings),
        ip_masq: spec.field("cni").field("ipMasq").bool(),
        apps_drain: spec.field("apps").field("drain").bool(),
        balancer_is_proxy: pod_one_of(&spec.field("cloud").field("ipMode"), &["Proxy", "VIP"], findings)
            .map(|mode| mode == "Proxy"),
        proxy_mode: pod_one_of(&spec.field("proxyMode"), ProxyMode::NAMES, findings)
            .and_then(ProxyMode::named),
        ipvs_scheduler: pod_one_of(&spec.field("ipvs").field("scheduler"), &Scheduler::NAMES, findings)
            .and_then(Scheduler::parse),
        timing: timing(&spec.field("timing"), findings),
        clients: clients(&spec.field("clients"), findings),
        actions: actions::read(&spec.field("actions"), findings),
        at: time(&spec.field("at"), findings),
        model: checked(&spec.field("model"), NameRule::LabelValue, findings),
    }
}

fn checked(spot: &Spot<'_>, rule: NameRule, findings: &mut Findings) -> Option<Str> {
    let text = spot.str()?;
    check_name(spot, text, rule, findings);
    Some(text.clone())
}

/// A text for people: as long as all annotations of an object may be together.
fn prose(spot: &Spot<'_>, findings: &mut Findings) -> Option<Str> {
    let text = spot.str()?;
    if text.len() > MAX_PROSE_BYTES {
        spot.error(findings, DiagnosticKind::TooLong { limit: MAX_PROSE_BYTES });
    }
    Some(text.clone())
}

/// A cluster has one family.
fn service_cidr(spec: &Spot<'_>, findings: &mut Findings) -> Option<Cidr> {
    let spot = spec.field("serviceCIDR");
    let services = read_cidr(&spot, findings)?;
    let pods = read_cidr(&spec.field("podCIDR"), &mut Findings::default());
    let agree = pods.is_none_or(|pods| pods.address().is_ipv4() == services.address().is_ipv4());
    if !agree {
        spot.error(findings, DiagnosticKind::Forbidden { why: Rule::ServiceFamily });
    }
    check_service_range(services, &spot, findings);
    agree.then_some(services)
}

/// pkg/controlplane/services.go, ServiceIPRange.
fn check_service_range(services: Cidr, spot: &Spot<'_>, findings: &mut Findings) {
    if services.size() < 8 {
        let longest = if services.address().is_ipv4() { 29 } else { 125 };
        let value = services.to_string().into();
        spot.error(findings, DiagnosticKind::ServiceRangeTooSmall { value, longest });
    }
}

/// Every node that the text has gets a part of the Pod range.
pub fn check_pod_range(tree: &Tree, scenario: &Scenario, written: &[&Name], findings: &mut Findings) {
    let Some(range) = scenario.pod_cidr else { return };
    let of_scenario = scenario.nodes.iter().flatten().map(|node| &node.name);
    let names: BTreeSet<&Name> = of_scenario.chain(written.iter().copied()).collect();
    let named = scenario.nodes.is_some() || !written.is_empty();
    let nodes = if named { u32::try_from(names.len()).unwrap_or(u32::MAX) } else { DEFAULT_NODES };
    // More than these the World refuses, whatever the range.
    let nodes = nodes.clamp(1, NODE_LIMIT);
    let longest = longest_for(nodes, range.address().is_ipv4());
    if range.length() > longest {
        let (from, value) = (findings.len(), range.to_string().into());
        let (root, kind) = (Spot::root(tree), DiagnosticKind::PodRangeTooSmall { value, nodes, longest });
        root.field("spec").field("podCIDR").error(findings, kind);
        if let Some(object) = written_ref(tree) {
            findings.name_since(from, &object);
        }
    }
}

fn bad_format(spot: &Spot<'_>, format: Format, findings: &mut Findings) {
    let value = spot.tree().map_or_else(|| "".into(), |t| shown(&t.value));
    spot.error(findings, DiagnosticKind::BadFormat { value, format });
}

/// Any `u64`: above `i64` the tree holds the number's text.
fn seed(spot: &Spot<'_>, findings: &mut Findings) -> Option<u64> {
    let seed = match &spot.tree()?.value {
        Value::Int(number) => u64::try_from(*number).ok(),
        Value::Float(text) => text.parse().ok(),
        _ => None,
    };
    if seed.is_none() {
        bad_format(spot, Format::Seed, findings);
    }
    seed
}

fn timing(spot: &Spot<'_>, findings: &mut Findings) -> Option<TimingProfile> {
    match pod_one_of(spot, &["realistic", "teaching"], findings)? {
        "realistic" => Some(TimingProfile::Realistic),
        _ => Some(TimingProfile::Teaching),
    }
}

/// A length of time; a bare 0 is one too.
pub fn span(spot: &Spot<'_>, findings: &mut Findings) -> Option<Span> {
    let nanos = match &spot.tree()?.value {
        Value::Int(0) => Some(0),
        Value::String(text) => duration::parse(text),
        _ => None,
    };
    if nanos.is_none() {
        bad_format(spot, Format::Duration, findings);
    }
    nanos.map(Span)
}

/// A moment of the run, as its distance from the start.
pub fn time(spot: &Spot<'_>, findings: &mut Findings) -> Option<Time> {
    span(spot, findings).map(|span| Time(span.0))
}

fn nodes(list: &Spot<'_>, findings: &mut Findings) -> Option<Vec<ScenarioNode>> {
    list.tree()?;
    let mut names = BTreeSet::new();
    let mut out: Vec<ScenarioNode> = Vec::new();
    for i in 0..limited(list, NODE_LIMIT, findings) {
        let item = list.item(i);
        let name = unique_name(&item.field("name"), &mut names, findings);
        let zone = item.field("zone").str().cloned();
        let node = ScenarioNode { name, zone, ready: item.field("ready").bool().unwrap_or(true) };
        if !node.name.is_empty() {
            report(&item, validate::check_node(&node), findings);
        }
        out.push(node);
    }
    Some(out)
}

/// What a typed check found, at its place.
pub fn report(spot: &Spot<'_>, checked: Result<(), validate::Invalid>, findings: &mut Findings) {
    if let Err(invalid) = checked {
        spot.field(invalid.field).error(findings, invalid.message);
    }
}

/// At most so many, else none is looked at.
pub fn limited(list: &Spot<'_>, limit: u32, findings: &mut Findings) -> usize {
    let count = list.len();
    if count > limit as usize {
        list.error(findings, DiagnosticKind::TooMany { count, limit });
        return 0;
    }
    count
}

fn unique_name(spot: &Spot<'_>, earlier: &mut BTreeSet<Str>, findings: &mut Findings) -> Str {
    let name = pod_required(spot, findings);
    if !name.is_empty() && !earlier.insert(name.clone()) {
        spot.error(findings, DiagnosticKind::Duplicate { value: clip(&name) });
    }
    name
}

fn clients(list: &Spot<'_>, findings: &mut Findings) -> Option<Vec<ClientSpec>> {
    if !matches!(list.tree()?.value, Value::Seq(_)) {
        list.wrong_type(findings, Type::List);
    }
    let mut names = BTreeSet::new();
    let mut out: Vec<ClientSpec> = Vec::new();
    for i in 0..limited(list, MAX_CLIENTS, findings) {
        let item = list.item(i);
        if !required_map(&item, findings) {
            continue;
        }
        match item.tree().map(from_tree::<ClientSpec>) {
            None => {}
            Some(Err(error)) => item.report_at(&error.path, error.message, findings),
            Some(Ok(client)) => {
                report(&item, validate::check_client(&client), findings);
                if !names.insert(client.name.clone()) {
                    let value = clip(&client.name);
                    item.field("name").error(findings, DiagnosticKind::Duplicate { value });
                }
                out.push(client);
            }
        }
    }
    Some(out)
}

/// A map that must be there.
pub fn required_map(spot: &Spot<'_>, findings: &mut Findings) -> bool {
    match spot.tree().map(|t| &t.value) {
        Some(Value::Map(_)) => return true,
        Some(_) => spot.wrong_type(findings, Type::Map),
        None => spot.error(findings, DiagnosticKind::Required),
    }
    false
}
