//! Where Pods come from: workloads and their templates.

use std::sync::Arc;

use super::NotMade;
use super::not_made::{job_makes_none, wants_none};
use crate::api::{Kind, Labels, Meta, ObjectRef, PodTemplate, Unsimulated, makes_pods};
use crate::sim::World;

/// A workload, or a Pod that no workload keeps.
pub(super) struct Template<'a> {
    pub of: ObjectRef,
    pub labels: &'a Labels,
    /// What its Pods are made from; `None` for a Pod.
    pub of_pods: Option<&'a PodTemplate>,
    /// Why it makes no Pod, as far as it says that itself.
    pub held: Option<NotMade>,
}

impl World {
    /// Those of a namespace that nobody controls.
    pub(super) fn templates(&self, namespace: &str) -> Vec<Template<'_>> {
        let store = self.store();
        let mut all = Vec::new();
        let is_here = |meta: &Meta| &*meta.namespace == namespace && meta.owner.is_none();
        let mut add = |kind: Kind, meta: &Meta, template, held: &dyn Fn() -> Option<NotMade>| {
            if is_here(meta) {
                let template: &PodTemplate = template;
                let (of, of_pods) = (ObjectRef::new(kind, meta), Some(template));
                all.push(Template { of, labels: &template.labels, of_pods, held: held() });
            }
        };
        for d in store.deployments.iter() {
            add(Kind::Deployment, &d.meta, &d.spec.template, &|| self.deployment_makes_none(d));
        }
        for set in store.stateful_sets.iter() {
            add(Kind::StatefulSet, &set.meta, &set.spec.template, &|| wants_none(set.spec.replicas));
        }
        for set in store.daemon_sets.iter() {
            add(Kind::DaemonSet, &set.meta, &set.spec.template, &|| self.daemon_set_makes_none(set));
        }
        for set in store.replica_sets.iter() {
            add(Kind::ReplicaSet, &set.meta, &set.spec.template, &|| wants_none(set.spec.replicas));
        }
        for rc in store.replication_controllers.iter() {
            add(Kind::ReplicationController, &rc.meta, &rc.spec.template, &|| wants_none(rc.spec.replicas));
        }
        for job in store.jobs.iter() {
            add(Kind::Job, &job.meta, &job.spec.template, &|| job_makes_none(job));
        }
        for cron_job in store.cron_jobs.iter() {
            let template = &cron_job.spec.job_template.spec.template;
            add(Kind::CronJob, &cron_job.meta, template, &|| self.cron_job_makes_none(cron_job));
        }
        for pod in store.pods.iter().filter(|pod| is_here(&pod.meta)) {
            let (of, labels) = (ObjectRef::new(Kind::Pod, &pod.meta), &pod.meta.labels);
            all.push(Template { of, labels, of_pods: None, held: None });
        }
        all
    }

    /// An object of a custom kind that Pods with these labels likely come from.
    pub(super) fn maker(&self, namespace: &str, selector: &Labels) -> Option<ObjectRef> {
        let mut looked_at = 0;
        let mut here = self.store().unsimulated.iter().filter(|object| &*object.meta.namespace == namespace);
        let makes = |object: &&Arc<Unsimulated>| {
            let written = self.store().written(object.meta.uid);
            written.is_some_and(|written| makes_pods(object, written, selector, &mut looked_at))
        };
        let object = here.find(makes)?;
        Some(ObjectRef::new(Kind::Other(object.kind.clone()), &object.meta))
    }
}
