//! `metadata` as the server keeps it.

use super::{at, map, put_labels, put_or_remove, rfc3339, text, texts};
use crate::api::{KubeObject, OwnerRef, Tree, Uid};
use crate::sim::Span;

pub fn overlay(tree: &mut Tree, object: &KubeObject) {
    let meta = object.meta();
    let out = at(tree, "metadata");
    out.put("name", text(&meta.name));
    // One that is written stands beside the name in a template's Pods only by accident.
    put_or_remove(out, "generateName", meta.generate_name.as_deref().map(text));
    put_or_remove(out, "namespace", (!meta.namespace.is_empty()).then(|| text(&meta.namespace)));
    put_labels(out, "labels", &meta.labels);
    put_labels(out, "annotations", &meta.annotations);
    let stored = meta.uid != Uid(0);
    if !stored {
        return;
    }
    out.put("creationTimestamp", text(&rfc3339::print(meta.created)));
    // The deletion counts too (apiserver registry/rest/delete.go; generic/registry/store.go, markAsDeleting).
    let generation = meta.generation + u32::from(meta.deleted.is_some());
    let has_generation = meta.generation > 0 && object.kind().has_generation();
    put_or_remove(out, "generation", has_generation.then(|| Tree::int(i64::from(generation))));
    out.put("resourceVersion", text(&meta.resource_version.to_string()));
    out.put("uid", text(&meta.uid.to_uuid()));
    put_or_remove(out, "ownerReferences", meta.owner.as_ref().map(|o| Tree::seq(vec![owner(o)])));
    let finalizers = (!meta.finalizers.is_empty()).then(|| texts(&meta.finalizers));
    put_or_remove(out, "finalizers", finalizers);
    // The moment at which the grace period is over, not the one at which it began
    // (apiserver registry/rest/delete.go).
    let grace = match object {
        KubeObject::Pod(pod) => Some(pod.deletion_grace()),
        // It has a deletion of its own, without one (registry/core/namespace/storage, Delete).
        KubeObject::Namespace(_) => None,
        KubeObject::Service(_)
        | KubeObject::Deployment(_)
        | KubeObject::ReplicaSet(_)
        | KubeObject::Endpoints(_)
        | KubeObject::ReplicationController(_)
        | KubeObject::StatefulSet(_)
        | KubeObject::DaemonSet(_)
        | KubeObject::ControllerRevision(_)
        | KubeObject::Job(_)
        | KubeObject::CronJob(_)
        | KubeObject::PodDisruptionBudget(_)
        | KubeObject::EndpointSlice(_)
        | KubeObject::Node(_)
        | KubeObject::PriorityClass(_)
        | KubeObject::ServiceCidr(_)
        | KubeObject::Unsimulated(_) => Some(Span::ZERO),
    };
    let seconds = |grace: Span| Tree::int(i64::try_from(grace.0 / 1_000_000_000).unwrap_or(i64::MAX));
    let deletion = meta.deleted.map(|t| text(&rfc3339::print(t + grace.unwrap_or_default())));
    put_or_remove(out, "deletionTimestamp", deletion);
    put_or_remove(out, "deletionGracePeriodSeconds", meta.deleted.and(grace).map(seconds));
}

fn owner(owner: &OwnerRef) -> Tree {
    let version = owner.kind.api().map_or("v1", |api| api.api_version);
    map([
        ("apiVersion", text(version)),
        ("blockOwnerDeletion", Tree::bool(true)),
        ("controller", Tree::bool(true)),
        ("kind", text(owner.kind.as_str())),
        ("name", text(&owner.name)),
        ("uid", text(&owner.uid.to_uuid())),
    ])
}
