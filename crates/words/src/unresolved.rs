//! Why no DNS record answers for a name that was called.

use std::sync::Arc;

use cluster::api::{NsName, Pod, PodSpec, Service, ServiceType};
use cluster::diagnosis::NoEndpoints;
use cluster::dns::{Answer, Shuffle};
use cluster::sim::World;
use cluster::trace::{ConnectionRecord, Place};

use crate::called::name_called;

/// A short name is looked for in the caller's own namespace only: a Service there has no record if it is headless and
/// has no endpoint. Who has the name elsewhere, and a record, is told.
pub fn unresolved(world: &World, record: &ConnectionRecord) -> String {
    let nothing = format!("No DNS record answers for {}: no connection was opened.", record.target);
    let Some((own, host)) = name_called(world, record) else { return nothing };
    let asks_other_dns = match record.source {
        Place::Pod(_) | Place::Node(_) => {
            world.calling_pod(record).and_then(|pod| asks_other_dns(world, &pod))
        }
        Place::Outside(_) | Place::LoadBalancer(_) | Place::Internet => Some(String::new()),
    };
    if let Some(why) = asks_other_dns {
        return nothing + &why;
    }
    if let Some(key) = world.service_named(&own, &host) {
        let empty = without_records(world, &key);
        return empty.map_or(nothing.clone(), |empty| format!("{nothing} {empty}."));
    }
    if let Some(unnamed) = unnamed_pod(world, &own, &host) {
        return format!("{nothing} {unnamed}.");
    }
    let answers = |service: &&Arc<Service>| {
        let name = format!("{host}.{}", service.meta.namespace);
        *service.meta.name == *host
            && match world.resolve(&world.cluster_first(&own), &name, Shuffle::default()) {
                Answer::Addresses { .. } => true,
                Answer::Outside { aliases } => !aliases.is_empty(),
                Answer::NoSuchName => false,
            }
    };
    match world.store().services.iter().find(answers) {
        Some(service) => {
            let namespace = &service.meta.namespace;
            format!("{nothing} A Service {host} is in the namespace {namespace}: call {host}.{namespace}.")
        }
        None => nothing,
    }
}

/// Why a Pod does not ask the cluster's DNS.
fn asks_other_dns(world: &World, pod: &Pod) -> Option<String> {
    let conf = world.resolv_conf_of_pod(&pod.meta.namespace, &pod.spec);
    match conf.nameservers.first() {
        _ if world.asks_the_cluster(&conf) => None,
        Some(server) => {
            let cure = if pod.spec.host_network { "ClusterFirstWithHostNet" } else { "ClusterFirst" };
            Some(format!(
                " Its Pod's dnsConfig has it ask {server}, which is outside of the cluster and knows no Service; with \
                 dnsPolicy {cure} it would ask the cluster's DNS."
            ))
        }
        None => Some(asks_nodes_dns(&pod.spec)),
    }
}

/// Why a Pod asks its node's DNS.
fn asks_nodes_dns(spec: &PodSpec) -> String {
    let policy = spec.dns_policy.as_deref().unwrap_or("ClusterFirst");
    let [network, cure] = match spec.host_network {
        true => [" and hostNetwork", "ClusterFirstWithHostNet"],
        false => ["", "ClusterFirst"],
    };
    format!(
        " Its Pod has dnsPolicy {policy}{network}, so it asks its node's DNS, which knows no Service; {cure} asks the \
         cluster's."
    )
}

/// Why no record has the name of a Service that is there.
fn without_records(world: &World, key: &NsName) -> Option<String> {
    let service = world.store().services.get(key)?;
    if let (ServiceType::ExternalName, Some(target)) = (service.spec.type_, &service.spec.external_name) {
        return Some(format!("Service {} is another name for {target}, which has no record", key.name));
    }
    if !service.spec.headless {
        return None;
    }
    let missing = world.missing_endpoints(service).into_iter().next()?;
    let name = &key.name;
    let lacks = crate::has_no_endpoints(&missing);
    let is_cured = matches!(missing.why, NoEndpoints::NoneReady { .. })
        && world.store().pods_selected_by(service).any(|pod| has_address(pod));
    let cure = match is_cured {
        true => ". With publishNotReadyAddresses it would name them all the same",
        false => "",
    };
    Some(format!(
        "Service {name} is headless: its name has the addresses of its ready endpoints. It {lacks}{cure}"
    ))
}

/// Why no record has the name of one Pod under a Service's (`db-0.db`), where there is that Pod or that Service.
fn unnamed_pod(world: &World, own: &str, host: &str) -> Option<String> {
    let (hostname, key) = world.endpoint_called(own, host)?;
    let (store, name) = (world.store(), &key.name);
    let is_it = |pod: &&Arc<Pod>| pod.meta.namespace == key.namespace && *pod.meta.name == *hostname;
    let pod = store.pods.iter().find(is_it);
    let Some(service) = store.services.get(&key) else {
        let subdomain = pod?.spec.subdomain.as_deref();
        return (subdomain == Some(name)).then(|| {
            format!("Pod {hostname} would have the name under a Service {name}, and there is none")
        });
    };
    let Some(pod) = pod else {
        return Some(format!("Service {name} has no endpoint with the hostname {hostname}"));
    };
    if !service.selects(&pod.meta.namespace, &pod.meta.labels) {
        return Some(format!("The selector of Service {name} does not match Pod {hostname}"));
    }
    let lacks = match (pod.spec.subdomain.as_deref(), pod.spec.hostname.as_deref()) {
        (Some(subdomain), _) if subdomain != &**name => {
            Some(format!("its subdomain, a StatefulSet's serviceName, is {subdomain}"))
        }
        (None, _) => Some("it has no subdomain".into()),
        (Some(_), Some(other)) if other != &*hostname => Some(format!("its hostname is {other}")),
        (Some(_), None) => Some("it has no hostname".into()),
        (Some(_), Some(_)) => None,
    };
    if let Some(lacks) = lacks {
        return Some(format!("Pod {hostname} has no name under Service {name}: {lacks}"));
    }
    let why = crate::not_ready(&world.not_ready(pod)?);
    let cure = match has_address(pod) {
        true => format!(". With publishNotReadyAddresses Service {name} would name it all the same"),
        false => String::new(),
    };
    Some(format!("Pod {hostname} is not ready: {why}{cure}"))
}

/// Whether an EndpointSlice may have the Pod, ready or not (util/controller_utils.go, ShouldPodBeInEndpoints).
fn has_address(pod: &Pod) -> bool {
    pod.status.pod_ips.is_some() && !pod.status.phase.is_terminal()
}
