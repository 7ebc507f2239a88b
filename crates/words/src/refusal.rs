//! Why an action was refused, and what to do.

use cluster::api::{Diagnostic, Kind, NsName, OperationProblem, PatchProblem};
use cluster::sim::{DrainBlockers, Refusal};

pub fn refusal(refusal: &Refusal) -> String {
    match refusal {
        Refusal::NotFound { object } => match &*object.namespace {
            "" => format!("{} {:?} not found", object.kind, object.name),
            ns => format!("{} {:?} not found in namespace {ns:?}", object.kind, object.name),
        },
        Refusal::AlreadyExists { object } => {
            format!("{} {:?} already exists", resource(&object.kind), &*object.name)
        }
        Refusal::ResourceVersionOfNew { .. } => {
            "resourceVersion should not be set on objects to be created".into()
        }
        Refusal::Conflict { object } => format!(
            "Operation cannot be fulfilled on {} {:?}: the object has been modified; please apply your changes to \
             the latest version and try again",
            resource(&object.kind),
            &*object.name
        ),
        Refusal::PatchFailed { object, problem } => {
            format!("{} {:?} cannot be patched: {}", object.kind, &*object.name, patch_problem(problem))
        }
        Refusal::Invalid { diagnostics } => diagnostics.iter().map(finding).collect::<Vec<_>>().join("; "),
        Refusal::ClusterIpsExhausted { range } => {
            format!("every address of the Service range {range} is allocated; delete a Service first")
        }
        Refusal::NodePortsExhausted => "every node port of 30000-32767 is allocated".into(),
        Refusal::LoadBalancersExhausted => "the cloud has no address left for a load balancer".into(),
        Refusal::NoCloud => {
            "the cluster is in no cloud, so nobody makes load balancers (see cloud in its Scenario)".into()
        }
        Refusal::NotEditable { object } => {
            format!("{} {:?} cannot be changed this way: apply its YAML instead", object.kind, object.name)
        }
        Refusal::NodeExists { node } => format!("a node named {node:?} already exists"),
        Refusal::TooManyNodes { limit } => format!("a cluster here has at most {limit} nodes"),
        Refusal::NoNodeAddressLeft { network } => format!(
            "nodes and the Scenario's address pool have every address of the nodes' network {network}"
        ),
        Refusal::NoPodRangeLeft { range } => format!(
            "CIDR allocation failed; there are no remaining CIDRs left to allocate in {range}: \
             give podCIDR a shorter prefix"
        ),
        Refusal::PodRangeNotInCluster { range, cluster } => format!(
            "spec.podCIDR {range} is not in the cluster's Pod range {cluster}: give the Scenario a podCIDR that holds it"
        ),
        Refusal::PodRangeNotFree { range } => {
            format!("spec.podCIDR {range} is another node's, or has no address for a Pod")
        }
        Refusal::TooManyObjects { kind, limit } => {
            format!("a cluster here has at most {limit} objects of one kind: delete a {kind} first")
        }
        Refusal::TooManyActions { limit } => {
            format!("a run has at most {limit} actions: undo some, or begin again from the cluster as it is")
        }
        Refusal::TooMuchText { bytes, limit } => format!(
            "the manifests that this run has applied have {bytes} bytes with this one, and a run holds at most \
             {limit}: undo some, or open the manifest instead of applying it"
        ),
        Refusal::TooManyClients { limit } => format!("a cluster here has at most {limit} clients"),
        Refusal::TooManyReplicas { limit } => format!("a cluster here has at most {limit} Pods"),
        Refusal::ClientExists { client } => {
            format!("a client named {client:?} already exists: choose another name")
        }
        Refusal::NoSuchClient { client } => format!("there is no client named {client:?}"),
        Refusal::BadTarget { client } => format!(
            "client {client:?} has no target that can be called: \
             write a URL, HOST:PORT or service/NAMESPACE/NAME, and for a ping a name or an address without a port"
        ),
        Refusal::ClientNotRunning { client } => format!(
            "client {client:?} cannot send: its Pod does not run, or too many of its requests still wait"
        ),
        Refusal::CannotDrain { node, blockers } => cannot_drain(node, blockers),
        Refusal::NoPriorityClass { pod, class } => {
            format!("pods {:?} is forbidden: no PriorityClass with name {class} was found", pod.name)
        }
        Refusal::PriorityIsComputed { pod, given, computed } => format!(
            "pods {:?} is forbidden: the integer value of priority ({given}) must not be provided in pod spec; \
             priority admission controller computed {computed} from the given PriorityClass name",
            pod.name
        ),
        Refusal::NoSuchRevision { object, revision: None } => {
            format!("no rollout history found for {} {:?}", object.kind, &*object.name)
        }
        Refusal::NoSuchRevision { revision: Some(revision), .. } => {
            format!("unable to find specified revision {revision} in history")
        }
        Refusal::RolloutPaused { deployment } => {
            format!("Deployment {:?} is paused: resume it first and try again", &*deployment.name)
        }
        Refusal::NoContainerInTemplate { object, container } => {
            format!("{} {:?}: unable to find container named {:?}", object.kind, &*object.name, &**container)
        }
        Refusal::ManyBudgets { pod } => format!(
            "Pod {pod}: This pod has more than one PodDisruptionBudget, which the eviction subresource does not support."
        ),
        Refusal::NamespaceTerminating { object } => format!(
            "{} {:?} is forbidden: unable to create new content in namespace {} because it is being terminated",
            plural(&object.kind),
            object.name,
            object.namespace
        ),
        Refusal::ImmortalNamespace { namespace } => {
            format!("namespaces {namespace:?} is forbidden: this namespace may not be deleted")
        }
        Refusal::NoSuchTaint { node, taint } => {
            let taint = taint.to_string();
            format!("taint {:?} not found on {node}", taint.trim_end_matches('-'))
        }
        Refusal::NodeIsOff { node } => format!("{node} has no power: no kube-proxy runs there"),
        Refusal::PodNotRunning { pod } => format!("Pod {pod} does not run"),
        Refusal::NoSuchContainer { pod, container } => format!("Pod {pod} has no container {container}"),
        Refusal::TooManyAssumptions { limit } => {
            format!("not more than {limit} things can be said of programs, and {limit} of what is missing")
        }
    }
}

/// Of a text that has many objects the finding names its own.
fn finding(finding: &Diagnostic) -> String {
    let about = if finding.line > 0 { finding.about() } else { String::new() };
    format!("{}{about}{}{}", finding.place(), finding.field(), finding.message)
}

/// As the API server names the kind's objects.
fn plural(kind: &Kind) -> String {
    kind.api().map_or_else(|| kind.to_string(), |api| api.plural.to_string())
}

/// In kubectl's words (pkg/drain/filters.go).
fn cannot_drain(node: &str, blockers: &DrainBlockers) -> String {
    let DrainBlockers { daemon_set_managed, local_storage, unmanaged } = blockers;
    let reasons = [
        ("DaemonSet-managed Pods (use --ignore-daemonsets to ignore)", daemon_set_managed),
        ("Pods with local storage (use --delete-emptydir-data to override)", local_storage),
        ("Pods that declare no controller (use --force to override)", unmanaged),
    ];
    let names = |pods: &[NsName]| pods.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let reasons = reasons.into_iter().filter(|(_, pods)| !pods.is_empty());
    let reasons: Vec<String> =
        reasons.map(|(what, pods)| format!("cannot delete {what}: {}", names(pods))).collect();
    format!("unable to drain node {node:?}: {}", reasons.join("; "))
}

/// As the API server names the kind: `deployments.apps`.
fn resource(kind: &Kind) -> String {
    match kind.api() {
        Some(api) if api.group().is_empty() => api.plural.to_string(),
        Some(api) => format!("{}.{}", api.plural, api.group()),
        None => kind.to_string(),
    }
}

fn patch_problem(problem: &PatchProblem) -> String {
    match problem {
        PatchProblem::NotAnObject => "the patch is no object: write {spec: ...}".into(),
        PatchProblem::NotAList => "a JSON patch is a list of operations: write [{op: replace, path: ..., value: ...}]".into(),
        PatchProblem::UnknownDirective { value } => {
            format!("$patch is {value}, and may be replace or delete")
        }
        PatchProblem::RetainKeys => "invalid patch format of retainKeys: it names each key of the patch".into(),
        PatchProblem::ElementOrder { list } => {
            format!("the order in the patch's list {list} doesn't match its $setElementOrder list")
        }
        PatchProblem::NoMergeKey { key } => {
            format!("an item of a list that is merged does not have its merge key: write its {key}")
        }
        PatchProblem::OfAnother => "a patch may not change the kind, the name or the namespace".into(),
        PatchProblem::NotStrategic => {
            "the body of the request was in an unknown format: a custom resource takes patches of type merge and json"
                .into()
        }
        PatchProblem::TooManyOperations { limit } => format!("a JSON patch has at most {limit} operations"),
        PatchProblem::Operation { index, problem } => format!(
            "the server rejected our request due to an error in our request: operation {index} {}",
            operation_problem(problem)
        ),
    }
}

fn operation_problem(problem: &OperationProblem) -> String {
    match problem {
        OperationProblem::Missing { field } => format!("has no {field}"),
        OperationProblem::UnknownOperation => {
            "has an op that is none of add, remove, replace, move, copy and test".into()
        }
        OperationProblem::NotAPointer => "has a path that does not begin with /".into(),
        OperationProblem::NoSuchPath => "has a path at which there is nothing".into(),
        OperationProblem::NotEqual => "tests for another value than is there".into(),
        OperationProblem::TooLarge => "would make the object too large".into(),
    }
}
