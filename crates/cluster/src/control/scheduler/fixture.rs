//! Small clusters for tests.

use super::Cluster;
use super::cache::Cache;
use crate::api::{
    Kind, KubeObject, Labels, Meta, Name, Namespace, Node, NsName, OwnerRef, Pod, PodSpec, PodStatus,
    PodTemplate, ReplicaSet, ReplicaSetSpec, ReplicaSetStatus, Selector, parse,
};
use crate::sim::Time;
use crate::store::Store;

/// A store and a cache that follows it.
#[derive(Default)]
pub struct Fixture {
    store: Store,
    cache: Cache,
}

/// `app=web tier=`.
pub fn labels(text: &str) -> Labels {
    let pairs = text.split_whitespace().filter_map(|pair| pair.split_once('='));
    pairs.map(|(key, value)| (key.into(), value.into())).collect()
}

fn meta(namespace: &str, name: &str, labels_text: &str) -> Meta {
    Meta { namespace: namespace.into(), name: name.into(), labels: labels(labels_text), ..Meta::default() }
}

impl Fixture {
    pub fn cluster(&self) -> Cluster<'_> {
        Cluster { store: &self.store, cache: &self.cache }
    }

    /// A name and labels.
    pub fn node(&mut self, text: &str) -> Name {
        let (name, labels) = text.split_once(' ').unwrap_or((text, ""));
        let node = self.store.put(Node { meta: meta("", name, labels), ..Node::default() });
        self.cache.follow_node(None, Some(&node));
        node.meta.name.clone()
    }

    /// A Pod that the scheduler looks at; it is not in the store.
    pub fn incoming(&self, labels: &str) -> Pod {
        Pod {
            meta: meta("default", "incoming", labels),
            spec: PodSpec::default(),
            status: PodStatus::default(),
            written: std::sync::Arc::default(),
        }
    }

    /// A Pod on a node, not yet in the store.
    pub fn bound(&self, name: &str, node: &str, labels: &str) -> Pod {
        let mut pod = self.incoming(labels);
        pod.meta.name = name.into();
        pod.spec.node_name = Some(node.into());
        pod
    }

    pub fn put(&mut self, pod: Pod) {
        let old = self.store.pods.get(&pod.meta.key()).cloned();
        let new = self.store.put(pod);
        self.cache.follow_pod(old.as_ref(), Some(&new));
    }

    pub fn pod(&mut self, name: &str, node: &str, labels: &str) {
        let pod = self.bound(name, node, labels);
        self.put(pod);
    }

    pub fn terminate(&mut self, name: &str) {
        let key = NsName::new("default", name);
        let mut pod = Pod::clone(self.store.pods.get(&key).expect("the Pod"));
        pod.meta.deleted = Some(Time::ZERO);
        self.put(pod);
    }

    pub fn service(&mut self, name: &str, selector: &str) {
        let text = format!(
            "apiVersion: v1\nkind: Service\nmetadata: {{name: {name}}}\nspec: {{ports: [{{port: 80}}]}}\n"
        );
        let mut parsed = parse(&text).objects;
        let Some(KubeObject::Service(mut service)) = parsed.pop().map(|parsed| parsed.object) else {
            panic!("a Service: {text}")
        };
        service.spec.selector = Some(labels(selector));
        self.store.put(service);
    }

    pub fn namespace(&mut self, name: &str, labels: &str) {
        self.store.put(Namespace { meta: meta("", name, labels) });
    }

    pub fn replica_set(&mut self, name: &str, selector: &str) -> OwnerRef {
        let set = self.store.put(ReplicaSet {
            meta: meta("default", name, ""),
            spec: ReplicaSetSpec {
                replicas: 1,
                min_ready_s: 0,
                selector: Selector::of_labels(labels(selector)),
                template: PodTemplate::default(),
            },
            status: ReplicaSetStatus::default(),
        });
        OwnerRef::new(Kind::ReplicaSet, &set.meta)
    }
}
