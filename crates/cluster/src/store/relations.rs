//! Relations between objects, by ownership and by selector.

use std::sync::Arc;

use super::Store;
use crate::api::{Deployment, Endpoint, NsName, Pod, ReplicaSet, Service, Uid};

impl Store {
    pub fn replica_sets_of(&self, deployment: Uid) -> impl Iterator<Item = &Arc<ReplicaSet>> {
        self.replica_sets.iter().filter(move |set| set.meta.is_owned_by(deployment))
    }

    pub fn pods_of(&self, replica_set: Uid) -> impl Iterator<Item = &Arc<Pod>> {
        self.pods.iter().filter(move |pod| pod.meta.is_owned_by(replica_set))
    }

    pub fn pods_of_deployment(&self, deployment: Uid) -> impl Iterator<Item = &Arc<Pod>> {
        let sets: Vec<Uid> = self.replica_sets_of(deployment).map(|set| set.meta.uid).collect();
        self.pods.iter().filter(move |pod| pod.meta.owner.as_ref().is_some_and(|o| sets.contains(&o.uid)))
    }

    pub fn replica_set_of(&self, pod: &Pod) -> Option<&Arc<ReplicaSet>> {
        let owner = pod.meta.owner.as_ref()?.uid;
        self.replica_sets.iter().find(|set| set.meta.uid == owner)
    }

    /// The Deployment that made a Pod, through its ReplicaSet.
    pub fn deployment_of(&self, pod: &Pod) -> Option<&Arc<Deployment>> {
        let owner = self.replica_set_of(pod)?.meta.owner.as_ref()?.uid;
        self.deployment_by_uid(owner)
    }

    pub fn pods_selected_by(&self, service: &Service) -> impl Iterator<Item = &Arc<Pod>> {
        self.pods.iter().filter(|pod| service.selects(&pod.meta.namespace, &pod.meta.labels))
    }

    /// In all EndpointSlices of the Service.
    pub fn endpoints_of(&self, service: &NsName) -> impl Iterator<Item = &Endpoint> {
        let (namespace, name) = (service.namespace.clone(), service.name.clone());
        let slices = self.slices.iter();
        let own = slices.filter(move |slice| slice.meta.namespace == namespace && slice.service == name);
        own.flat_map(|slice| &slice.endpoints)
    }

    pub fn services_that_select(&self, pod: &Pod) -> impl Iterator<Item = &Arc<Service>> {
        self.services.iter().filter(|service| service.selects(&pod.meta.namespace, &pod.meta.labels))
    }

    /// The Deployments whose Pods a Service selects.
    pub fn deployments_selected_by(&self, service: &Service) -> impl Iterator<Item = &Arc<Deployment>> {
        self.deployments.iter().filter(|d| service.selects(&d.meta.namespace, &d.template.labels))
    }
}
