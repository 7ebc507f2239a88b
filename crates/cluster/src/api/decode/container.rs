//! Containers of a Pod: what the simulation reads of them.

use super::field_cursor::FieldCursor;
use super::pod::{one_of, protocol};
use super::{lifecycle, probe, resources};
use crate::api::diagnostics::Diagnostics;
use crate::api::{
    Container, ContainerPort, DiagnosticKind, EnvObject, EnvSource, EnvVar, ImagePullPolicy, RestartPolicy,
    Rule, Str,
};

/// A text that is not there is empty, as in Go.
pub fn decode(cursor: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> Container {
    let text = |field: &str| cursor.field(field).text().cloned().unwrap_or_default();
    let pull_policy = one_of(&cursor.field("imagePullPolicy"), ImagePullPolicy::NAMES, diagnostics);
    let restart_policy = one_of(&cursor.field("restartPolicy"), RestartPolicy::NAMES, diagnostics);
    Container {
        name: text("name"),
        image: text("image"),
        image_pull_policy: pull_policy.and_then(ImagePullPolicy::named),
        ports: ports(&cursor.field("ports"), diagnostics),
        env: env(&cursor.field("env"), diagnostics),
        env_from: env_from(&cursor.field("envFrom")),
        command: cursor.field("command").strings(),
        args: cursor.field("args").strings(),
        readiness: probe::decode(&cursor.field("readinessProbe"), diagnostics),
        liveness: probe::decode(&cursor.field("livenessProbe"), diagnostics),
        startup: probe::decode(&cursor.field("startupProbe"), diagnostics),
        lifecycle: lifecycle::decode(&cursor.field("lifecycle"), diagnostics),
        restart_policy: restart_policy.and_then(RestartPolicy::named),
        resources: resources::requirements(&cursor.field("resources"), diagnostics),
    }
}

/// One for each port in the text, so that validation finds it at its place.
fn ports(list: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> Vec<ContainerPort> {
    let mut port = |i: usize| {
        let item = list.item(i);
        ContainerPort {
            name: item.field("name").text().cloned(),
            container_port: item.field("containerPort").number(diagnostics, 1, 65_535).unwrap_or(0),
            host_port: item.field("hostPort").number(diagnostics, 1, 65_535).unwrap_or(0),
            host_ip: item.field("hostIP").text().cloned(),
            protocol: protocol(&item.field("protocol"), diagnostics).unwrap_or_default(),
        }
    };
    (0..list.len()).map(&mut port).collect()
}

/// A value that is not there is empty, as in Go.
fn env(list: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> Vec<EnvVar> {
    let mut variable = |i: usize| {
        let item = list.item(i);
        let from = item.field("valueFrom");
        let literal = || item.field("value").str().cloned().unwrap_or_default();
        if from.is_set() && !literal().is_empty() {
            let (value, why) = ("\"\"".into(), Rule::ValueAndValueFrom);
            from.error(diagnostics, DiagnosticKind::Violates { value, why });
        }
        EnvVar {
            name: item.field("name").text().cloned().unwrap_or_default(),
            value: (!from.is_set()).then(literal),
            value_from: value_from(&from),
        }
    };
    (0..list.len()).map(&mut variable).collect()
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
