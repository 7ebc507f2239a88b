//! `spec` and `status` of Pods, and the spec of their templates.

use super::{at, map, port_or_name, put_labels, put_or_remove, rfc3339, text, texts};
use crate::api::{
    Container, ContainerPort, EnvVar, Phase, Pod, PodSpec, PodStatus, Probe, ProbeHandler, Tree,
};

pub fn overlay(tree: &mut Tree, pod: &Pod) {
    overlay_spec(at(tree, "spec"), &pod.spec);
    let status = status(pod);
    tree.put("status", status);
}

/// What was written stays; what was not, comes from the typed spec.
pub fn overlay_spec(tree: &mut Tree, spec: &PodSpec) {
    if tree.field("containers").is_none() {
        overlay_unchanging(tree, spec);
    }
    put_or_remove(tree, "nodeName", spec.node_name.as_deref().map(text));
    put_or_remove(tree, "hostname", spec.hostname.as_deref().map(text));
    put_or_remove(tree, "subdomain", spec.subdomain.as_deref().map(text));
    put_or_remove(tree, "hostNetwork", spec.host_network.then(|| Tree::bool(true)));
    put_labels(tree, "nodeSelector", &spec.node_selector);
    let grace = i64::from(spec.termination_grace_period_s);
    tree.put("terminationGracePeriodSeconds", Tree::int(grace));
}

/// What neither the server nor an action changes: a document has it as it was written.
fn overlay_unchanging(tree: &mut Tree, spec: &PodSpec) {
    let list = |containers: &[Container]| Tree::seq(containers.iter().map(container).collect());
    tree.put("containers", list(&spec.containers));
    let init_containers = (!spec.init_containers.is_empty()).then(|| list(&spec.init_containers));
    put_or_remove(tree, "initContainers", init_containers);
    put_or_remove(tree, "restartPolicy", spec.restart_policy.as_deref().map(text));
    put_or_remove(tree, "dnsPolicy", spec.dns_policy.as_deref().map(text));
}

fn container(container: &Container) -> Tree {
    let mut out = map([("image", text(&container.image)), ("name", text(&container.name))]);
    let mut put = |key: &str, is_empty: bool, value: &dyn Fn() -> Tree| {
        if !is_empty {
            out.put(key, value());
        }
    };
    put("command", container.command.is_empty(), &|| texts(&container.command));
    put("args", container.args.is_empty(), &|| texts(&container.args));
    put("env", container.env.is_empty(), &|| Tree::seq(container.env.iter().map(env).collect()));
    put("ports", container.ports.is_empty(), &|| Tree::seq(container.ports.iter().map(port).collect()));
    put_or_remove(&mut out, "readinessProbe", container.readiness.as_ref().map(probe));
    put_or_remove(&mut out, "livenessProbe", container.liveness.as_ref().map(probe));
    put_or_remove(&mut out, "startupProbe", container.startup.as_ref().map(probe));
    put_or_remove(&mut out, "restartPolicy", container.restart_policy.as_deref().map(text));
    out
}

/// `valueFrom` without what is not kept: where the value comes from.
fn env(env: &EnvVar) -> Tree {
    let value = match &env.value {
        Some(value) => ("value", text(value)),
        None => ("valueFrom", Tree::map()),
    };
    map([("name", text(&env.name)), value])
}

fn port(port: &ContainerPort) -> Tree {
    let mut out = map([("containerPort", Tree::int(i64::from(port.container_port)))]);
    put_or_remove(&mut out, "name", port.name.as_deref().map(text));
    put_or_remove(&mut out, "hostPort", (port.host_port != 0).then(|| Tree::int(i64::from(port.host_port))));
    out.put("protocol", text(port.protocol.as_str()));
    out
}

fn probe(probe: &Probe) -> Tree {
    let Probe { handler, initial_delay_s, timeout_s, period_s, success_threshold, failure_threshold } = probe;
    let mut out = handler_of(handler);
    for (key, value) in [
        ("failureThreshold", failure_threshold),
        ("initialDelaySeconds", initial_delay_s),
        ("periodSeconds", period_s),
        ("successThreshold", success_threshold),
        ("timeoutSeconds", timeout_s),
    ] {
        out.put(key, Tree::int(i64::from(*value)));
    }
    out
}

fn handler_of(handler: &ProbeHandler) -> Tree {
    let ProbeHandler { exec, http_get, tcp_socket, grpc } = handler;
    let mut out = Tree::map();
    put_or_remove(&mut out, "exec", exec.as_ref().map(|command| map([("command", texts(command))])));
    for (key, port) in [("httpGet", http_get), ("tcpSocket", tcp_socket), ("grpc", grpc)] {
        let port = port.as_ref().map(|port| map([("port", port_or_name(port))]));
        put_or_remove(&mut out, key, port);
    }
    out
}

fn status(pod: &Pod) -> Tree {
    let status = &pod.status;
    let phase = match status.phase {
        Phase::Pending => "Pending",
        Phase::Running => "Running",
        Phase::Succeeded => "Succeeded",
        Phase::Failed => "Failed",
    };
    let mut out = map([("conditions", Tree::seq(conditions(pod))), ("phase", text(phase))]);
    if pod.spec.node_name.is_some() {
        let containers = pod.spec.containers.iter().map(|c| container_status(c, status));
        out.put("containerStatuses", Tree::seq(containers.collect()));
    }
    if let Some(ips) = status.pod_ips {
        out.put("podIP", text(&ips.primary().to_string()));
        let ips = ips.values().map(|ip| map([("ip", text(&ip.to_string()))]));
        out.put("podIPs", Tree::seq(ips.collect()));
    }
    if let Some(started) = status.started {
        out.put("startTime", text(&rfc3339::print(started)));
    }
    out
}

fn conditions(pod: &Pod) -> Vec<Tree> {
    let word = |holds: bool| text(if holds { "True" } else { "False" });
    let mut ready = map([("status", word(pod.status.ready)), ("type", text("Ready"))]);
    if let Some(since) = pod.status.ready_since {
        ready.put("lastTransitionTime", text(&rfc3339::print(since)));
    }
    let scheduled = map([("status", word(pod.spec.node_name.is_some())), ("type", text("PodScheduled"))]);
    vec![ready, scheduled]
}

fn container_status(container: &Container, status: &PodStatus) -> Tree {
    let state = match (&status.waiting, status.phase) {
        (Some(reason), _) => map([("waiting", map([("reason", text(reason))]))]),
        (None, Phase::Running) => {
            let started = status.started.map(|t| text(&rfc3339::print(t)));
            let mut running = Tree::map();
            put_or_remove(&mut running, "startedAt", started);
            map([("running", running)])
        }
        (None, Phase::Succeeded) => map([("terminated", map([("reason", text("Completed"))]))]),
        (None, Phase::Failed) => map([("terminated", map([("reason", text("Error"))]))]),
        (None, Phase::Pending) => map([("waiting", map([("reason", text("ContainerCreating"))]))]),
    };
    map([
        ("image", text(&container.image)),
        ("name", text(&container.name)),
        ("ready", Tree::bool(status.ready)),
        ("restartCount", Tree::int(i64::from(status.restarts))),
        ("state", state),
    ])
}
