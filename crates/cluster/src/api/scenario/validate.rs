//! What the strings of a Scenario and of an action may be: each is checked like the Kubernetes field that
//! it becomes, or names (apimachinery, util/validation), whether a text, a link or a person gave it.

use std::net::IpAddr;

use super::{App, ClientFrom, ClientSpec, ScenarioNode, wire};
use crate::api::decode::{holds_name, name_findings};
use crate::api::diagnostic::clip;
use crate::api::{Action, DiagnosticKind, Format, NameRule, NsName, ObjectRef};
use crate::traffic::{MAX_RATE_MILLI, Target};
use netfilter::Protocol;

/// The field that is wrong, as the Scenario writes it, and what is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invalid {
    pub field: &'static str,
    pub message: DiagnosticKind,
}

type Checked = Result<(), Invalid>;

pub fn check_node(node: &ScenarioNode) -> Checked {
    name("name", &node.name, NameRule::Dns1123Subdomain)?;
    optional("zone", node.zone.as_deref(), NameRule::LabelValue)
}

pub fn check_client(client: &ClientSpec) -> Checked {
    name("name", &client.name, NameRule::Dns1123Subdomain)?;
    match &client.from {
        ClientFrom::Outside { .. } => {}
        ClientFrom::Node { name } => {
            formatted("from", is_subdomain(name), || format!("node/{name}"), Format::ClientFrom)?;
        }
        ClientFrom::Workload { namespace, kind, name } => {
            let holds = is_label(namespace) && is_subdomain(name);
            formatted("from", holds, || format!("{kind}/{namespace}/{name}"), Format::ClientFrom)?;
        }
    }
    let format = match client.protocol {
        Protocol::Tcp | Protocol::Udp | Protocol::Sctp => Format::Target,
        Protocol::Icmp => Format::PingTarget,
    };
    formatted("to", is_target(client), || client.to.to_string(), format)?;
    let may_be = !client.one_way || client.protocol == Protocol::Udp;
    formatted("oneWay", may_be, || client.one_way.to_string(), Format::OneWay)?;
    rate(client.rate_milli)
}

fn rate(rate_milli: u32) -> Checked {
    let invalid = || {
        let (value, max) = (wire::rate::print(rate_milli).into(), i64::from(MAX_RATE_MILLI / 1_000));
        Invalid { field: "rate", message: DiagnosticKind::OutOfRange { value, min: 0, max } }
    };
    if rate_milli <= MAX_RATE_MILLI { Ok(()) } else { Err(invalid()) }
}

/// The first thing that is wrong with an action. A client's fields are those of its `client`. Labels, texts and
/// policies go through the checks of the objects that they become part of.
pub fn check_action(action: &Action) -> Checked {
    match action {
        Action::Apply { .. }
        | Action::Create { .. }
        | Action::Replace { .. }
        | Action::SetProxyMode { .. }
        | Action::SetIpMode { .. } => Ok(()),
        Action::DeleteObject { object, .. }
        | Action::Patch { object, .. }
        | Action::SetLabels { object, .. }
        | Action::Scale { object, .. }
        | Action::RolloutRestart { object }
        | Action::RolloutUndo { object, .. } => object_ref(object),
        Action::SetImage { object, container, .. } => {
            object_ref(object)?;
            name("container", container, NameRule::Dns1123Label)
        }
        Action::PauseRollout { deployment, .. } => ns_name("deployment", deployment),
        Action::SetServiceType { service, .. }
        | Action::SetServicePolicy { service, .. }
        | Action::SetSelector { service, .. } => ns_name("service", service),
        Action::SetReadiness { pod, container, .. }
        | Action::SetLiveness { pod, container, .. }
        | Action::CrashPod { pod, container }
        | Action::FinishPod { pod, container, .. } => {
            ns_name("pod", pod)?;
            optional("container", container.as_deref(), NameRule::Dns1123Label)
        }
        Action::SetPodCondition { pod, type_, .. } => {
            ns_name("pod", pod)?;
            name("type", type_, NameRule::QualifiedName)
        }
        Action::SetApp { app } => check_app(app),
        Action::SetMissing { .. } => Ok(()),
        Action::PowerNode { node, .. }
        | Action::Cordon { node, .. }
        | Action::Taint { node, .. }
        | Action::Drain { node, .. }
        | Action::CutOffNode { node, .. }
        | Action::PauseKubeProxy { node, .. } => name("node", node, NameRule::Dns1123Subdomain),
        Action::AddNode { name: node, zone } => {
            optional("name", node.as_deref(), NameRule::Dns1123Subdomain)?;
            optional("zone", zone.as_deref(), NameRule::LabelValue)
        }
        Action::AddClient { client } => check_client(client),
        Action::RemoveClient { client } | Action::SendOne { client } => {
            name("client", client, NameRule::Dns1123Subdomain)
        }
        Action::SetRate { client, rate_milli } => {
            name("client", client, NameRule::Dns1123Subdomain)?;
            rate(*rate_milli)
        }
    }
}

pub fn check_app(app: &App) -> Checked {
    let ObjectRef { kind, namespace, name } = &app.of;
    formatted("of", is_object(&app.of), || format!("{kind}/{namespace}/{name}"), Format::ObjectRef)?;
    optional("container", app.container.as_deref(), NameRule::Dns1123Label)
}

fn formatted(field: &'static str, holds: bool, value: impl FnOnce() -> String, format: Format) -> Checked {
    let invalid = || Invalid { field, message: DiagnosticKind::BadFormat { value: clip(&value()), format } };
    if holds { Ok(()) } else { Err(invalid()) }
}

fn name(field: &'static str, value: &str, rule: NameRule) -> Checked {
    match name_findings(value, rule).into_iter().next() {
        None => Ok(()),
        Some(message) => Err(Invalid { field, message }),
    }
}

fn optional(field: &'static str, value: Option<&str>, rule: NameRule) -> Checked {
    value.map_or(Ok(()), |value| name(field, value, rule))
}

fn object_ref(object: &ObjectRef) -> Checked {
    let ObjectRef { kind, namespace, name } = object;
    let shown = || format!("{kind}/{namespace}/{name}");
    formatted("object", is_object(object), shown, Format::ObjectRef)
}

fn ns_name(field: &'static str, key: &NsName) -> Checked {
    let holds = is_label(&key.namespace) && is_subdomain(&key.name);
    formatted(field, holds, || key.to_string(), Format::NsName)
}

fn is_label(value: &str) -> bool {
    holds_name(value, NameRule::Dns1123Label)
}

fn is_subdomain(value: &str) -> bool {
    holds_name(value, NameRule::Dns1123Subdomain)
}

/// A kind that is not known may have its own rule for names: what every name can stand in is the path of
/// a URL (apimachinery api/validation/path, IsValidPathSegmentName).
fn is_object(object: &ObjectRef) -> bool {
    let kind = object.kind.as_str();
    let kind = !kind.is_empty() && kind.bytes().all(|b| b.is_ascii_alphanumeric());
    let namespace = object.namespace.is_empty() || is_label(&object.namespace);
    let segment = object.name.bytes().all(|b| b.is_ascii_graphic() && !matches!(b, b'/' | b'%'));
    kind && namespace && segment && !matches!(&*object.name, "" | "." | "..")
}

/// A URL has printable ASCII only (RFC 3986), and a host that a resolver takes.
fn is_target(client: &ClientSpec) -> bool {
    let text = &client.to;
    let host = match Target::of(text, client.protocol) {
        None => return false,
        Some(Target::WayIn { service, .. }) => {
            return is_label(&service.namespace) && is_subdomain(&service.name);
        }
        Some(Target::Host { host, .. }) => host,
    };
    let is_host = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    let is_name = host.len() <= 253 && host.bytes().all(is_host);
    text.bytes().all(|b| b.is_ascii_graphic()) && (is_name || host.parse::<IpAddr>().is_ok())
}
