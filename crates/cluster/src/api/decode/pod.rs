//! `v1` Pod and Pod templates (core validation.go, ValidatePodSpec; defaults.go).

use std::collections::BTreeSet;

use super::field_cursor::{FieldCursor, shown};
use super::{meta, names, probe};
use crate::api::diagnostic::clip;
use crate::api::diagnostics::Diagnostics;
use crate::api::{
    Container, ContainerPort, DiagnosticKind, EnvVar, NameRule, Pod, PodSpec, PodStatus, PodTemplate, Rule,
    Severity, Str, Value,
};
use netfilter::Protocol;

pub fn decode(root: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> Pod {
    let meta = meta::decode::<Pod>(root);
    let cursor = root.field("spec");
    let spec = spec(&cursor, diagnostics);
    check_restart_policy(&cursor.field("restartPolicy"), diagnostics);
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
    let sidecars = init_containers(&cursor.field("initContainers"), &mut names, diagnostics);
    let list = cursor.field("containers");
    if list.len() == 0 && list.tree().is_none_or(|t| matches!(t.value, Value::Seq(_))) {
        list.error(diagnostics, DiagnosticKind::Required);
    }
    let containers = (0..list.len()).map(|i| container(&list.item(i), &mut names, diagnostics)).collect();
    check_host_ports(&list, host_network, diagnostics);
    check_dns_policy(&cursor.field("dnsPolicy"), diagnostics);
    PodSpec {
        node_name: cursor.field("nodeName").text().cloned(),
        containers,
        sidecars,
        termination_grace_period_s: grace_period(&cursor.field("terminationGracePeriodSeconds"), diagnostics),
        hostname: cursor.field("hostname").text().cloned(),
        subdomain: cursor.field("subdomain").text().cloned(),
        host_network,
        has_empty_dir: has_empty_dir(&cursor.field("volumes")),
        node_selector: cursor.field("nodeSelector").labels(),
    }
}

fn has_empty_dir(volumes: &FieldCursor<'_>) -> bool {
    (0..volumes.len()).any(|i| volumes.item(i).field("emptyDir").is_set())
}

fn grace_period(cursor: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> u32 {
    let seconds = cursor.int_in(diagnostics, 0, i64::from(u32::MAX));
    seconds.and_then(|s| u32::try_from(s).ok()).unwrap_or(30)
}

/// Only sidecars (`restartPolicy: Always`) run beside the main containers; the time that other init containers
/// take is not simulated.
fn init_containers(
    cursor: &FieldCursor<'_>,
    names: &mut BTreeSet<Str>,
    diagnostics: &mut Diagnostics,
) -> Vec<Container> {
    let mut sidecars = Vec::new();
    for i in 0..cursor.len() {
        let item = cursor.item(i);
        let decoded = container(&item, names, diagnostics);
        match item.field("restartPolicy").str().map(|s| &**s) {
            Some("Always") => sidecars.push(decoded),
            _ => {
                let field = "initContainers".into();
                item.report(diagnostics, Severity::Info, DiagnosticKind::FieldNotSimulated { field });
            }
        }
    }
    sidecars
}

fn container(
    cursor: &FieldCursor<'_>,
    names: &mut BTreeSet<Str>,
    diagnostics: &mut Diagnostics,
) -> Container {
    let name = required(&cursor.field("name"), diagnostics);
    if !name.is_empty() {
        let cursor = cursor.field("name");
        names::check(&cursor, &name, NameRule::Dns1123Label, diagnostics);
        if !names.insert(name.clone()) {
            cursor.error(diagnostics, DiagnosticKind::Duplicate { value: clip(&name) });
        }
    }
    for kind in ["livenessProbe", "startupProbe"] {
        let cursor = cursor.field(kind);
        probe::decode(&cursor, diagnostics);
        probe::check_single_success(&cursor, diagnostics);
    }
    Container {
        name,
        image: required(&cursor.field("image"), diagnostics),
        ports: ports(&cursor.field("ports"), diagnostics),
        env: env(&cursor.field("env"), diagnostics),
        command: cursor.field("command").strings(),
        args: cursor.field("args").strings(),
        readiness: probe::decode(&cursor.field("readinessProbe"), diagnostics),
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

fn ports(list: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> Vec<ContainerPort> {
    let mut seen = BTreeSet::new();
    let mut out = Vec::new();
    for i in 0..list.len() {
        let item = list.item(i);
        let name_spot = item.field("name");
        let name = name_spot.text().cloned();
        if let Some(name) = &name {
            names::check(&name_spot, name, NameRule::PortName, diagnostics);
            if !seen.insert(name.clone()) {
                name_spot.error(diagnostics, DiagnosticKind::Duplicate { value: clip(name) });
            }
        }
        let number = port_number(&item.field("containerPort"), diagnostics);
        let protocol = protocol(&item.field("protocol"), diagnostics);
        item.field("hostPort").int_in(diagnostics, 0, 65535);
        if let (Some(container_port), Some(protocol)) = (number, protocol) {
            out.push(ContainerPort { name, container_port, protocol });
        }
    }
    out
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

fn env(list: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> Vec<EnvVar> {
    let mut out = Vec::new();
    for i in 0..list.len() {
        let item = list.item(i);
        let name = required(&item.field("name"), diagnostics);
        if !name.is_empty() {
            names::check(&item.field("name"), &name, NameRule::EnvVarName, diagnostics);
        }
        if !item.field("valueFrom").is_set() {
            let value = item.field("value").str().cloned().unwrap_or_else(|| "".into());
            out.push(EnvVar { name, value });
        }
    }
    out
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

/// `restartPolicy` of a Pod on its own: only `Always` is simulated.
fn check_restart_policy(cursor: &FieldCursor<'_>, diagnostics: &mut Diagnostics) {
    const ALLOWED: &[&str] = &["Always", "OnFailure", "Never"];
    if let Some("OnFailure" | "Never") = one_of(cursor, ALLOWED, diagnostics) {
        let field = "restartPolicy".into();
        cursor.report(diagnostics, Severity::Info, DiagnosticKind::FieldNotSimulated { field });
    }
}
