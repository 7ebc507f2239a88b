//! The API server's storage: what exists, at which resourceVersion.
//!
//! Objects are immutable once written and shared; a change makes a new one. Each kind's map is
//! shared too, so that a snapshot of the store costs one count for each kind.

use litemap::LiteMap;
use std::sync::Arc;

use crate::api::{
    Deployment, EndpointSlice, Meta, Name, Node, NsName, Pod, ReplicaSet, Service, Source, Str, Uid,
};
use crate::sim::Time;

/// All objects of one kind, by namespace and name.
#[derive(Clone, Debug)]
pub struct Kind<T> {
    objects: Arc<LiteMap<NsName, Arc<T>>>,
}

impl<T> Default for Kind<T> {
    fn default() -> Kind<T> {
        Kind { objects: Arc::default() }
    }
}

impl<T> Kind<T> {
    pub fn get(&self, key: &NsName) -> Option<&Arc<T>> {
        self.objects.get(key)
    }

    /// In the order of namespace and name.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<T>> {
        self.objects.values()
    }

    pub fn keys(&self) -> impl Iterator<Item = &NsName> {
        self.objects.keys()
    }

    pub fn len(&self) -> usize {
        self.objects.len()
    }

    pub fn is_empty(&self) -> bool {
        self.objects.is_empty()
    }

    pub fn as_map(&self) -> &LiteMap<NsName, Arc<T>> {
        &self.objects
    }

    fn insert(&mut self, key: NsName, object: Arc<T>) {
        Arc::make_mut(&mut self.objects).insert(key, object);
    }

    fn remove(&mut self, key: &NsName) -> Option<Arc<T>> {
        // Looked up first, so that a miss does not copy a shared map.
        self.objects.contains_key(key).then(|| Arc::make_mut(&mut self.objects).remove(key))?
    }
}

/// An object of a kind that is kept and shown, but not simulated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Other {
    pub kind: Str,
    pub api_version: Str,
    pub meta: Meta,
}

/// What every stored kind has.
pub trait Stored: Clone {
    fn meta(&self) -> &Meta;
    fn meta_mut(&mut self) -> &mut Meta;
    fn kind(store: &Store) -> &Kind<Self>;
    fn kind_mut(store: &mut Store) -> &mut Kind<Self>;
}

macro_rules! stored {
    ($($type:ident => $field:ident),* $(,)?) => {
        $(impl Stored for $type {
            fn meta(&self) -> &Meta {
                &self.meta
            }
            fn meta_mut(&mut self) -> &mut Meta {
                &mut self.meta
            }
            fn kind(store: &Store) -> &Kind<$type> {
                &store.$field
            }
            fn kind_mut(store: &mut Store) -> &mut Kind<$type> {
                &mut store.$field
            }
        })*
    };
}

stored! {
    Node => nodes,
    Pod => pods,
    Deployment => deployments,
    ReplicaSet => replica_sets,
    Service => services,
    EndpointSlice => slices,
    Other => others,
}

#[derive(Clone, Debug, Default)]
pub struct Store {
    pub namespaces: Arc<LiteMap<Name, Arc<Meta>>>,
    pub nodes: Kind<Node>,
    pub pods: Kind<Pod>,
    pub deployments: Kind<Deployment>,
    pub replica_sets: Kind<ReplicaSet>,
    pub services: Kind<Service>,
    pub slices: Kind<EndpointSlice>,
    /// Keyed by `kind.name`, since kinds that are not simulated share this map.
    pub others: Kind<Other>,
    /// The written documents, for the objects that came from one.
    sources: Arc<LiteMap<Uid, Arc<Source>>>,
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
        let meta = object.meta_mut();
        meta.uid = uid;
        meta.created = now;
        meta.generation = 1;
        self.put(object)
    }

    /// Stores a changed object under a new version.
    pub fn put<T: Stored>(&mut self, mut object: T) -> Arc<T> {
        self.resource_version += 1;
        object.meta_mut().resource_version = self.resource_version;
        let key = object.meta().key();
        let object = Arc::new(object);
        T::kind_mut(self).insert(key, object.clone());
        object
    }

    /// Changes the object that is stored under `key`, if there is one.
    pub fn update<T: Stored>(&mut self, key: &NsName, change: impl FnOnce(&mut T)) -> Option<Arc<T>> {
        let mut object = T::clone(T::kind(self).get(key)?);
        change(&mut object);
        Some(self.put(object))
    }

    pub fn remove<T: Stored>(&mut self, key: &NsName) -> Option<Arc<T>> {
        let object = T::kind_mut(self).remove(key)?;
        self.resource_version += 1;
        let uid = object.meta().uid;
        if self.sources.contains_key(&uid) {
            Arc::make_mut(&mut self.sources).remove(&uid);
        }
        Some(object)
    }

    pub fn set_source(&mut self, uid: Uid, source: Arc<Source>) {
        Arc::make_mut(&mut self.sources).insert(uid, source);
    }

    /// The document that the object was written in.
    pub fn source(&self, uid: Uid) -> Option<&Arc<Source>> {
        self.sources.get(&uid)
    }

    pub fn put_namespace(&mut self, now: Time, mut meta: Meta) {
        if self.namespaces.contains_key(&meta.name) {
            return;
        }
        self.last_uid += 1;
        self.resource_version += 1;
        meta.uid = Uid(self.last_uid);
        meta.created = now;
        meta.resource_version = self.resource_version;
        Arc::make_mut(&mut self.namespaces).insert(meta.name.clone(), Arc::new(meta));
    }

    pub fn node(&self, name: &str) -> Option<&Arc<Node>> {
        self.nodes.get(&NsName::new("", name))
    }

    /// The Pod of that uid. Walks the Pods: for a person's questions, not for packets.
    pub fn pod_by_uid(&self, uid: Uid) -> Option<&Arc<Pod>> {
        self.pods.iter().find(|p| p.meta.uid == uid)
    }

    pub fn service_by_uid(&self, uid: Uid) -> Option<&Arc<Service>> {
        self.services.iter().find(|s| s.meta.uid == uid)
    }
}
