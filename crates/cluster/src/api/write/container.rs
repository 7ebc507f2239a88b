//! Containers of a Pod.

use super::{map, port_or_name, put_or_remove, scheduling, text, texts};
use crate::api::{
    Container, ContainerPort, EnvObject, EnvSource, EnvVar, Lifecycle, LifecycleHandler, Probe, ProbeHandler,
    ResourceRequirements, Tree,
};

pub fn container(container: &Container) -> Tree {
    let Container {
        name,
        image,
        image_pull_policy,
        ports,
        env,
        env_from,
        command,
        args,
        readiness,
        liveness,
        startup,
        lifecycle,
        restart_policy,
        resources,
    } = container;
    let mut out = map([("image", text(image)), ("name", text(name))]);
    let list = |items: Vec<Tree>| (!items.is_empty()).then(|| Tree::seq(items));
    put_or_remove(&mut out, "imagePullPolicy", image_pull_policy.map(|policy| text(policy.as_str())));
    put_or_remove(&mut out, "command", (!command.is_empty()).then(|| texts(command)));
    put_or_remove(&mut out, "args", (!args.is_empty()).then(|| texts(args)));
    put_or_remove(&mut out, "env", list(env.iter().map(variable).collect()));
    put_or_remove(&mut out, "envFrom", list(env_from.iter().map(source).collect()));
    put_or_remove(&mut out, "ports", list(ports.iter().map(port).collect()));
    put_or_remove(&mut out, "readinessProbe", readiness.as_ref().map(probe));
    put_or_remove(&mut out, "livenessProbe", liveness.as_ref().map(probe));
    put_or_remove(&mut out, "startupProbe", startup.as_ref().map(probe));
    put_or_remove(&mut out, "lifecycle", (!lifecycle.is_empty()).then(|| hooks(lifecycle)));
    put_or_remove(&mut out, "restartPolicy", restart_policy.map(|policy| text(policy.as_str())));
    put_or_remove(&mut out, "resources", requirements(resources));
    out
}

pub fn requirements(requirements: &ResourceRequirements) -> Option<Tree> {
    let mut out = Tree::map();
    put_or_remove(&mut out, "limits", scheduling::resource_list(&requirements.limits));
    put_or_remove(&mut out, "requests", scheduling::resource_list(&requirements.requests));
    (!out.entries().is_empty()).then_some(out)
}

fn variable(env: &EnvVar) -> Tree {
    let value = match (&env.value, &env.value_from) {
        (Some(value), _) => ("value", text(value)),
        (None, Some(source)) => ("valueFrom", key_ref(source)),
        // From a field of the Pod, which is not kept.
        (None, None) => ("valueFrom", Tree::map()),
    };
    map([("name", text(&env.name)), value])
}

fn key_ref(source: &EnvSource) -> Tree {
    let field = match source.object {
        EnvObject::ConfigMap => "configMapKeyRef",
        EnvObject::Secret => "secretKeyRef",
    };
    map([(field, reference(source))])
}

fn source(source: &EnvSource) -> Tree {
    let field = match source.object {
        EnvObject::ConfigMap => "configMapRef",
        EnvObject::Secret => "secretRef",
    };
    map([(field, reference(source))])
}

fn reference(source: &EnvSource) -> Tree {
    let mut out = map([("name", text(&source.name))]);
    put_or_remove(&mut out, "key", source.key.as_deref().map(text));
    put_or_remove(&mut out, "optional", source.optional.then(|| Tree::bool(true)));
    out
}

fn port(port: &ContainerPort) -> Tree {
    let mut out = map([("containerPort", Tree::int(i64::from(port.container_port)))]);
    put_or_remove(&mut out, "name", port.name.as_deref().map(text));
    put_or_remove(&mut out, "hostIP", port.host_ip.as_deref().map(text));
    put_or_remove(&mut out, "hostPort", (port.host_port != 0).then(|| Tree::int(i64::from(port.host_port))));
    out.put("protocol", text(port.protocol.as_str()));
    out
}

fn probe(probe: &Probe) -> Tree {
    let Probe {
        handler,
        initial_delay_s,
        timeout_s,
        period_s,
        success_threshold,
        failure_threshold,
        termination_grace_period_s,
    } = probe;
    let mut out = asked(handler);
    for (key, value) in [
        ("failureThreshold", failure_threshold),
        ("initialDelaySeconds", initial_delay_s),
        ("periodSeconds", period_s),
        ("successThreshold", success_threshold),
        ("timeoutSeconds", timeout_s),
    ] {
        out.put(key, Tree::int(i64::from(*value)));
    }
    let grace = termination_grace_period_s.map(|s| Tree::int(i64::from(s)));
    put_or_remove(&mut out, "terminationGracePeriodSeconds", grace);
    out
}

fn asked(handler: &ProbeHandler) -> Tree {
    let ProbeHandler { exec, http_get, tcp_socket, grpc } = handler;
    let mut out = Tree::map();
    put_or_remove(&mut out, "exec", exec.as_ref().map(|command| map([("command", texts(command))])));
    for (key, port) in [("httpGet", http_get), ("tcpSocket", tcp_socket), ("grpc", grpc)] {
        let port = port.as_ref().map(|port| map([("port", port_or_name(port))]));
        put_or_remove(&mut out, key, port);
    }
    out
}

fn hooks(lifecycle: &Lifecycle) -> Tree {
    let mut out = Tree::map();
    put_or_remove(&mut out, "postStart", lifecycle.post_start.as_ref().map(hook));
    put_or_remove(&mut out, "preStop", lifecycle.pre_stop.as_ref().map(hook));
    out
}

fn hook(handler: &LifecycleHandler) -> Tree {
    match handler {
        LifecycleHandler::Exec { command } => map([("exec", map([("command", texts(command))]))]),
        LifecycleHandler::HttpGet { port } => map([("httpGet", map([("port", port_or_name(port))]))]),
        LifecycleHandler::TcpSocket { port } => map([("tcpSocket", map([("port", port_or_name(port))]))]),
        LifecycleHandler::Sleep { seconds } => {
            map([("sleep", map([("seconds", Tree::int(i64::from(*seconds)))]))])
        }
    }
}
