//! What users do to Pods and their containers.

use std::sync::Arc;

use super::container::Role;
use super::notice::Notice;
use super::step::KubeletStep;
use crate::api::{App, Kind, MAX_APPS, NsName, ObjectRef, Pod, PodCondition, Prerequisite, Str, Uid};
use crate::sim::{Refusal, Span, World};

impl World {
    /// Sets what the readiness probes of one container find, or of all.
    pub(crate) fn set_readiness(
        &mut self,
        key: &NsName,
        name: Option<&str>,
        pass: bool,
    ) -> Result<(), Refusal> {
        let (pod, containers) = self.long_lived(key, name)?;
        for index in containers {
            self.runtime_mut(pod).container_mut(index).passes_readiness = pass;
        }
        self.probes_changed(pod);
        Ok(())
    }

    pub(crate) fn set_liveness(
        &mut self,
        key: &NsName,
        name: Option<&str>,
        pass: bool,
    ) -> Result<(), Refusal> {
        let (pod, containers) = self.long_lived(key, name)?;
        for index in containers {
            self.runtime_mut(pod).container_mut(index).passes_liveness = pass;
        }
        self.probes_changed(pod);
        Ok(())
    }

    fn probes_changed(&mut self, pod: Uid) {
        self.wake_probes(pod, None);
        self.sync_status(pod);
        self.touch_pod(pod);
    }

    /// The process of a container, by default of the first main container that runs, ends with an error.
    pub(crate) fn crash(&mut self, key: &NsName, name: Option<&str>) -> Result<(), Refusal> {
        let (pod, containers) = self.running(key, name)?;
        let index = containers.first().copied().ok_or_else(|| not_running(key))?;
        self.ends_with(pod, index, 1);
        Ok(())
    }

    /// The processes of all main containers, or of one container, end.
    pub(crate) fn finish(&mut self, key: &NsName, name: Option<&str>, exit_code: u8) -> Result<(), Refusal> {
        let (pod, containers) = self.running(key, name)?;
        if containers.is_empty() {
            return Err(not_running(key));
        }
        containers.into_iter().for_each(|index| self.ends_with(pod, index, i32::from(exit_code)));
        Ok(())
    }

    /// The running main containers of a Pod that is not stopped, or the one with that name.
    fn running(&self, key: &NsName, name: Option<&str>) -> Result<(Uid, Vec<u32>), Refusal> {
        let pod = self.pod_on_a_node(key)?;
        let runtime = &self.pods[&pod];
        let named =
            name.map(|name| runtime.index_of(name).ok_or_else(|| no_container(key, name))).transpose()?;
        let is_meant = |index: &u32| match named {
            Some(named) => *index == named,
            None => runtime.container(*index).role == Role::Main,
        };
        let runs = |index: &u32| {
            let container = runtime.container(*index);
            container.running.is_some() && container.stopping.is_none()
        };
        Ok((pod, runtime.indices().filter(is_meant).filter(runs).collect()))
    }

    /// The containers with probes of a Pod that serves, or the one with that name.
    fn long_lived(&self, key: &NsName, name: Option<&str>) -> Result<(Uid, Vec<u32>), Refusal> {
        let pod = self.pod_on_a_node(key)?;
        let runtime = &self.pods[&pod];
        if !runtime.any_runs() {
            return Err(not_running(key));
        }
        let named =
            name.map(|name| runtime.index_of(name).ok_or_else(|| no_container(key, name))).transpose()?;
        let is_meant = |index: &u32| match named {
            Some(named) => *index == named,
            None => runtime.container(*index).role != Role::Init,
        };
        Ok((pod, runtime.indices().filter(is_meant).collect()))
    }

    fn pod_on_a_node(&self, key: &NsName) -> Result<Uid, Refusal> {
        let missing = || Refusal::NotFound { object: ObjectRef::of_key(Kind::Pod, key) };
        let pod = self.store.pods.get(key).ok_or_else(missing)?.meta.uid;
        if self.pods.contains_key(&pod) { Ok(pod) } else { Err(not_running(key)) }
    }

    /// Somebody else than the kubelet sets a condition, and its kubelet takes note.
    pub(crate) fn set_pod_condition(
        &mut self,
        key: &NsName,
        type_: &Str,
        status: bool,
    ) -> Result<(), Refusal> {
        let missing = || Refusal::NotFound { object: ObjectRef::of_key(Kind::Pod, key) };
        let pod = self.store.pods.get(key).ok_or_else(missing)?.clone();
        let now = self.clock.now();
        let condition = PodCondition::new(status).after(pod.status.conditions.other(type_), now);
        self.update_object::<Pod>(key, |pod| {
            let others = &mut pod.status.conditions.others;
            match others.binary_search_by(|(name, _)| name.cmp(type_)) {
                Ok(at) => others[at].1 = condition,
                Err(at) => others.insert(at, (type_.clone(), condition)),
            }
        });
        if self.pods.contains_key(&pod.meta.uid) {
            let delay = self.watch_delay(pod.meta.uid, Notice::Condition);
            self.plan(pod.meta.uid, delay, KubeletStep::Sync);
        }
        Ok(())
    }

    /// Says what programs do, in place of what was said of the same. Those that run listen accordingly from now on; the
    /// rest holds from their next start.
    pub(crate) fn set_app(&mut self, app: &App) -> Result<(), Refusal> {
        let apps = Arc::make_mut(&mut self.apps);
        apps.retain(|other| (&other.of, &other.container) != (&app.of, &app.container));
        if apps.len() >= MAX_APPS as usize {
            return Err(Refusal::TooManyAssumptions { limit: MAX_APPS });
        }
        apps.push(Arc::new(app.clone()));
        let pods: Vec<Uid> = self.pods.keys().copied().collect();
        for pod in pods {
            let runtime = &self.pods[&pod];
            let new: Vec<_> = runtime.specs().map(|spec| self.app_of(&runtime.pod, &spec.name)).collect();
            let old = runtime.containers.iter().map(|container| &container.app);
            if old.eq(&new) {
                continue;
            }
            let runtime = self.runtime_mut(pod);
            for (container, app) in runtime.containers.iter_mut().zip(new) {
                container.app = app;
            }
            self.touch_pod(pod);
            self.wake_probes(pod, None);
        }
        Ok(())
    }

    pub(crate) fn set_missing(&mut self, what: &Prerequisite, missing: bool) -> Result<(), Refusal> {
        let all = Arc::make_mut(&mut self.missing);
        if missing {
            all.insert(what.clone());
        } else {
            all.remove(what);
        }
        if all.len() > MAX_APPS as usize {
            return Err(Refusal::TooManyAssumptions { limit: MAX_APPS });
        }
        self.changes.scene = true;
        self.prerequisites_changed();
        Ok(())
    }

    /// What Pods wait for may be there now: their kubelets look again, and the scheduler.
    pub(crate) fn prerequisites_changed(&mut self) {
        self.retry_for_claims();
        let waiting: Vec<Uid> = self
            .pods
            .iter()
            .filter(|(_, runtime)| runtime.waits_for_something())
            .map(|(uid, _)| *uid)
            .collect();
        for pod in waiting {
            let delay = self.watch_delay(pod, Notice::Prerequisite);
            self.plan(pod, delay.max(Span(1)), KubeletStep::Sync);
        }
    }
}

fn not_running(key: &NsName) -> Refusal {
    Refusal::PodNotRunning { pod: key.clone() }
}

fn no_container(key: &NsName, name: &str) -> Refusal {
    Refusal::NoSuchContainer { pod: key.clone(), container: name.into() }
}
