//! All objects of one kind, found by namespace and name, or by an index (client-go tools/cache,
//! thread_safe_store.go).

use std::sync::Arc;

use super::shared_map::SharedMap;
use super::{Store, Stored};
use crate::api::{Labels, Meta, NsName, Selector, Str, Uid};

/// What an object is found by, besides its name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum IndexKey {
    /// It has this controller.
    Owner(Uid),
    /// It is a Pod in this namespace that has none.
    Orphan(Str),
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

/// Those of one kind. The Worlds of a run, and who has seen the API server's objects, share what they have in common.
#[derive(Clone, Debug)]
pub struct Objects<T> {
    objects: SharedMap<NsName, Arc<T>>,
    index: SharedMap<(IndexKey, NsName), ()>,
}

impl<T> Default for Objects<T> {
    fn default() -> Objects<T> {
        Objects { objects: SharedMap::default(), index: SharedMap::default() }
    }
}

impl<T> Objects<T> {
    pub fn get(&self, key: &NsName) -> Option<&Arc<T>> {
        self.objects.get(key)
    }

    /// The one of a kind without namespaces.
    pub fn named(&self, name: &str) -> Option<&Arc<T>> {
        self.objects.get_by(|key| (&*key.namespace, &*key.name).cmp(&("", name)))
    }

    /// In the order of namespace and name.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<T>> {
        self.objects.iter().map(|(_, object)| object)
    }

    /// The same, from that name on; all of them, if there is none.
    pub fn iter_from(&self, key: Option<&NsName>) -> impl Iterator<Item = &Arc<T>> {
        self.objects.iter_from(&|name| key.is_some_and(|key| name < key)).map(|(_, object)| object)
    }

    pub fn keys(&self) -> impl Iterator<Item = &NsName> {
        self.objects.iter().map(|(key, _)| key)
    }

    pub fn len(&self) -> usize {
        self.objects.len()
    }

    pub fn is_empty(&self) -> bool {
        self.objects.len() == 0
    }

    /// Calls `note` with the old and the new object of each name that was added, removed or replaced.
    pub fn differing<'a>(
        old: &'a Objects<T>,
        new: &'a Objects<T>,
        note: impl FnMut(Option<&'a Arc<T>>, Option<&'a Arc<T>>),
    ) {
        SharedMap::differing(&old.objects, &new.objects, note);
    }

    /// Whether both share their objects, which is stricter than having the same.
    pub fn is_same(&self, other: &Objects<T>) -> bool {
        self.objects.is_same(&other.objects)
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
        let from = self.index.iter_from(&|(of, _)| *of < key);
        from.map(|(indexed, ())| indexed).take_while(move |(of, _)| *of == key).map(|(_, name)| name)
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
        let old = self.objects.insert(key.clone(), object);
        self.reindex(&key, old.map_or_else(Vec::new, |old| old.index_keys()), new);
    }

    pub fn remove(&mut self, key: &NsName) -> Option<Arc<T>> {
        let old = self.objects.remove(key)?;
        self.reindex(key, old.index_keys(), Vec::new());
        Some(old)
    }

    fn reindex(&mut self, name: &NsName, old: Vec<IndexKey>, new: Vec<IndexKey>) {
        if old == new {
            return;
        }
        for key in old {
            self.index.remove(&(key, name.clone()));
        }
        for key in new {
            self.index.insert((key, name.clone()), ());
        }
    }

    /// The memory of objects that are not shared with an older store.
    pub(super) fn bytes_beside(&self, older: &Objects<T>, store: &Store) -> u64 {
        /// The estimated memory of an object's names, labels and lists, besides the struct itself.
        const HEAP: usize = 1_000;
        let index = match self.index.is_same(&older.index) {
            true => 0,
            false => self.index.len() * size_of::<(IndexKey, NsName)>(),
        };
        if self.is_same(older) {
            return index as u64;
        }
        let is_new = |object: &&Arc<T>| object.meta().resource_version > store.resource_version;
        let new = self.iter().filter(is_new).count();
        let entries = self.len() * size_of::<(NsName, Arc<T>)>();
        (index + entries + new * (size_of::<T>() + HEAP)) as u64
    }
}
