//! `spec.actions` of a Scenario: each a map with `at`, `do` and the arguments of what is done.

use super::read::{CLIENT, bad_format, client, limited, rate, report, required_map, time};
use super::{policy, reference, validate};
use crate::api::decode::{
    Field, FieldShape as Shape, Spot, check_shape, known_field as f, pod_one_of, pod_required, read_labels,
};
use crate::api::findings::Findings;
use crate::api::{
    Action, DiagnosticKind, Format, Labels, Name, NsName, ObjectRef, ServiceType, Str, TOPOLOGY_MODE,
    TimedAction, Type, Value,
};
use crate::node::kube_proxy::ProxyMode;

/// Of one run.
pub const MAX_ACTIONS: u32 = 10_000;

const NAMES: &[&str] = &[
    "addClient",
    "addNode",
    "apply",
    "cordon",
    "crashPod",
    "cutOffNode",
    "delete",
    "pauseKubeProxy",
    "powerNode",
    "removeClient",
    "scale",
    "sendOne",
    "setIpMode",
    "setLabels",
    "setProxyMode",
    "setRate",
    "setReadiness",
    "setSelector",
    "setServicePolicy",
    "setServiceType",
];

pub fn actions(list: &Spot<'_>, findings: &mut Findings) -> Vec<TimedAction> {
    if list.tree().is_some_and(|t| !matches!(t.value, Value::Seq(_))) {
        list.wrong_type(findings, Type::List);
    }
    (0..limited(list, MAX_ACTIONS, findings)).filter_map(|i| timed(&list.item(i), findings)).collect()
}

fn timed(spot: &Spot<'_>, findings: &mut Findings) -> Option<TimedAction> {
    if !required_map(spot, findings) {
        return None;
    }
    let at = spot.field("at");
    if !at.is_set() {
        at.error(findings, DiagnosticKind::Required);
    }
    let at = time(&at, findings);
    let action = action(spot, findings)?;
    if !matches!(action, Action::AddClient { .. }) {
        report(spot, validate::check_action(&action), findings);
    }
    Some(TimedAction { at: at?, action })
}

/// `None` with an error among the findings.
pub fn action(spot: &Spot<'_>, findings: &mut Findings) -> Option<Action> {
    pod_required(&spot.field("do"), findings);
    let what = pod_one_of(&spot.field("do"), NAMES, findings)?;
    check_shape(spot, Shape::Obj(arguments(what)), findings);
    Some(match what {
        "apply" => Action::apply(&apply_text(&spot.field("text"), findings)?),
        "delete" => Action::DeleteObject { object: object(spot, findings)? },
        "setLabels" => {
            Action::SetLabels { object: object(spot, findings)?, labels: labels(spot, "labels", findings) }
        }
        "setServiceType" => {
            let (service, type_) = (ns_name(spot, "service", findings), service_type(spot, findings));
            Action::SetServiceType { service: service?, type_: type_? }
        }
        "setServicePolicy" => {
            let (service, policy) = (ns_name(spot, "service", findings), policy::read(spot, findings));
            Action::SetServicePolicy { service: service?, policy: policy? }
        }
        "setSelector" => {
            let selector = labels(spot, "selector", findings);
            Action::SetSelector { service: ns_name(spot, "service", findings)?, selector }
        }
        "scale" => {
            let (deployment, replicas) = (ns_name(spot, "deployment", findings), replicas(spot, findings));
            Action::Scale { deployment: deployment?, replicas: replicas? }
        }
        "setProxyMode" => Action::SetProxyMode { mode: proxy_mode(spot, findings)? },
        "setIpMode" => {
            let spot = spot.field("ipMode");
            pod_required(&spot, findings);
            Action::SetIpMode { proxy: pod_one_of(&spot, &["Proxy", "VIP"], findings)? == "Proxy" }
        }
        "setReadiness" => {
            let (pod, pass) = (ns_name(spot, "pod", findings), flag(spot, "pass", findings));
            Action::SetReadiness { pod: pod?, pass: pass? }
        }
        "crashPod" => Action::CrashPod { pod: ns_name(spot, "pod", findings)? },
        "powerNode" | "cordon" | "cutOffNode" | "pauseKubeProxy" => {
            let (node, on) = (name(spot, "node", findings), flag(spot, "enabled", findings)?);
            match what {
                "powerNode" => Action::PowerNode { node, on },
                "cordon" => Action::Cordon { node, on },
                "cutOffNode" => Action::CutOffNode { node, on },
                _ => Action::PauseKubeProxy { node, on },
            }
        }
        "addNode" => add_node(spot),
        "addClient" => add_client(&spot.field("client"), findings)?,
        "removeClient" => Action::RemoveClient { client: name(spot, "client", findings) },
        "setRate" => set_rate(spot, findings)?,
        _ => Action::SendOne { client: name(spot, "client", findings) },
    })
}

const AT: Field = f("at", Shape::Any);
const DO: Field = f("do", Shape::Str);
const OBJECT: Field = f("object", Shape::Str);
const SERVICE: Field = f("service", Shape::Str);
const NODE: Field = f("node", Shape::Str);
const POD: Field = f("pod", Shape::Str);
const ON: Field = f("enabled", Shape::Bool);
const CLIENT_NAME: Field = f("client", Shape::Str);
const TEXT: Field = f("text", Shape::Str);
const LABELS: Field = f("labels", Shape::StrMap);
const TYPE: Field = f("type", Shape::Str);
const SELECTOR: Field = f("selector", Shape::StrMap);
const DEPLOYMENT: Field = f("deployment", Shape::Str);
const REPLICAS: Field = f("replicas", Shape::Int32);
const PASS: Field = f("pass", Shape::Bool);
const NAME: Field = f("name", Shape::Str);
const ZONE: Field = f("zone", Shape::Str);
const CLIENT_MAP: Field = f("client", Shape::Obj(CLIENT));
const MODE: Field = f("mode", Shape::Str);
const IP_MODE: Field = f("ipMode", Shape::Str);
const RATE: Field = f("rate", Shape::Any);

const POLICY: &[Field] = &[
    AT,
    DO,
    SERVICE,
    f("externalTrafficPolicy", Shape::Str),
    f("internalTrafficPolicy", Shape::Str),
    f("sessionAffinity", Shape::Str),
    f("timeoutSeconds", Shape::Int32),
    f("trafficDistribution", Shape::Str),
    f("loadBalancerSourceRanges", Shape::Strs),
    f("externalIPs", Shape::Strs),
    f("publishNotReadyAddresses", Shape::Bool),
    f(TOPOLOGY_MODE, Shape::Str),
];

fn arguments(what: &str) -> &'static [Field] {
    match what {
        "apply" => &[AT, DO, TEXT],
        "delete" => &[AT, DO, OBJECT],
        "setLabels" => &[AT, DO, OBJECT, LABELS],
        "setServiceType" => &[AT, DO, SERVICE, TYPE],
        "setServicePolicy" => POLICY,
        "setSelector" => &[AT, DO, SERVICE, SELECTOR],
        "scale" => &[AT, DO, DEPLOYMENT, REPLICAS],
        "setProxyMode" => &[AT, DO, MODE],
        "setIpMode" => &[AT, DO, IP_MODE],
        "setReadiness" => &[AT, DO, POD, PASS],
        "crashPod" => &[AT, DO, POD],
        "powerNode" | "cordon" | "cutOffNode" | "pauseKubeProxy" => &[AT, DO, NODE, ON],
        "addNode" => &[AT, DO, NAME, ZONE],
        "addClient" => &[AT, DO, CLIENT_MAP],
        "setRate" => &[AT, DO, CLIENT_NAME, RATE],
        _ => &[AT, DO, CLIENT_NAME],
    }
}

/// An empty text is one that applies nothing.
fn apply_text(spot: &Spot<'_>, findings: &mut Findings) -> Option<Str> {
    if !spot.is_set() {
        spot.error(findings, DiagnosticKind::Required);
    }
    spot.str().cloned()
}

fn object(spot: &Spot<'_>, findings: &mut Findings) -> Option<ObjectRef> {
    let spot = spot.field("object");
    let text = pod_required(&spot, findings);
    let object = reference::parse_object(&text);
    if object.is_none() && !text.is_empty() {
        bad_format(&spot, Format::ObjectRef, findings);
    }
    object
}

fn ns_name(spot: &Spot<'_>, field: &str, findings: &mut Findings) -> Option<NsName> {
    let spot = spot.field(field);
    let text = pod_required(&spot, findings);
    let name = reference::parse_name(&text);
    if name.is_none() && !text.is_empty() {
        bad_format(&spot, Format::NsName, findings);
    }
    name
}

fn name(spot: &Spot<'_>, field: &str, findings: &mut Findings) -> Name {
    pod_required(&spot.field(field), findings)
}

fn labels(spot: &Spot<'_>, field: &str, findings: &mut Findings) -> Labels {
    let spot = spot.field(field);
    if !spot.is_set() {
        spot.error(findings, DiagnosticKind::Required);
    }
    read_labels(&spot, findings)
}

fn flag(spot: &Spot<'_>, field: &str, findings: &mut Findings) -> Option<bool> {
    let spot = spot.field(field);
    if !spot.is_set() {
        spot.error(findings, DiagnosticKind::Required);
    }
    spot.bool()
}

fn service_type(spot: &Spot<'_>, findings: &mut Findings) -> Option<ServiceType> {
    let spot = spot.field("type");
    pod_required(&spot, findings);
    let all =
        [ServiceType::ClusterIP, ServiceType::NodePort, ServiceType::LoadBalancer, ServiceType::ExternalName];
    let name = pod_one_of(&spot, &["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"], findings)?;
    all.into_iter().find(|t| t.as_str() == name)
}

fn proxy_mode(spot: &Spot<'_>, findings: &mut Findings) -> Option<ProxyMode> {
    let spot = spot.field("mode");
    pod_required(&spot, findings);
    pod_one_of(&spot, ProxyMode::NAMES, findings).and_then(ProxyMode::named)
}

fn replicas(spot: &Spot<'_>, findings: &mut Findings) -> Option<u32> {
    let spot = spot.field("replicas");
    if !spot.is_set() {
        spot.error(findings, DiagnosticKind::Required);
    }
    spot.int_in(findings, 0, i64::from(i32::MAX)).and_then(|n| u32::try_from(n).ok())
}

fn add_node(spot: &Spot<'_>) -> Action {
    Action::AddNode { name: spot.field("name").str().cloned(), zone: spot.field("zone").str().cloned() }
}

fn add_client(spot: &Spot<'_>, findings: &mut Findings) -> Option<Action> {
    if !required_map(spot, findings) {
        return None;
    }
    pod_required(&spot.field("name"), findings);
    client(spot, findings).map(|client| Action::AddClient { client })
}

fn set_rate(spot: &Spot<'_>, findings: &mut Findings) -> Option<Action> {
    let client = name(spot, "client", findings);
    let spot = spot.field("rate");
    if !spot.is_set() {
        spot.error(findings, DiagnosticKind::Required);
    }
    rate(&spot, findings).map(|rate_milli| Action::SetRate { client, rate_milli })
}
