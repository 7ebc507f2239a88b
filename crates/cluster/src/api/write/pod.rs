//! `spec` and `status` of Pods, and the spec of their templates.

use super::{at, map, put_labels, put_or_remove, rfc3339, text, texts};
use crate::api::{Container, ContainerPort, EnvVar, Phase, Pod, PodSpec, PodStatus, Probe, Tree};

pub fn overlay(tree: &mut Tree, pod: &Pod) {
    overlay_spec(at(tree, "spec"), &pod.spec);
    let status = status(pod);
    tree.put("status", status);
}

/// What was written stays; what was not, comes from the typed spec.
pub fn overlay_spec(tree: &mut Tree, spec: &PodSpec) {
    if tree.field("containers").is_none() {
        tree.put("containers", Tree::seq(spec.containers.iter().map(container).collect()));
        let sidecar = |c: &Container| {
            let mut out = container(c);
            out.put("restartPolicy", text("Always"));
            out
        };
        let sidecars: Vec<Tree> = spec.sidecars.iter().map(sidecar).collect();
        put_or_remove(tree, "initContainers", (!sidecars.is_empty()).then(|| Tree::seq(sidecars)));
    }
    put_or_remove(tree, "nodeName", spec.node_name.as_deref().map(text));
    put_or_remove(tree, "hostname", spec.hostname.as_deref().map(text));
    put_or_remove(tree, "subdomain", spec.subdomain.as_deref().map(text));
    put_or_remove(tree, "hostNetwork", spec.host_network.then(|| Tree::bool(true)));
    put_labels(tree, "nodeSelector", &spec.node_selector);
    let grace = i64::from(spec.termination_grace_period_s);
    tree.put("terminationGracePeriodSeconds", Tree::int(grace));
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
    if let Some(probe) = &container.readiness {
        out.put("readinessProbe", readiness(probe));
    }
    out
}

fn env(env: &EnvVar) -> Tree {
    map([("name", text(&env.name)), ("value", text(&env.value))])
}

fn port(port: &ContainerPort) -> Tree {
    let number = Tree::int(i64::from(port.container_port));
    let mut out = map([("containerPort", number)]);
    if let Some(name) = &port.name {
        out.put("name", text(name));
    }
    out.put("protocol", text(port.protocol.as_str()));
    out
}

/// What the probe asks is not kept in the typed object: it stands here as a command.
fn readiness(probe: &Probe) -> Tree {
    let number = |n: u32| Tree::int(i64::from(n));
    map([
        ("exec", map([("command", Tree::seq(vec![text("true")]))])),
        ("failureThreshold", number(probe.failure_threshold)),
        ("initialDelaySeconds", number(probe.initial_delay_s)),
        ("periodSeconds", number(probe.period_s)),
        ("successThreshold", number(probe.success_threshold)),
    ])
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
