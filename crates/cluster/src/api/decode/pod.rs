//! `v1` Pod and Pod templates (core validation.go, ValidatePodSpec; defaults.go).

use std::collections::BTreeSet;

use super::field_cursor::{FieldCursor, shown};
use super::{container, meta, volume};
use crate::api::diagnostics::Diagnostics;
use crate::api::{
    Container, DiagnosticKind, Pod, PodSpec, PodStatus, PodTemplate, RestartPolicy, Rule, Severity, Str,
    Value,
};
use netfilter::Protocol;

pub fn decode(root: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> Pod {
    let meta = meta::decode::<Pod>(root);
    let cursor = root.field("spec");
    let spec = spec(&cursor, diagnostics);
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
    let host_network = cursor.field("hostNetwork").bool().unwrap_or(false);
    let mut names = BTreeSet::new();
    let init_containers = containers(&cursor.field("initContainers"), &mut names, diagnostics);
    let list = cursor.field("containers");
    if list.len() == 0 && list.tree().is_none_or(|t| matches!(t.value, Value::Seq(_))) {
        list.error(diagnostics, DiagnosticKind::Required);
    }
    let containers = containers(&list, &mut names, diagnostics);
    check_host_ports(&list, host_network, diagnostics);
    check_dns_policy(&cursor.field("dnsPolicy"), diagnostics);
    let restart_policy = one_of(&cursor.field("restartPolicy"), RestartPolicy::NAMES, diagnostics);
    let active_deadline = cursor.field("activeDeadlineSeconds").int_in(diagnostics, 1, i64::from(i32::MAX));
    PodSpec {
        node_name: cursor.field("nodeName").text().cloned(),
        init_containers,
        containers,
        restart_policy: restart_policy.and_then(RestartPolicy::named).unwrap_or_default(),
        termination_grace_period_s: grace_period(&cursor.field("terminationGracePeriodSeconds"), diagnostics),
        active_deadline_s: active_deadline.and_then(|s| u32::try_from(s).ok()),
        readiness_gates: readiness_gates(&cursor.field("readinessGates")),
        hostname: cursor.field("hostname").text().cloned(),
        subdomain: cursor.field("subdomain").text().cloned(),
        host_network,
        volumes: volume::decode(&cursor.field("volumes")),
        node_selector: cursor.field("nodeSelector").labels(),
    }
}

fn containers(
    list: &FieldCursor<'_>,
    names: &mut BTreeSet<Str>,
    diagnostics: &mut Diagnostics,
) -> Vec<Container> {
    (0..list.len()).map(|i| container::decode(&list.item(i), names, diagnostics)).collect()
}

fn readiness_gates(list: &FieldCursor<'_>) -> Vec<Str> {
    (0..list.len()).filter_map(|i| list.item(i).field("conditionType").text().cloned()).collect()
}

fn grace_period(cursor: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> u32 {
    let seconds = cursor.int_in(diagnostics, 0, i64::from(u32::MAX));
    seconds.and_then(|s| u32::try_from(s).ok()).unwrap_or(30)
}

/// A text that must be there. A value of another type was reported before.
pub fn required(cursor: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> Str {
    let is_other_type = cursor.is_set() && cursor.str().is_none();
    if cursor.text().is_none() && !is_other_type {
        cursor.error(diagnostics, DiagnosticKind::Required);
    }
    cursor.text().cloned().unwrap_or_else(|| "".into())
}

/// A port that must be there, 1 to 65535.
pub fn port_number(cursor: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> Option<u16> {
    if !cursor.is_set() {
        cursor.error(diagnostics, DiagnosticKind::Required);
    }
    cursor.int_in(diagnostics, 1, 65535).and_then(|n| u16::try_from(n).ok())
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

/// With hostNetwork, hostPort must equal containerPort (validateContainerPorts).
fn check_host_ports(containers: &FieldCursor<'_>, host_network: bool, diagnostics: &mut Diagnostics) {
    if !host_network {
        return;
    }
    for i in 0..containers.len() {
        let container = containers.item(i);
        let ports = container.field("ports");
        for j in 0..ports.len() {
            let port = ports.item(j);
            let host = port.field("hostPort");
            if host.int().is_some_and(|h| h != 0 && Some(h) != port.field("containerPort").int()) {
                host.error(diagnostics, DiagnosticKind::Forbidden { why: Rule::HostPortMismatch });
            }
        }
    }
}

fn check_dns_policy(cursor: &FieldCursor<'_>, diagnostics: &mut Diagnostics) {
    const ALLOWED: &[&str] = &["ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"];
    if let Some("Default" | "None") = one_of(cursor, ALLOWED, diagnostics) {
        let field = "dnsPolicy".into();
        cursor.report(diagnostics, Severity::Info, DiagnosticKind::FieldNotSimulated { field });
    }
}
