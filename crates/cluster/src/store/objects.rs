//! All objects of one kind, found by namespace and name, or by an index (client-go tools/cache,
//! thread_safe_store.go).

use std::collections::BTreeSet;
use std::sync::Arc;

use litemap::LiteMap;

use super::{Store, Stored};
use crate::api::{Labels, Meta, NsName, Selector, Str, Uid};

/// What an object is found by, besides its name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum IndexKey {
    /// It has this controller.
    Owner(Uid),
    /// It is in this namespace and has this label.
    Label { namespace: Str, key: Str, value: Str },
    /// It is in this namespace, and its selector's first pair is this one; an empty pair, if its selector has none.
    Selector { namespace: Str, key: Str, value: Str },
    /// It is a Pod on the node of this name; of no name, if it is not scheduled.
    Node(Str),
    /// It is an EndpointSlice of this Service.
    Service(NsName),
}

impl IndexKey {
    pub fn owner(meta: &Meta) -> impl Iterator<Item = IndexKey> {
        meta.owner.iter().map(|owner| IndexKey::Owner(owner.uid))
    }

    /// A workload's or a budget's selector.
    pub fn selector(namespace: &Str, selector: &Selector) -> IndexKey {
        let first = selector.match_labels.iter().next();
        let (key, value) = first.map(|(key, value)| (key.clone(), value.clone())).unwrap_or_default();
        IndexKey::Selector { namespace: namespace.clone(), key, value }
    }

    /// Under which a selector that matches these labels can stand.
    pub fn selectors_of<'a>(namespace: &'a Str, labels: &'a Labels) -> impl Iterator<Item = IndexKey> + 'a {
        let pairs = labels.iter().map(|(key, value)| (key.clone(), value.clone()));
        pairs.chain([(Str::default(), Str::default())]).map(|(key, value)| IndexKey::Selector {
            namespace: namespace.clone(),
            key,
            value,
        })
    }

    pub fn labels<'a>(namespace: &'a Str, labels: &'a Labels) -> impl Iterator<Item = IndexKey> + 'a {
        labels.iter().map(|(key, value)| IndexKey::Label {
            namespace: namespace.clone(),
            key: key.clone(),
            value: value.clone(),
        })
    }
}

/// Those of one kind. The maps are shared between the Worlds of a run until one of them changes.
#[derive(Clone, Debug)]
pub struct Objects<T> {
    objects: Arc<LiteMap<NsName, Arc<T>>>,
    index: Arc<BTreeSet<(IndexKey, NsName)>>,
}

impl<T> Default for Objects<T> {
    fn default() -> Objects<T> {
        Objects { objects: Arc::default(), index: Arc::default() }
    }
}

impl<T> Objects<T> {
    pub fn get(&self, key: &NsName) -> Option<&Arc<T>> {
        self.objects.get(key)
    }

    /// In the order of namespace and name.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<T>> {
        self.objects.values()
    }

    /// The same, from that name on; all of them, if there is none.
    pub fn iter_from(&self, key: Option<&NsName>) -> impl Iterator<Item = &Arc<T>> {
        let first = key.map_or(0, |key| match self.objects.find_index(key) {
            Ok(at) | Err(at) => at,
        });
        self.objects.values().skip(first)
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

    /// Whether both share their objects, which is stricter than having the same.
    pub fn is_same(&self, other: &Objects<T>) -> bool {
        Arc::ptr_eq(&self.objects, &other.objects)
    }

    /// In the order of namespace and name.
    pub fn by_index(&self, key: IndexKey) -> impl Iterator<Item = &Arc<T>> {
        self.walk(key).map(|name| self.objects.get(name).expect("what is indexed is stored"))
    }

    pub(super) fn names_by_index<'a>(
        &'a self,
        key: &IndexKey,
    ) -> impl Iterator<Item = &'a NsName> + use<'a, T> {
        self.walk(key.clone())
    }

    fn walk<'a>(&'a self, key: IndexKey) -> impl Iterator<Item = &'a NsName> + use<'a, T> {
        let from = (key.clone(), NsName::new("", ""));
        self.index.range(from..).take_while(move |(of, _)| *of == key).map(|(_, name)| name)
    }
}

impl<T: Stored> FromIterator<Arc<T>> for Objects<T> {
    fn from_iter<I: IntoIterator<Item = Arc<T>>>(objects: I) -> Objects<T> {
        let mut found = Objects::default();
        objects.into_iter().for_each(|object| found.insert(object.key(), object));
        found
    }
}

impl<T: Stored> Objects<T> {
    pub fn insert(&mut self, key: NsName, object: Arc<T>) {
        let new = object.index_keys();
        let old = Arc::make_mut(&mut self.objects).insert(key.clone(), object);
        self.reindex(&key, old.map_or_else(Vec::new, |old| old.index_keys()), new);
    }

    pub fn remove(&mut self, key: &NsName) -> Option<Arc<T>> {
        // Looked up first, so that a miss does not copy a shared map.
        let old = self.objects.contains_key(key).then(|| Arc::make_mut(&mut self.objects).remove(key))??;
        self.reindex(key, old.index_keys(), Vec::new());
        Some(old)
    }

    fn reindex(&mut self, name: &NsName, old: Vec<IndexKey>, new: Vec<IndexKey>) {
        if old == new {
            return;
        }
        let index = Arc::make_mut(&mut self.index);
        for key in old {
            index.remove(&(key, name.clone()));
        }
        index.extend(new.into_iter().map(|key| (key, name.clone())));
    }

    /// The memory of objects that are not shared with an older store.
    pub(super) fn bytes_beside(&self, older: &Objects<T>, store: &Store) -> u64 {
        /// The estimated memory of an object's names, labels and lists, besides the struct itself.
        const HEAP: usize = 1_000;
        let index = match Arc::ptr_eq(&self.index, &older.index) {
            true => 0,
            false => self.index.len() * size_of::<(IndexKey, NsName)>(),
        };
        if Arc::ptr_eq(&self.objects, &older.objects) {
            return index as u64;
        }
        let is_new = |object: &&Arc<T>| object.meta().resource_version > store.resource_version;
        let new = self.iter().filter(is_new).count();
        let entries = self.len() * size_of::<(NsName, Arc<T>)>();
        (index + entries + new * (size_of::<T>() + HEAP)) as u64
    }
}
