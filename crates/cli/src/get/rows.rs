//! One row an object, with kubectl's columns (pkg/printers/internalversion/printers.go).

use std::net::SocketAddr;

use cluster::api::{
    EndpointSlice, Endpoints, Kind, Meta, Namespace, Node, NodeCondition, Phase, Pod, PriorityClass, Scope,
    Service, ServiceType, TrafficPolicy,
};
use cluster::sim::{Span, Time, World};

use super::{Filter, Listed, workloads};

pub struct Row {
    /// `None` for kinds outside namespaces.
    pub namespace: Option<String>,
    pub name: String,
    pub cells: Vec<String>,
    /// The columns that only `-o wide` has.
    pub wide: Vec<String>,
}

pub fn columns(listed: &Listed, wide: bool) -> Vec<&'static str> {
    let scope = match listed {
        Listed::Kind(kind) => kind.scope(),
        Listed::Events | Listed::Other => Scope::Namespaced,
    };
    let (narrow, more) = own_columns(listed);
    let mut columns = if scope == Scope::Namespaced { vec!["NAMESPACE", "NAME"] } else { vec!["NAME"] };
    columns.extend(narrow);
    if wide {
        columns.extend(more);
    }
    columns
}

/// After the name; the second are `-o wide`'s.
fn own_columns(listed: &Listed) -> (&'static [&'static str], &'static [&'static str]) {
    let kind = match listed {
        Listed::Kind(kind) => kind,
        Listed::Events => return (&["AGE", "MESSAGE"], &[]),
        Listed::Other => return UNSIMULATED_COLUMNS,
    };
    match kind {
        Kind::Node => (&["STATUS", "AGE", "VERSION"], &["INTERNAL-IP", "PODCIDR", "ZONE"]),
        Kind::Namespace => (&["STATUS", "AGE"], &[]),
        Kind::PriorityClass => (&["VALUE", "GLOBAL-DEFAULT", "AGE", "PREEMPTIONPOLICY"], &[]),
        Kind::Pod => (&["READY", "STATUS", "RESTARTS", "AGE"], &["IP", "NODE"]),
        Kind::Service => (&["TYPE", "CLUSTER-IP", "EXTERNAL-IP", "PORT(S)", "AGE"], &["SELECTOR"]),
        Kind::Deployment => (&["READY", "UP-TO-DATE", "AVAILABLE", "AGE"], &["SELECTOR"]),
        Kind::ReplicaSet => (&["DESIRED", "CURRENT", "READY", "AGE"], &["SELECTOR"]),
        Kind::Endpoints => (&["ENDPOINTS", "AGE"], &[]),
        Kind::ReplicationController => (&["DESIRED", "CURRENT", "READY", "AGE"], &["SELECTOR"]),
        Kind::StatefulSet => (&["READY", "AGE"], &[]),
        Kind::DaemonSet => (DAEMON_SET_COLUMNS, &["SELECTOR"]),
        Kind::ControllerRevision => (&["CONTROLLER", "REVISION", "AGE"], &[]),
        Kind::Job => (&["STATUS", "COMPLETIONS", "DURATION", "AGE"], &["SELECTOR"]),
        Kind::CronJob => (&["SCHEDULE", "TIMEZONE", "SUSPEND", "ACTIVE", "LAST SCHEDULE", "AGE"], &[]),
        Kind::PodDisruptionBudget => {
            (&["MIN AVAILABLE", "MAX UNAVAILABLE", "ALLOWED DISRUPTIONS", "AGE"], &[])
        }
        Kind::EndpointSlice => (&["ADDRESSTYPE", "PORTS", "ENDPOINTS", "AGE"], &[]),
        Kind::Other(_) => UNSIMULATED_COLUMNS,
    }
}

const DAEMON_SET_COLUMNS: &[&str] =
    &["DESIRED", "CURRENT", "READY", "UP-TO-DATE", "AVAILABLE", "NODE SELECTOR", "AGE"];
const UNSIMULATED_COLUMNS: (&[&str], &[&str]) = (&["KIND", "AGE", "SIMULATED"], &[]);

pub fn rows(world: &World, listed: &Listed, filter: &Filter<'_>) -> Vec<Row> {
    let all: Vec<Row> = match listed {
        Listed::Kind(kind) => rows_of_kind(world, kind),
        Listed::Events => events(world),
        Listed::Other => {
            world.store().unsimulated.iter().map(|o| unsimulated(world.now(), &o.kind, &o.meta)).collect()
        }
    };
    all.into_iter().filter(|r| filter.takes(r.namespace.as_deref().unwrap_or(""), &r.name)).collect()
}

fn rows_of_kind(world: &World, kind: &Kind) -> Vec<Row> {
    let (store, now) = (world.store(), world.now());
    match kind {
        Kind::Node => store.nodes.iter().map(|n| node(world, n)).collect(),
        Kind::Namespace => store.namespaces.iter().map(|n| namespace(now, n)).collect(),
        Kind::PriorityClass => {
            store.priority_classes.iter().map(|class| priority_class(now, class)).collect()
        }
        Kind::Pod => store.pods.iter().map(|p| pod(now, p)).collect(),
        Kind::Service => store.services.iter().map(|s| service(now, s)).collect(),
        Kind::Endpoints => store.endpoints.iter().map(|e| endpoints(now, e)).collect(),
        Kind::Deployment => store.deployments.iter().map(|d| workloads::deployment(now, d)).collect(),
        Kind::ReplicaSet => store
            .replica_sets
            .iter()
            .map(|s| workloads::replicated(now, &s.meta, &s.spec, &s.status))
            .collect(),
        Kind::ReplicationController => {
            let all = store.replication_controllers.iter();
            all.map(|c| workloads::replicated(now, &c.meta, &c.spec, &c.status)).collect()
        }
        Kind::StatefulSet => store.stateful_sets.iter().map(|s| workloads::stateful_set(now, s)).collect(),
        Kind::DaemonSet => store.daemon_sets.iter().map(|s| workloads::daemon_set(now, s)).collect(),
        Kind::ControllerRevision => {
            store.controller_revisions.iter().map(|r| workloads::controller_revision(now, r)).collect()
        }
        Kind::Job => store.jobs.iter().map(|j| workloads::job(now, j)).collect(),
        Kind::CronJob => store.cron_jobs.iter().map(|c| workloads::cron_job(now, c)).collect(),
        Kind::PodDisruptionBudget => {
            store.disruption_budgets.iter().map(|b| workloads::disruption_budget(now, b)).collect()
        }
        Kind::EndpointSlice => store.slices.iter().map(|s| slice(now, s)).collect(),
        Kind::Other(name) => store.metas(kind).map(|meta| unsimulated(now, name, meta)).collect(),
    }
}

fn namespace(now: Time, namespace: &Namespace) -> Row {
    let meta = &namespace.meta;
    let cells = vec!["Active".into(), age(now, meta.created)];
    Row { namespace: None, name: meta.name.to_string(), cells, wide: Vec::new() }
}

fn priority_class(now: Time, class: &PriorityClass) -> Row {
    let (value, default) = (class.value.to_string(), class.global_default.to_string());
    let cells = vec![value, default, age(now, class.meta.created), class.preemption_policy.as_str().into()];
    Row { namespace: None, name: class.meta.name.to_string(), cells, wide: Vec::new() }
}

fn unsimulated(now: Time, kind: &str, meta: &Meta) -> Row {
    let cells = vec![kind.to_string(), age(now, meta.created), "no: kept as written".into()];
    row(&meta.namespace, &meta.name, cells, Vec::new())
}

pub(super) fn row(namespace: &str, name: &str, cells: Vec<String>, wide: Vec<String>) -> Row {
    Row { namespace: Some(namespace.to_string()), name: name.to_string(), cells, wide }
}

fn node(world: &World, node: &Node) -> Row {
    let mut status =
        if node.ready == NodeCondition::True { "Ready".to_string() } else { "NotReady".to_string() };
    if node.spec.unschedulable {
        status.push_str(",SchedulingDisabled");
    }
    let first = |list: Vec<String>| list.into_iter().next().unwrap_or_else(|| "<none>".into());
    Row {
        namespace: None,
        name: node.meta.name.to_string(),
        cells: vec![status, age(world.now(), node.meta.created), "v1.36".into()],
        wide: vec![
            first(node.addresses.iter().map(|a| a.to_string()).collect()),
            first(node.spec.pod_cidrs.iter().map(|c| c.to_string()).collect()),
            node.zone().map_or_else(|| "<none>".into(), |z| z.to_string()),
        ],
    }
}

fn pod(now: Time, pod: &Pod) -> Row {
    // printers.go, printPod: sidecars count as containers do.
    let containers = pod.spec.containers.len() + pod.spec.sidecars().count();
    let is_sidecar = |name: &str| pod.spec.sidecars().any(|sidecar| &*sidecar.name == name);
    let sidecars = pod.status.init_container_statuses.iter().filter(|of| is_sidecar(&of.name));
    let ready = pod.status.container_statuses.iter().chain(sidecars).filter(|of| of.ready).count();
    let or_none = |text: Option<String>| text.unwrap_or_else(|| "<none>".into());
    row(
        &pod.meta.namespace,
        &pod.meta.name,
        vec![
            format!("{ready}/{containers}"),
            pod_status(pod),
            pod.status.restarts().to_string(),
            age(now, pod.meta.created),
        ],
        vec![
            or_none(pod.status.pod_ip().map(|ip| ip.to_string())),
            or_none(pod.spec.node_name.as_ref().map(|n| n.to_string())),
        ],
    )
}

fn pod_status(pod: &Pod) -> String {
    if pod.meta.deleted.is_some() {
        return "Terminating".into();
    }
    if let Some(waiting) = pod.status.waiting() {
        return waiting.to_string();
    }
    match pod.status.phase {
        Phase::Pending => "Pending".into(),
        Phase::Running => "Running".into(),
        Phase::Succeeded => "Completed".into(),
        Phase::Failed => "Error".into(),
    }
}

fn service(now: Time, service: &Service) -> Row {
    let spec = &service.spec;
    let cluster_ip = match spec.cluster_ips.first() {
        Some(ip) => ip.to_string(),
        None if spec.headless => "None".into(),
        None => "<none>".into(),
    };
    let external = match (&spec.external_name, spec.type_) {
        (Some(name), ServiceType::ExternalName) => name.to_string(),
        _ if !service.ingress.is_empty() => join(service.ingress.iter().map(|i| i.ip.to_string())),
        _ if !spec.external_ips.is_empty() => join(spec.external_ips.iter().map(|i| i.to_string())),
        (_, ServiceType::LoadBalancer) => "<pending>".into(),
        (_, ServiceType::ClusterIP | ServiceType::NodePort | ServiceType::ExternalName) => "<none>".into(),
    };
    let ports = join(spec.ports.iter().map(|p| match p.node_port {
        0 => format!("{}/{}", p.port, p.protocol.as_str()),
        node_port => format!("{}:{node_port}/{}", p.port, p.protocol.as_str()),
    }));
    let mut selector = spec.selector.as_ref().map_or("<none>".to_string(), labels);
    if spec.external_traffic_policy == Some(TrafficPolicy::Local) {
        selector.push_str(" (externalTrafficPolicy Local)");
    }
    row(
        &service.meta.namespace,
        &service.meta.name,
        vec![
            spec.type_.as_str().into(),
            cluster_ip,
            external,
            if ports.is_empty() { "<none>".into() } else { ports },
            age(now, service.meta.created),
        ],
        vec![selector],
    )
}

fn slice(now: Time, slice: &EndpointSlice) -> Row {
    let unset = |text: String| if text.is_empty() { "<unset>".to_string() } else { text };
    let v6 = slice.endpoints.first().is_some_and(|e| e.address.is_ipv6());
    let endpoints = join(slice.endpoints.iter().map(|e| {
        let state = match (e.ready, e.serving, e.terminating) {
            (true, _, false) => "",
            (_, true, true) => " (terminating, serving)",
            (_, false, true) => " (terminating)",
            _ => " (not ready)",
        };
        format!("{}{state}", e.address)
    }));
    row(
        &slice.meta.namespace,
        &slice.meta.name,
        vec![
            if v6 { "IPv6" } else { "IPv4" }.into(),
            unset(join(slice.ports.iter().map(|p| p.port.to_string()))),
            unset(endpoints),
            age(now, slice.meta.created),
        ],
        Vec::new(),
    )
}

/// The first three ready addresses (printers.go, formatEndpoints).
fn endpoints(now: Time, endpoints: &Endpoints) -> Row {
    const MOST: usize = 3;
    let mut all: Vec<String> = Vec::new();
    for subset in &endpoints.subsets {
        let addresses = subset.addresses.iter().map(|address| address.ip);
        match subset.ports.as_slice() {
            [] => all.extend(addresses.map(|ip| ip.to_string())),
            ports => all.extend(
                ports
                    .iter()
                    .flat_map(|port| addresses.clone().map(|ip| SocketAddr::new(ip, port.port).to_string())),
            ),
        }
    }
    let shown = join(all.iter().take(MOST).cloned());
    let cell = match all.len() {
        0 if endpoints.subsets.is_empty() => "<none>".into(),
        count if count > MOST => format!("{shown} + {} more...", count - MOST),
        _ => shown,
    };
    row(
        &endpoints.meta.namespace,
        &endpoints.meta.name,
        vec![cell, age(now, endpoints.meta.created)],
        Vec::new(),
    )
}

fn events(world: &World) -> Vec<Row> {
    let about = |entry: &cluster::sim::LogEntry| match entry.about() {
        Some(o) => (o.namespace.to_string(), format!("{}/{}", o.kind.as_str().to_lowercase(), o.name)),
        None => (String::new(), "<cluster>".into()),
    };
    world
        .log()
        .iter()
        .map(|logged| {
            let (namespace, name) = about(&logged.entry);
            let cells = vec![age(world.now(), logged.at), words::happened(&logged.entry)];
            row(&namespace, &name, cells, Vec::new())
        })
        .collect()
}

pub(super) fn labels(labels: &cluster::api::Labels) -> String {
    if labels.is_empty() {
        return "<none>".into();
    }
    join(labels.iter().map(|(k, v)| format!("{k}={v}")))
}

fn join(items: impl Iterator<Item = String>) -> String {
    items.collect::<Vec<_>>().join(",")
}

/// duration.HumanDuration, for the lengths that a run has.
pub(super) fn age(now: Time, created: Time) -> String {
    let seconds = Span(now.since(created).0).0 / 1_000_000_000;
    match seconds {
        0..120 => format!("{seconds}s"),
        120..600 => match seconds % 60 {
            0 => format!("{}m", seconds / 60),
            rest => format!("{}m{rest}s", seconds / 60),
        },
        600..10_800 => format!("{}m", seconds / 60),
        _ => format!("{}h", seconds / 3_600),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_read_as_kubectls() {
        let of = |s: u64| age(Time(s * 1_000_000_000), Time::ZERO);
        assert_eq!([of(0), of(119), of(120), of(150), of(700)], ["0s", "119s", "2m", "2m30s", "11m"]);
    }
}
