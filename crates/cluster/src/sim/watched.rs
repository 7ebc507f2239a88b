//! Writes to the API server, and who is notified of them: controllers by their informers' event handlers, kube-proxies
//! by their watches.

use std::sync::Arc;

use super::{Refusal, WatchChange, WatchedObject, WorkItem, World};
use crate::api::{
    ControllerRevision, CronJob, DaemonSet, Deployment, EndpointSlice, Endpoints, Job, Kind, Namespace, Node,
    NsName, ObjectRef, Pod, PodDisruptionBudget, PriorityClass, ReplicaSet, ReplicationController, Service,
    ServiceCidr, StatefulSet, StatusSubresource, Unsimulated,
};
use crate::control::{DEFAULT_INTERVAL, NAMESPACE_DELETION_GRACE, awaits_others, topology_mode_is_auto};
use crate::store::{IndexKey, Stored};

impl World {
    /// Whoever creates an object does it here, and nobody does in a namespace that goes (plugin/namespace/lifecycle,
    /// Admit).
    pub(crate) fn create_object<T: Watched>(&mut self, object: T) -> Result<Arc<T>, Refusal> {
        if self.is_terminating(&object.meta().namespace) {
            return Err(Refusal::NamespaceTerminating { object: object.object_ref() });
        }
        let object = self.store.create(self.clock.now(), object);
        self.wrote(None, Some(&object));
        Ok(object)
    }

    pub(crate) fn update_object<T: Watched>(
        &mut self,
        key: &NsName,
        change: impl FnOnce(&mut T),
    ) -> Option<Arc<T>> {
        let mut object = T::clone(T::objects(&self.store).get(key)?);
        change(&mut object);
        Some(self.put_object(object))
    }

    /// The same for a change that may be one of the spec: its generation counts those.
    pub(crate) fn update_spec<T: Watched + StatusSubresource>(
        &mut self,
        key: &NsName,
        change: impl FnOnce(&mut T),
    ) -> Option<Arc<T>> {
        self.update_object::<T>(key, |object| {
            let old = object.clone();
            change(object);
            if !object.has_spec_of(&old) {
                object.meta_mut().generation += 1;
            }
        })
    }

    pub(crate) fn put_object<T: Watched>(&mut self, object: T) -> Arc<T> {
        let old = T::objects(&self.store).get(&object.key()).cloned();
        let object = self.store.put(object);
        self.wrote(old.as_ref(), Some(&object));
        object
    }

    /// Removes the object, or begins to: one that has finalizers is Terminating until they are gone.
    pub(crate) fn remove_object<T: Watched>(&mut self, key: &NsName) -> Option<Arc<T>> {
        let object = T::objects(&self.store).get(key)?;
        if awaits_others(object.meta()) {
            return self.begin_to_remove(key);
        }
        let object = self.store.remove::<T>(key)?;
        self.wrote(Some(&object), None);
        let owner = object.meta().uid;
        if self.store.has_dependents(owner) {
            self.enqueue(WorkItem::DependentsOf(owner));
        }
        self.wake_terminating_owner(object.meta());
        Some(object)
    }

    fn begin_to_remove<T: Watched>(&mut self, key: &NsName) -> Option<Arc<T>> {
        let object = T::objects(&self.store).get(key)?.clone();
        if object.meta().deleted.is_some() {
            return Some(object);
        }
        let now = self.clock.now();
        let object = self.update_object::<T>(key, |object| object.meta_mut().deleted = Some(now))?;
        self.enqueue(WorkItem::Terminating(object.object_ref()));
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
        world.notify_budgets(old, new);
        if let (Some(old), Some(new)) = (old, new) {
            world.kubelet_sees_change(old, new);
        }
        world.notify_services(old, new);
        world.scheduler_follows_pod(old, new);
        world.taint_eviction_follows_pod(old, new);
        world.pod_gc_follows_pod(new);
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
        // deployment_controller.go, addReplicaSet: a Deployment may adopt it.
        if let Some(orphan) = new.filter(|set| set.meta.owner.is_none()) {
            let adopts = |d: &&Arc<Deployment>| {
                d.meta.namespace == orphan.meta.namespace && d.spec.selector.matches(&orphan.meta.labels)
            };
            let adopters: Vec<NsName> =
                world.store.deployments.iter().filter(adopts).map(|d| d.meta.key()).collect();
            for deployment in adopters {
                world.enqueue(WorkItem::Deployment(deployment));
            }
        }
    }
}

/// A kind whose own controller is woken, and that of its owner; for the latter see `notify_controller`.
macro_rules! wakes {
    ($($kind:ident => $item:ident),* $(,)?) => {
        $(impl Watched for $kind {
            fn notify(world: &mut World, key: &NsName, old: Option<&Arc<$kind>>, new: Option<&Arc<$kind>>) {
                world.enqueue(WorkItem::$item(key.clone()));
                for object in old.into_iter().chain(new) {
                    world.notify_controller(&**object);
                }
            }
        })*
    };
}

wakes!(
    Deployment => Deployment,
    ReplicationController => ReplicationController,
    StatefulSet => StatefulSet,
    DaemonSet => DaemonSet,
    Job => Job,
    CronJob => CronJob,
    PodDisruptionBudget => DisruptionBudget,
);

impl Watched for ControllerRevision {
    fn notify(
        world: &mut World,
        _: &NsName,
        old: Option<&Arc<ControllerRevision>>,
        new: Option<&Arc<ControllerRevision>>,
    ) {
        for revision in old.into_iter().chain(new) {
            world.notify_controller(&**revision);
        }
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
        world.node_lifecycle_follows(old, new);
        world.taint_eviction_follows_node(old, new);
        world.pod_gc_follows_node(old, new);
        world.notify_daemon_sets(old, new);
        world.notify_hinted_services();
    }
}

impl Watched for Namespace {
    fn notify(world: &mut World, key: &NsName, _: Option<&Arc<Namespace>>, new: Option<&Arc<Namespace>>) {
        if new.is_some_and(|namespace| namespace.meta.deleted.is_some()) {
            world.enqueue_after(WorkItem::Namespace(key.name.clone()), NAMESPACE_DELETION_GRACE);
        }
    }
}

impl Watched for Service {
    fn notify(world: &mut World, key: &NsName, old: Option<&Arc<Service>>, new: Option<&Arc<Service>>) {
        Arc::make_mut(&mut world.allocated).follow(key, new);
        world.wake_terminating_service_cidrs();
        world.enqueue(WorkItem::EndpointSlices(key.clone()));
        world.enqueue(WorkItem::Endpoints(key.clone()));
        world.enqueue(WorkItem::MirroredSlices(key.clone()));
        world.enqueue(WorkItem::LoadBalancer(key.clone()));
        if world.config.cloud.address_pool().is_some() {
            world.enqueue(WorkItem::Announcement(key.clone()));
        }
        world.publish(WatchChange::Service(world.watched_object(key, old, new)));
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
        if world.config.cloud.address_pool().is_some() {
            let services = old.into_iter().chain(new).map(|slice| slice.service_key());
            services.for_each(|service| world.enqueue(WorkItem::Announcement(service)));
        }
        world.publish(WatchChange::Slice(world.watched_object(key, old, new)));
    }
}

impl Watched for Endpoints {
    fn notify(world: &mut World, key: &NsName, _: Option<&Arc<Endpoints>>, new: Option<&Arc<Endpoints>>) {
        // endpoints_controller.go, onEndpointsDelete: what was written by hand without a Service stays.
        if new.is_none() {
            world.enqueue(WorkItem::Endpoints(key.clone()));
        }
        world.enqueue(WorkItem::MirroredSlices(key.clone()));
    }
}

impl Watched for PriorityClass {
    fn notify(world: &mut World, _: &NsName, _: Option<&Arc<PriorityClass>>, _: Option<&Arc<PriorityClass>>) {
        world.retry_failed_creates();
    }
}

impl Watched for ServiceCidr {
    fn notify(
        world: &mut World,
        key: &NsName,
        old: Option<&Arc<ServiceCidr>>,
        new: Option<&Arc<ServiceCidr>>,
    ) {
        world.enqueue(WorkItem::ServiceCidr(key.name.clone()));
        if new.is_none() && &*key.name == ServiceCidr::DEFAULT {
            world.enqueue_after(WorkItem::DefaultServiceCidr, DEFAULT_INTERVAL);
        }
        // addServiceCIDR: one that comes may free another that is to go.
        world.wake_terminating_service_cidrs();
        world.publish(WatchChange::ServiceCidr(world.watched_object(key, old, new)));
    }
}

impl Watched for Unsimulated {
    /// It may be what a Pod waits for.
    fn notify(world: &mut World, _: &NsName, _: Option<&Arc<Unsimulated>>, _: Option<&Arc<Unsimulated>>) {
        world.prerequisites_changed();
    }
}

impl World {
    fn watched_object<T: Watched>(
        &self,
        key: &NsName,
        old: Option<&Arc<T>>,
        new: Option<&Arc<T>>,
    ) -> WatchedObject<T> {
        let all = T::objects(&self.store).clone();
        WatchedObject { key: key.clone(), old: old.cloned(), new: new.cloned(), all }
    }

    /// The controller that its `ownerReferences` name.
    fn notify_controller<T: Stored>(&mut self, object: &T) {
        if let Some(owner) = &object.meta().owner {
            let key = NsName { namespace: object.meta().namespace.clone(), name: owner.name.clone() };
            self.enqueue_controller(&owner.kind, key);
        }
    }

    /// Those whose Pods could not be created: there is room again, or a PriorityClass. Upstream tries again by itself,
    /// ever more rarely.
    fn retry_failed_creates(&mut self) {
        for owner in std::mem::take(&mut self.failed_creates) {
            if self.store.get(&owner).is_some() {
                self.enqueue_controller(&owner.kind, owner.key());
                self.failed_creates.insert(owner);
            }
        }
    }

    fn enqueue_controller(&mut self, kind: &Kind, key: NsName) {
        match kind {
            Kind::Deployment => self.enqueue(WorkItem::Deployment(key)),
            Kind::ReplicaSet => self.enqueue(WorkItem::ReplicaSet(key)),
            Kind::ReplicationController => self.enqueue(WorkItem::ReplicationController(key)),
            Kind::StatefulSet => self.enqueue(WorkItem::StatefulSet(key)),
            Kind::DaemonSet => self.enqueue(WorkItem::DaemonSet(key)),
            Kind::Job => self.enqueue(WorkItem::Job(key)),
            Kind::CronJob => self.enqueue(WorkItem::CronJob(key)),
            Kind::Service => self.enqueue(WorkItem::EndpointSlices(key)),
            Kind::Endpoints => self.enqueue(WorkItem::MirroredSlices(key)),
            Kind::Pod
            | Kind::ControllerRevision
            | Kind::PodDisruptionBudget
            | Kind::EndpointSlice
            | Kind::Node
            | Kind::Namespace
            | Kind::PriorityClass
            | Kind::ServiceCidr
            | Kind::Other(_) => {}
        }
    }

    /// replica_set.go, addPod, updatePod, deletePod: a Pod's controller before and now; for a Pod without one, the
    /// workloads that may adopt it.
    fn notify_owners(&mut self, old: Option<&Arc<Pod>>, new: Option<&Arc<Pod>>) {
        for pod in old.into_iter().chain(new) {
            self.notify_controller(&**pod);
        }
        if let Some(orphan) = new.filter(|pod| pod.meta.owner.is_none()) {
            self.notify_adopters(orphan);
        }
    }

    /// The workloads whose selector matches a Pod without a controller.
    fn notify_adopters(&mut self, orphan: &Pod) {
        let store = &self.store;
        let mut items = Vec::new();
        for key in IndexKey::selectors_of(&orphan.meta.namespace, &orphan.meta.labels) {
            let key = || key.clone();
            let labels = &orphan.meta.labels;
            let sets = store.replica_sets.by_index(key()).filter(|s| s.spec.selector.matches(labels));
            items.extend(sets.map(|s| WorkItem::ReplicaSet(s.meta.key())));
            let controllers = store.replication_controllers.by_index(key());
            let controllers = controllers.filter(|c| c.spec.selector.matches(labels));
            items.extend(controllers.map(|c| WorkItem::ReplicationController(c.meta.key())));
            let sets = store.stateful_sets.by_index(key()).filter(|s| s.spec.selector.matches(labels));
            items.extend(sets.map(|s| WorkItem::StatefulSet(s.meta.key())));
            let sets = store.daemon_sets.by_index(key()).filter(|s| s.spec.selector.matches(labels));
            items.extend(sets.map(|s| WorkItem::DaemonSet(s.meta.key())));
            let jobs = store.jobs.by_index(key()).filter(|j| j.spec.selector.matches(labels));
            items.extend(jobs.map(|j| WorkItem::Job(j.meta.key())));
        }
        for item in items {
            self.enqueue(item);
        }
    }

    /// disruption.go, addPod, updatePod, deletePod.
    fn notify_budgets(&mut self, old: Option<&Arc<Pod>>, new: Option<&Arc<Pod>>) {
        if self.store.disruption_budgets.is_empty() {
            return;
        }
        for pod in old.into_iter().chain(new) {
            let budgets: Vec<NsName> = self.store.budgets_of(pod).map(|budget| budget.meta.key()).collect();
            for budget in budgets {
                self.enqueue(WorkItem::DisruptionBudget(budget));
            }
        }
    }

    /// daemon_controller.go, addNode, updateNode, deleteNode: where it is the same for them, they sleep on.
    fn notify_daemon_sets(&mut self, old: Option<&Arc<Node>>, new: Option<&Arc<Node>>) {
        let is_same = old.zip(new).is_some_and(|(old, new)| {
            old.meta.labels == new.meta.labels && old.spec == new.spec && old.ready() == new.ready()
        });
        if is_same {
            return;
        }
        let sets: Vec<NsName> = self.store.daemon_sets.keys().cloned().collect();
        for set in sets {
            self.enqueue(WorkItem::DaemonSet(set));
        }
    }

    /// endpointslice/util/controller_utils.go, GetServicesToUpdateOnPodChange: those that selected it before, or do
    /// now.
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

    /// endpointslice_controller.go, checkNodeTopologyDistribution: hints depend on all zones' CPU.
    fn notify_hinted_services(&mut self) {
        let hinted = self.store.services.iter().filter(|service| topology_mode_is_auto(service));
        let hinted: Vec<NsName> = hinted.map(|service| service.meta.key()).collect();
        for service in hinted {
            self.enqueue(WorkItem::EndpointSlices(service));
        }
    }

    /// Deletes an object of any kind; a Pod gets its grace period. `None` if there is none.
    pub(crate) fn remove_by_ref(&mut self, object: &ObjectRef) -> Option<()> {
        let key = object.key();
        match &object.kind {
            Kind::Pod => {
                self.store.pods.get(&key)?;
                self.delete_pod(&key, None);
                Some(())
            }
            Kind::Service => self.remove_object::<Service>(&key).map(drop),
            Kind::Deployment => self.remove_object::<Deployment>(&key).map(drop),
            Kind::ReplicaSet => self.remove_object::<ReplicaSet>(&key).map(drop),
            Kind::ReplicationController => self.remove_object::<ReplicationController>(&key).map(drop),
            Kind::StatefulSet => self.remove_object::<StatefulSet>(&key).map(drop),
            Kind::DaemonSet => self.remove_object::<DaemonSet>(&key).map(drop),
            Kind::ControllerRevision => self.remove_object::<ControllerRevision>(&key).map(drop),
            Kind::Job => self.remove_object::<Job>(&key).map(drop),
            Kind::CronJob => self.remove_object::<CronJob>(&key).map(drop),
            Kind::PodDisruptionBudget => self.remove_object::<PodDisruptionBudget>(&key).map(drop),
            Kind::EndpointSlice => self.remove_object::<EndpointSlice>(&key).map(drop),
            Kind::Endpoints => self.remove_object::<Endpoints>(&key).map(drop),
            Kind::Node => self.delete_node(&key),
            Kind::PriorityClass => self.remove_object::<PriorityClass>(&key).map(drop),
            Kind::ServiceCidr => self.remove_object::<ServiceCidr>(&key).map(drop),
            Kind::Other(kind) => {
                let key = Unsimulated::key_of(kind, &key);
                self.remove_object::<Unsimulated>(&key).map(drop)
            }
            Kind::Namespace => self.delete_namespace(&key).ok(),
        }
    }
}
