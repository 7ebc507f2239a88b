//! `v1` Pod and Pod templates (core validation.go, ValidatePodSpec).

use std::collections::BTreeSet;

use super::probe::{probe, single_success};
use super::{forbid, meta, name, scheduling, unsupported};
use crate::api::diagnostic::clip;
use crate::api::field::{Error, Path};
use crate::api::{
    Container, ContainerPort, DiagnosticKind, EnvVar, NameRule, Pod, PodSpec, PodTemplate, Rule, Str,
};

pub fn validate(pod: &Pod) -> Vec<Error> {
    let mut errors = meta::validate::<Pod>(&pod.meta);
    spec(&pod.spec, &["Always", "OnFailure", "Never"], &Path::new("spec"), &mut errors);
    errors
}

/// Of a Deployment or a ReplicaSet: its Pods are restarted for ever (apps validation.go, ValidatePodTemplateSpecForRS).
pub fn template(template: &PodTemplate, path: &Path<'_>, errors: &mut Vec<Error>) {
    template_with(template, &["Always"], path, errors);
}

/// Of a Job: its Pods end (batch validation.go, validateJobSpec).
pub fn ending_template(template: &PodTemplate, path: &Path<'_>, errors: &mut Vec<Error>) {
    template_with(template, &["OnFailure", "Never"], path, errors);
}

fn template_with(
    template: &PodTemplate,
    restart_policies: &'static [&'static str],
    path: &Path<'_>,
    errors: &mut Vec<Error>,
) {
    let metadata = path.child("metadata");
    meta::labels(&template.labels, &metadata.child("labels"), errors);
    meta::annotations(&template.annotations, &metadata.child("annotations"), errors);
    spec(&template.spec, restart_policies, &path.child("spec"), errors);
}

fn spec(spec: &PodSpec, restart_policies: &'static [&'static str], path: &Path<'_>, errors: &mut Vec<Error>) {
    const DNS_POLICIES: &[&str] = &["ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"];
    containers(spec, path, errors);
    unsupported(&path.child("restartPolicy"), Some(spec.restart_policy.as_str()), restart_policies, errors);
    unsupported(&path.child("dnsPolicy"), spec.dns_policy.as_deref(), DNS_POLICIES, errors);
    for (field, value, rule) in [
        ("nodeName", &spec.node_name, NameRule::Dns1123Subdomain),
        ("hostname", &spec.hostname, NameRule::Dns1123Label),
        ("subdomain", &spec.subdomain, NameRule::Dns1123Label),
    ] {
        if let Some(value) = value {
            name(&path.child(field), value, rule, errors);
        }
    }
    meta::labels(&spec.node_selector, &path.child("nodeSelector"), errors);
    scheduling::spec(spec, path, errors);
}

fn containers(spec: &PodSpec, path: &Path<'_>, errors: &mut Vec<Error>) {
    // No two containers have the same name, init containers among them.
    let mut names = BTreeSet::new();
    let list = path.child("initContainers");
    for (index, container) in spec.init_containers.iter().enumerate() {
        self::container(container, &mut names, &list.item(index), errors);
    }
    let list = path.child("containers");
    if spec.containers.is_empty() {
        errors.push(list.error(DiagnosticKind::Required));
    }
    for (index, container) in spec.containers.iter().enumerate() {
        let path = list.item(index);
        self::container(container, &mut names, &path, errors);
        if spec.host_network {
            host_ports(&container.ports, &path.child("ports"), errors);
        }
    }
}

fn container<'a>(
    container: &'a Container,
    names: &mut BTreeSet<&'a Str>,
    path: &Path<'_>,
    errors: &mut Vec<Error>,
) {
    let Container {
        name: own_name,
        image,
        image_pull_policy: _,
        ports,
        env,
        env_from: _,
        command: _,
        args: _,
        readiness,
        liveness,
        startup,
        lifecycle: _,
        // Any other than Always makes it no sidecar.
        restart_policy: _,
        resources: _,
    } = container;
    let name_path = path.child("name");
    if own_name.is_empty() {
        errors.push(name_path.error(DiagnosticKind::Required));
    } else {
        name(&name_path, own_name, NameRule::Dns1123Label, errors);
        if !names.insert(own_name) {
            errors.push(name_path.error(DiagnosticKind::Duplicate { value: clip(own_name) }));
        }
    }
    for (field, found) in [("livenessProbe", liveness), ("startupProbe", startup)] {
        if let Some(found) = found {
            probe(found, &path.child(field), errors);
            single_success(found, &path.child(field), errors);
        }
    }
    if image.is_empty() {
        errors.push(path.child("image").error(DiagnosticKind::Required));
    }
    self::ports(ports, &path.child("ports"), errors);
    self::env(env, &path.child("env"), errors);
    if let Some(readiness) = readiness {
        probe(readiness, &path.child("readinessProbe"), errors);
    }
}

/// validateContainerPorts.
fn ports(ports: &[ContainerPort], path: &Path<'_>, errors: &mut Vec<Error>) {
    let mut names = BTreeSet::new();
    for (index, port) in ports.iter().enumerate() {
        let path = path.item(index);
        if let Some(text) = &port.name {
            let path = path.child("name");
            name(&path, text, NameRule::PortName, errors);
            if !names.insert(text) {
                errors.push(path.error(DiagnosticKind::Duplicate { value: clip(text) }));
            }
        }
        if port.container_port == 0 {
            errors.push(path.child("containerPort").error(DiagnosticKind::Required));
        }
    }
}

/// With hostNetwork, hostPort must equal containerPort (validateHostNetwork).
fn host_ports(ports: &[ContainerPort], path: &Path<'_>, errors: &mut Vec<Error>) {
    for (index, port) in ports.iter().enumerate() {
        if port.host_port != 0 && port.host_port != port.container_port {
            forbid(&path.item(index).child("hostPort"), Rule::HostPortMismatch, errors);
        }
    }
}

fn env(variables: &[EnvVar], path: &Path<'_>, errors: &mut Vec<Error>) {
    for (index, variable) in variables.iter().enumerate() {
        let path = path.item(index);
        let path = path.child("name");
        match variable.name.is_empty() {
            true => errors.push(path.error(DiagnosticKind::Required)),
            false => name(&path, &variable.name, NameRule::EnvVarName, errors),
        }
    }
}
