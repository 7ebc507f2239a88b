//! Objects of a World as its API server hands them out.

use super::World;
use crate::api::{KubeObject, NsName, Prerequisite, ServedIn, Tree, served};

impl World {
    /// As `kubectl get -o yaml` shows it.
    pub fn served(&self, object: &KubeObject) -> Tree {
        let source = self.store.source(object.meta().uid);
        served(object, source.map(|source| &source.tree), self)
    }
}

impl ServedIn for World {
    fn service_account(&self, namespace: &str, name: &str) -> Option<Tree> {
        let key = crate::api::Unsimulated::key_of("ServiceAccount", &NsName::new(namespace, name));
        let account = self.store.unsimulated.get(&key)?;
        Some(self.store.source(account.meta.uid)?.tree.clone())
    }

    fn is_bound(&self, namespace: &str, claim: &str) -> bool {
        !self.is_missing(&Prerequisite::PersistentVolumeClaim(NsName::new(namespace, claim)))
    }
}
