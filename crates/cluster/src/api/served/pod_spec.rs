//! Defaults of `spec` in Pods and templates (core/v1 defaults.go; zz_generated.defaults.go, SetObjectDefaults_Pod).

use super::{canonical_quantity, default, default_in, each, omit, volume};
use crate::api::write::{at, requirements, text};
use crate::api::{Container, PodSpec, PodTemplate, Probe, Tree, pull_policy};

/// Fields that are left out when they say nothing; all others are pointers in Go, and are kept as they were written.
const OMITTED: &[&str] = &[
    "activeDeadlineSeconds",
    "hostIPC",
    "hostNetwork",
    "hostPID",
    "hostname",
    "nodeName",
    "nodeSelector",
    "overhead",
    "priorityClassName",
    "serviceAccount",
    "serviceAccountName",
    "subdomain",
];

/// `spec.template` of a workload.
pub fn complete_template(tree: &mut Tree, template: &PodTemplate) {
    complete(at(at(at(tree, "spec"), "template"), "spec"), &template.spec);
}

pub fn complete(tree: &mut Tree, spec: &PodSpec) {
    omit(tree, OMITTED);
    for (list, containers) in [("containers", &spec.containers), ("initContainers", &spec.init_containers)] {
        each(tree, list, |index, tree| {
            if let Some(typed) = containers.get(index) {
                container(tree, typed);
            }
        });
    }
    default(tree, "dnsPolicy", text("ClusterFirst"));
    default(tree, "restartPolicy", text(spec.restart_policy.as_str()));
    default(tree, "schedulerName", text(&spec.scheduler_name));
    default(tree, "securityContext", Tree::map());
    default(tree, "terminationGracePeriodSeconds", Tree::int(spec.termination_grace_period_s));
    mirror_service_account(tree);
    each(tree, "volumes", |_, tree| volume::complete(tree));
}

/// core/v1 conversion.go: the old name of the field is kept beside the new one.
pub fn mirror_service_account(tree: &mut Tree) {
    for (from, to) in [("serviceAccount", "serviceAccountName"), ("serviceAccountName", "serviceAccount")] {
        if let Some(name) = tree.field(from).cloned() {
            default(tree, to, name);
        }
    }
}

fn container(tree: &mut Tree, container: &Container) {
    omit(tree, &["stdin", "stdinOnce", "tty", "workingDir", "lifecycle"]);
    let policy = pull_policy(tree.entries());
    default(tree, "imagePullPolicy", text(policy));
    default(tree, "terminationMessagePath", text("/dev/termination-log"));
    default(tree, "terminationMessagePolicy", text("File"));
    resources(tree, container);
    ports(tree, container);
    each(tree, "env", |_, variable| {
        omit(variable, &["value"]);
        if variable.field("valueFrom").is_some() {
            complete_source(at(variable, "valueFrom"));
        }
    });
    each(tree, "envFrom", |_, source| omit(source, &["prefix"]));
    each(tree, "volumeMounts", |_, mount| omit(mount, &["readOnly", "subPath", "subPathExpr"]));
    for (key, typed) in [
        ("livenessProbe", &container.liveness),
        ("readinessProbe", &container.readiness),
        ("startupProbe", &container.startup),
    ] {
        if let (Some(typed), true) = (typed, tree.field(key).is_some()) {
            probe(at(tree, key), typed);
        }
    }
    if tree.field("lifecycle").is_some() {
        let lifecycle = at(tree, "lifecycle");
        for hook in ["postStart", "preStop"] {
            if lifecycle.field(hook).is_some() {
                http_get(at(lifecycle, hook));
            }
        }
    }
}

/// Quantities in their canonical form; a Pod's requests have what its limits say.
fn resources(tree: &mut Tree, container: &Container) {
    let claims = tree.field("resources").and_then(|resources| resources.field("claims")).cloned();
    let mut resources = requirements(&container.resources).unwrap_or_else(Tree::map);
    if let Some(claims) = claims {
        resources.put("claims", claims);
    }
    tree.put("resources", resources);
}

fn ports(tree: &mut Tree, container: &Container) {
    each(tree, "ports", |index, port| {
        omit(port, &["hostPort", "hostIP", "name"]);
        let Some(typed) = container.ports.get(index) else { return };
        default(port, "protocol", text(typed.protocol.as_str()));
        if typed.host_port != 0 {
            port.put("hostPort", Tree::int(i64::from(typed.host_port)));
        }
    });
}

/// `valueFrom`, and the items of a downwardAPI volume.
pub fn complete_source(source: &mut Tree) {
    default_in(source, "fieldRef", "apiVersion", text("v1"));
    default_in(source, "resourceFieldRef", "divisor", text("0"));
    if source.field("resourceFieldRef").is_some() {
        canonical_quantity(at(source, "resourceFieldRef"), "divisor");
    }
}

fn probe(tree: &mut Tree, probe: &Probe) {
    omit(tree, &["initialDelaySeconds"]);
    for (key, value) in [
        ("failureThreshold", probe.failure_threshold),
        ("periodSeconds", probe.period_s),
        ("successThreshold", probe.success_threshold),
        ("timeoutSeconds", probe.timeout_s),
    ] {
        tree.put(key, Tree::int(i64::from(value)));
    }
    http_get(tree);
    if tree.field("grpc").is_some() {
        let grpc = at(tree, "grpc");
        if grpc.field("service").is_none() {
            grpc.put("service", text(""));
        }
    }
}

/// SetDefaults_HTTPGetAction: of a probe or a hook.
fn http_get(handler: &mut Tree) {
    default_in(handler, "httpGet", "path", text("/"));
    default_in(handler, "httpGet", "scheme", text("HTTP"));
    for key in ["httpGet", "tcpSocket"] {
        if handler.field(key).is_some() {
            omit(at(handler, key), &["host"]);
        }
    }
}
