//! Every action, whatever its origin, is carried out here, as the API server would, or is refused and changes
//! nothing.

use std::sync::Arc;

use super::drain::DrainOptions;
use super::edit::{admit, drop_type_dependent_fields, invalid};
use super::load::{node_meta, plain_node};
use super::pod_update::PodUpdate;
use super::{LogEntry, Refusal, Watched, World};
use crate::api::{
    Action, ClientFrom, ClientSpec, ConditionStatus, Deployment, Diagnostic, DiagnosticKind, FieldPath, Kind,
    KubeObject, Labels, Manifest, ManifestObject, Meta, Name, Namespace, Node, NsName, ObjectRef, Pod,
    PodStatus, ReplicaSet, ReplicationController, Rule, Service, Severity, Source, StatefulSet, Str,
    TaintChange, Tree, Uid, Value, check_action, left_rolling_update, patched_pod, patched_service,
};
use crate::control::{POD_LIMIT, tolerate_for_a_while};
use crate::node::{ProxyStatus, add_labels};
use crate::store::Stored;
use crate::traffic::{ClientId, MAX_CLIENTS};

/// The most objects of one kind in a cluster; all kinds that are not simulated count as one. Nodes, Pods and clients
/// have lower limits.
pub const OBJECT_LIMIT: u32 = 5_000;

impl World {
    /// Carries out an action now. A refused action changes nothing, even if it is refused halfway: it is done on a
    /// copy, which replaces the World only when all of it has succeeded.
    pub fn apply(&mut self, action: &Action) -> Result<(), Vec<Refusal>> {
        let mut after = self.clone();
        // Logged first, so that its consequences come after it.
        after.record(LogEntry::Did { action: action.clone() });
        match action {
            Action::Apply { text } => after.apply_manifest(&text.manifest)?,
            other => after.apply_one(other).map_err(|refusal| vec![refusal])?,
        }
        *self = after;
        Ok(())
    }

    fn apply_one(&mut self, action: &Action) -> Result<(), Refusal> {
        check(action)?;
        match action {
            Action::Apply { .. } => Ok(()),
            Action::DeleteObject { object } => self.delete_object(object),
            Action::SetLabels { object, labels } => self.set_labels(object, labels),
            Action::SetServiceType { service, type_ } => self.set_service_type(service, *type_),
            Action::SetServicePolicy { service, policy } => self.set_service_policy(service, policy),
            Action::SetSelector { service, selector } => self.set_selector(service, selector),
            Action::Scale { object, replicas } => self.scale(object, *replicas),
            Action::RolloutRestart { object } => self.rollout_restart(object),
            Action::RolloutUndo { object, to_revision } => self.rollout_undo(object, *to_revision),
            Action::PauseRollout { deployment, on } => self.pause_rollout(deployment, *on),
            Action::SetImage { object, container, image } => self.set_image(object, container, image),
            Action::SetReadiness { pod, container, pass } => {
                self.set_readiness(pod, container.as_deref(), *pass)
            }
            Action::SetLiveness { pod, container, pass } => {
                self.set_liveness(pod, container.as_deref(), *pass)
            }
            Action::CrashPod { pod, container } => self.crash(pod, container.as_deref()),
            Action::FinishPod { pod, container, exit_code } => {
                self.finish(pod, container.as_deref(), *exit_code)
            }
            Action::SetPodCondition { pod, type_, status } => self.set_pod_condition(pod, type_, *status),
            Action::SetApp { app } => self.set_app(app),
            Action::SetMissing { what, missing } => self.set_missing(what, *missing),
            Action::PowerNode { node, on } => self.power(node, *on),
            Action::CutOffNode { node, on } => {
                let node = self.node_uid(node)?;
                self.cut_off(node, *on);
                Ok(())
            }
            Action::PauseKubeProxy { node, on } => {
                let uid = self.node_uid(node)?;
                if self.machines.get(&uid).is_none_or(|m| !m.power) {
                    return Err(Refusal::NodeIsOff { node: node.clone() });
                }
                self.pause_proxy(uid, *on);
                Ok(())
            }
            Action::Cordon { node, on } => self.cordon(node, *on),
            Action::Taint { node, taints } => self.taint(node, taints),
            Action::Drain { node, force, delete_empty_dir_data, ignore_daemonsets } => {
                let options = DrainOptions {
                    force: *force,
                    delete_empty_dir_data: *delete_empty_dir_data,
                    ignore_daemonsets: *ignore_daemonsets,
                };
                self.drain(node, options)
            }
            Action::AddNode { name, zone } => self.add_node(name.as_ref(), zone.as_ref()),
            Action::SetProxyMode { mode } => {
                self.set_proxy_mode(*mode);
                Ok(())
            }
            Action::SetIpMode { proxy } => self.set_ip_mode(*proxy),
            Action::AddClient { client } => self.add_client_checked(client),
            Action::RemoveClient { client } => {
                let id = self.client_id(client)?;
                self.remove_client(id);
                Ok(())
            }
            Action::SetRate { client, rate_milli } => {
                let id = self.client_id(client)?;
                self.set_rate(id, *rate_milli);
                Ok(())
            }
            Action::SendOne { client } => {
                let id = self.client_id(client)?;
                let sent = self.send_request(id);
                sent.then_some(()).ok_or_else(|| Refusal::ClientNotRunning { client: client.clone() })
            }
        }
    }

    /// `kubectl apply -f`: a text with an error is refused as a whole.
    fn apply_manifest(&mut self, manifest: &Manifest) -> Result<(), Vec<Refusal>> {
        let errors: Vec<_> = manifest.errors().cloned().collect();
        if !errors.is_empty() {
            return Err(vec![Refusal::Invalid { diagnostics: errors }]);
        }
        let refusals = self.apply_objects(&manifest.objects);
        if refusals.is_empty() { Ok(()) } else { Err(refusals) }
    }

    pub(crate) fn apply_object(&mut self, parsed: &ManifestObject) -> Result<(), Refusal> {
        let mut object = parsed.object.clone();
        if let Some(old) = self.store.get(&object.object_ref()) {
            self.keep_others_metadata(object.meta_mut(), old.meta());
        }
        let uid = match object {
            KubeObject::Namespace(namespace) => self.apply_namespace(namespace)?,
            KubeObject::Node(mut node) => {
                if let Some(old) = self.left_to_others::<Node>(parsed, "unschedulable") {
                    node.spec.unschedulable = old.spec.unschedulable;
                }
                if let Some(old) = self.left_to_others::<Node>(parsed, "taints") {
                    node.spec.taints = old.spec.taints.clone();
                }
                self.apply_node(node, &parsed.source)?
            }
            KubeObject::Pod(pod) => self.apply_pod(pod, &parsed.source.tree)?,
            KubeObject::Deployment(mut deployment) => {
                if let Some(old) = self.left_to_others::<Deployment>(parsed, "replicas") {
                    deployment.spec.replicas = old.spec.replicas;
                }
                if let Some(old) = self.left_to_others::<Deployment>(parsed, "paused") {
                    deployment.spec.paused = old.spec.paused;
                }
                self.has_room_for_pods(deployment.spec.replicas)?;
                self.keep_template_annotations(&mut deployment);
                self.apply_workload(deployment, Kind::Deployment)?
            }
            KubeObject::ReplicaSet(mut set) => {
                if let Some(old) = self.left_to_others::<ReplicaSet>(parsed, "replicas") {
                    set.spec.replicas = old.spec.replicas;
                }
                self.has_room_for_pods(set.spec.replicas)?;
                self.apply_workload(set, Kind::ReplicaSet)?
            }
            KubeObject::ReplicationController(mut controller) => {
                if let Some(old) = self.left_to_others::<ReplicationController>(parsed, "replicas") {
                    controller.spec.replicas = old.spec.replicas;
                }
                self.has_room_for_pods(controller.spec.replicas)?;
                self.apply_workload(controller, Kind::ReplicationController)?
            }
            KubeObject::StatefulSet(mut set) => {
                if let Some(old) = self.left_to_others::<StatefulSet>(parsed, "replicas") {
                    set.spec.replicas = old.spec.replicas;
                }
                self.has_room_for_pods(set.spec.replicas)?;
                self.keep_template_annotations(&mut set);
                if let Some(old) = self.store.stateful_sets.get(&set.meta.key()) {
                    let before = self.store.source(old.meta.uid).map(|source| &source.tree);
                    let left = left_rolling_update(&set.spec, &old.spec, before);
                    let object = ObjectRef::of_key(Kind::StatefulSet, &set.meta.key());
                    left.map_or(Ok(()), |error| Err(invalid(vec![error], &object)))?;
                }
                self.apply_workload(set, Kind::StatefulSet)?
            }
            KubeObject::DaemonSet(mut set) => {
                self.keep_template_annotations(&mut set);
                self.apply_daemon_set(set)?
            }
            KubeObject::ControllerRevision(revision) => self.upsert(revision, Kind::ControllerRevision)?,
            KubeObject::Job(job) => self.apply_job(job)?,
            KubeObject::CronJob(cron_job) => self.apply_workload(cron_job, Kind::CronJob)?,
            KubeObject::PodDisruptionBudget(budget) => {
                self.apply_workload(budget, Kind::PodDisruptionBudget)?
            }
            KubeObject::Service(service) => {
                let service = self.patch_service(service, &parsed.source.tree)?;
                self.apply_service(service)?
            }
            KubeObject::Endpoints(endpoints) => self.upsert(endpoints, Kind::Endpoints)?,
            KubeObject::EndpointSlice(slice) => self.upsert(slice, Kind::EndpointSlice)?,
            KubeObject::PriorityClass(class) => self.upsert(class, Kind::PriorityClass)?,
            KubeObject::Unsimulated(object) => {
                let kind = Kind::Other(object.kind.clone());
                self.upsert(object, kind)?
            }
        };
        self.store.set_source(uid, Arc::clone(&parsed.source));
        Ok(())
    }

    /// The object as it is, if neither the text nor the one that was applied before says that field of its spec: others
    /// have it, as `kubectl scale` and `kubectl cordon` (kubectl apply merges three ways, by its annotation
    /// last-applied-configuration).
    fn left_to_others<T: Watched>(&self, parsed: &ManifestObject, field: &str) -> Option<Arc<T>> {
        let old = T::objects(&self.store).get(&parsed.object.meta().key())?;
        let says = |source: &Arc<Source>| source.tree.field("spec").is_some_and(|s| s.field(field).is_some());
        let before = self.store.source(old.meta().uid);
        (!says(&parsed.source) && !before.is_some_and(says)).then(|| Arc::clone(old))
    }

    /// The labels and annotations that neither the new text has nor the one before had are others'.
    fn keep_others_metadata(&self, new: &mut Meta, old: &Meta) {
        let source = self.store.source(old.uid);
        let was_written = |of: &str, key: &str| {
            let written = source.and_then(|source| source.tree.field("metadata")?.field(of)?.field(key));
            written.is_some()
        };
        keep_unwritten(&mut new.labels, &old.labels, |key| was_written("labels", key));
        keep_unwritten(&mut new.annotations, &old.annotations, |key| was_written("annotations", key));
    }

    /// Creates the object, or puts its new spec in place of the old one.
    pub(super) fn upsert<T: super::Watched>(&mut self, mut object: T, kind: Kind) -> Result<Uid, Refusal> {
        match T::objects(&self.store).get(&object.key()).cloned() {
            None => {
                has_room(T::objects(&self.store).len(), kind)?;
                Ok(self.create_object(object)?.meta().uid)
            }
            Some(old) => {
                keep_identity(&mut object, &*old);
                Ok(self.put_object(object).meta().uid)
            }
        }
    }

    /// All that can be said of a Namespace is in its metadata. What is so already is not written.
    fn apply_namespace(&mut self, namespace: Namespace) -> Result<Uid, Refusal> {
        let key = namespace.meta.key();
        let Some(old) = self.store.namespaces.get(&key).cloned() else {
            has_room(self.store.namespaces.len(), Kind::Namespace)?;
            return Ok(self.store.put_namespace(self.clock.now(), namespace));
        };
        let (labels, annotations) = (namespace.meta.labels, namespace.meta.annotations);
        if (&labels, &annotations) != (&old.meta.labels, &old.meta.annotations) {
            self.update_object::<Namespace>(&key, |namespace| {
                namespace.meta.labels = labels;
                namespace.meta.annotations = annotations;
            });
        }
        Ok(old.meta.uid)
    }

    /// What is applied to a Node that is there says which machine it is from now on, too.
    fn apply_node(&mut self, mut node: Node, source: &Source) -> Result<Uid, Refusal> {
        let Some(old) = self.store.node(&node.meta.name).cloned() else {
            let power = node.ready() != ConditionStatus::Unknown;
            return self.add_machine(node, power, None);
        };
        let key = node.meta.key();
        // core validation.go, ValidateNodeUpdate.
        if !node.spec.pod_cidrs.is_empty() && node.spec.pod_cidrs != old.spec.pod_cidrs {
            return Err(forbidden(Kind::Node, &key, "podCIDRs", Rule::PodCidrs));
        }
        let provider = |source: &Source| source.tree.field("spec")?.field("providerID")?.as_str().cloned();
        let was = self.store.source(old.meta.uid).and_then(|source| provider(source));
        if was.is_some_and(|was| provider(source).is_some_and(|new| new != was)) {
            return Err(forbidden(Kind::Node, &key, "providerID", Rule::ProviderId));
        }
        add_labels(&mut node);
        self.update_object::<Node>(&key, |n| {
            n.meta.labels = node.meta.labels;
            n.meta.annotations = node.meta.annotations;
            n.spec.unschedulable = node.spec.unschedulable;
            n.spec.taints = node.spec.taints;
            n.capacity = node.capacity;
            n.allocatable = node.allocatable;
        });
        Ok(old.meta.uid)
    }

    /// `kubectl taint`, with `--overwrite`.
    fn taint(&mut self, name: &Name, changes: &[TaintChange]) -> Result<(), Refusal> {
        let object = ObjectRef::node(name);
        let mut taints = self.stored::<Node>(&object)?.spec.taints.clone();
        for change in changes {
            if !change.apply(&mut taints) {
                return Err(Refusal::NoSuchTaint { node: name.clone(), taint: change.clone() });
            }
        }
        self.edit::<Node>(&object, |node| node.spec.taints = taints)
    }

    fn apply_pod(&mut self, mut pod: Pod, text: &Tree) -> Result<Uid, Refusal> {
        let key = pod.meta.key();
        if let Some(old) = self.store.pods.get(&key).cloned() {
            let updated = self.updated_pod(&old, text)?;
            self.update_object::<Pod>(&key, |p| {
                p.meta.labels = pod.meta.labels;
                p.meta.annotations = pod.meta.annotations;
                p.spec = updated.spec;
                p.written = updated.written;
            });
            return Ok(old.meta.uid);
        }
        if self.store.pods.len() as u32 >= POD_LIMIT {
            return Err(Refusal::TooManyReplicas { limit: POD_LIMIT });
        }
        pod.status = PodStatus::default();
        self.admit_pod(&mut pod)?;
        let pod = self.create_object(pod)?;
        if pod.spec.node_name.is_some() {
            self.kubelet_observes(&pod);
        }
        Ok(pod.meta.uid)
    }

    /// `old` after kubectl's patch.
    fn updated_pod(&self, old: &Pod, text: &Tree) -> Result<Pod, Refusal> {
        let last = self.store.source(old.meta.uid).map(|source| &source.tree);
        let patched = patched_pod(old, last, text).map_err(|diagnostics| Refusal::Invalid { diagnostics })?;
        let admit = |tolerations: &mut _| tolerate_for_a_while(tolerations, self.timing.node_eviction);
        let object = ObjectRef::of_key(Kind::Pod, &old.meta.key());
        let update = PodUpdate { live: &old.spec, patched: &patched };
        let spec = update.updated(admit).map_err(|error| invalid(vec![error], &object))?;
        let mut pod = Pod { spec, ..old.clone() };
        // A Pod with a document of its own has the new text instead.
        if last.is_none() || pod.written.value != Value::Null {
            Arc::make_mut(&mut pod.written).put("spec", patched.written);
        }
        Ok(pod)
    }

    /// The Service as the API server has it after kubectl's patch, defaulted and validated; as it is, if it is new.
    fn patch_service(&self, service: Service, text: &Tree) -> Result<Service, Refusal> {
        let Some(old) = self.store.services.get(&service.meta.key()) else { return Ok(service) };
        let last = self.store.source(old.meta.uid).map(|source| &source.tree);
        let mut patched =
            patched_service(old, last, text).map_err(|diagnostics| Refusal::Invalid { diagnostics })?;
        patched.meta = service.meta;
        self.carry_over(&mut patched, old);
        drop_type_dependent_fields(&mut patched, old);
        let object = ObjectRef::of_key(Kind::Service, &patched.meta.key());
        admit(&mut patched, object)?;
        Ok(patched)
    }

    pub(super) fn apply_service(&mut self, mut service: Service) -> Result<Uid, Refusal> {
        let old = self.store.services.get(&service.meta.key()).cloned();
        if let Some(error) = old.as_ref().and_then(|old| service.spec.forbidden_change(&old.spec)) {
            return Err(invalid(vec![error], &ObjectRef::of_key(Kind::Service, &service.meta.key())));
        }
        self.allocate_service(&mut service, old.as_deref())?;
        if let Some(old) = &old {
            service.ingress = old.ingress.clone();
        }
        self.upsert(service, Kind::Service)
    }

    fn delete_object(&mut self, object: &ObjectRef) -> Result<(), Refusal> {
        match &object.kind {
            Kind::Namespace => self.delete_namespace(&object.key()),
            Kind::Pod
            | Kind::Service
            | Kind::Deployment
            | Kind::ReplicaSet
            | Kind::ReplicationController
            | Kind::StatefulSet
            | Kind::DaemonSet
            | Kind::ControllerRevision
            | Kind::Job
            | Kind::CronJob
            | Kind::PodDisruptionBudget
            | Kind::EndpointSlice
            | Kind::Endpoints
            | Kind::Node
            | Kind::PriorityClass
            | Kind::Other(_) => {
                self.remove_by_ref(object).ok_or_else(|| Refusal::NotFound { object: object.clone() })
            }
        }
    }

    /// Deletes the machine together with its Node. The Pods that were bound to it are left to the garbage collector.
    pub(super) fn delete_node(&mut self, key: &NsName) -> Option<()> {
        let node = self.remove_object::<Node>(key)?;
        self.pods_go_with_machine(node.meta.uid);
        self.machine_falls_silent(node.meta.uid, &[]);
        self.break_watch(node.meta.uid);
        self.machines.remove(&node.meta.uid);
        self.cloud.forget_node(node.meta.uid);
        Some(())
    }

    fn node_uid(&self, name: &Name) -> Result<Uid, Refusal> {
        let missing = || Refusal::NotFound { object: ObjectRef::node(name) };
        self.store.node(name).map(|n| n.meta.uid).ok_or_else(missing)
    }

    fn power(&mut self, name: &Name, on: bool) -> Result<(), Refusal> {
        let node = self.node_uid(name)?;
        let Some(machine) = self.machines.get_mut(&node).filter(|m| m.power != on) else { return Ok(()) };
        let cut_off = machine.cut_off;
        machine.power = on;
        machine.boot += 1;
        machine.boots = false;
        machine.booted_cut_off = on && cut_off;
        self.break_watch(node);
        self.changes.scene = true;
        self.changes.rules.insert(node);
        let Some(machine) = self.machines.get_mut(&node) else { return Ok(()) };
        if on {
            if !cut_off {
                machine.silence += 1;
                let boot_time = self.timing.node_boot;
                self.node_boots(node, boot_time);
            }
            return Ok(());
        }
        machine.cni.release_all();
        // Rules, connections and `recent` lists live in the kernel's memory: all gone.
        machine.reset_kernel();
        machine.proxy = ProxyStatus::new(&self.config.pod_cidrs);
        machine.proxy_start += 1;
        self.pods_lose_power(node);
        if !cut_off {
            self.node_went_silent(node);
        }
        self.recheck_health(node);
        Ok(())
    }

    pub(super) fn cordon(&mut self, name: &Name, on: bool) -> Result<(), Refusal> {
        let object = ObjectRef::node(name);
        let changed = self.update_object::<Node>(&object.key(), |n| n.spec.unschedulable = on);
        changed.map(drop).ok_or(Refusal::NotFound { object })
    }

    fn add_node(&mut self, name: Option<&Name>, zone: Option<&Str>) -> Result<(), Refusal> {
        let name = name.cloned().unwrap_or_else(|| self.free_node_name());
        let boot_time = self.timing.node_boot;
        self.add_machine(plain_node(node_meta(&name, zone)), true, Some(boot_time)).map(|_| ())
    }

    fn free_node_name(&self) -> Name {
        (1..)
            .map(|i| format!("node-{i}"))
            .find(|name| self.store.node(name).is_none())
            .expect("there are fewer nodes than numbers")
            .as_str()
            .into()
    }

    fn add_client_checked(&mut self, spec: &ClientSpec) -> Result<(), Refusal> {
        if self.traffic.clients.len() as u32 >= MAX_CLIENTS {
            return Err(Refusal::TooManyClients { limit: MAX_CLIENTS });
        }
        if self.traffic.client_named(&spec.name).is_some() {
            return Err(Refusal::ClientExists { client: spec.name.clone() });
        }
        if let ClientFrom::Workload { namespace, kind, name } = &spec.from {
            let key = NsName { namespace: namespace.clone(), name: name.clone() };
            let object = ObjectRef::of_key(kind.clone(), &key);
            if !kind.has_pods() || self.store.get(&object).is_none() {
                return Err(Refusal::NotFound { object });
            }
        }
        if let ClientFrom::Node { name } = &spec.from
            && self.store.node(name).is_none()
        {
            return Err(Refusal::NotFound { object: ObjectRef::node(name) });
        }
        self.add_client(spec.clone());
        Ok(())
    }

    fn client_id(&self, name: &Name) -> Result<ClientId, Refusal> {
        let found = self.traffic.client_named(name).map(|c| c.id);
        found.ok_or_else(|| Refusal::NoSuchClient { client: name.clone() })
    }
}

/// A field of the spec that may not change so.
fn forbidden(kind: Kind, key: &NsName, field: &str, why: Rule) -> Refusal {
    let error = FieldPath::new("spec").child(field).error(DiagnosticKind::Forbidden { why });
    invalid(vec![error], &ObjectRef::of_key(kind, key))
}

/// Whether another object of a kind may be created if there are `count` already.
pub(super) fn has_room(count: usize, kind: Kind) -> Result<(), Refusal> {
    match count < OBJECT_LIMIT as usize {
        true => Ok(()),
        false => Err(Refusal::TooManyObjects { kind, limit: OBJECT_LIMIT }),
    }
}

/// Validates the strings in an action for the fields that they are meant for.
fn check(action: &Action) -> Result<(), Refusal> {
    let Err(invalid) = check_action(action) else { return Ok(()) };
    if let (Action::AddClient { client }, "to") = (action, invalid.field) {
        return Err(Refusal::BadTarget { client: client.name.clone() });
    }
    Err(Refusal::Invalid { diagnostics: vec![finding(None, invalid.field, invalid.message)] })
}

/// What an apply does not say and the text before did not say either is somebody else's.
pub(super) fn keep_unwritten(new: &mut Labels, old: &Labels, was_written: impl Fn(&str) -> bool) {
    for (key, value) in old {
        if !new.contains_key(key) && !was_written(key) {
            new.insert(key.clone(), value.clone());
        }
    }
}

pub(super) fn keep_identity<T: Stored>(object: &mut T, old: &T) {
    let old = old.meta();
    let meta = object.meta_mut();
    meta.uid = old.uid;
    meta.created = old.created;
    meta.deleted = old.deleted;
    meta.owner = old.owner.clone();
    meta.generation = old.generation + 1;
}

/// An error without a position in a text.
fn finding(object: Option<ObjectRef>, path: &str, message: DiagnosticKind) -> Diagnostic {
    Diagnostic { severity: Severity::Error, line: 0, column: 0, object, path: path.into(), message }
}
