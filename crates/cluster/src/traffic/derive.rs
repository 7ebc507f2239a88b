//! Clients that are derived from manifests: a Pod calls a Service if its environment, command or arguments contain
//! the Service's `host:port` or URL.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::api::{ClientFrom, ClientSpec, Kind, Name, NsName, ObjectRef, PodSpec, Service, ServiceType, Str};
use crate::sim::World;
use crate::traffic::target::scheme;
use crate::traffic::{MAX_CLIENTS, Target};

/// One workload's call, found in its Pod template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    pub namespace: Name,
    pub kind: Kind,
    pub workload: Name,
    /// `cartservice:7070`
    pub target: Str,
    pub host: Str,
}

/// How often each derived client calls, in thousandths of a request per second.
const DERIVED_RATE_MILLI: u32 = 1_000;
const DEFAULT_RATE_MILLI: u32 = 2_000;

/// The clients of a cluster whose scenario lists none: every derived call, one client outside for each Service
/// that is reachable from there, and one inside for each Service that nothing else calls.
pub fn derived_clients(world: &World) -> Vec<ClientSpec> {
    let calls = calls(world);
    let mut clients: Vec<ClientSpec> = calls.iter().map(caller).collect();
    let called: BTreeSet<NsName> =
        calls.iter().filter_map(|c| world.service_named(&c.namespace, &c.host)).collect();
    for service in world.store().services.iter() {
        let reachable = matches!(service.spec.type_, ServiceType::NodePort | ServiceType::LoadBalancer)
            || !service.spec.external_ips.is_empty();
        let has_none = service.spec.ports.is_empty() || service.spec.type_ == ServiceType::ExternalName;
        if has_none || world.is_system(&ObjectRef::of_key(Kind::Service, &service.meta.key())) {
            continue;
        }
        if reachable {
            clients.push(outside(service));
        } else if !called.contains(&service.meta.key()) {
            clients.push(inside(service));
        }
    }
    // A manifest may name more calls than that.
    clients.truncate(MAX_CLIENTS as usize);
    clients
}

/// The name of the Pod that a client of an otherwise uncalled Service runs in.
pub fn curl_pod(namespace: &str) -> NsName {
    NsName::new(namespace, "curl")
}

fn caller(call: &Call) -> ClientSpec {
    let name = format!("{}-to-{}", call.workload, call.host).as_str().into();
    let from = ClientFrom::Workload {
        namespace: call.namespace.clone(),
        kind: call.kind.clone(),
        name: call.workload.clone(),
    };
    ClientSpec { rate_milli: DERIVED_RATE_MILLI, ..ClientSpec::new(name, from, call.target.clone()) }
}

fn outside(service: &Arc<Service>) -> ClientSpec {
    let key = service.meta.key();
    let (name, to) = (unique_name("browser", &key), format!("service/{key}").as_str().into());
    ClientSpec {
        protocol: service.spec.ports[0].protocol,
        rate_milli: DEFAULT_RATE_MILLI,
        ..ClientSpec::new(name, ClientFrom::Outside { ip: None }, to)
    }
}

fn inside(service: &Arc<Service>) -> ClientSpec {
    let key = service.meta.key();
    let pod = curl_pod(&key.namespace);
    let port = &service.spec.ports[0];
    let from = ClientFrom::Workload { namespace: pod.namespace, kind: Kind::Pod, name: pod.name };
    let to = format!("{}:{}", key.name, port.port).as_str().into();
    ClientSpec {
        protocol: port.protocol,
        rate_milli: DERIVED_RATE_MILLI,
        ..ClientSpec::new(unique_name("curl", &key), from, to)
    }
}

fn unique_name(who: &str, service: &NsName) -> Name {
    match &*service.namespace {
        "default" => format!("{who}-to-{}", service.name).as_str().into(),
        namespace => format!("{who}-to-{}.{namespace}", service.name).as_str().into(),
    }
}

/// Every call that the stored workloads name, once each.
pub fn calls(world: &World) -> Vec<Call> {
    let store = world.store();
    let mut found: Vec<Call> = Vec::new();
    let mut add = |world: &World, namespace: &Name, kind: Kind, workload: &Name, spec: &PodSpec| {
        for (target, host) in targets_in(spec) {
            let call = Call {
                namespace: namespace.clone(),
                kind: kind.clone(),
                workload: workload.clone(),
                target,
                host,
            };
            if names_the_cluster(world, &call) && !found.contains(&call) {
                found.push(call);
            }
        }
    };
    for deployment in store.deployments.iter() {
        let meta = &deployment.meta;
        add(world, &meta.namespace, Kind::Deployment, &meta.name, &deployment.spec.template.spec);
    }
    for set in store.stateful_sets.iter() {
        add(world, &set.meta.namespace, Kind::StatefulSet, &set.meta.name, &set.spec.template.spec);
    }
    for set in store.daemon_sets.iter() {
        add(world, &set.meta.namespace, Kind::DaemonSet, &set.meta.name, &set.spec.template.spec);
    }
    for rc in store.replication_controllers.iter() {
        add(world, &rc.meta.namespace, Kind::ReplicationController, &rc.meta.name, &rc.spec.template.spec);
    }
    for rs in store.replica_sets.iter().filter(|rs| rs.meta.owner.is_none()) {
        add(world, &rs.meta.namespace, Kind::ReplicaSet, &rs.meta.name, &rs.spec.template.spec);
    }
    for pod in store.pods.iter().filter(|p| p.meta.owner.is_none()) {
        add(world, &pod.meta.namespace, Kind::Pod, &pod.meta.name, &pod.spec);
    }
    found
}

/// Whether a call is to the cluster: a name without dots always is; one with dots only if it is a Service's.
fn names_the_cluster(world: &World, call: &Call) -> bool {
    world.service_named(&call.namespace, &call.host).is_some()
        || !call.host.contains('.')
        || call.host.ends_with(".svc")
        || call.host.ends_with(".svc.cluster.local")
}

fn targets_in(spec: &PodSpec) -> Vec<(Str, Str)> {
    let mut found = Vec::new();
    for container in spec.containers.iter().chain(spec.sidecars()) {
        let texts = container
            .env
            .iter()
            .filter_map(|e| e.value.as_ref())
            .chain(&container.command)
            .chain(&container.args);
        for text in texts {
            for word in text.split(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | '"' | '\'' | '=')) {
                found.extend(target_in(word));
            }
        }
    }
    found
}

/// `host:port` with a name for a host, or a URL. Not an address to listen on (`0.0.0.0:80`,
/// `:8080`), not an image (`redis:6379-alpine`), not this machine.
fn target_in(word: &str) -> Option<(Str, Str)> {
    let is_url = scheme(word).is_some();
    if !is_url && !word.contains(':') {
        return None;
    }
    let Some(Target::Host { host, port }) = Target::parse(word) else { return None };
    let is_name = host.split('.').all(is_label) && host.chars().any(|c| c.is_ascii_alphabetic());
    if !is_name || &*host == "localhost" {
        return None;
    }
    Some((format!("{host}:{port}").as_str().into(), host))
}

fn is_label(label: &str) -> bool {
    let inner = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-';
    !label.is_empty()
        && label.len() <= 63
        && label.bytes().all(inner)
        && !label.starts_with('-')
        && !label.ends_with('-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_name_a_target() {
        let check = |word: &str, expected: Option<&str>| {
            let found = target_in(word).map(|(target, _)| target.to_string());
            assert_eq!(found.as_deref(), expected, "{word}");
        };
        check("cartservice:7070", Some("cartservice:7070"));
        check("http://web.shop/path", Some("web.shop:80"));
        check("redis://redis-cart:6379/0", Some("redis-cart:6379"));
        check("8080", None);
        check(":8080", None);
        check("0.0.0.0:8080", None);
        check("localhost:8080", None);
        check("redis:6379-alpine", None);
        check("12:30", None);
        check("http://123.123.123", None);
    }
}
