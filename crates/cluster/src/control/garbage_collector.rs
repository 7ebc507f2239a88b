//! Deletions, and what becomes of the objects that a deleted one owns: the API server's (apiserver
//! registry/generic/registry/store.go, Delete) and the garbage collector's part (pkg/controller/garbagecollector).

use crate::api::{
    ControllerRevision, CronJob, DaemonSet, Deployment, EndpointSlice, Endpoints, Job, Kind, Meta, Metadata,
    Namespace, Node, ObjectRef, Pod, PodDisruptionBudget, PriorityClass, Propagation, ReplicaSet,
    ReplicationController, Service, ServiceCidr, StatefulSet, Str, Uid, Unsimulated,
};
use crate::sim::{Watched, WorkItem, World};

const FOREGROUND: &str = "foregroundDeletion";
const ORPHAN: &str = "orphan";

impl World {
    /// A request DELETE of an object that is neither a Pod nor a Namespace. `None` if there is none.
    pub(crate) fn delete(&mut self, object: &ObjectRef, propagation: Propagation) -> Option<()> {
        let asked = match propagation {
            Propagation::Background => None,
            Propagation::Foreground => Some(FOREGROUND),
            Propagation::Orphan => Some(ORPHAN),
        };
        let found = self.store.get(object)?;
        // store.go, deletionFinalizersForGarbageCollection: the last deletion counts.
        let mut finalizers = found.meta().finalizers.clone();
        finalizers.retain(|finalizer| ![FOREGROUND, ORPHAN].contains(&&**finalizer));
        finalizers.extend(asked.map(Str::from));
        if finalizers != found.meta().finalizers {
            self.update_meta(object, |meta| meta.finalizers = finalizers);
        }
        self.remove_by_ref(object)?;
        self.wake_if_terminating(object.clone());
        Some(())
    }

    /// What a Terminating object waits for: that its dependents are orphaned, or gone (attemptToOrphanWorker,
    /// processDeletingDependentsItem).
    pub(crate) fn collect_dependents(&mut self, owner: &ObjectRef) {
        let Some(found) = self.store.get(owner).filter(|found| found.meta().deleted.is_some()) else {
            return;
        };
        let meta = found.meta();
        let has = |finalizer: &str| meta.finalizers.iter().any(|other| &**other == finalizer);
        if has(ORPHAN) {
            for dependent in self.store.dependents_of(meta.uid) {
                self.update_meta(&dependent, |meta| meta.owner = None);
            }
            self.remove_finalizer(owner, ORPHAN);
        } else if has(FOREGROUND) {
            let dependents = self.store.dependents_of(meta.uid);
            if dependents.is_empty() {
                self.remove_finalizer(owner, FOREGROUND);
            }
            dependents.iter().for_each(|dependent| self.delete_dependent(dependent));
        }
    }

    /// Of a dependent that owns others, these go first, too.
    fn delete_dependent(&mut self, dependent: &ObjectRef) {
        let Some(found) = self.store.get(dependent).filter(|found| found.meta().deleted.is_none()) else {
            return;
        };
        match self.store.has_dependents(found.meta().uid) && dependent.kind != Kind::Pod {
            true => self.delete(dependent, Propagation::Foreground),
            false => self.remove_by_ref(dependent),
        };
    }

    pub(super) fn remove_finalizer(&mut self, object: &ObjectRef, finalizer: &str) {
        self.update_meta(object, |meta| meta.finalizers.retain(|other| &**other != finalizer));
        self.go_on_with_deletion(object);
    }

    /// A Terminating object goes when nobody has to agree any more. A Pod's kubelet has to be done with it, too.
    pub(crate) fn go_on_with_deletion(&mut self, object: &ObjectRef) {
        let Some(found) = self.store.get(object) else { return };
        let meta = found.meta();
        if meta.deleted.is_none() || awaits_others(meta) {
            return;
        }
        match &object.kind {
            Kind::Pod if self.pods.contains_key(&meta.uid) && meta.deletion_grace_s != Some(0) => {}
            // Its own controller ends it.
            Kind::Namespace => self.enqueue(WorkItem::Namespace(object.name.clone())),
            // registry/core/pod/strategy.go, CheckGracefulDelete: nobody waits for a kubelet.
            Kind::Pod if meta.deletion_grace_s == Some(0) => self.delete_pod(&object.key(), Some(0)),
            Kind::Pod
            | Kind::Service
            | Kind::Deployment
            | Kind::ReplicaSet
            | Kind::ReplicationController
            | Kind::StatefulSet
            | Kind::DaemonSet
            | Kind::ControllerRevision
            | Kind::Job
            | Kind::CronJob
            | Kind::PodDisruptionBudget
            | Kind::EndpointSlice
            | Kind::Endpoints
            | Kind::Node
            | Kind::PriorityClass
            | Kind::ServiceCidr
            | Kind::Other(_) => {
                self.remove_by_ref(object);
            }
        }
    }

    /// Deletes what belonged to an owner that is gone.
    pub(crate) fn delete_dependents(&mut self, owner: Uid) {
        for dependent in self.store.dependents_of(owner) {
            self.remove_by_ref(&dependent);
        }
    }

    /// The owner of an object that is gone may have waited for it.
    pub(crate) fn wake_terminating_owner(&mut self, gone: &Meta) {
        let Some(owner) = &gone.owner else { return };
        let owner = ObjectRef {
            kind: owner.kind.clone(),
            namespace: gone.namespace.clone(),
            name: owner.name.clone(),
        };
        self.wake_if_terminating(owner);
    }

    fn wake_if_terminating(&mut self, object: ObjectRef) {
        if self.store.get(&object).is_some_and(|found| found.meta().deleted.is_some()) {
            self.enqueue(WorkItem::Terminating(object));
        }
    }

    /// `None` if there is no such object.
    fn update_meta(&mut self, object: &ObjectRef, change: impl FnOnce(&mut Meta)) -> Option<()> {
        let key = object.key();
        match &object.kind {
            Kind::Pod => self.update_meta_of::<Pod>(object, change),
            Kind::Service => self.update_meta_of::<Service>(object, change),
            Kind::Deployment => self.update_meta_of::<Deployment>(object, change),
            Kind::ReplicaSet => self.update_meta_of::<ReplicaSet>(object, change),
            Kind::ReplicationController => self.update_meta_of::<ReplicationController>(object, change),
            Kind::StatefulSet => self.update_meta_of::<StatefulSet>(object, change),
            Kind::DaemonSet => self.update_meta_of::<DaemonSet>(object, change),
            Kind::ControllerRevision => self.update_meta_of::<ControllerRevision>(object, change),
            Kind::Job => self.update_meta_of::<Job>(object, change),
            Kind::CronJob => self.update_meta_of::<CronJob>(object, change),
            Kind::PodDisruptionBudget => self.update_meta_of::<PodDisruptionBudget>(object, change),
            Kind::EndpointSlice => self.update_meta_of::<EndpointSlice>(object, change),
            Kind::Endpoints => self.update_meta_of::<Endpoints>(object, change),
            Kind::Node => self.update_meta_of::<Node>(object, change),
            Kind::Namespace => self.update_meta_of::<Namespace>(object, change),
            Kind::PriorityClass => self.update_meta_of::<PriorityClass>(object, change),
            Kind::ServiceCidr => self.update_meta_of::<ServiceCidr>(object, change),
            Kind::Other(kind) => {
                let key = Unsimulated::key_of(kind, &key);
                self.update_object::<Unsimulated>(&key, |object| change(object.meta_mut())).map(drop)
            }
        }
    }

    fn update_meta_of<T: Watched>(
        &mut self,
        object: &ObjectRef,
        change: impl FnOnce(&mut Meta),
    ) -> Option<()> {
        self.update_object::<T>(&object.key(), |object| change(object.meta_mut())).map(drop)
    }
}

/// Finalizers that their controllers take away as soon as the object is to go: there is nothing to wait for here.
const TAKEN_AWAY_AT_ONCE: [&str; 4] = [
    "batch.kubernetes.io/job-tracking",
    "kubernetes.io/pv-protection",
    "kubernetes.io/pvc-protection",
    "service.kubernetes.io/load-balancer-cleanup",
];

/// Whether somebody has to agree before the object goes.
pub(crate) fn awaits_others(meta: &Meta) -> bool {
    let is_awaited = |finalizer: &Str| !TAKEN_AWAY_AT_ONCE.contains(&&**finalizer);
    meta.finalizers.iter().any(is_awaited)
}
