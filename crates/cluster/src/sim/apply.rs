//! Every action, whatever its origin, is carried out here, as the API server would, or is refused and changes
//! nothing.

use std::collections::BTreeSet;

use super::drain::DrainOptions;
use super::load::{node_meta, plain_node};
use super::write::Verb;
use super::{LogEntry, Refusal, World};
use crate::api::{
    Action, ClientFrom, ClientSpec, Diagnostic, DiagnosticKind, InvalidObject, Kind, Manifest,
    ManifestObject, Name, Node, NsName, ObjectRef, Propagation, Severity, Str, TaintChange, Uid,
    check_action,
};
use crate::node::ProxyStatus;
use crate::traffic::{ClientId, MAX_CLIENTS};

impl World {
    /// Carries out an action now. A refused action changes nothing, even if it is refused halfway: it is done on a
    /// copy, which replaces the World only when all of it has succeeded.
    ///
    /// Each object of a text is written by itself, as by kubectl. Returns what of a text was refused while the rest was
    /// not; the log says it too.
    pub fn apply(&mut self, action: &Action) -> Result<Vec<Refusal>, Vec<Refusal>> {
        let mut after = self.clone();
        // Logged first, so that its consequences come after it.
        after.record(LogEntry::Did { action: action.clone() });
        let refused = match action {
            Action::Apply { text } => after.write_manifest(Verb::Apply, text.manifest())?,
            Action::Create { text } => after.write_manifest(Verb::Create, text.manifest())?,
            Action::Replace { text } => after.write_manifest(Verb::Replace, text.manifest())?,
            other => after.apply_one(other).map(|()| Vec::new()).map_err(|refusal| vec![refusal])?,
        };
        for refusal in &refused {
            after.record(LogEntry::Refused { refusal: refusal.clone() });
        }
        *self = after;
        Ok(refused)
    }

    fn apply_one(&mut self, action: &Action) -> Result<(), Refusal> {
        check(action)?;
        match action {
            Action::Apply { .. } | Action::Create { .. } | Action::Replace { .. } => {
                unreachable!("texts are written object by object")
            }
            Action::Patch { object, type_, patch } => self.patch(object, *type_, patch),
            Action::DeleteObject { object, propagation_policy, grace_period_seconds } => {
                self.delete_object(object, *propagation_policy, *grace_period_seconds)
            }
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

    /// What was refused; an error, if all was.
    fn write_manifest(&mut self, verb: Verb, manifest: &Manifest) -> Result<Vec<Refusal>, Vec<Refusal>> {
        let mut refused = of_no_object(manifest);
        let mut invalid = manifest.invalid.iter().peekable();
        let mut is_done = manifest.objects.is_empty() && manifest.invalid.is_empty() && refused.is_empty();
        for place in 0..=manifest.objects.len() {
            while let Some(parsed) = invalid.next_if(|invalid| invalid.place == place) {
                let InvalidObject { source, object, .. } = parsed;
                is_done |= self.attempt(&mut refused, |world| world.write(verb, object, source, None));
            }
            if let Some(parsed) = manifest.objects.get(place) {
                let ManifestObject { source, object, .. } = parsed;
                let name = object.object_ref();
                is_done |= self.attempt(&mut refused, |world| world.write(verb, &name, source, Some(object)));
            }
        }
        if is_done { Ok(refused) } else { Err(refused) }
    }

    /// Whether it succeeds; what is refused changes nothing.
    fn attempt(
        &mut self,
        refused: &mut Vec<Refusal>,
        request: impl FnOnce(&mut World) -> Result<(), Refusal>,
    ) -> bool {
        let mut after = self.clone();
        match request(&mut after) {
            Ok(()) => *self = after,
            Err(refusal) => {
                refused.push(refusal);
                return false;
            }
        }
        true
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

    fn delete_object(
        &mut self,
        object: &ObjectRef,
        propagation: Propagation,
        grace_period_seconds: Option<u32>,
    ) -> Result<(), Refusal> {
        let missing = || Refusal::NotFound { object: object.clone() };
        match &object.kind {
            Kind::Namespace => self.delete_namespace(&object.key()),
            Kind::Pod => {
                let key = object.key();
                self.store.pods.get(&key).ok_or_else(missing)?;
                self.delete_pod(&key, grace_period_seconds);
                Ok(())
            }
            Kind::Service
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
            | Kind::ServiceCidr
            | Kind::Other(_) => self.delete(object, propagation).ok_or_else(missing),
        }
    }

    /// Deletes the machine together with its Node. The Pods that were bound to it are left to the garbage collector.
    pub(super) fn delete_node(&mut self, key: &NsName) -> Option<()> {
        let node = self.remove_object::<Node>(key)?;
        if self.store.node(&node.meta.name).is_some() {
            return Some(());
        }
        self.pods_go_with_machine(node.meta.uid);
        self.machine_falls_silent(node.meta.uid, &[]);
        self.break_watch(node.meta.uid);
        self.machines.remove(&node.meta.uid);
        self.cloud.forget_node(node.meta.uid);
        self.forget_speaker(node.meta.uid);
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
        self.speaker_falls_silent(node);
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

/// Validates the strings in an action for the fields that they are meant for.
fn check(action: &Action) -> Result<(), Refusal> {
    let Err(invalid) = check_action(action) else { return Ok(()) };
    if let (Action::AddClient { client }, "to") = (action, invalid.field) {
        return Err(Refusal::BadTarget { client: client.name.clone() });
    }
    Err(Refusal::Invalid { diagnostics: vec![finding(None, invalid.field, invalid.message)] })
}

/// What is wrong with a text beside its objects.
fn of_no_object(manifest: &Manifest) -> Vec<Refusal> {
    let invalid: BTreeSet<&ObjectRef> = manifest.invalid.iter().map(|parsed| &parsed.object).collect();
    let is_its = |found: &&Diagnostic| !found.object.as_ref().is_some_and(|object| invalid.contains(object));
    let diagnostics: Vec<Diagnostic> = manifest.errors().filter(is_its).cloned().collect();
    if diagnostics.is_empty() { Vec::new() } else { vec![Refusal::Invalid { diagnostics }] }
}

/// An error without a position in a text.
fn finding(object: Option<ObjectRef>, path: &str, message: DiagnosticKind) -> Diagnostic {
    Diagnostic { severity: Severity::Error, line: 0, column: 0, object, path: path.into(), message }
}
