//! `v1` Pod and Pod templates.

use super::field_cursor::{FieldCursor, shown};
use super::{meta, probe};
use crate::api::diagnostics::Diagnostics;
use crate::api::{
    Container, ContainerPort, DiagnosticKind, EnvVar, Pod, PodSpec, PodStatus, PodTemplate, Severity, Str,
};
use netfilter::Protocol;

pub fn decode(root: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> Pod {
    let meta = meta::decode::<Pod>(root);
    let cursor = root.field("spec");
    let spec = spec(&cursor, diagnostics);
    not_simulated(&cursor, "restartPolicy", &["OnFailure", "Never"], diagnostics);
    Pod { meta, spec, status: PodStatus::default() }
}

pub fn template(cursor: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> PodTemplate {
    let metadata = cursor.field("metadata");
    PodTemplate {
        labels: metadata.field("labels").labels(),
        annotations: metadata.field("annotations").labels(),
        spec: spec(&cursor.field("spec"), diagnostics),
        written: cursor.tree().cloned().unwrap_or_default(),
    }
}

fn spec(cursor: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> PodSpec {
    let text = |field: &str| cursor.field(field).text().cloned();
    let grace_period = cursor.field("terminationGracePeriodSeconds");
    let init_containers = init_containers(&cursor.field("initContainers"), diagnostics);
    let list = cursor.field("containers");
    let containers = (0..list.len()).map(|i| container(&list.item(i), diagnostics)).collect();
    not_simulated(cursor, "dnsPolicy", &["Default", "None"], diagnostics);
    PodSpec {
        node_name: text("nodeName"),
        init_containers,
        containers,
        restart_policy: text("restartPolicy"),
        termination_grace_period_s: grace_period
            .number(diagnostics, 0, i64::from(u32::MAX))
            .unwrap_or(PodSpec::DEFAULT_TERMINATION_GRACE_PERIOD_S),
        dns_policy: text("dnsPolicy"),
        hostname: text("hostname"),
        subdomain: text("subdomain"),
        host_network: cursor.field("hostNetwork").bool().unwrap_or(false),
        has_empty_dir: has_empty_dir(&cursor.field("volumes")),
        node_selector: cursor.field("nodeSelector").labels(),
    }
}

fn has_empty_dir(volumes: &FieldCursor<'_>) -> bool {
    (0..volumes.len()).any(|i| volumes.item(i).field("emptyDir").is_set())
}

/// Notes a field with one of these values, which are kept, not simulated.
fn not_simulated(cursor: &FieldCursor<'_>, name: &str, values: &[&str], diagnostics: &mut Diagnostics) {
    let cursor = cursor.field(name);
    if cursor.str().is_some_and(|text| values.contains(&&**text)) {
        let message = DiagnosticKind::FieldNotSimulated { field: name.into() };
        cursor.report(diagnostics, Severity::Info, message);
    }
}

/// Only sidecars (`restartPolicy: Always`) run beside the main containers; the time that other init containers
/// take is not simulated.
fn init_containers(list: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> Vec<Container> {
    let mut out = Vec::new();
    for i in 0..list.len() {
        let item = list.item(i);
        out.push(container(&item, diagnostics));
        if item.field("restartPolicy").str().is_none_or(|policy| &**policy != "Always") {
            let field = "initContainers".into();
            item.report(diagnostics, Severity::Info, DiagnosticKind::FieldNotSimulated { field });
        }
    }
    out
}

/// A text that is not there is empty, as in Go.
fn container(cursor: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> Container {
    let text = |field: &str| cursor.field(field).text().cloned();
    Container {
        name: text("name").unwrap_or_default(),
        image: text("image").unwrap_or_default(),
        ports: ports(&cursor.field("ports"), diagnostics),
        env: env(&cursor.field("env")),
        command: cursor.field("command").strings(),
        args: cursor.field("args").strings(),
        readiness: probe::decode(&cursor.field("readinessProbe"), diagnostics),
        liveness: probe::decode(&cursor.field("livenessProbe"), diagnostics),
        startup: probe::decode(&cursor.field("startupProbe"), diagnostics),
        restart_policy: text("restartPolicy"),
    }
}

/// A text that must be there. A value of another type was reported before.
pub fn required(cursor: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> Str {
    let is_other_type = cursor.is_set() && cursor.str().is_none();
    if cursor.text().is_none() && !is_other_type {
        cursor.error(diagnostics, DiagnosticKind::Required);
    }
    cursor.text().cloned().unwrap_or_else(|| "".into())
}

/// One for each port in the text, so that validation finds it at its place.
fn ports(list: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> Vec<ContainerPort> {
    let mut port = |i: usize| {
        let item = list.item(i);
        ContainerPort {
            name: item.field("name").text().cloned(),
            container_port: item.field("containerPort").number(diagnostics, 1, 65_535).unwrap_or(0),
            host_port: item.field("hostPort").number(diagnostics, 0, 65_535).unwrap_or(0),
            protocol: protocol(&item.field("protocol"), diagnostics).unwrap_or_default(),
        }
    };
    (0..list.len()).map(&mut port).collect()
}

/// TCP when nothing is written.
pub fn protocol(cursor: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> Option<Protocol> {
    let Some(text) = cursor.text() else { return Some(Protocol::Tcp) };
    let all = [Protocol::Tcp, Protocol::Udp, Protocol::Sctp];
    let found = all.into_iter().find(|p| p.as_str() == &**text);
    if found.is_none() {
        unsupported(cursor, &["SCTP", "TCP", "UDP"], diagnostics);
    }
    found
}

pub fn unsupported(
    cursor: &FieldCursor<'_>,
    allowed: &'static [&'static str],
    diagnostics: &mut Diagnostics,
) {
    let value = cursor.tree().map_or_else(|| "".into(), |t| shown(&t.value));
    cursor.error(diagnostics, DiagnosticKind::Unsupported { value, allowed });
}

/// One of `allowed`, or nothing.
pub fn one_of<'a>(
    cursor: &FieldCursor<'a>,
    allowed: &'static [&'static str],
    diagnostics: &mut Diagnostics,
) -> Option<&'a str> {
    let text = cursor.text()?;
    if !allowed.contains(&&**text) {
        unsupported(cursor, allowed, diagnostics);
        return None;
    }
    Some(text)
}

/// A value that is not there is empty, as in Go.
fn env(list: &FieldCursor<'_>) -> Vec<EnvVar> {
    let variable = |i: usize| {
        let item = list.item(i);
        let literal = || item.field("value").str().cloned().unwrap_or_default();
        EnvVar {
            name: item.field("name").text().cloned().unwrap_or_default(),
            value: (!item.field("valueFrom").is_set()).then(literal),
        }
    };
    (0..list.len()).map(variable).collect()
}
