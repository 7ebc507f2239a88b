//! What can be done with each thing: the entries of its context menu.

use super::workload::replicas_of;
use crate::session::{Selection, selection_of};
use crate::ui::Tab;
use cluster::api::{
    Action, Kind, Name, ObjectRef, Phase, Pod, RestartPolicy, Service, ServiceType, Taint, TaintChange,
    TaintEffect, Uid, Workload,
};
use cluster::node::Machine;
use cluster::sim::{DrainOptions, World};
use cluster::traffic::Client;

/// What a menu item does.
#[derive(Clone, Debug, PartialEq)]
pub enum MenuAction {
    Act(Action),
    Show(Tab),
    /// The same of something else.
    ShowOf(Selection, Tab),
    AddClient,
}

#[derive(Clone, Debug, PartialEq)]
pub struct MenuItem {
    pub label: String,
    pub action: MenuAction,
    /// Something breaks.
    pub is_harmful: bool,
}

fn act(label: impl Into<String>, action: Action) -> MenuItem {
    MenuItem { label: label.into(), action: MenuAction::Act(action), is_harmful: false }
}

fn harmful(label: impl Into<String>, action: Action) -> MenuItem {
    MenuItem { is_harmful: true, ..act(label, action) }
}

fn show(label: &str, tab: Tab) -> MenuItem {
    MenuItem { label: label.into(), action: MenuAction::Show(tab), is_harmful: false }
}

pub fn menu_items(world: &World, of: Selection) -> Vec<MenuItem> {
    let store = world.store();
    match of {
        Selection::Pod(uid) => store.pod_by_uid(uid).map_or_else(Vec::new, |pod| for_pod(world, pod)),
        Selection::Service(uid) | Selection::LoadBalancer(uid) => {
            store.service_by_uid(uid).map_or_else(Vec::new, |service| for_service(world, service))
        }
        Selection::Node(uid) => world.machines().get(&uid).map_or_else(Vec::new, |m| for_node(world, m)),
        Selection::Client(id) => world.traffic().clients.get(&id).map_or_else(Vec::new, for_client),
        Selection::Workload(uid) => for_workload(world, uid),
        Selection::Connection(_) | Selection::Packet(_) => vec![show("Show its path", Tab::Path)],
        Selection::Object(uid) => for_object(world, uid),
    }
}

fn for_pod(world: &World, pod: &Pod) -> Vec<MenuItem> {
    let key = pod.meta.key();
    let object = world.store().object_ref(pod.meta.uid);
    let mut all = Vec::new();
    if let Some(object) = object {
        all.push(harmful("Delete (with its grace period)", Action::delete(object)));
    }
    all.push(harmful("Crash its process", Action::CrashPod { pod: key.clone(), container: None }));
    all.extend(probe_items(world, pod));
    if pod.spec.restart_policy != RestartPolicy::Always && pod.status.phase == Phase::Running {
        let finish = |exit_code| Action::FinishPod { pod: key.clone(), container: None, exit_code };
        all.push(act("Let its processes end well", finish(0)));
        all.push(harmful("Let its processes end with an error", finish(1)));
    }
    for gate in &pod.spec.readiness_gates {
        let holds = pod.status.conditions.other(gate).is_some_and(|condition| condition.is_true());
        let set = Action::SetPodCondition { pod: key.clone(), type_: gate.clone(), status: !holds };
        all.push(match holds {
            true => harmful(format!("Set {gate} to False"), set),
            false => act(format!("Set {gate} to True"), set),
        });
    }
    if let Some((workload, uid)) = world.store().workload_of(pod) {
        all.extend(rollout(world, &workload, uid, &words::object(&workload)));
        let to = MenuAction::ShowOf(selection_of(&workload.kind, uid), Tab::About);
        let label = format!("Show {}", words::object(&workload));
        all.push(MenuItem { label, action: to, is_harmful: false });
    }
    all.push(show("Edit labels …", Tab::About));
    all.push(show("Show its connections", Tab::Path));
    all.push(show("Show its YAML", Tab::Yaml));
    all
}

/// Without a liveness probe nothing would notice that it fails.
fn probe_items(world: &World, pod: &Pod) -> Vec<MenuItem> {
    let key = || pod.meta.key();
    let runtime = world.pod_runtime(pod.meta.uid);
    let readiness = |pass| Action::SetReadiness { pod: key(), container: None, pass };
    let liveness = |pass| Action::SetLiveness { pod: key(), container: None, pass };
    let mut all = vec![match runtime.is_none_or(|r| r.passes_readiness()) {
        true => harmful("Fail readiness", readiness(false)),
        false => act("Restore readiness", readiness(true)),
    }];
    if pod.spec.all_containers().any(|container| container.liveness.is_some()) {
        all.push(match runtime.is_none_or(|r| r.passes_liveness()) {
            true => harmful("Fail liveness", liveness(false)),
            false => act("Restore liveness", liveness(true)),
        });
    }
    all
}

/// The types that a Service can be switched to.
pub fn types_for(service: &Service) -> &'static [ServiceType] {
    const ALL: [ServiceType; 3] = [ServiceType::ClusterIP, ServiceType::NodePort, ServiceType::LoadBalancer];
    match service.spec.headless || service.spec.type_ == ServiceType::ExternalName {
        true => &[],
        false => &ALL,
    }
}

fn for_service(world: &World, service: &Service) -> Vec<MenuItem> {
    let key = service.meta.key();
    let others = types_for(service).iter().filter(|t| **t != service.spec.type_);
    let mut all: Vec<MenuItem> = others
        .map(|type_| {
            let action = Action::SetServiceType { service: key.clone(), type_: *type_ };
            act(format!("Make it a {}", type_.as_str()), action)
        })
        .collect();
    all.push(show("Edit its selector …", Tab::About));
    for (workload, uid) in world.store().workloads_of(service) {
        all.extend(scaling(world, uid));
        all.extend(rollout(world, &workload, uid, &words::object(&workload)));
    }
    all.push(show("Show its endpoints", Tab::Endpoints));
    all.push(show("Show its rules", Tab::Rules));
    all.push(show("Show its YAML", Tab::Yaml));
    all
}

fn scaling(world: &World, workload: Uid) -> Vec<MenuItem> {
    let Some((object, replicas)) = replicas_of(world, workload) else { return Vec::new() };
    let to = |replicas| Action::Scale { object: object.clone(), replicas };
    let name = &object.name;
    let mut all = vec![act(format!("Scale {name} up to {}", replicas + 1), to(replicas + 1))];
    if replicas > 0 {
        all.push(harmful(format!("Scale {name} down to {}", replicas - 1), to(replicas - 1)));
    }
    all
}

/// What `kubectl rollout` does to a workload: `restart`, `undo`, `pause` and `resume`.
fn rollout(world: &World, object: &ObjectRef, uid: Uid, name: &str) -> Vec<MenuItem> {
    let store = world.store();
    let (revisions, paused) = match object.kind.workload() {
        Some(Workload::Deployment) => {
            let paused = store.deployments.get(&object.key()).map(|d| d.spec.paused);
            (store.replica_sets_of(uid).count(), paused)
        }
        Some(Workload::StatefulSet | Workload::DaemonSet) => (store.revisions_of(uid).count(), None),
        Some(Workload::ReplicaSet | Workload::ReplicationController) | None => return Vec::new(),
    };
    let mut all = Vec::new();
    // Both are refused while it is paused.
    if paused != Some(true) {
        let restart = Action::RolloutRestart { object: object.clone() };
        all.push(act(format!("Restart {name} (new Pods)"), restart));
        if revisions > 1 {
            let undo = Action::RolloutUndo { object: object.clone(), to_revision: None };
            all.push(act(format!("Roll {name} back to the revision before"), undo));
        }
    }
    let pause = |on| Action::PauseRollout { deployment: object.key(), on };
    match paused {
        Some(false) => all.push(act(format!("Pause the rollout of {name}"), pause(true))),
        Some(true) => all.push(act(format!("Resume the rollout of {name}"), pause(false))),
        None => {}
    }
    all
}

fn for_workload(world: &World, uid: Uid) -> Vec<MenuItem> {
    let Some(object) = world.store().object_ref(uid) else { return Vec::new() };
    let mut all = scaling(world, uid);
    all.extend(rollout(world, &object, uid, "it"));
    if object.kind.workload().is_some() {
        all.push(show("Set another image …", Tab::About));
    }
    all.push(show("Show its YAML", Tab::Yaml));
    all.push(harmful("Delete", Action::delete(object)));
    all
}

fn for_node(world: &World, machine: &Machine) -> Vec<MenuItem> {
    let node = || machine.name.clone();
    // A DaemonSet's Pods are left, as everybody does it.
    let drain =
        |force| Action::Drain { node: node(), force, delete_empty_dir_data: force, ignore_daemonsets: true };
    let options = DrainOptions { ignore_daemonsets: true, ..DrainOptions::default() };
    let lost = world.drain_blockers(&machine.name, options);
    let cordoned = world.store().node(&machine.name).is_some_and(|n| n.spec.unschedulable);
    let mut all = vec![
        match machine.power {
            true => harmful("Power off", Action::PowerNode { node: node(), on: false }),
            false => act("Power on", Action::PowerNode { node: node(), on: true }),
        },
        match cordoned {
            true => act("Uncordon", Action::Cordon { node: node(), on: false }),
            false => harmful("Cordon (no new Pods here)", Action::Cordon { node: node(), on: true }),
        },
        // With Pods on it for which kubectl would refuse, its flags are the person's to give.
        match lost.is_empty() {
            true => harmful("Drain (cordon it, evict its Pods)", drain(false)),
            false => harmful("Drain by force (some Pods or their data do not come back)", drain(true)),
        },
        match machine.proxy.paused {
            true => act("Let its kube-proxy go on", Action::PauseKubeProxy { node: node(), on: false }),
            false => harmful("Pause its kube-proxy", Action::PauseKubeProxy { node: node(), on: true }),
        },
        match machine.cut_off {
            true => act("Reconnect it to the API server", Action::CutOffNode { node: node(), on: false }),
            false => harmful("Cut it off from the API server", Action::CutOffNode { node: node(), on: true }),
        },
    ];
    all.extend(taint_items(world, machine));
    all.extend([
        show("Change its zone …", Tab::About),
        act("Add another node", Action::AddNode { name: None, zone: None }),
        show("Show its rules", Tab::Rules),
        show("Show its YAML", Tab::Yaml),
    ]);
    all
}

/// The key of the taints that a node can be given here.
const TAINT: &str = "maintenance";
/// Those of the node lifecycle controller begin so: it would put them back.
const OF_CONTROLLERS: &str = "node.kubernetes.io/";

/// `kubectl taint`.
fn taint_items(world: &World, machine: &Machine) -> Vec<MenuItem> {
    let taints = world.store().node(&machine.name).map(|node| &node.spec.taints[..]).unwrap_or_default();
    let change = |taints| Action::Taint { node: machine.name.clone(), taints: vec![taints] };
    let mut all = Vec::new();
    for (effect, means) in [(TaintEffect::NoSchedule, "no new Pods"), (TaintEffect::NoExecute, "Pods go")] {
        let taint = Taint::new(TAINT, effect);
        if !taints.iter().any(|other| (&other.key, other.effect) == (&taint.key, effect)) {
            let label = format!("Taint it {TAINT}:{} ({means})", effect.as_str());
            all.push(harmful(label, change(TaintChange::Add(taint))));
        }
    }
    for taint in taints.iter().filter(|taint| !taint.key.starts_with(OF_CONTROLLERS)) {
        let remove = TaintChange::Remove { key: taint.key.clone(), effect: Some(taint.effect) };
        all.push(act(format!("Take its taint {}:{} away", taint.key, taint.effect.as_str()), change(remove)));
    }
    all
}

fn for_client(client: &Client) -> Vec<MenuItem> {
    let name = || -> Name { client.spec.name.clone() };
    let rate = |rate_milli| Action::SetRate { client: name(), rate_milli };
    let now = client.spec.rate_milli;
    let mut all = vec![act("Send one request", Action::SendOne { client: name() })];
    all.push(act("Twice as often", rate(now.saturating_mul(2).max(500))));
    if now > 0 {
        all.push(act("Half as often", rate(now / 2)));
        all.push(act("Only when told to (rate 0)", rate(0)));
    }
    all.push(show("Show its connections", Tab::Path));
    all.push(MenuItem { label: "Add a client …".into(), action: MenuAction::AddClient, is_harmful: false });
    all.push(harmful("Remove", Action::RemoveClient { client: name() }));
    all
}

fn for_object(world: &World, uid: Uid) -> Vec<MenuItem> {
    let mut all = vec![show("Show its YAML", Tab::Yaml)];
    let Some(object) = world.store().object_ref(uid) else { return all };
    match object.kind {
        Kind::ReplicaSet
        | Kind::Endpoints
        | Kind::ReplicationController
        | Kind::StatefulSet
        | Kind::DaemonSet
        | Kind::ControllerRevision
        | Kind::Job
        | Kind::CronJob
        | Kind::PodDisruptionBudget
        | Kind::EndpointSlice
        | Kind::Pod
        | Kind::Service
        | Kind::Deployment
        | Kind::Node
        | Kind::PriorityClass
        | Kind::ServiceCidr => all.push(harmful("Delete", Action::delete(object))),
        Kind::Namespace | Kind::Other(_) => {}
    }
    all
}
