//! The log, in words.

use cluster::api::{Action, ConditionStatus, Kind, Phase, ServicePolicy, SessionAffinity};
use cluster::node::kube_proxy::nftables::COMMENT_LENGTH_MAX;
use cluster::sim::LogEntry;

use crate::events::taint_eviction;
use crate::{pod_events, refusal};

pub fn happened(entry: &LogEntry) -> String {
    match entry {
        LogEntry::Did { action: done } => action(done),
        LogEntry::Refused { refusal: why } => refusal(why),
        LogEntry::Warned { object, warning } => format!("{} {}: {warning}", object.kind, object.name),
        LogEntry::ClientsBegan { settled: true } => "The cluster has settled, and the clients begin".into(),
        LogEntry::ClientsBegan { settled: false } => {
            "The clients begin in a cluster that has not settled".into()
        }
        LogEntry::Scheduled { pod, node } => format!("Pod {} was given to {node}", pod.name),
        LogEntry::FailedScheduling { pod, error } => format!("Pod {} fits nowhere: {error}", pod.name),
        LogEntry::FailedCreate { owner, refusal: why } => {
            format!("{} {} cannot make all of its Pods: {}", owner.kind, owner.name, refusal(why))
        }
        LogEntry::SuccessfulCreate { owner, pod } => match owner.kind == Kind::StatefulSet {
            true => format!("Create Pod {pod} in StatefulSet {} successful", owner.name),
            false => format!("{} {}: Created pod: {pod}", owner.kind, owner.name),
        },
        LogEntry::SuccessfulDelete { owner, pod } => match owner.kind == Kind::StatefulSet {
            true => format!("Delete Pod {pod} in StatefulSet {} successful", owner.name),
            false => format!("{} {}: Deleted pod: {pod}", owner.kind, owner.name),
        },
        LogEntry::SuccessfulCreateClaim { owner, pod, claim } => {
            format!("Create Claim {claim} Pod {pod} in StatefulSet {} success", owner.name)
        }
        LogEntry::ScalingReplicaSet { deployment, replica_set, from, to } => {
            let way = if from < to { "up" } else { "down" };
            format!(
                "Deployment {}: Scaled {way} replica set {replica_set} from {from} to {to}",
                deployment.name
            )
        }
        LogEntry::EndedDaemonPod { daemon_set, pod, node, phase } => {
            let (ended, plan) = match phase {
                Phase::Failed => ("failed", "kill"),
                Phase::Pending | Phase::Running | Phase::Succeeded => ("succeeded", "delete"),
            };
            let set = &daemon_set.name;
            format!("DaemonSet {set}: Found {ended} daemon pod {pod} on node {node}, will try to {plan} it")
        }
        LogEntry::JobCompleted { job } => format!("Job {}: Job completed", job.name),
        LogEntry::JobFailed { job, message, .. } => format!("Job {}: {message}", job.name),
        LogEntry::JobSuspended { job, suspended: true } => format!("Job {}: Job suspended", job.name),
        LogEntry::JobSuspended { job, suspended: false } => format!("Job {}: Job resumed", job.name),
        LogEntry::CreatedJob { cron_job, job } => format!("CronJob {}: Created job {job}", cron_job.name),
        LogEntry::DeletedJob { cron_job, job } => format!("CronJob {}: Deleted job {job}", cron_job.name),
        LogEntry::SawCompletedJob { cron_job, job, succeeded } => {
            let condition = if *succeeded { "Complete" } else { "Failed" };
            format!("CronJob {}: Saw completed job: {job}, condition: {condition}", cron_job.name)
        }
        LogEntry::JobAlreadyActive { cron_job } => format!(
            "CronJob {}: Not starting job because prior execution is running and concurrency policy is Forbid",
            cron_job.name
        ),
        LogEntry::EvictionRefused { pod, .. } => format!(
            "error when evicting pods/{:?} -n {:?} (will retry after 5s): Cannot evict pod as it would violate the \
             pod's disruption budget.",
            &*pod.name, &*pod.namespace
        ),
        LogEntry::NoPodAddress { pod } => format!("Pod {}: its node has no address left", pod.name),
        LogEntry::Pulled { pod, image, .. } => format!("Pod {}: image {image} is on the node", pod.name),
        LogEntry::Created { pod, container } => format!("Pod {}: container {container} created", pod.name),
        LogEntry::Started { pod, ip: Some(ip), .. } => format!("Pod {} runs at {ip}", pod.name),
        LogEntry::Started { pod, ip: None, .. } => format!("Pod {} runs", pod.name),
        LogEntry::Ready { pod, ready: true } => format!("Pod {} is ready", pod.name),
        LogEntry::Ready { pod, ready: false } => format!("Pod {} is not ready", pod.name),
        LogEntry::Unhealthy { pod, container, probe, why } => {
            pod_events::unhealthy(pod, container, *probe, *why)
        }
        LogEntry::Crashed { pod, .. } => format!("Pod {} crashed", pod.name),
        LogEntry::Completed { pod, container } => {
            format!("Pod {}: container {container} completed", pod.name)
        }
        LogEntry::BackOff { pod, container, .. } => {
            format!("Pod {}: back-off restarting failed container {container}", pod.name)
        }
        LogEntry::FailedPull { pod, image, .. } => format!("Pod {}: failed to pull image {image}", pod.name),
        LogEntry::BackOffPull { pod, image, .. } => {
            format!("Pod {}: back-off pulling image {image}", pod.name)
        }
        LogEntry::FailedConfiguration { pod, what, .. } => pod_events::failed_configuration(pod, what),
        LogEntry::FailedMount { pod, volume, what } => {
            format!("Pod {}: {}", pod.name, pod_events::failed_mount(volume, what))
        }
        LogEntry::DeadlineExceeded { pod } => {
            format!("Pod {} was active on the node longer than the specified deadline", pod.name)
        }
        LogEntry::Killing { pod, container, why } => pod_events::killing(pod, container, *why),
        LogEntry::PodGone { pod } => format!("Pod {} is gone", pod.name),
        LogEntry::TaintManagerEviction { pod, cancelled } => taint_eviction(pod, *cancelled),
        LogEntry::OrphanedPod { pod, node } => {
            format!("Pod {} is deleted by the garbage collector: its node {node} does not exist", pod.name)
        }
        LogEntry::PodRejected { pod, reason, message } => {
            format!("the kubelet does not take Pod {}: {reason}: {message}", pod.name)
        }
        LogEntry::SliceChanged { service } => format!("EndpointSlice of {} changed", service.name),
        LogEntry::ProxySynced { node } => format!("kube-proxy on {node} wrote its rules"),
        LogEntry::ProxySyncFailed { node, port } => {
            format!("kube-proxy on {node} could not write its rules: {}", refused_by_nft(port))
        }
        LogEntry::NodeCondition { node, condition } => match condition {
            ConditionStatus::True => format!("{node} is Ready"),
            ConditionStatus::False => format!("{node} is not Ready"),
            ConditionStatus::Unknown => format!("{node} is NotReady: its kubelet stopped reporting"),
        },
        LogEntry::NamespaceGone { namespace } => {
            format!("Namespace {namespace} is gone, with all that was in it")
        }
        LogEntry::EnsuringLoadBalancer { service } => {
            format!("the cloud makes a load balancer for {}", service.name)
        }
        LogEntry::EnsuredLoadBalancer { service, ip } => {
            format!("the load balancer of {} has the address {ip}", service.name)
        }
        LogEntry::DeletingLoadBalancer { service } => {
            format!("the cloud takes the load balancer of {} away", service.name)
        }
        LogEntry::DeletedLoadBalancer { service } => format!("the load balancer of {} is gone", service.name),
        LogEntry::IpAllocated { service, ips, .. } => {
            let ips: Vec<String> = ips.iter().map(ToString::to_string).collect();
            format!("{} has {} from the address pool", service.name, ips.join(" and "))
        }
        LogEntry::AllocationFailed { service, error, .. } => {
            format!("{} gets no address from the pool: {error}", service.name)
        }
        LogEntry::NodeAssigned { service, node } => {
            format!("{node} answers for the address of {}", service.name)
        }
    }
}

fn client_added(name: &str) -> String {
    format!("Client {name} added")
}

/// An action of the user.
pub fn action(action: &Action) -> String {
    match action {
        Action::Apply { .. } => "Manifests applied".into(),
        Action::Create { .. } => "Manifests created".into(),
        Action::Replace { .. } => "Manifests replaced".into(),
        Action::Patch { object, .. } => format!("{} {} patched", object.kind, object.name),
        Action::DeleteObject { object, .. } => format!("{} {} deleted", object.kind, object.name),
        Action::SetLabels { object, .. } => format!("Labels of {} {} changed", object.kind, object.name),
        Action::SetServiceType { service, type_ } => {
            format!("Service {} is now {}", service.name, type_.as_str())
        }
        Action::SetServicePolicy { service, policy } => {
            format!("Service {}: {} is now {}", service.name, policy.field(), policy_value(policy))
        }
        Action::SetSelector { service, .. } => format!("Selector of Service {} changed", service.name),
        Action::Scale { object, replicas } => format!("{} scaled to {replicas}", object.name),
        Action::RolloutRestart { object } => format!("{} {} restarted", object.kind, object.name),
        Action::RolloutUndo { object, to_revision: None } => {
            format!("{} {} rolled back", object.kind, object.name)
        }
        Action::RolloutUndo { object, to_revision: Some(revision) } => {
            format!("{} {} rolled back to revision {revision}", object.kind, object.name)
        }
        Action::PauseRollout { deployment, on: true } => format!("Deployment {} paused", deployment.name),
        Action::PauseRollout { deployment, on: false } => format!("Deployment {} resumed", deployment.name),
        Action::SetImage { object, container, image } => {
            format!("{} {}: container {container} gets the image {image}", object.kind, object.name)
        }
        Action::SetReadiness { pod, pass: true, .. } => format!("Pod {} passes its probe again", pod.name),
        Action::SetReadiness { pod, pass: false, .. } => format!("Pod {} fails its probe", pod.name),
        Action::SetLiveness { pod, pass: true, .. } => {
            format!("Pod {} passes its liveness probe again", pod.name)
        }
        Action::SetLiveness { pod, pass: false, .. } => format!("Pod {} fails its liveness probe", pod.name),
        Action::CrashPod { pod, .. } => format!("Pod {} made to crash", pod.name),
        Action::FinishPod { pod, exit_code: 0, .. } => format!("Pod {} made to complete", pod.name),
        Action::FinishPod { pod, exit_code, .. } => format!("Pod {} made to end with {exit_code}", pod.name),
        Action::SetPodCondition { pod, type_, status: true } => format!("Pod {}: {type_} is True", pod.name),
        Action::SetPodCondition { pod, type_, status: false } => {
            format!("Pod {}: {type_} is False", pod.name)
        }
        Action::SetApp { app } => format!("{} {}: what its programs do was said", app.of.kind, app.of.name),
        Action::SetMissing { what, missing: true } => format!("{what} is missing"),
        Action::SetMissing { what, missing: false } => format!("{what} is there"),
        Action::PowerNode { node, on: true } => format!("{node} switched on"),
        Action::PowerNode { node, on: false } => format!("{node} switched off"),
        Action::Cordon { node, on: true } => format!("{node} cordoned"),
        Action::Cordon { node, on: false } => format!("{node} uncordoned"),
        Action::Taint { node, taints } => {
            let taints: Vec<String> = taints.iter().map(ToString::to_string).collect();
            format!("{node} tainted: {}", taints.join(", "))
        }
        Action::Drain { node, .. } => format!("{node} cordoned, its Pods to be evicted"),
        Action::CutOffNode { node, on: true } => format!("{node} cut off from the API server"),
        Action::CutOffNode { node, on: false } => format!("{node} reaches the API server again"),
        Action::PauseKubeProxy { node, on: true } => format!("kube-proxy on {node} paused"),
        Action::PauseKubeProxy { node, on: false } => format!("kube-proxy on {node} goes on"),
        Action::SetIpMode { proxy: true } => "the cloud's load balancers go over to ipMode Proxy".to_string(),
        Action::SetIpMode { proxy: false } => "the cloud's load balancers go over to ipMode VIP".to_string(),
        Action::SetProxyMode { mode } => format!("kube-proxy goes over to mode {}", mode.as_str()),
        Action::AddNode { name: Some(name), .. } => format!("Node {name} added"),
        Action::AddNode { name: None, .. } => "Node added".into(),
        Action::AddClient { client } => client_added(&client.name),
        Action::RemoveClient { client } => format!("Client {client} removed"),
        Action::SetRate { client, rate_milli } => {
            format!("Client {client}: {} requests per second", rate(*rate_milli))
        }
        Action::SendOne { client } => format!("Client {client}: one request"),
    }
}

fn policy_value(policy: &ServicePolicy) -> String {
    let list = |list: &[cluster::api::Str]| match list.is_empty() {
        true => "empty".to_string(),
        false => list.join(", "),
    };
    match policy {
        ServicePolicy::ExternalTrafficPolicy(policy) | ServicePolicy::InternalTrafficPolicy(policy) => {
            policy.as_str().into()
        }
        ServicePolicy::SessionAffinity(SessionAffinity::None) => "None".into(),
        ServicePolicy::SessionAffinity(SessionAffinity::ClientIP { timeout_s }) => {
            format!("ClientIP for {timeout_s} s")
        }
        ServicePolicy::TrafficDistribution(value) | ServicePolicy::TopologyMode(value) => {
            value.as_deref().unwrap_or("unset").into()
        }
        ServicePolicy::LoadBalancerSourceRanges(values) | ServicePolicy::ExternalIps(values) => list(values),
        ServicePolicy::PublishNotReadyAddresses(on) => on.to_string(),
    }
}

/// Why kube-proxy could not write its rules, and what to do: `port` is a service port's name.
pub fn refused_by_nft(port: &str) -> String {
    format!(
        "Service port {port} has no endpoints, so its name is a comment in them, and nft takes none of more than \
         {COMMENT_LENGTH_MAX} characters (this has {}): the rules of before stay in force until the Service, its port \
         or its Namespace has a shorter name, or the port has endpoints",
        port.len()
    )
}

/// Thousandths as a decimal number: `1500` is `1.5`.
pub fn rate(milli: u32) -> String {
    let text = format!("{}.{:03}", milli / 1_000, milli % 1_000);
    text.trim_end_matches('0').trim_end_matches('.').to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_sync_names_the_port_and_what_to_do() {
        let (node, port) = ("node-1".into(), format!("default/{}", "w".repeat(121)).into());
        let text = happened(&LogEntry::ProxySyncFailed { node, port });
        assert!(text.starts_with("kube-proxy on node-1 could not write its rules: Service port default/www"));
        assert!(text.contains("(this has 129)") && text.contains("a shorter name"), "{text}");
    }

    #[test]
    fn rates_have_no_idle_zeros() {
        for (milli, text) in [(0, "0"), (500, "0.5"), (2_000, "2"), (1_250, "1.25")] {
            assert_eq!(rate(milli), text);
        }
    }
}
