//! `v1` Pod and Pod templates (core validation.go, ValidatePodSpec; defaults.go).

use std::collections::BTreeSet;

use super::spot::{Spot, shown};
use super::{meta, names, probe};
use crate::api::diagnostic::clip;
use crate::api::findings::Findings;
use crate::api::{
    Container, ContainerPort, DiagnosticKind, EnvVar, NameRule, Pod, PodSpec, PodStatus, PodTemplate, Rule,
    Severity, Str, Value,
};
use netfilter::Protocol;

pub fn decode(root: &Spot<'_>, findings: &mut Findings) -> Pod {
    let meta = meta::decode::<Pod>(root);
    let spot = root.field("spec");
    let spec = spec(&spot, findings);
    check_restart_policy(&spot.field("restartPolicy"), findings);
    Pod { meta, spec, status: PodStatus::default() }
}

pub fn template(spot: &Spot<'_>, findings: &mut Findings) -> PodTemplate {
    let metadata = spot.field("metadata");
    PodTemplate {
        labels: metadata.field("labels").labels(),
        annotations: metadata.field("annotations").labels(),
        spec: spec(&spot.field("spec"), findings),
        written: spot.tree().cloned().unwrap_or_default(),
    }
}

fn spec(spot: &Spot<'_>, findings: &mut Findings) -> PodSpec {
    let host_network = spot.field("hostNetwork").bool().unwrap_or(false);
    let mut names = BTreeSet::new();
    let sidecars = init_containers(&spot.field("initContainers"), &mut names, findings);
    let list = spot.field("containers");
    if list.len() == 0 && list.tree().is_none_or(|t| matches!(t.value, Value::Seq(_))) {
        list.error(findings, DiagnosticKind::Required);
    }
    let containers = (0..list.len()).map(|i| container(&list.item(i), &mut names, findings)).collect();
    check_host_ports(&list, host_network, findings);
    check_dns_policy(&spot.field("dnsPolicy"), findings);
    PodSpec {
        node_name: spot.field("nodeName").text().cloned(),
        containers,
        sidecars,
        termination_grace_period_s: grace_period(&spot.field("terminationGracePeriodSeconds"), findings),
        hostname: spot.field("hostname").text().cloned(),
        subdomain: spot.field("subdomain").text().cloned(),
        host_network,
        has_empty_dir: has_empty_dir(&spot.field("volumes")),
        node_selector: spot.field("nodeSelector").labels(),
    }
}

fn has_empty_dir(volumes: &Spot<'_>) -> bool {
    (0..volumes.len()).any(|i| volumes.item(i).field("emptyDir").is_set())
}

fn grace_period(spot: &Spot<'_>, findings: &mut Findings) -> u32 {
    let seconds = spot.int_in(findings, 0, i64::from(u32::MAX));
    seconds.and_then(|s| u32::try_from(s).ok()).unwrap_or(30)
}

/// Only sidecars (`restartPolicy: Always`) run beside the others; what runs before them takes
/// time that is not simulated.
fn init_containers(spot: &Spot<'_>, names: &mut BTreeSet<Str>, findings: &mut Findings) -> Vec<Container> {
    let mut sidecars = Vec::new();
    for i in 0..spot.len() {
        let item = spot.item(i);
        let decoded = container(&item, names, findings);
        match item.field("restartPolicy").str().map(|s| &**s) {
            Some("Always") => sidecars.push(decoded),
            _ => {
                let field = "initContainers".into();
                item.report(findings, Severity::Info, DiagnosticKind::FieldNotSimulated { field });
            }
        }
    }
    sidecars
}

fn container(spot: &Spot<'_>, names: &mut BTreeSet<Str>, findings: &mut Findings) -> Container {
    let name = required(&spot.field("name"), findings);
    if !name.is_empty() {
        let spot = spot.field("name");
        names::check(&spot, &name, NameRule::Dns1123Label, findings);
        if !names.insert(name.clone()) {
            spot.error(findings, DiagnosticKind::Duplicate { value: clip(&name) });
        }
    }
    for kind in ["livenessProbe", "startupProbe"] {
        let spot = spot.field(kind);
        probe::decode(&spot, findings);
        probe::check_single_success(&spot, findings);
    }
    Container {
        name,
        image: required(&spot.field("image"), findings),
        ports: ports(&spot.field("ports"), findings),
        env: env(&spot.field("env"), findings),
        command: spot.field("command").strings(),
        args: spot.field("args").strings(),
        readiness: probe::decode(&spot.field("readinessProbe"), findings),
    }
}

/// A text that must be there. A value of another type was reported before.
pub fn required(spot: &Spot<'_>, findings: &mut Findings) -> Str {
    let is_other_type = spot.is_set() && spot.str().is_none();
    if spot.text().is_none() && !is_other_type {
        spot.error(findings, DiagnosticKind::Required);
    }
    spot.text().cloned().unwrap_or_else(|| "".into())
}

fn ports(list: &Spot<'_>, findings: &mut Findings) -> Vec<ContainerPort> {
    let mut seen = BTreeSet::new();
    let mut out = Vec::new();
    for i in 0..list.len() {
        let item = list.item(i);
        let name_spot = item.field("name");
        let name = name_spot.text().cloned();
        if let Some(name) = &name {
            names::check(&name_spot, name, NameRule::PortName, findings);
            if !seen.insert(name.clone()) {
                name_spot.error(findings, DiagnosticKind::Duplicate { value: clip(name) });
            }
        }
        let number = port_number(&item.field("containerPort"), findings);
        let protocol = protocol(&item.field("protocol"), findings);
        item.field("hostPort").int_in(findings, 0, 65535);
        if let (Some(container_port), Some(protocol)) = (number, protocol) {
            out.push(ContainerPort { name, container_port, protocol });
        }
    }
    out
}

/// A port that must be there, 1 to 65535.
pub fn port_number(spot: &Spot<'_>, findings: &mut Findings) -> Option<u16> {
    if !spot.is_set() {
        spot.error(findings, DiagnosticKind::Required);
    }
    spot.int_in(findings, 1, 65535).and_then(|n| u16::try_from(n).ok())
}

/// TCP when nothing is written.
pub fn protocol(spot: &Spot<'_>, findings: &mut Findings) -> Option<Protocol> {
    let Some(text) = spot.text() else { return Some(Protocol::Tcp) };
    let all = [Protocol::Tcp, Protocol::Udp, Protocol::Sctp];
    let found = all.into_iter().find(|p| p.as_str() == &**text);
    if found.is_none() {
        unsupported(spot, &["SCTP", "TCP", "UDP"], findings);
    }
    found
}

pub fn unsupported(spot: &Spot<'_>, allowed: &'static [&'static str], findings: &mut Findings) {
    let value = spot.tree().map_or_else(|| "".into(), |t| shown(&t.value));
    spot.error(findings, DiagnosticKind::Unsupported { value, allowed });
}

/// One of `allowed`, or nothing.
pub fn one_of<'a>(
    spot: &Spot<'a>,
    allowed: &'static [&'static str],
    findings: &mut Findings,
) -> Option<&'a str> {
    let text = spot.text()?;
    if !allowed.contains(&&**text) {
        unsupported(spot, allowed, findings);
        return None;
    }
    Some(text)
}

fn env(list: &Spot<'_>, findings: &mut Findings) -> Vec<EnvVar> {
    let mut out = Vec::new();
    for i in 0..list.len() {
        let item = list.item(i);
        let name = required(&item.field("name"), findings);
        if !name.is_empty() {
            names::check(&item.field("name"), &name, NameRule::EnvVarName, findings);
        }
        if !item.field("valueFrom").is_set() {
            let value = item.field("value").str().cloned().unwrap_or_else(|| "".into());
            out.push(EnvVar { name, value });
        }
    }
    out
}

/// The host's own port is the container's under hostNetwork (validateContainerPorts).
fn check_host_ports(containers: &Spot<'_>, host_network: bool, findings: &mut Findings) {
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
                host.error(findings, DiagnosticKind::Forbidden { why: Rule::HostPortMismatch });
            }
        }
    }
}

fn check_dns_policy(spot: &Spot<'_>, findings: &mut Findings) {
    const ALLOWED: &[&str] = &["ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"];
    if let Some("Default" | "None") = one_of(spot, ALLOWED, findings) {
        let field = "dnsPolicy".into();
        spot.report(findings, Severity::Info, DiagnosticKind::FieldNotSimulated { field });
    }
}

/// `restartPolicy` of a Pod on its own: only `Always` is simulated.
fn check_restart_policy(spot: &Spot<'_>, findings: &mut Findings) {
    const ALLOWED: &[&str] = &["Always", "OnFailure", "Never"];
    if let Some("OnFailure" | "Never") = one_of(spot, ALLOWED, findings) {
        let field = "restartPolicy".into();
        spot.report(findings, Severity::Info, DiagnosticKind::FieldNotSimulated { field });
    }
}
