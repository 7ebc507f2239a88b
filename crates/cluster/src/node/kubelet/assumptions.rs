//! What is assumed of Pods because no manifest says it.

use serde::Serialize;

use super::app::{PodPorts, ServedPorts, runs_to_completion};
use super::prerequisites::{env_prerequisite, env_sources, volume_prerequisites};
use crate::api::{
    Container, Kind, LifecycleHandler, Name, NsName, ObjectRef, Pod, Prerequisite, Str, VolumeSource,
};
use crate::sim::{Span, World};

/// One thing that is assumed, of the Pods of one workload or of one Pod.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Assumption {
    /// The Pod, or what controls it and is controlled by nobody.
    pub of: ObjectRef,
    /// `None` for what concerns the whole Pod.
    pub container: Option<Str>,
    pub what: Assumed,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum Assumed {
    /// It can be pulled, or is there, with all its keys.
    IsThere(Prerequisite),
    /// The claim of a volume binds.
    ClaimBinds(Prerequisite),
    /// It listens on these ports.
    Serves(ServedPorts),
    /// A hook that is a command or a request takes no time.
    HookTakesNoTime,
    /// A Job's container ends with success after so long.
    Completes { after: Span },
}

/// What is known of something that a Pod needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum Supply {
    /// A manifest has it.
    Known,
    /// It is taken to be there.
    Assumed,
    /// It was said to be missing.
    Missing,
}

impl World {
    /// What is assumed of all Pods but the cluster's own, each once for all Pods of a workload.
    pub fn assumptions(&self) -> Vec<Assumption> {
        let mut out: Vec<Assumption> = Vec::new();
        let mut seen = std::collections::BTreeSet::new();
        for pod in self.store.pods.iter() {
            let of = self.controllers_of(pod).pop().expect("the Pod is one of them");
            if !self.is_system(&of) && seen.insert(of.clone()) {
                out.extend(self.assumptions_of(pod).into_iter().map(|(container, what)| Assumption {
                    of: of.clone(),
                    container,
                    what,
                }));
            }
        }
        out
    }

    /// What is assumed of a Pod: of all of it, or of a container.
    pub fn assumptions_of(&self, pod: &Pod) -> Vec<(Option<Str>, Assumed)> {
        let mut out = Vec::new();
        self.assume_volumes(pod, &mut out);
        let apps: Vec<_> = pod.spec.all_containers().map(|spec| self.app_of(pod, &spec.name)).collect();
        let pairs: Vec<_> = pod.spec.all_containers().zip(apps.iter().map(Option::as_deref)).collect();
        let long_lived =
            |spec: &crate::api::Container| spec.is_sidecar() || pod.spec.containers.contains(spec);
        let ports =
            PodPorts { containers: pairs.iter().copied().filter(|(spec, _)| long_lived(spec)).collect() };
        for (spec, app) in pairs {
            let mut assume = |what| out.push((Some(spec.name.clone()), what));
            for what in prerequisites_of_container(&pod.meta.namespace, spec) {
                self.assume_there(what, &mut assume);
            }
            if long_lived(spec) && app.is_none_or(|app| app.serves.is_none()) {
                assume(Assumed::Serves(ports.served_by((spec, app))));
            }
            // `apps` says of preStop how long it takes, and of no other hook.
            let is_said = app.is_some_and(|app| app.pre_stop.is_some());
            let pre_stop = spec.lifecycle.pre_stop.as_ref().filter(|_| !is_said);
            let mut unsaid = spec.lifecycle.post_start.iter().chain(pre_stop);
            if unsaid.any(|hook| !matches!(hook, LifecycleHandler::Sleep { .. })) {
                assume(Assumed::HookTakesNoTime);
            }
            let main = pod.spec.containers.contains(spec);
            if main && runs_to_completion(pod) && app.is_none_or(|app| app.exits.is_none()) {
                assume(Assumed::Completes { after: self.timing.job_run });
            }
        }
        out
    }

    /// All that a Pod needs and what is known of it, each once.
    pub fn supplies_of(&self, pod: &Pod) -> Vec<(Prerequisite, Supply)> {
        let volumes = prerequisites_of_volumes(pod);
        let containers = pod.spec.all_containers();
        let others = containers.flat_map(|spec| prerequisites_of_container(&pod.meta.namespace, spec));
        let mut out: Vec<(Prerequisite, Supply)> = Vec::new();
        for what in volumes.into_iter().chain(others) {
            if out.iter().all(|(known, _)| *known != what) {
                let supply = self.supply(&what);
                out.push((what, supply));
            }
        }
        out
    }

    /// What the Pods need that no manifest has: images, and objects that are taken to be there or said to be missing.
    pub fn assumed_supplies(&self) -> Vec<(Prerequisite, Supply)> {
        let mut all = std::collections::BTreeMap::new();
        let mut owners = std::collections::BTreeSet::new();
        for pod in self.store.pods.iter() {
            if pod.meta.owner.as_ref().is_none_or(|owner| owners.insert(owner.uid)) {
                let of_system = self.controllers_of(pod).iter().any(|of| self.is_system(of));
                let is_told = |(_, supply): &(Prerequisite, Supply)| !of_system || *supply == Supply::Missing;
                all.extend(self.supplies_of(pod).into_iter().filter(is_told));
            }
        }
        all.into_iter().filter(|(_, supply)| *supply != Supply::Known).collect()
    }

    fn supply(&self, what: &Prerequisite) -> Supply {
        // Every namespace has it (rootcacertpublisher).
        let is_published = |object: &ObjectRef| {
            object.kind == Kind::named("ConfigMap") && &*object.name == "kube-root-ca.crt"
        };
        let is_known = |object: ObjectRef| self.store.get(&object).is_some() || is_published(&object);
        match what.object().is_some_and(is_known) {
            true => Supply::Known,
            false if self.is_missing(what) => Supply::Missing,
            false => Supply::Assumed,
        }
    }

    fn assume_volumes(&self, pod: &Pod, out: &mut Vec<(Option<Str>, Assumed)>) {
        for what in prerequisites_of_volumes(pod) {
            match &what {
                Prerequisite::PersistentVolumeClaim(_) if self.is_missing(&what) => {}
                Prerequisite::PersistentVolumeClaim(_) => out.push((None, Assumed::ClaimBinds(what))),
                Prerequisite::Image(_) | Prerequisite::ConfigMap(_) | Prerequisite::Secret(_) => {
                    self.assume_there(what, &mut |what| out.push((None, what)));
                }
            }
        }
    }

    /// Unless it is known to be there, or said to be missing.
    fn assume_there(&self, what: Prerequisite, assume: &mut dyn FnMut(Assumed)) {
        if self.supply(&what) == Supply::Assumed {
            assume(Assumed::IsThere(what));
        }
    }
}

/// Without which its containers do not start.
fn prerequisites_of_volumes(pod: &Pod) -> Vec<Prerequisite> {
    let namespace = &pod.meta.namespace;
    let mut out = Vec::new();
    for volume in &pod.spec.volumes {
        out.extend(volume_prerequisites(namespace, &volume.source).map(|(what, _)| what));
        if let VolumeSource::PersistentVolumeClaim { claim } = &volume.source {
            let key = NsName { namespace: namespace.clone(), name: claim.clone() };
            out.push(Prerequisite::PersistentVolumeClaim(key));
        }
    }
    out
}

fn prerequisites_of_container(namespace: &Name, spec: &Container) -> Vec<Prerequisite> {
    let env = env_sources(spec).filter(|source| !source.optional);
    let env = env.map(|source| env_prerequisite(namespace, source));
    [Prerequisite::Image(spec.image.clone())].into_iter().chain(env).collect()
}
