//! Objects that people write: `kubectl apply`, and what the API server makes of a request that creates or updates an
//! object.

use std::sync::Arc;

use super::edit::{admit, drop_type_dependent_fields, invalid};
use super::pod_update::PodUpdate;
use super::{LogEntry, Refusal, World};
use crate::api::{
    ConditionStatus, Diagnostic, DiagnosticKind, FieldPath, Kind, KubeObject, ManifestObject, Meta,
    Namespace, Node, NsName, ObjectRef, PatchText, PatchType, Pod, PodStatus, Rule, Service, ServiceCidr,
    Severity, Source, Tree, Uid, Update, Value, decode_object, patched_pod, served, server_warnings,
};
use crate::control::{POD_LIMIT, patch_allocated_values, tolerate_for_a_while};
use crate::node::add_labels;
use crate::store::{Document, Stored};

/// The most objects of one kind in a cluster; all kinds that are not simulated count as one. Nodes, Pods and clients
/// have lower limits.
pub const OBJECT_LIMIT: u32 = 5_000;

/// What kubectl is asked to do with a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    /// What a cluster has by itself: `kubectl apply` does not know what it was last told.
    Own,
    /// As `Apply`, of the text that says what there is: it may have been another cluster's.
    Load,
    Apply,
    Create,
    Replace,
}

impl Verb {
    /// Whether somebody asks the API server for it.
    fn is_request(self) -> bool {
        match self {
            Verb::Own | Verb::Load => false,
            Verb::Apply | Verb::Create | Verb::Replace => true,
        }
    }
}

impl World {
    pub(crate) fn load_object(&mut self, parsed: &ManifestObject) -> Result<(), Refusal> {
        let object = parsed.object.object_ref();
        self.write(Verb::Load, &object, &parsed.source, Some(&parsed.object))
    }

    pub(super) fn create_own_object(&mut self, parsed: &ManifestObject) -> Result<(), Refusal> {
        let object = parsed.object.object_ref();
        self.write(Verb::Own, &object, &parsed.source, Some(&parsed.object))
    }

    /// `parsed`: `None` if the object cannot be created as it is written; what is there may still have what it lacks.
    pub(super) fn write(
        &mut self,
        verb: Verb,
        object: &ObjectRef,
        source: &Source,
        parsed: Option<&KubeObject>,
    ) -> Result<(), Refusal> {
        let written = match (verb, self.store.get(object)) {
            (Verb::Create, Some(_)) if parsed.is_some() && has_resource_version(&source.tree) => {
                Err(Refusal::ResourceVersionOfNew { object: object.clone() })
            }
            (Verb::Own | Verb::Create, Some(_)) => Err(Refusal::AlreadyExists { object: object.clone() }),
            (Verb::Replace, None) => Err(Refusal::NotFound { object: object.clone() }),
            (Verb::Own | Verb::Load | Verb::Apply | Verb::Create, None) => match parsed {
                Some(parsed) => self.create(parsed.clone(), verb, &source.tree),
                None => Err(Refusal::Invalid { diagnostics: errors_of(&source.tree) }),
            },
            (Verb::Load | Verb::Apply, Some(old)) => self.patch_applied(&old, verb, &source.tree),
            (Verb::Replace, Some(old)) => self.replace(&old, &source.tree),
        };
        written.map_err(|refusal| refusal.placed(source))
    }

    fn create(&mut self, object: KubeObject, verb: Verb, text: &Tree) -> Result<(), Refusal> {
        let name = object.object_ref();
        let uid = self.put(object)?;
        // Only the storage looks at it (apiserver storage/etcd3/store.go, Create).
        if verb.is_request() && has_resource_version(text) {
            return Err(Refusal::ResourceVersionOfNew { object: name });
        }
        if verb.is_request() {
            self.record_warnings(&name, text, None);
        }
        let last_applied = matches!(verb, Verb::Load | Verb::Apply).then(|| text.clone());
        self.store.set_document(uid, Document { written: text.clone(), last_applied });
        Ok(())
    }

    fn replace(&mut self, old: &KubeObject, text: &Tree) -> Result<(), Refusal> {
        let uid = old.meta().uid;
        let update = Update::replaced(old, self.store.written(uid), text);
        self.update(old, &update)?;
        self.record_warnings(&old.object_ref(), &update.new, Some(old));
        self.keep_document(old, Document { written: update.new, last_applied: None });
        Ok(())
    }

    /// `kubectl patch`.
    pub(super) fn patch(
        &mut self,
        object: &ObjectRef,
        type_: PatchType,
        patch: &PatchText,
    ) -> Result<(), Refusal> {
        let old = self.store.get(object).ok_or_else(|| Refusal::NotFound { object: object.clone() })?;
        let tree = patch.tree().map_err(|diagnostics| Refusal::Invalid { diagnostics })?;
        let uid = old.meta().uid;
        let refused = |problem| Refusal::PatchFailed { object: object.clone(), problem };
        let update = Update::patched(&old, self.store.written(uid), &self.served(&old), type_, tree);
        let update = update.map_err(refused)?;
        if !update.changes_nothing() {
            self.update(&old, &update)?;
            self.record_warnings(object, &update.new, Some(&old));
        }
        for warning in update.warnings {
            self.record(LogEntry::Warned { object: object.clone(), warning });
        }
        let last_applied = self.store.document(uid).and_then(|document| document.last_applied.clone());
        self.keep_document(&old, Document { written: update.new, last_applied });
        Ok(())
    }

    /// What has changed since the object was applied last.
    fn patch_applied(&mut self, old: &KubeObject, verb: Verb, text: &Tree) -> Result<(), Refusal> {
        let uid = old.meta().uid;
        let document = self.store.document(uid);
        let last = document.and_then(|document| document.last_applied.as_ref());
        let update = Update::applied(old, document.map(|document| &document.written), last, text);
        if !update.changes_nothing() {
            self.update(old, &update)?;
            if verb.is_request() {
                self.record_warnings(&old.object_ref(), &update.new, Some(old));
            }
        }
        self.keep_document(old, Document { written: update.new, last_applied: Some(text.clone()) });
        Ok(())
    }

    /// An update may have been what a deletion waited for: then nothing is left to keep it for.
    fn keep_document(&mut self, object: &KubeObject, document: Document) {
        if self.store.get(&object.object_ref()).is_some() {
            self.store.set_document(object.meta().uid, document);
        }
    }

    /// Creates the object, or puts it in the place of the one that is there; a Pod and a Node are created here only.
    fn put(&mut self, object: KubeObject) -> Result<Uid, Refusal> {
        match object {
            KubeObject::Pod(pod) => self.put_new_pod(pod),
            KubeObject::Node(node) => {
                let power = node.ready() != ConditionStatus::Unknown;
                self.add_machine(node, power, None)
            }
            KubeObject::Namespace(namespace) => self.apply_namespace(namespace),
            KubeObject::Deployment(deployment) => {
                self.has_room_for_pods(deployment.spec.replicas)?;
                self.apply_workload(deployment, Kind::Deployment)
            }
            KubeObject::ReplicaSet(set) => {
                self.has_room_for_pods(set.spec.replicas)?;
                self.apply_workload(set, Kind::ReplicaSet)
            }
            KubeObject::ReplicationController(controller) => {
                self.has_room_for_pods(controller.spec.replicas)?;
                self.apply_workload(controller, Kind::ReplicationController)
            }
            KubeObject::StatefulSet(set) => {
                self.has_room_for_pods(set.spec.replicas)?;
                self.apply_workload(set, Kind::StatefulSet)
            }
            KubeObject::DaemonSet(set) => self.apply_daemon_set(set),
            KubeObject::ControllerRevision(revision) => self.upsert(revision, Kind::ControllerRevision),
            KubeObject::Job(job) => self.apply_job(job),
            KubeObject::CronJob(cron_job) => self.apply_workload(cron_job, Kind::CronJob),
            KubeObject::PodDisruptionBudget(budget) => self.apply_workload(budget, Kind::PodDisruptionBudget),
            KubeObject::Service(service) => self.apply_service(service),
            KubeObject::Endpoints(endpoints) => self.upsert(endpoints, Kind::Endpoints),
            KubeObject::EndpointSlice(slice) => self.upsert(slice, Kind::EndpointSlice),
            KubeObject::PriorityClass(class) => self.upsert(class, Kind::PriorityClass),
            KubeObject::ServiceCidr(cidr) => self.apply_service_cidr(cidr),
            KubeObject::Unsimulated(object) => {
                let kind = Kind::Other(object.kind.clone());
                self.upsert(object, kind)
            }
        }
    }

    /// What the API server says of a request beside what it does. `tree`: the object as it is from now on.
    fn record_warnings(&mut self, object: &ObjectRef, tree: &Tree, old: Option<&KubeObject>) {
        let Some(new) = self.store.get(object) else { return };
        for warning in server_warnings(&new, tree, old) {
            self.record(LogEntry::Warned { object: object.clone(), warning });
        }
    }

    /// A request PUT or PATCH.
    fn update(&mut self, old: &KubeObject, update: &Update) -> Result<(), Refusal> {
        self.put_update(old, update)?;
        self.go_on_with_deletion(&old.object_ref());
        Ok(())
    }

    fn put_update(&mut self, old: &KubeObject, update: &Update) -> Result<(), Refusal> {
        let refused = |diagnostics| Refusal::Invalid { diagnostics: errors(diagnostics) };
        if let Some(error) = update.new_finalizer().filter(|_| old.meta().deleted.is_some()) {
            return Err(invalid(vec![error], &old.object_ref()));
        }
        if update.is_of_an_older_state() {
            return Err(Refusal::Conflict { object: old.object_ref() });
        }
        match old {
            KubeObject::Pod(old) => self.put_pod(old, update),
            KubeObject::Service(old) => {
                let service = updated_service(update.service().map_err(refused)?, old)?;
                self.apply_service(service).map(drop)
            }
            KubeObject::Node(_)
            | KubeObject::Namespace(_)
            | KubeObject::Deployment(_)
            | KubeObject::ReplicaSet(_)
            | KubeObject::ReplicationController(_)
            | KubeObject::StatefulSet(_)
            | KubeObject::DaemonSet(_)
            | KubeObject::ControllerRevision(_)
            | KubeObject::Job(_)
            | KubeObject::CronJob(_)
            | KubeObject::PodDisruptionBudget(_)
            | KubeObject::Endpoints(_)
            | KubeObject::EndpointSlice(_)
            | KubeObject::PriorityClass(_)
            | KubeObject::ServiceCidr(_)
            | KubeObject::Unsimulated(_) => match decode_object(&update.new) {
                (Some(KubeObject::Node(node)), _) => self.put_node(node, update),
                (Some(mut object), _) => {
                    let after = served(&object, Some(&update.new), self);
                    let is_raised = Update::raises_generation(&object.kind(), &self.served(old), &after);
                    object.meta_mut().generation = old.meta().generation + u32::from(is_raised);
                    self.put(object).map(drop)
                }
                (None, diagnostics) => Err(refused(diagnostics)),
            },
        }
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

    /// Its controller's finalizer and its condition stay. What is so already is not written.
    fn apply_service_cidr(&mut self, mut cidr: ServiceCidr) -> Result<Uid, Refusal> {
        let key = cidr.meta.key();
        let old = self.store.service_cidrs.get(&key).cloned();
        let protected = cidr.meta.finalizers.iter().any(|finalizer| &**finalizer == ServiceCidr::FINALIZER);
        let is_going = old.as_ref().is_some_and(|old| old.meta.deleted.is_some());
        if !protected && !is_going {
            cidr.meta.finalizers.push(ServiceCidr::FINALIZER.into());
        }
        if let Some(old) = &old {
            let errors = cidr.forbidden_changes(old);
            if !errors.is_empty() {
                return Err(invalid(errors, &ObjectRef::of_key(Kind::ServiceCidr, &key)));
            }
            cidr.ready = old.ready;
            keep_identity(&mut cidr, &**old);
            cidr.meta.resource_version = old.meta.resource_version;
            if cidr == **old {
                return Ok(old.meta.uid);
            }
        }
        self.upsert(cidr, Kind::ServiceCidr)
    }

    /// All that can be said of a Namespace is in its metadata. What is so already is not written.
    fn apply_namespace(&mut self, namespace: Namespace) -> Result<Uid, Refusal> {
        let key = namespace.meta.key();
        let Some(old) = self.store.namespaces.get(&key).cloned() else {
            has_room(self.store.namespaces.len(), Kind::Namespace)?;
            return Ok(self.store.put_namespace(self.clock.now(), namespace));
        };
        let Meta { labels, annotations, finalizers, .. } = namespace.meta;
        let before = (&old.meta.labels, &old.meta.annotations, &old.meta.finalizers);
        if (&labels, &annotations, &finalizers) != before {
            self.update_object::<Namespace>(&key, |namespace| {
                namespace.meta.labels = labels;
                namespace.meta.annotations = annotations;
                namespace.meta.finalizers = finalizers;
            });
        }
        Ok(old.meta.uid)
    }

    /// What is written of a Node that is there says which machine it is from now on, too.
    fn put_node(&mut self, mut node: Node, update: &Update) -> Result<(), Refusal> {
        let key = node.meta.key();
        let old = self.stored::<Node>(&ObjectRef::node(&node.meta.name))?;
        // core validation.go, ValidateNodeUpdate.
        if !old.spec.pod_cidrs.is_empty() && node.spec.pod_cidrs != old.spec.pod_cidrs {
            return Err(forbidden(Kind::Node, &key, "podCIDRs", Rule::PodCidrs));
        }
        let provider = |tree: &Tree| tree.field("spec")?.field("providerID")?.as_str().cloned();
        if provider(&update.live).is_some_and(|was| provider(&update.new) != Some(was)) {
            return Err(forbidden(Kind::Node, &key, "providerID", Rule::ProviderId));
        }
        add_labels(&mut node);
        self.update_object::<Node>(&key, |n| {
            n.meta.labels = node.meta.labels;
            n.meta.annotations = node.meta.annotations;
            n.meta.finalizers = node.meta.finalizers;
            n.spec.unschedulable = node.spec.unschedulable;
            n.spec.taints = node.spec.taints;
            n.capacity = node.capacity;
            n.allocatable = node.allocatable;
        });
        Ok(())
    }

    fn put_new_pod(&mut self, mut pod: Pod) -> Result<Uid, Refusal> {
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

    fn put_pod(&mut self, old: &Pod, update: &Update) -> Result<(), Refusal> {
        let patched = patched_pod(&update.live, &update.new)
            .map_err(|diagnostics| Refusal::Invalid { diagnostics: errors(diagnostics) })?;
        let admit = |tolerations: &mut _| tolerate_for_a_while(tolerations, self.timing.node_eviction);
        let key = old.meta.key();
        let update = PodUpdate { live: &old.spec, patched: &patched };
        let spec =
            update.updated(admit).map_err(|errors| invalid(errors, &ObjectRef::of_key(Kind::Pod, &key)))?;
        self.update_object::<Pod>(&key, |pod| {
            pod.meta.labels = patched.meta.labels;
            pod.meta.annotations = patched.meta.annotations;
            pod.meta.finalizers = patched.meta.finalizers;
            pod.meta.generation += u32::from(pod.spec != spec);
            pod.spec = spec;
            // A Pod of a template has its own text.
            if pod.written.value != Value::Null {
                Arc::make_mut(&mut pod.written).put("spec", patched.written);
            }
        });
        Ok(())
    }

    pub(super) fn apply_service(&mut self, mut service: Service) -> Result<Uid, Refusal> {
        let old = self.store.services.get(&service.meta.key()).cloned();
        self.allocate_service(&mut service, old.as_deref())?;
        let changes = old.as_ref().map_or_else(Vec::new, |old| service.spec.forbidden_changes(&old.spec));
        if !changes.is_empty() {
            return Err(invalid(changes, &ObjectRef::of_key(Kind::Service, &service.meta.key())));
        }
        self.upsert(service, Kind::Service)
    }
}

/// Whether the text names a state of the object. `0` is none.
fn has_resource_version(text: &Tree) -> bool {
    let version = text.get(&["metadata".into(), "resourceVersion".into()]).and_then(Tree::as_str);
    version.is_some_and(|version| version.parse::<u64>().is_ok_and(|version| version != 0))
}

fn errors_of(text: &Tree) -> Vec<Diagnostic> {
    errors(decode_object(text).1)
}

fn errors(mut diagnostics: Vec<Diagnostic>) -> Vec<Diagnostic> {
    diagnostics.retain(|found| found.severity == Severity::Error);
    diagnostics
}

/// As it was sent, with what the API server leaves as it is; defaulted and validated.
fn updated_service(mut service: Service, old: &Service) -> Result<Service, Refusal> {
    // A request for the object changes no status (strategy.go, PrepareForUpdate).
    service.ingress.clone_from(&old.ingress);
    patch_allocated_values(&mut service, old);
    drop_type_dependent_fields(&mut service, old);
    let object = ObjectRef::of_key(Kind::Service, &service.meta.key());
    admit(&mut service, object)?;
    Ok(service)
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

pub(super) fn keep_identity<T: Stored>(object: &mut T, old: &T) {
    let old = old.meta();
    let meta = object.meta_mut();
    meta.uid = old.uid;
    meta.created = old.created;
    meta.deleted = old.deleted;
    meta.owner = old.owner.clone();
    // Where a change of the spec counts, it was counted.
    meta.generation = meta.generation.max(old.generation);
}
