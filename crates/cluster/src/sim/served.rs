//! Objects of a World as its API server hands them out.

use super::World;
use crate::api::{KubeObject, NsName, Prerequisite, ServedIn, Tree, served};

impl World {
    /// As `kubectl get -o yaml` shows it.
    pub fn served(&self, object: &KubeObject) -> Tree {
        served(object, self.store.written(object.meta().uid), self)
    }
}

impl ServedIn for World {
    fn service_account(&self, namespace: &str, name: &str) -> Option<Tree> {
        let key = crate::api::Unsimulated::key_of("ServiceAccount", &NsName::new(namespace, name));
        let account = self.store.unsimulated.get(&key)?;
        self.store.written(account.meta.uid).cloned()
    }

    fn has_cloud(&self) -> bool {
        self.config.cloud.makes_balancers()
    }

    fn is_bound(&self, namespace: &str, claim: &str) -> bool {
        !self.is_missing(&Prerequisite::PersistentVolumeClaim(NsName::new(namespace, claim)))
    }
}
