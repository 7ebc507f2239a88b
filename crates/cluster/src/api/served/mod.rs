//! Objects as the API server hands them out to kubectl. Beside what `to_tree` prints they have every default that is
//! stored and that nothing here reads, and what admission and controllers add to an object without any consequence in
//! the simulation.
//!
//! The command line prints these, and a patch is of them. The page shows what was written and what has become of it.

mod kept;
mod pod;
mod pod_spec;
mod qos;
mod service_account;
mod volume;

pub(super) use pod_spec::complete as complete_pod_spec;
pub(super) use service_account::volume_name as token_volume;

use std::sync::Arc;

use super::write::{at, map, put_or_remove, text};
use super::{KubeObject, Service, ServiceType, StatefulSet, Tree, Value, to_tree};

/// What printing an object asks of the cluster that it is in.
pub trait ServedIn {
    /// The ServiceAccount of that name, as written.
    fn service_account(&self, namespace: &str, name: &str) -> Option<Tree>;
    /// A claim finds its volume: always, unless it was said that it is missing.
    fn is_bound(&self, namespace: &str, claim: &str) -> bool;
    /// A cloud's service controller runs.
    fn has_cloud(&self) -> bool;
}

/// The object as `kubectl get -o yaml` shows it, its keys sorted. `source`: see [`to_tree`].
pub fn served(object: &KubeObject, source: Option<&Tree>, cluster: &dyn ServedIn) -> Tree {
    let mut tree = to_tree(object, source);
    complete(&mut tree, object, cluster);
    without_nothing(&mut tree);
    tree.sorted()
}

fn complete(tree: &mut Tree, object: &KubeObject, cluster: &dyn ServedIn) {
    match object {
        KubeObject::Pod(pod) => pod::complete(tree, pod, cluster),
        KubeObject::Deployment(set) => pod_spec::complete_template(tree, &set.spec.template),
        KubeObject::ReplicaSet(set) => pod_spec::complete_template(tree, &set.spec.template),
        KubeObject::ReplicationController(set) => pod_spec::complete_template(tree, &set.spec.template),
        KubeObject::DaemonSet(set) => pod_spec::complete_template(tree, &set.spec.template),
        KubeObject::Job(job) => pod_spec::complete_template(tree, &job.spec.template),
        KubeObject::StatefulSet(set) => {
            pod_spec::complete_template(tree, &set.spec.template);
            complete_claims(tree, set);
        }
        // Of the Job that it makes only the Pod's defaults are stored with it (batch/v1 zz_generated.defaults.go,
        // SetObjectDefaults_CronJob).
        KubeObject::CronJob(cron_job) => {
            let job = at(at(at(tree, "spec"), "jobTemplate"), "spec");
            at(at(job, "template"), "metadata");
            pod_spec::complete(
                at(at(job, "template"), "spec"),
                &cron_job.spec.job_template.spec.template.spec,
            );
        }
        KubeObject::EndpointSlice(_) => complete_slice(tree),
        KubeObject::Endpoints(_) => each(tree, "subsets", |_, subset| {
            each(subset, "ports", |_, port| default(port, "protocol", text("TCP")));
        }),
        KubeObject::Service(service) => complete_service(tree, service, cluster),
        KubeObject::Namespace(namespace) => complete_namespace(tree, &namespace.meta.name),
        KubeObject::Unsimulated(object) => kept::complete(tree, object, cluster),
        // What is printed of these is all that they have.
        KubeObject::ControllerRevision(_)
        | KubeObject::PodDisruptionBudget(_)
        | KubeObject::Node(_)
        | KubeObject::PriorityClass(_)
        | KubeObject::ServiceCidr(_) => {}
    }
}

/// core/v1 defaults.go, SetDefaults_PersistentVolumeClaim, for templates too; apps/v1 defaults.go.
fn complete_claims(tree: &mut Tree, set: &StatefulSet) {
    if set.spec.volume_claim_templates.is_empty() {
        return;
    }
    each(at(tree, "spec"), "volumeClaimTemplates", |_, claim| {
        claim.put("apiVersion", text("v1"));
        claim.put("kind", text("PersistentVolumeClaim"));
        kept::complete_claim_spec(at(claim, "spec"));
        claim.put("status", map([("phase", text("Pending"))]));
    });
}

/// The service controller keeps a Service until the cloud has taken its load balancer away (cloud-provider
/// service/helpers/helper.go, LoadBalancerCleanupFinalizer).
fn complete_service(tree: &mut Tree, service: &Service, cluster: &dyn ServedIn) {
    let spec = &service.spec;
    let is_balanced = spec.type_ == ServiceType::LoadBalancer && spec.load_balancer_class.is_none();
    if is_balanced && cluster.has_cloud() {
        add_finalizer(tree, "service.kubernetes.io/load-balancer-cleanup");
    }
}

/// discovery/v1 defaults.go. A field without `omitempty` is there, whatever it says: an empty list as null.
fn complete_slice(tree: &mut Tree) {
    each(tree, "ports", |_, port| {
        default(port, "name", text(""));
        default(port, "protocol", text("TCP"));
    });
    each(tree, "endpoints", |_, endpoint| {
        at(endpoint, "conditions");
    });
    for list in ["endpoints", "ports"] {
        if tree.field(list).is_none_or(|list| list.items().is_empty()) {
            tree.put(list, Tree::new(Value::Null));
        }
    }
}

/// core/v1 defaults.go, SetDefaults_Namespace; registry/core/namespace/strategy.go, PrepareForCreate.
fn complete_namespace(tree: &mut Tree, name: &str) {
    at(at(tree, "metadata"), "labels").put("kubernetes.io/metadata.name", text(name));
    default(at(tree, "spec"), "finalizers", Tree::seq(vec![text("kubernetes")]));
    let is_going = tree.get(&["metadata".into(), "deletionTimestamp".into()]).is_some();
    tree.put("status", map([("phase", text(if is_going { "Terminating" } else { "Active" }))]));
}

fn add_finalizer(tree: &mut Tree, finalizer: &str) {
    let metadata = at(tree, "metadata");
    let mut all = metadata.field("finalizers").map_or(&[][..], Tree::items).to_vec();
    if !all.iter().any(|other| other.as_str().is_some_and(|other| **other == *finalizer)) {
        all.push(text(finalizer));
    }
    metadata.put("finalizers", Tree::seq(all));
}

/// Sets what is not written, or is empty.
pub(super) fn default(tree: &mut Tree, key: &str, value: Tree) {
    let is_set = tree.field(key).is_some_and(|value| match &value.value {
        Value::Null => false,
        Value::String(text) => !text.is_empty(),
        Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Seq(_) | Value::Map(_) => true,
    });
    if !is_set {
        tree.put(key, value);
    }
}

/// Sets a field of an object that is there.
fn default_in(tree: &mut Tree, key: &str, field: &str, value: Tree) {
    if tree.field(key).is_some_and(|value| matches!(value.value, Value::Map(_))) {
        default(at(tree, key), field, value);
    }
}

/// Takes a field away that is what Go leaves out (`omitempty`): false, 0, empty.
pub(super) fn omit(tree: &mut Tree, keys: &[&str]) {
    for key in keys {
        let is_zero = tree.field(key).is_some_and(|value| match &value.value {
            Value::Null | Value::Bool(false) | Value::Int(0) => true,
            Value::String(text) => text.is_empty(),
            Value::Map(entries) => entries.is_empty(),
            Value::Seq(items) => items.is_empty(),
            Value::Bool(true) | Value::Int(_) | Value::Float(_) => false,
        });
        if is_zero {
            tree.remove(&[(*key).into()]);
        }
    }
}

/// Each item of the list `key`, with its place.
pub(super) fn each(tree: &mut Tree, key: &str, mut change: impl FnMut(usize, &mut Tree)) {
    if tree.field(key).is_none() {
        return;
    }
    let Value::Seq(items) = &mut tree.slot(key).value else { return };
    for (index, item) in Arc::make_mut(items).iter_mut().enumerate() {
        change(index, item);
    }
}

/// Lists that are empty, and nulls: the API server stores neither, but where the type's field has no `omitempty`.
fn without_nothing(tree: &mut Tree) {
    match &mut tree.value {
        Value::Map(entries) => {
            let entries = Arc::make_mut(entries);
            entries.retain(|entry| match &entry.value.value {
                Value::Null => matches!(&*entry.key, "currentMetrics" | "endpoints" | "ports"),
                Value::Seq(items) => !items.is_empty(),
                Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::String(_) | Value::Map(_) => true,
            });
            entries.iter_mut().for_each(|entry| without_nothing(&mut entry.value));
        }
        Value::Seq(items) => Arc::make_mut(items).iter_mut().for_each(without_nothing),
        Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::String(_) => {}
    }
}

/// A quantity as the API server prints it.
fn canonical_quantity(tree: &mut Tree, key: &str) {
    let Some(written) = tree.field(key) else { return };
    let written = match &written.value {
        Value::String(text) | Value::Float(text) => text.to_string(),
        Value::Int(number) => number.to_string(),
        Value::Null | Value::Bool(_) | Value::Seq(_) | Value::Map(_) => return,
    };
    let quantity = super::Quantity::parse(&written).map(|quantity| text(&quantity.to_string()));
    put_or_remove(tree, key, Some(quantity.unwrap_or_else(|| text(&written))));
}
