//! Workloads as kubectl changes them: apply, scale, and `kubectl rollout` (kubectl pkg/cmd/rollout,
//! pkg/polymorphichelpers).

use super::edit::{admit, invalid};
use super::write::{has_room, keep_identity};
use super::{Refusal, Watched, World};
use crate::api::{
    Codec, DaemonSet, Deployment, Job, Kind, Name, NsName, ObjectRef, PodTemplate, ReplicaSet,
    ReplicationController, StatefulSet, StatusSubresource, Str, Uid, Workload, generated_selector, rfc3339,
};
use crate::control::{POD_LIMIT, POD_TEMPLATE_HASH_LABEL, equal_ignore_hash, is_copied, revision_of};

const RESTARTED_AT: &str = "kubectl.kubernetes.io/restartedAt";

/// A kind that makes Pods of a template that may be changed.
pub(super) trait HasTemplate: Watched + Codec + StatusSubresource + PartialEq {
    fn template_mut(&mut self) -> &mut PodTemplate;
    /// What the API server itself changes with the template (strategy.go, PrepareForUpdate).
    fn prepare_for_update(&mut self, old: &Self);
}

macro_rules! has_template {
    ($($kind:ident, $prepare_for_update:expr;)*) => {
        $(impl HasTemplate for $kind {
            fn template_mut(&mut self) -> &mut PodTemplate {
                &mut self.spec.template
            }

            fn prepare_for_update(&mut self, old: &$kind) {
                let prepare: fn(&mut $kind, &$kind) = $prepare_for_update;
                prepare(self, old);
            }
        })*
    };
}

has_template! {
    Deployment, |_, _| {};
    StatefulSet, |_, _| {};
    DaemonSet, |set, old| set_template_generation(set, Some(old));
    ReplicaSet, |_, _| {};
    ReplicationController, |_, _| {};
}

impl World {
    pub(super) fn has_room_for_pods(&self, replicas: u32) -> Result<(), Refusal> {
        if replicas > POD_LIMIT { Err(Refusal::TooManyReplicas { limit: POD_LIMIT }) } else { Ok(()) }
    }

    /// Creates the object, or puts its new spec in place of the old one; the status stays. What is the same already is
    /// not written.
    pub(super) fn apply_workload<T: Watched + StatusSubresource + PartialEq>(
        &mut self,
        mut object: T,
        kind: Kind,
    ) -> Result<Uid, Refusal> {
        let key = object.key();
        let Some(old) = T::objects(&self.store).get(&key).cloned() else {
            has_room(T::objects(&self.store).len(), kind)?;
            return Ok(self.create_object(object)?.meta().uid);
        };
        if let Some(error) = object.forbidden_change(&old) {
            return Err(invalid(vec![error], &ObjectRef::of_key(kind, &key)));
        }
        keep_identity(&mut object, &*old);
        object.keep_status(&old);
        let is_same = object.has_spec_of(&old);
        let meta = object.meta_mut();
        // That of a change in what is only kept was counted.
        meta.generation = meta.generation.max(old.meta().generation + u32::from(!is_same));
        meta.resource_version = old.meta().resource_version;
        if object != *old {
            self.put_object(object);
        }
        Ok(old.meta().uid)
    }

    /// registry/apps/daemonset/strategy.go: the API server counts the changes of the template.
    pub(super) fn apply_daemon_set(&mut self, mut set: DaemonSet) -> Result<Uid, Refusal> {
        let old = self.store.daemon_sets.get(&set.meta.key()).cloned();
        set_template_generation(&mut set, old.as_deref());
        self.apply_workload(set, Kind::DaemonSet)
    }

    /// A Job's selector and the labels that belong to it are the API server's.
    pub(super) fn apply_job(&mut self, mut job: Job) -> Result<Uid, Refusal> {
        self.has_room_for_pods(job.spec.parallelism)?;
        let old = self.store.jobs.get(&job.meta.key()).cloned();
        let mut written = std::mem::take(&mut job.spec.selector);
        if job.spec.manual_selector {
            job.spec.selector = written.clone();
        }
        job.generate_selector(old.as_ref().map_or_else(|| self.store.next_uid(), |old| old.meta.uid));
        let object = ObjectRef::of_key(Kind::Job, &job.meta.key());
        // batch validation.go, validateGeneratedSelector: one that is written is that of the Job itself.
        if !written.is_empty() && written != job.spec.selector {
            let generated = job.spec.selector.match_labels.clone();
            written.match_labels.extend(generated);
            return Err(invalid(vec![generated_selector(&written)], &object));
        }
        let errors = job.validate();
        if !errors.is_empty() {
            return Err(invalid(errors, &object));
        }
        self.apply_workload(job, Kind::Job)
    }

    /// `kubectl scale`: what has a scale subresource.
    pub(super) fn scale(&mut self, object: &ObjectRef, replicas: u32) -> Result<(), Refusal> {
        self.has_room_for_pods(replicas)?;
        match object.kind.workload() {
            Some(Workload::Deployment) => {
                self.edit_spec::<Deployment>(object, |d| d.spec.replicas = replicas)
            }
            Some(Workload::ReplicaSet) => {
                self.edit_spec::<ReplicaSet>(object, |set| set.spec.replicas = replicas)
            }
            Some(Workload::ReplicationController) => {
                self.edit_spec::<ReplicationController>(object, |rc| rc.spec.replicas = replicas)
            }
            Some(Workload::StatefulSet) => {
                self.edit_spec::<StatefulSet>(object, |set| set.spec.replicas = replicas)
            }
            Some(Workload::DaemonSet) | None => Err(not_editable(object)),
        }
    }

    /// An edit that may be one of the spec.
    fn edit_spec<T: Watched + Codec + StatusSubresource + PartialEq>(
        &mut self,
        object: &ObjectRef,
        change: impl FnOnce(&mut T),
    ) -> Result<(), Refusal> {
        let old = self.stored::<T>(object)?;
        let mut edited = T::clone(&old);
        change(&mut edited);
        admit(&mut edited, object.clone())?;
        if edited != *old {
            edited.meta_mut().generation += u32::from(!edited.has_spec_of(&old));
            self.put_object(edited);
        }
        Ok(())
    }

    fn edit_template<T: HasTemplate>(
        &mut self,
        object: &ObjectRef,
        change: impl FnOnce(&mut PodTemplate),
    ) -> Result<(), Refusal> {
        let old = self.stored::<T>(object)?;
        self.edit_spec::<T>(object, |edited| {
            change(edited.template_mut());
            edited.prepare_for_update(&old);
        })
    }

    /// objectrestarter.go.
    pub(super) fn rollout_restart(&mut self, object: &ObjectRef) -> Result<(), Refusal> {
        let now: Str = rfc3339::print(self.now()).as_str().into();
        let restart = |template: &mut PodTemplate| {
            template.annotations.insert(RESTARTED_AT.into(), now);
        };
        match object.kind.workload() {
            Some(Workload::Deployment) => {
                self.is_not_paused(object)?;
                self.edit_template::<Deployment>(object, restart)
            }
            Some(Workload::StatefulSet) => self.edit_template::<StatefulSet>(object, restart),
            Some(Workload::DaemonSet) => self.edit_template::<DaemonSet>(object, restart),
            Some(Workload::ReplicaSet | Workload::ReplicationController) | None => Err(not_editable(object)),
        }
    }

    fn is_not_paused(&self, object: &ObjectRef) -> Result<(), Refusal> {
        match self.stored::<Deployment>(object)?.spec.paused {
            true => Err(Refusal::RolloutPaused { deployment: object.key() }),
            false => Ok(()),
        }
    }

    pub(super) fn pause_rollout(&mut self, deployment: &NsName, on: bool) -> Result<(), Refusal> {
        let object = ObjectRef::of_key(Kind::Deployment, deployment);
        self.edit_spec::<Deployment>(&object, |d| d.spec.paused = on)
    }

    pub(super) fn set_image(
        &mut self,
        object: &ObjectRef,
        container: &Name,
        image: &Str,
    ) -> Result<(), Refusal> {
        let mut is_found = false;
        let set = |template: &mut PodTemplate| {
            let containers = template.spec.init_containers.iter_mut().chain(&mut template.spec.containers);
            for found in containers.filter(|found| found.name == *container) {
                found.image = image.clone();
                is_found = true;
            }
        };
        match object.kind.workload() {
            Some(Workload::Deployment) => self.edit_template::<Deployment>(object, set),
            Some(Workload::StatefulSet) => self.edit_template::<StatefulSet>(object, set),
            Some(Workload::ReplicaSet) => self.edit_template::<ReplicaSet>(object, set),
            Some(Workload::ReplicationController) => self.edit_template::<ReplicationController>(object, set),
            Some(Workload::DaemonSet) => self.edit_template::<DaemonSet>(object, set),
            None => Err(not_editable(object)),
        }?;
        let missing =
            || Refusal::NoContainerInTemplate { object: object.clone(), container: container.clone() };
        is_found.then_some(()).ok_or_else(missing)
    }

    /// rollback.go: the template of a revision becomes the object's again.
    pub(super) fn rollout_undo(&mut self, object: &ObjectRef, to: Option<u32>) -> Result<(), Refusal> {
        let to = to.filter(|revision| *revision > 0).map(u64::from);
        match object.kind.workload() {
            Some(Workload::Deployment) => self.undo_deployment(object, to),
            Some(Workload::StatefulSet) => {
                let uid = self.stored::<StatefulSet>(object)?.meta.uid;
                let template = self.template_of_revision(object, uid, to)?;
                self.edit_template::<StatefulSet>(object, |own| *own = template)
            }
            Some(Workload::DaemonSet) => {
                let uid = self.stored::<DaemonSet>(object)?.meta.uid;
                let template = self.template_of_revision(object, uid, to)?;
                self.edit_template::<DaemonSet>(object, |own| *own = template)
            }
            Some(Workload::ReplicaSet | Workload::ReplicationController) | None => Err(not_editable(object)),
        }
    }

    /// DeploymentRollbacker: the ReplicaSet's template and annotations.
    fn undo_deployment(&mut self, object: &ObjectRef, to: Option<u64>) -> Result<(), Refusal> {
        self.is_not_paused(object)?;
        let deployment = self.stored::<Deployment>(object)?;
        let mut sets: Vec<_> = self.store.replica_sets_of(deployment.meta.uid).cloned().collect();
        sets.sort_by_key(|set| std::cmp::Reverse(revision_of(set)));
        let found = match to {
            Some(revision) => sets.iter().find(|set| revision_of(set) == revision),
            None => sets.get(1),
        };
        let missing = || Refusal::NoSuchRevision { object: object.clone(), revision: to };
        let set = found.ok_or_else(missing)?.clone();
        if equal_ignore_hash(&set.spec.template, &deployment.spec.template) {
            return Ok(());
        }
        self.edit_spec::<Deployment>(object, |deployment| {
            let mut template = set.spec.template.clone();
            template.labels.remove(POD_TEMPLATE_HASH_LABEL);
            deployment.spec.template = template;
            let annotations = &mut deployment.meta.annotations;
            let own = annotations.iter().filter(|(key, _)| !is_copied(key));
            let from_set = set.meta.annotations.iter().filter(|(key, _)| is_copied(key));
            *annotations = own.chain(from_set).map(|(key, value)| (key.clone(), value.clone())).collect();
        })
    }

    fn template_of_revision(
        &self,
        object: &ObjectRef,
        owner: Uid,
        to: Option<u64>,
    ) -> Result<PodTemplate, Refusal> {
        let revisions = self.revisions_of(owner);
        let found = match to {
            Some(number) => revisions.iter().find(|revision| revision.revision == number),
            None => revisions.iter().rev().nth(1),
        };
        let missing = || Refusal::NoSuchRevision { object: object.clone(), revision: to };
        found.map(|revision| revision.template.clone()).ok_or_else(missing)
    }
}

fn not_editable(object: &ObjectRef) -> Refusal {
    Refusal::NotEditable { object: object.clone() }
}

fn set_template_generation(set: &mut DaemonSet, old: Option<&DaemonSet>) {
    let number = old.and_then(|old| old.meta.annotations.get(DaemonSet::TEMPLATE_GENERATION)?.parse().ok());
    let number: u64 = number.unwrap_or(0);
    let is_changed = old.is_none_or(|old| old.spec.template != set.spec.template);
    let text = (number + u64::from(is_changed)).to_string();
    set.meta.annotations.insert(DaemonSet::TEMPLATE_GENERATION.into(), text.as_str().into());
}
