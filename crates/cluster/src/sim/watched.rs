//! Writes to the API server, and who is notified of them: controllers by their informers' event handlers, kube-proxies
//! by their watches.

use std::sync::Arc;

use super::{WatchChange, WorkItem, World};
use crate::api::{
    Deployment, EndpointSlice, Endpoints, Kind, Node, NsName, Pod, PriorityClass, ReplicaSet, Service, Uid,
    Unsimulated,
};
use crate::control::topology_mode_is_auto;
use crate::store::Stored;

impl World {
    pub(crate) fn create_object<T: Watched>(&mut self, object: T) -> Arc<T> {
        let object = self.store.create(self.clock.now(), object);
        self.wrote(None, Some(&object));
        object
    }

    pub(crate) fn update_object<T: Watched>(
        &mut self,
        key: &NsName,
        change: impl FnOnce(&mut T),
    ) -> Option<Arc<T>> {
        let old = T::objects(&self.store).get(key).cloned()?;
        let object = self.store.update(key, change)?;
        self.wrote(Some(&old), Some(&object));
        Some(object)
    }

    pub(crate) fn put_object<T: Watched>(&mut self, object: T) -> Arc<T> {
        let old = T::objects(&self.store).get(&object.key()).cloned();
        let object = self.store.put(object);
        self.wrote(old.as_ref(), Some(&object));
        object
    }

    pub(crate) fn remove_object<T: Watched>(&mut self, key: &NsName) -> Option<Arc<T>> {
        let object = self.store.remove::<T>(key)?;
        self.wrote(Some(&object), None);
        let owner = object.meta().uid;
        if self.store.has_dependents(owner) {
            self.enqueue(WorkItem::DependentsOf(owner));
        }
        Some(object)
    }

    fn wrote<T: Watched>(&mut self, old: Option<&Arc<T>>, new: Option<&Arc<T>>) {
        let Some(object) = new.or(old) else { return };
        let uid = object.meta().uid;
        self.changes.scene = true;
        self.changes.objects.insert(uid);
        self.digest(&[u64::from(uid.0), self.store.resource_version()]);
        T::notify(self, &object.key(), old, new);
    }
}

/// Kinds that are watched.
pub(crate) trait Watched: Stored {
    /// `old` is the object as it was, `new` as it is; one of them is missing when it was created or deleted.
    fn notify(world: &mut World, key: &NsName, old: Option<&Arc<Self>>, new: Option<&Arc<Self>>);
}

impl Watched for Pod {
    fn notify(world: &mut World, _: &NsName, old: Option<&Arc<Pod>>, new: Option<&Arc<Pod>>) {
        world.notify_owners(old, new);
        if let (Some(old), Some(new)) = (old, new) {
            world.kubelet_sees_change(old, new);
        }
        world.notify_services(old, new);
        world.scheduler_follows_pod(old, new);
        if new.is_none() {
            // It leaves room in the cluster.
            world.retry_failed_creates();
        }
    }
}

impl Watched for ReplicaSet {
    fn notify(world: &mut World, key: &NsName, old: Option<&Arc<ReplicaSet>>, new: Option<&Arc<ReplicaSet>>) {
        world.enqueue(WorkItem::ReplicaSet(key.clone()));
        for set in old.into_iter().chain(new) {
            world.notify_controller(&**set);
        }
    }
}

impl Watched for Deployment {
    fn notify(world: &mut World, key: &NsName, _: Option<&Arc<Deployment>>, _: Option<&Arc<Deployment>>) {
        world.enqueue(WorkItem::Deployment(key.clone()));
    }
}

impl Watched for Node {
    fn notify(world: &mut World, _: &NsName, old: Option<&Arc<Node>>, new: Option<&Arc<Node>>) {
        if let Some(node) = new {
            world.publish_zone(node);
            world.recheck_health(node.meta.uid);
        }
        world.enqueue(WorkItem::BalancedNodes);
        world.scheduler_follows_node(old, new);
        world.notify_hinted_services();
    }
}

impl Watched for Service {
    fn notify(world: &mut World, key: &NsName, _: Option<&Arc<Service>>, new: Option<&Arc<Service>>) {
        Arc::make_mut(&mut world.allocated).follow(key, new);
        world.enqueue(WorkItem::EndpointSlices(key.clone()));
        world.enqueue(WorkItem::Endpoints(key.clone()));
        world.enqueue(WorkItem::MirroredSlices(key.clone()));
        world.enqueue(WorkItem::LoadBalancer(key.clone()));
        world.publish(&WatchChange::Service(key.clone(), new.cloned()));
    }
}

impl Watched for EndpointSlice {
    fn notify(
        world: &mut World,
        key: &NsName,
        old: Option<&Arc<EndpointSlice>>,
        new: Option<&Arc<EndpointSlice>>,
    ) {
        // endpointslice_controller.go, onEndpointSliceUpdate: what others changed is written again.
        for slice in old.into_iter().chain(new) {
            world.notify_controller(&**slice);
        }
        world.publish(&WatchChange::Slice(key.clone(), new.cloned()));
    }
}

impl Watched for Endpoints {
    fn notify(world: &mut World, key: &NsName, _: Option<&Arc<Endpoints>>, _: Option<&Arc<Endpoints>>) {
        world.enqueue(WorkItem::Endpoints(key.clone()));
        world.enqueue(WorkItem::MirroredSlices(key.clone()));
    }
}

impl Watched for PriorityClass {
    fn notify(world: &mut World, _: &NsName, _: Option<&Arc<PriorityClass>>, _: Option<&Arc<PriorityClass>>) {
        world.retry_failed_creates();
    }
}

impl Watched for Unsimulated {
    /// It may be what a Pod waits for.
    fn notify(world: &mut World, _: &NsName, _: Option<&Arc<Unsimulated>>, _: Option<&Arc<Unsimulated>>) {
        if !world.missing.is_empty() {
            world.prerequisites_changed();
        }
    }
}

impl World {
    /// The controller that its `ownerReferences` name.
    fn notify_controller<T: Stored>(&mut self, object: &T) {
        let Some(owner) = &object.meta().owner else { return };
        let key = NsName { namespace: object.meta().namespace.clone(), name: owner.name.clone() };
        match &owner.kind {
            Kind::Deployment => self.enqueue(WorkItem::Deployment(key)),
            Kind::ReplicaSet => self.enqueue(WorkItem::ReplicaSet(key)),
            Kind::Service => self.enqueue(WorkItem::EndpointSlices(key)),
            Kind::Endpoints => self.enqueue(WorkItem::MirroredSlices(key)),
            Kind::Pod
            | Kind::EndpointSlice
            | Kind::Node
            | Kind::Namespace
            | Kind::PriorityClass
            | Kind::Other(_) => {}
        }
    }

    /// replica_set.go, addPod, updatePod, deletePod: a Pod's controller before and now; for a Pod without one, the
    /// ReplicaSets that may adopt it.
    fn notify_owners(&mut self, old: Option<&Arc<Pod>>, new: Option<&Arc<Pod>>) {
        for pod in old.into_iter().chain(new) {
            self.notify_controller(&**pod);
        }
        let Some(orphan) = new.filter(|pod| pod.meta.owner.is_none()) else { return };
        let adopts = |set: &&Arc<ReplicaSet>| {
            set.meta.namespace == orphan.meta.namespace && set.selector.matches(&orphan.meta.labels)
        };
        let sets: Vec<NsName> = self.store.replica_sets.iter().filter(adopts).map(|s| s.meta.key()).collect();
        for set in sets {
            self.enqueue(WorkItem::ReplicaSet(set));
        }
    }

    /// endpointslice/util/controller_utils.go, GetServicesToUpdateOnPodChange: those that selected it before, or do now.
    fn notify_services(&mut self, old: Option<&Arc<Pod>>, new: Option<&Arc<Pod>>) {
        let same_labels = old.zip(new).is_some_and(|(old, new)| old.meta.labels == new.meta.labels);
        for pod in old.filter(|_| !same_labels).into_iter().chain(new) {
            let services: Vec<NsName> =
                self.store.services_that_select(pod).map(|service| service.meta.key()).collect();
            for service in services {
                self.enqueue(WorkItem::EndpointSlices(service.clone()));
                self.enqueue(WorkItem::Endpoints(service));
            }
        }
    }

    /// The ReplicaSets whose Pods could not be created. Upstream tries again by itself, ever more rarely.
    fn retry_failed_creates(&mut self) {
        for set in self.failed_creates.clone() {
            self.enqueue(WorkItem::ReplicaSet(set));
        }
    }

    /// endpointslice_controller.go, checkNodeTopologyDistribution: hints depend on all zones' CPU.
    fn notify_hinted_services(&mut self) {
        let hinted = self.store.services.iter().filter(|service| topology_mode_is_auto(service));
        let hinted: Vec<NsName> = hinted.map(|service| service.meta.key()).collect();
        for service in hinted {
            self.enqueue(WorkItem::EndpointSlices(service));
        }
    }

    /// The garbage collector: deletes what belonged to an owner that is gone.
    pub(crate) fn delete_dependents(&mut self, owner: Uid) {
        let sets: Vec<NsName> = self.store.replica_sets_of(owner).map(|set| set.meta.key()).collect();
        let slices: Vec<NsName> = self.store.slices_of(owner).map(|slice| slice.meta.key()).collect();
        let pods: Vec<NsName> = self.store.pods_of(owner).map(|pod| pod.meta.key()).collect();
        for set in &sets {
            self.remove_object::<ReplicaSet>(set);
        }
        for slice in &slices {
            self.remove_object::<EndpointSlice>(slice);
        }
        for pod in &pods {
            self.delete_pod(pod, None);
        }
    }
}
