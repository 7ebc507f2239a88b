//! Kinds that are kept, not simulated: their defaults, and the status with which they begin.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{ServedIn, add_finalizer, canonical_quantity, default, each};
use crate::api::write::{at, map, text};
use crate::api::{Tree, Unsimulated, Value};

pub fn complete(tree: &mut Tree, object: &Unsimulated, cluster: &dyn ServedIn) {
    let group = object.api_version.split_once('/').map_or("", |(group, _)| group);
    match (group, &*object.kind) {
        ("", "PersistentVolumeClaim") => complete_claim(tree, object, cluster),
        ("", "PersistentVolume") => complete_volume(tree),
        ("", "Secret") => complete_secret(tree),
        ("", "ResourceQuota") => default(tree, "status", Tree::map()),
        ("networking.k8s.io", "Ingress") => {
            default(tree, "status", map([("loadBalancer", Tree::map())]));
        }
        ("networking.k8s.io", "NetworkPolicy") => complete_network_policy(at(tree, "spec")),
        ("autoscaling", "HorizontalPodAutoscaler") => complete_autoscaler(tree),
        ("storage.k8s.io", "StorageClass") => {
            default(tree, "reclaimPolicy", text("Delete"));
            default(tree, "volumeBindingMode", text("Immediate"));
        }
        ("rbac.authorization.k8s.io", "RoleBinding" | "ClusterRoleBinding") => complete_binding(tree),
        // Nothing is known of other kinds but what was written.
        _ => {}
    }
}

/// core/v1 defaults.go; admission storageobjectinuseprotection. A claim finds a volume: what the model assumes.
fn complete_claim(tree: &mut Tree, object: &Unsimulated, cluster: &dyn ServedIn) {
    add_finalizer(tree, "kubernetes.io/pvc-protection");
    let spec = at(tree, "spec");
    complete_claim_spec(spec);
    if !cluster.is_bound(&object.meta.namespace, &object.meta.name) {
        tree.put("status", map([("phase", text("Pending"))]));
        return;
    }
    default(spec, "volumeName", text(&format!("pvc-{}", object.meta.uid.to_uuid())));
    let (modes, capacity) = (spec.field("accessModes").cloned(), spec.get(&REQUESTS).cloned());
    let mut status = Tree::map();
    for (key, value) in [("accessModes", modes), ("capacity", capacity)] {
        if let Some(value) = value {
            status.put(key, value);
        }
    }
    status.put("phase", text("Bound"));
    tree.put("status", status);
}

const REQUESTS: [crate::api::Step<'static>; 2] =
    [crate::api::Step::Key("resources"), crate::api::Step::Key("requests")];

/// SetDefaults_PersistentVolumeClaimSpec, and its quantities as they are printed.
pub fn complete_claim_spec(spec: &mut Tree) {
    default(spec, "volumeMode", text("Filesystem"));
    default(spec, "resources", Tree::map());
    let resources = at(spec, "resources");
    for list in ["limits", "requests"] {
        if resources.field(list).is_some() {
            canonical_quantity(at(resources, list), "storage");
        }
    }
}

fn complete_volume(tree: &mut Tree) {
    add_finalizer(tree, "kubernetes.io/pv-protection");
    let spec = at(tree, "spec");
    default(spec, "persistentVolumeReclaimPolicy", text("Retain"));
    default(spec, "volumeMode", text("Filesystem"));
    if spec.field("hostPath").is_some() {
        default(at(spec, "hostPath"), "type", text(""));
    }
    if spec.field("capacity").is_some() {
        canonical_quantity(at(spec, "capacity"), "storage");
    }
    default(tree, "status", map([("phase", text("Available"))]));
}

/// SetDefaults_Secret; `stringData` is written only: it is stored as data (core/v1 conversion.go).
fn complete_secret(tree: &mut Tree) {
    default(tree, "type", text("Opaque"));
    let plain = tree.field("stringData").cloned();
    tree.remove(&["stringData".into()]);
    for entry in plain.as_ref().map_or(&[][..], Tree::entries) {
        if let Value::String(value) = &entry.value.value {
            at(tree, "data").put(&entry.key, text(&STANDARD.encode(value.as_bytes())));
        }
    }
}

/// networking/v1 defaults.go.
fn complete_network_policy(spec: &mut Tree) {
    let mut types = vec![text("Ingress")];
    if spec.field("egress").is_some_and(|rules| !rules.items().is_empty()) {
        types.push(text("Egress"));
    }
    default(spec, "policyTypes", Tree::seq(types));
    default(spec, "podSelector", Tree::map());
    for list in ["ingress", "egress"] {
        each(spec, list, |_, rule| each(rule, "ports", |_, port| default(port, "protocol", text("TCP"))));
    }
}

/// autoscaling/v2 defaults.go. No metric is simulated: the status stays the one with which it begins.
fn complete_autoscaler(tree: &mut Tree) {
    let spec = at(tree, "spec");
    default(spec, "minReplicas", Tree::int(1));
    let target = map([("averageUtilization", Tree::int(80)), ("type", text("Utilization"))]);
    let resource = map([("name", text("cpu")), ("target", target)]);
    let metric = map([("resource", resource), ("type", text("Resource"))]);
    default(spec, "metrics", Tree::seq(vec![metric]));
    default(
        tree,
        "status",
        map([("currentMetrics", Tree::new(Value::Null)), ("desiredReplicas", Tree::int(0))]),
    );
}

/// rbac/v1 defaults.go.
fn complete_binding(tree: &mut Tree) {
    const GROUP: &str = "rbac.authorization.k8s.io";
    default(at(tree, "roleRef"), "apiGroup", text(GROUP));
    each(tree, "subjects", |_, subject| {
        let kind = subject.field("kind").and_then(Tree::as_str);
        if kind.is_some_and(|kind| matches!(&**kind, "User" | "Group")) {
            default(subject, "apiGroup", text(GROUP));
        }
    });
}
