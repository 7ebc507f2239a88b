//! The end of a Namespace: all that is in it goes first (pkg/controller/namespace,
//! deletion/namespaced_resources_deleter.go; apiserver plugin/namespace/lifecycle).

use std::sync::Arc;

use crate::api::{Kind, Name, Namespace, NsName, ObjectRef, Pod, Scope};
use crate::sim::{LogEntry, Refusal, Span, WorkItem, World};

/// Namespaces that nobody may delete (kubeapiserver/options/plugins.go).
const IMMORTAL: [&str; 3] = ["default", "kube-system", "kube-public"];

/// namespaceDeletionGracePeriod: for so long the controller waits, so that every API server knows of the deletion and
/// lets nothing new in (namespace_controller.go, enqueueNamespace).
pub(crate) const NAMESPACE_DELETION_GRACE: Span = Span::from_secs(5);

/// namespaced_resources_deleter.go, finalizerEstimateSeconds: half of it and a second.
const FINALIZERS_WAIT: Span = Span::from_secs(8);

impl World {
    /// `kubectl delete namespace`: it is Terminating from now on.
    pub(crate) fn delete_namespace(&mut self, key: &NsName) -> Result<(), Refusal> {
        let object = ObjectRef::of_key(Kind::Namespace, key);
        if IMMORTAL.contains(&&*key.name) {
            return Err(Refusal::ImmortalNamespace { namespace: key.name.clone() });
        }
        let namespace = self.store.namespaces.get(key).ok_or(Refusal::NotFound { object })?;
        if namespace.meta.deleted.is_none() {
            let now = self.clock.now();
            self.update_object::<Namespace>(key, |namespace| namespace.meta.deleted = Some(now));
        }
        Ok(())
    }

    pub(crate) fn is_terminating(&self, namespace: &str) -> bool {
        self.store.namespace(namespace).is_some_and(|namespace| namespace.meta.deleted.is_some())
    }

    /// deleteAllContent: first its Pods, each with its grace period; when none is left, all else, and then itself.
    pub(crate) fn reconcile_namespace(&mut self, name: &Name) {
        if !self.is_terminating(name) {
            return;
        }
        let pods: Vec<NsName> = self.pods_in(name).map(|pod| pod.meta.key()).collect();
        for pod in pods {
            self.delete_pod(&pod, None);
        }
        if self.pods_in(name).next().is_some() {
            let wait = self.time_to_look_again(name);
            self.enqueue_after(WorkItem::Namespace(name.clone()), wait);
            return;
        }
        for object in self.objects_in(name) {
            self.remove_by_ref(&object);
        }
        if !self.objects_in(name).is_empty() {
            self.enqueue_after(WorkItem::Namespace(name.clone()), FINALIZERS_WAIT);
            return;
        }
        self.remove_object::<Namespace>(&ObjectRef::of_namespace(name).key());
        if self.store.namespace(name).is_none() {
            self.record(LogEntry::NamespaceGone { namespace: name.clone() });
        }
    }

    fn pods_in<'a>(&'a self, namespace: &'a Name) -> impl Iterator<Item = &'a Arc<Pod>> {
        self.store.pods.iter().filter(|pod| pod.meta.namespace == *namespace)
    }

    fn objects_in(&self, namespace: &Name) -> Vec<ObjectRef> {
        let store = &self.store;
        let kinds = Kind::SIMULATED.iter().filter(|kind| kind.scope() == Scope::Namespaced);
        let simulated = kinds.flat_map(|kind| {
            let inside = store.metas(kind).filter(|meta| meta.namespace == *namespace);
            inside.map(|meta| ObjectRef::new(kind.clone(), meta)).collect::<Vec<ObjectRef>>()
        });
        let others = store.unsimulated.iter().filter(|object| object.meta.namespace == *namespace);
        let others = others.map(|object| ObjectRef::new(Kind::Other(object.kind.clone()), &object.meta));
        simulated.chain(others).collect()
    }

    /// Half of the longest grace period and a second, or a second when that is over (estimateGracefulTermination).
    fn time_to_look_again(&self, name: &Name) -> Span {
        let deleted = self.store.namespace(name).and_then(|namespace| namespace.meta.deleted);
        let waited = self.now().since(deleted.unwrap_or_default());
        let running = self.pods_in(name).filter(|pod| !pod.status.phase.is_terminal());
        let longest = running.map(|pod| pod.spec.grace_period()).max().unwrap_or_default();
        let estimate = if waited >= longest { 0 } else { longest.0 / 1_000_000_000 };
        Span::from_secs(estimate / 2 + 1)
    }
}
