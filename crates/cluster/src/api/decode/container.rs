//! Containers of a Pod: what the simulation reads of them.

use std::collections::BTreeSet;

use super::field_cursor::FieldCursor;
use super::pod::{one_of, port_number, protocol, required};
use super::{lifecycle, names, probe};
use crate::api::diagnostic::clip;
use crate::api::diagnostics::Diagnostics;
use crate::api::{
    Container, ContainerPort, DiagnosticKind, EnvObject, EnvSource, EnvVar, ImagePullPolicy, NameRule,
    RestartPolicy, Str,
};

pub fn decode(
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
    let pull_policy = one_of(&cursor.field("imagePullPolicy"), ImagePullPolicy::NAMES, diagnostics);
    let restart_policy = one_of(&cursor.field("restartPolicy"), RestartPolicy::NAMES, diagnostics);
    let single = |kind: &str, diagnostics: &mut Diagnostics| {
        let cursor = cursor.field(kind);
        probe::check_single_success(&cursor, diagnostics);
        probe::decode(&cursor, diagnostics)
    };
    Container {
        name,
        image: required(&cursor.field("image"), diagnostics),
        image_pull_policy: pull_policy.and_then(ImagePullPolicy::named),
        ports: ports(&cursor.field("ports"), diagnostics),
        env: env(&cursor.field("env"), diagnostics),
        env_from: env_from(&cursor.field("envFrom")),
        command: cursor.field("command").strings(),
        args: cursor.field("args").strings(),
        readiness: probe::decode(&cursor.field("readinessProbe"), diagnostics),
        liveness: single("livenessProbe", diagnostics),
        startup: single("startupProbe", diagnostics),
        lifecycle: lifecycle::decode(&cursor.field("lifecycle"), diagnostics),
        restart_policy: restart_policy.and_then(RestartPolicy::named),
    }
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
        let host_port = item.field("hostPort").int_in(diagnostics, 0, 65535);
        let host_port = host_port.and_then(|n| u16::try_from(n).ok()).unwrap_or(0);
        if let (Some(container_port), Some(protocol)) = (number, protocol) {
            out.push(ContainerPort { name, container_port, host_port, protocol });
        }
    }
    out
}

fn env(list: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> Vec<EnvVar> {
    let mut out = Vec::new();
    for i in 0..list.len() {
        let item = list.item(i);
        let name = required(&item.field("name"), diagnostics);
        if !name.is_empty() {
            names::check(&item.field("name"), &name, NameRule::EnvVarName, diagnostics);
        }
        let from = item.field("valueFrom");
        let literal = || item.field("value").str().cloned().unwrap_or_else(|| "".into());
        out.push(EnvVar { name, value: (!from.is_set()).then(literal), value_from: value_from(&from) });
    }
    out
}

/// `None` for a source that is always there.
fn value_from(cursor: &FieldCursor<'_>) -> Option<EnvSource> {
    let (config_map, secret) = (cursor.field("configMapKeyRef"), cursor.field("secretKeyRef"));
    let key = |reference: &FieldCursor<'_>| Some(reference.field("key").text().cloned().unwrap_or_default());
    if config_map.is_set() {
        return Some(source(&config_map, EnvObject::ConfigMap, key(&config_map)));
    }
    secret.is_set().then(|| source(&secret, EnvObject::Secret, key(&secret)))
}

fn env_from(list: &FieldCursor<'_>) -> Vec<EnvSource> {
    let mut out = Vec::new();
    for i in 0..list.len() {
        let item = list.item(i);
        for (field, object) in [("configMapRef", EnvObject::ConfigMap), ("secretRef", EnvObject::Secret)] {
            let reference = item.field(field);
            if reference.is_set() {
                out.push(source(&reference, object, None));
            }
        }
    }
    out
}

fn source(reference: &FieldCursor<'_>, object: EnvObject, key: Option<Str>) -> EnvSource {
    let name = reference.field("name").text().cloned().unwrap_or_default();
    EnvSource { object, name, key, optional: reference.field("optional").bool().unwrap_or(false) }
}
