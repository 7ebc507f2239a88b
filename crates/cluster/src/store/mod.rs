//! The API server's storage: what exists, at which resourceVersion.
//!
//! Stored objects are immutable and shared; a change makes a new one. Each kind's map is shared too, so a snapshot
//! of the store only increments one reference count for each kind.

mod objects;
mod relations;
mod shared_map;

pub use objects::{IndexKey, Objects};

use litemap::LiteMap;
use std::sync::Arc;

use crate::api::{
    ControllerRevision, CronJob, DaemonSet, Deployment, Endpoint, EndpointSlice, Endpoints, Job, Kind,
    KubeObject, Meta, Metadata, Namespace, Node, NsName, ObjectRef, Pod, PodDisruptionBudget, PriorityClass,
    ReplicaSet, ReplicationController, Service, ServiceCidr, StatefulSet, Tree, Uid, Unsimulated,
};
use crate::sim::Time;

/// What every stored kind has.
pub trait Stored: Metadata + Clone {
    fn objects(store: &Store) -> &Objects<Self>;
    fn objects_mut(store: &mut Store) -> &mut Objects<Self>;
    /// What it is found by, besides its name.
    fn index_keys(&self) -> Vec<IndexKey>;
    fn object_ref(&self) -> ObjectRef;

    /// Under which its kind's objects are kept.
    fn key(&self) -> NsName {
        self.meta().key()
    }
}

macro_rules! stored {
    ($($type:ident => $field:ident, $index_keys:path);* $(;)?) => {
        $(impl Stored for $type {
            fn objects(store: &Store) -> &Objects<$type> {
                &store.$field
            }
            fn objects_mut(store: &mut Store) -> &mut Objects<$type> {
                &mut store.$field
            }
            fn index_keys(&self) -> Vec<IndexKey> {
                $index_keys(self)
            }
            fn object_ref(&self) -> ObjectRef {
                ObjectRef::new(Kind::$type, &self.meta)
            }
        })*

        impl Store {
            pub fn get(&self, object: &ObjectRef) -> Option<KubeObject> {
                match &object.kind {
                    $(Kind::$type => Some($type::clone(self.$field.get(&object.key())?).into()),)*
                    Kind::Other(kind) => {
                        let key = Unsimulated::key_of(kind, &object.key());
                        Some(Unsimulated::clone(self.unsimulated.get(&key)?).into())
                    }
                }
            }

            /// The objects whose controller has this uid.
            pub fn dependents_of(&self, owner: Uid) -> Vec<ObjectRef> {
                let key = || IndexKey::Owner(owner);
                let mut found = Vec::new();
                $(found.extend(self.$field.by_index(key()).map(|o| ObjectRef::new(Kind::$type, &o.meta)));)*
                let others = self.unsimulated.by_index(key());
                found.extend(others.map(|o| ObjectRef::new(Kind::Other(o.kind.clone()), &o.meta)));
                found
            }

            /// The `metadata` of each object of the kind, by namespace and name.
            pub fn metas<'a>(&'a self, kind: &'a Kind) -> Box<dyn Iterator<Item = &'a Meta> + 'a> {
                match kind {
                    $(Kind::$type => Box::new(self.$field.iter().map(|object| &object.meta)),)*
                    Kind::Other(kind) => {
                        let all = self.unsimulated.iter().filter(move |object| object.kind == *kind);
                        Box::new(all.map(|object| &object.meta))
                    }
                }
            }
        }
    };
}

stored! {
    Node => nodes, by_owner;
    Pod => pods, relations::pod_index_keys;
    Deployment => deployments, by_owner;
    ReplicaSet => replica_sets, relations::replica_set_index_keys;
    ReplicationController => replication_controllers, relations::replication_controller_index_keys;
    StatefulSet => stateful_sets, relations::stateful_set_index_keys;
    DaemonSet => daemon_sets, relations::daemon_set_index_keys;
    ControllerRevision => controller_revisions, by_owner;
    Job => jobs, relations::job_index_keys;
    CronJob => cron_jobs, by_owner;
    PodDisruptionBudget => disruption_budgets, relations::disruption_budget_index_keys;
    Service => services, relations::service_index_keys;
    Endpoints => endpoints, by_owner;
    EndpointSlice => slices, relations::slice_index_keys;
    Namespace => namespaces, by_owner;
    PriorityClass => priority_classes, by_owner;
    ServiceCidr => service_cidrs, by_owner;
}

fn by_owner<T: Metadata>(object: &T) -> Vec<IndexKey> {
    IndexKey::owner(object.meta()).collect()
}

impl Stored for Unsimulated {
    fn objects(store: &Store) -> &Objects<Unsimulated> {
        &store.unsimulated
    }

    fn objects_mut(store: &mut Store) -> &mut Objects<Unsimulated> {
        &mut store.unsimulated
    }

    fn index_keys(&self) -> Vec<IndexKey> {
        by_owner(self)
    }

    fn object_ref(&self) -> ObjectRef {
        ObjectRef::new(Kind::Other(self.kind.clone()), &self.meta)
    }

    fn key(&self) -> NsName {
        Unsimulated::key_of(&self.kind, &self.meta.key())
    }
}

impl Unsimulated {
    /// Kinds that are not simulated share one map: `ConfigMap.settings`.
    pub(crate) fn key_of(kind: &str, key: &NsName) -> NsName {
        let name = format!("{kind}.{}", key.name);
        NsName { namespace: key.namespace.clone(), name: name.as_str().into() }
    }
}

/// What people have written of an object.
#[derive(Clone, Debug)]
pub struct Document {
    /// The fields that the simulation does not read are as this says; what it reads is laid over it
    /// ([`to_tree`](crate::api::to_tree)).
    pub written: Tree,
    /// The text that `kubectl apply` was given last, which it keeps in an annotation of the object. `None` if the
    /// object was not applied.
    pub last_applied: Option<Tree>,
}

#[derive(Clone, Debug, Default)]
pub struct Store {
    pub namespaces: Objects<Namespace>,
    pub nodes: Objects<Node>,
    pub pods: Objects<Pod>,
    pub deployments: Objects<Deployment>,
    pub replica_sets: Objects<ReplicaSet>,
    pub replication_controllers: Objects<ReplicationController>,
    pub stateful_sets: Objects<StatefulSet>,
    pub daemon_sets: Objects<DaemonSet>,
    pub controller_revisions: Objects<ControllerRevision>,
    pub jobs: Objects<Job>,
    pub cron_jobs: Objects<CronJob>,
    pub disruption_budgets: Objects<PodDisruptionBudget>,
    pub services: Objects<Service>,
    pub endpoints: Objects<Endpoints>,
    pub slices: Objects<EndpointSlice>,
    pub priority_classes: Objects<PriorityClass>,
    pub service_cidrs: Objects<ServiceCidr>,
    pub unsimulated: Objects<Unsimulated>,
    /// Of the objects that were written.
    documents: Arc<LiteMap<Uid, Arc<Document>>>,
    last_uid: u32,
    resource_version: u64,
}

impl Store {
    pub fn resource_version(&self) -> u64 {
        self.resource_version
    }

    /// Stores a new object and gives it its uid, version and time of creation.
    pub fn create<T: Stored>(&mut self, now: Time, mut object: T) -> Arc<T> {
        self.last_uid += 1;
        let uid = Uid(self.last_uid);
        // All objects of a namespace share its name, so that comparing two of them is quick.
        let namespace = self.namespace(&object.meta().namespace).map(|namespace| namespace.meta.name.clone());
        let meta = object.meta_mut();
        if let Some(namespace) = namespace {
            meta.namespace = namespace;
        }
        meta.uid = uid;
        meta.created = now;
        meta.generation = 1;
        self.put(object)
    }

    /// What every cluster has before anything else is made: it has the last of all uids, and no version of its own.
    pub fn put_first<T: Stored>(&mut self, mut object: T) {
        let meta = object.meta_mut();
        meta.uid = Uid(u32::MAX);
        meta.generation = 1;
        meta.resource_version = 1;
        T::objects_mut(self).insert(object.key(), Arc::new(object));
    }

    /// The uid that the next new object will have.
    pub fn next_uid(&self) -> Uid {
        Uid(self.last_uid + 1)
    }

    /// Stores a changed object under a new version.
    pub fn put<T: Stored>(&mut self, mut object: T) -> Arc<T> {
        self.resource_version += 1;
        object.meta_mut().resource_version = self.resource_version;
        let key = object.key();
        let object = Arc::new(object);
        T::objects_mut(self).insert(key, object.clone());
        object
    }

    pub fn remove<T: Stored>(&mut self, key: &NsName) -> Option<Arc<T>> {
        let object = T::objects_mut(self).remove(key)?;
        self.resource_version += 1;
        let uid = object.meta().uid;
        if self.documents.contains_key(&uid) {
            Arc::make_mut(&mut self.documents).remove(&uid);
        }
        Some(object)
    }

    /// The memory that is not shared with an older state, without the written documents, which never change.
    pub(crate) fn bytes_beside(&self, older: &Store) -> u64 {
        let endpoints =
            self.slices.iter().filter(|slice| slice.meta.resource_version > older.resource_version);
        let endpoints: usize = endpoints.map(|slice| slice.endpoints.len() * size_of::<Endpoint>()).sum();
        self.namespaces.bytes_beside(&older.namespaces, older)
            + self.nodes.bytes_beside(&older.nodes, older)
            + self.pods.bytes_beside(&older.pods, older)
            + self.deployments.bytes_beside(&older.deployments, older)
            + self.replica_sets.bytes_beside(&older.replica_sets, older)
            + self.replication_controllers.bytes_beside(&older.replication_controllers, older)
            + self.stateful_sets.bytes_beside(&older.stateful_sets, older)
            + self.daemon_sets.bytes_beside(&older.daemon_sets, older)
            + self.controller_revisions.bytes_beside(&older.controller_revisions, older)
            + self.jobs.bytes_beside(&older.jobs, older)
            + self.cron_jobs.bytes_beside(&older.cron_jobs, older)
            + self.disruption_budgets.bytes_beside(&older.disruption_budgets, older)
            + self.services.bytes_beside(&older.services, older)
            + self.endpoints.bytes_beside(&older.endpoints, older)
            + self.slices.bytes_beside(&older.slices, older)
            + self.priority_classes.bytes_beside(&older.priority_classes, older)
            + self.unsimulated.bytes_beside(&older.unsimulated, older)
            + endpoints as u64
    }

    pub fn set_document(&mut self, uid: Uid, document: Document) {
        Arc::make_mut(&mut self.documents).insert(uid, Arc::new(document));
    }

    /// `None` of an object that a controller has made.
    pub fn document(&self, uid: Uid) -> Option<&Document> {
        self.documents.get(&uid).map(|document| &**document)
    }

    /// What was written of the object; see [`to_tree`](crate::api::to_tree).
    pub fn written(&self, uid: Uid) -> Option<&Tree> {
        self.document(uid).map(|document| &document.written)
    }

    /// Does nothing if the Namespace exists.
    pub fn put_namespace(&mut self, now: Time, mut namespace: Namespace) -> Uid {
        if let Some(there) = self.namespaces.get(&namespace.key()) {
            return there.meta.uid;
        }
        self.last_uid += 1;
        namespace.meta.uid = Uid(self.last_uid);
        namespace.meta.created = now;
        self.put(namespace).meta.uid
    }

    /// The kind, namespace and name of the object with that uid. Searches all objects: only for user interfaces.
    pub fn object_ref(&self, uid: Uid) -> Option<ObjectRef> {
        let named = |kind: &Kind| {
            let meta = self.metas(kind).find(|meta| meta.uid == uid)?;
            Some(ObjectRef::new(kind.clone(), meta))
        };
        Kind::SIMULATED.iter().find_map(named).or_else(|| {
            let object = self.unsimulated.iter().find(|object| object.meta.uid == uid)?;
            Some(ObjectRef::new(Kind::Other(object.kind.clone()), &object.meta))
        })
    }

    pub fn node(&self, name: &str) -> Option<&Arc<Node>> {
        self.nodes.named(name)
    }

    pub fn namespace(&self, name: &str) -> Option<&Arc<Namespace>> {
        self.namespaces.named(name)
    }

    pub fn priority_class(&self, name: &str) -> Option<&Arc<PriorityClass>> {
        self.priority_classes.named(name)
    }

    /// The Pod with that uid. Searches all Pods: only for user interfaces, not for packets.
    pub fn pod_by_uid(&self, uid: Uid) -> Option<&Arc<Pod>> {
        self.pods.iter().find(|p| p.meta.uid == uid)
    }

    pub fn service_by_uid(&self, uid: Uid) -> Option<&Arc<Service>> {
        self.services.iter().find(|s| s.meta.uid == uid)
    }

    pub fn deployment_by_uid(&self, uid: Uid) -> Option<&Arc<Deployment>> {
        self.deployments.iter().find(|d| d.meta.uid == uid)
    }

    pub fn node_by_uid(&self, uid: Uid) -> Option<&Arc<Node>> {
        self.nodes.iter().find(|n| n.meta.uid == uid)
    }
}
