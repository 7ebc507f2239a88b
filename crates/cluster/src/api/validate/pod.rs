//! `v1` Pod and Pod templates (core validation.go, ValidatePodSpec).

use std::collections::BTreeSet;

use super::probe::{no_grace, port, probe, single_success};
use super::{forbid, meta, name, quoted, repeated, scheduling, unsupported, violates};
use crate::api::decode::sleep_problem;
use crate::api::diagnostic::clip;
use crate::api::field::{Error, Path};
use crate::api::{
    Container, ContainerPort, DiagnosticKind, EnvVar, Lifecycle, LifecycleHandler, NameRule, Pod, PodSpec,
    PodTemplate, RestartPolicy, Rule,
};

pub fn validate(pod: &Pod) -> Vec<Error> {
    let mut errors = meta::validate::<Pod>(&pod.meta);
    errors.extend(pod_spec_errors(&pod.spec));
    // ValidatePodCreate.
    if pod.spec.node_name.is_some() && !pod.spec.scheduling_gates.is_empty() {
        forbid(&Path::new("spec").child("nodeName"), Rule::NodeNameWithGates, &mut errors);
    }
    errors
}

/// Of one that is created, or updated.
pub fn pod_spec_errors(of: &PodSpec) -> Vec<Error> {
    let mut errors = Vec::new();
    spec(of, MadeBy::Nobody, &Path::new("spec"), &mut errors);
    errors
}

/// By whom a Pod is made, which decides how it may be restarted.
#[derive(Clone, Copy)]
enum MadeBy {
    Nobody,
    /// A workload whose Pods run for ever.
    Workload,
    Job,
}

/// Of a Deployment or a ReplicaSet: its Pods are restarted for ever (apps validation.go, ValidatePodTemplateSpecForRS).
pub fn template(template: &PodTemplate, path: &Path<'_>, errors: &mut Vec<Error>) {
    template_of(MadeBy::Workload, template, path, errors);
}

/// Of a Job: its Pods end (batch validation.go, validateJobSpec).
pub fn ending_template(template: &PodTemplate, path: &Path<'_>, errors: &mut Vec<Error>) {
    template_of(MadeBy::Job, template, path, errors);
}

fn template_of(made_by: MadeBy, template: &PodTemplate, path: &Path<'_>, errors: &mut Vec<Error>) {
    let metadata = path.renamed("metadata", "");
    meta::labels(&template.labels, &metadata.child("labels"), errors);
    meta::annotations(&template.annotations, &metadata.child("annotations"), errors);
    spec(&template.spec, made_by, &path.child("spec"), errors);
}

fn spec(spec: &PodSpec, made_by: MadeBy, path: &Path<'_>, errors: &mut Vec<Error>) {
    const DNS_POLICIES: &[&str] = &["ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"];
    containers(spec, path, errors);
    restart_policy(spec.restart_policy, made_by, &path.child("restartPolicy"), errors);
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
    for (index, message) in repeated(spec.volumes.iter().map(|volume| &*volume.name)) {
        errors.push(path.child("volumes").item(index).child("name").error(message));
    }
    scheduling::spec(spec, path, errors);
}

/// A Job says it in words of its own (batch validation.go, validateJobSpec).
fn restart_policy(policy: RestartPolicy, made_by: MadeBy, path: &Path<'_>, errors: &mut Vec<Error>) {
    match (made_by, policy) {
        (MadeBy::Workload, policy) => unsupported(path, Some(policy.as_str()), &["Always"], errors),
        (MadeBy::Job, RestartPolicy::Always) => forbid(path, Rule::RestartPolicyOfJob, errors),
        (MadeBy::Job, RestartPolicy::OnFailure | RestartPolicy::Never)
        | (MadeBy::Nobody, RestartPolicy::Always | RestartPolicy::OnFailure | RestartPolicy::Never) => {}
    }
}

fn containers(spec: &PodSpec, path: &Path<'_>, errors: &mut Vec<Error>) {
    let list = path.child("initContainers");
    // No two containers have the same name.
    let mut taken: BTreeSet<&str> = spec.containers.iter().map(|container| &*container.name).collect();
    for (index, container) in spec.init_containers.iter().enumerate() {
        let path = list.item(index);
        self::container(container, &mut taken, spec, &path, errors);
        if !container.is_sidecar() {
            of_sidecar_only(container, &path, errors);
        }
        host_port_conflicts(std::slice::from_ref(container), |_| list.item(index), errors);
    }
    let list = path.child("containers");
    if spec.containers.is_empty() {
        errors.push(list.error(DiagnosticKind::Required));
    }
    let mut taken = BTreeSet::new();
    for (index, container) in spec.containers.iter().enumerate() {
        let path = list.item(index);
        self::container(container, &mut taken, spec, &path, errors);
        if spec.host_network {
            host_ports(&container.ports, &path.child("ports"), errors);
        }
    }
    host_port_conflicts(&spec.containers, |index| list.item(index), errors);
}

/// validateInitContainers: what only a container has that goes on running.
fn of_sidecar_only(container: &Container, path: &Path<'_>, errors: &mut Vec<Error>) {
    for (field, is_set) in [
        ("lifecycle", !container.lifecycle.is_empty()),
        ("livenessProbe", container.liveness.is_some()),
        ("readinessProbe", container.readiness.is_some()),
        ("startupProbe", container.startup.is_some()),
    ] {
        if is_set {
            forbid(&path.child(field), Rule::SidecarOnly, errors);
        }
    }
}

fn container<'a>(
    container: &'a Container,
    taken: &mut BTreeSet<&'a str>,
    spec: &PodSpec,
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
        lifecycle,
        // Any other than Always makes it no sidecar.
        restart_policy: _,
        resources: _,
    } = container;
    let name_path = path.child("name");
    if own_name.is_empty() {
        errors.push(name_path.error(DiagnosticKind::Required));
    } else {
        name(&name_path, own_name, NameRule::Dns1123Label, errors);
        if !taken.insert(own_name) {
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
    } else if image.trim() != &**image {
        violates(&path.child("image"), quoted(image), Rule::BlanksAround, errors);
    }
    self::ports(ports, &path.child("ports"), errors);
    self::env(env, &path.child("env"), errors);
    if let Some(readiness) = readiness {
        let path = path.child("readinessProbe");
        probe(readiness, &path, errors);
        no_grace(readiness, &path, errors);
    }
    self::lifecycle(lifecycle, spec.termination_grace_period_s, &path.child("lifecycle"), errors);
}

/// checkHostPortConflicts: no two ports of a Pod are the same one of the node.
fn host_port_conflicts<'a>(
    containers: &[Container],
    path: impl Fn(usize) -> Path<'a>,
    errors: &mut Vec<Error>,
) {
    let mut taken = BTreeSet::new();
    for (index, container) in containers.iter().enumerate() {
        for (number, port) in container.ports.iter().enumerate().filter(|(_, port)| port.host_port != 0) {
            let ip = port.host_ip.as_deref().unwrap_or_default();
            let key = format!("{}/{ip}/{}", port.protocol.as_str(), port.host_port);
            if !taken.insert(key.clone()) {
                let message = DiagnosticKind::Duplicate { value: clip(&key) };
                errors.push(path(index).child("ports").item(number).child("hostPort").error(message));
            }
        }
    }
}

/// validateLifecycle.
fn lifecycle(lifecycle: &Lifecycle, grace_s: i64, path: &Path<'_>, errors: &mut Vec<Error>) {
    for (hook, handler) in [("postStart", &lifecycle.post_start), ("preStop", &lifecycle.pre_stop)] {
        let path = path.child(hook);
        match handler {
            Some(LifecycleHandler::Exec { command }) if command.is_empty() => {
                errors.push(path.child("exec").child("command").error(DiagnosticKind::Required));
            }
            Some(LifecycleHandler::HttpGet { port: asked }) => {
                port(asked, &path.child("httpGet").child("port"), errors);
            }
            Some(LifecycleHandler::TcpSocket { port: asked }) => {
                port(asked, &path.child("tcpSocket").child("port"), errors);
            }
            Some(LifecycleHandler::Sleep { seconds }) if i64::from(*seconds) > grace_s => {
                errors.push(path.child("sleep").error(sleep_problem(i64::from(*seconds), grace_s)));
            }
            Some(LifecycleHandler::Exec { .. } | LifecycleHandler::Sleep { .. }) | None => {}
        }
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
            let value = port.host_port.to_string();
            violates(&path.item(index).child("hostPort"), value, Rule::HostPortMismatch, errors);
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
