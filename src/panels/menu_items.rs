//! What can be done with each thing: the entries of its context menu.

use super::membership::deployments_of;
use crate::session::Selection;
use crate::ui::Tab;
use cluster::api::{Action, Kind, Name, NsName, Pod, Service, ServiceType, Uid};
use cluster::node::Machine;
use cluster::sim::{DrainOptions, World};
use cluster::traffic::Client;

/// What a menu item does.
#[derive(Clone, Debug, PartialEq)]
pub enum MenuAction {
    Act(Action),
    Show(Tab),
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
        Selection::Deployment(uid) => for_deployment(world, uid),
        Selection::Connection(_) | Selection::Packet(_) => vec![show("Show its path", Tab::Path)],
        Selection::Object(uid) => for_object(world, uid),
    }
}

fn for_pod(world: &World, pod: &Pod) -> Vec<MenuItem> {
    let key = pod.meta.key();
    let object = world.store().object_ref(pod.meta.uid);
    let passes = world.pod_runtime(pod.meta.uid).is_none_or(|r| r.passes_readiness());
    let mut all = Vec::new();
    if let Some(object) = object {
        all.push(harmful("Delete (with its grace period)", Action::DeleteObject { object }));
    }
    all.push(harmful("Crash its process", Action::CrashPod { pod: key.clone(), container: None }));
    all.push(match passes {
        true => harmful("Fail readiness", Action::SetReadiness { pod: key, container: None, pass: false }),
        false => act("Restore readiness", Action::SetReadiness { pod: key, container: None, pass: true }),
    });
    all.push(show("Edit labels …", Tab::About));
    all.push(show("Show its connections", Tab::Path));
    all.push(show("Show its YAML", Tab::Yaml));
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
    for deployment in deployments_of(world, service) {
        all.extend(scaling(&deployment.meta.key(), deployment.spec.replicas));
    }
    all.push(show("Show its endpoints", Tab::Endpoints));
    all.push(show("Show its rules", Tab::Rules));
    all.push(show("Show its YAML", Tab::Yaml));
    all
}

fn scaling(key: &NsName, replicas: u32) -> Vec<MenuItem> {
    let to = |replicas| Action::scale_deployment(key, replicas);
    let mut all = vec![act(format!("Scale {} up to {}", key.name, replicas + 1), to(replicas + 1))];
    if replicas > 0 {
        all.push(harmful(format!("Scale {} down to {}", key.name, replicas - 1), to(replicas - 1)));
    }
    all
}

fn for_deployment(world: &World, uid: Uid) -> Vec<MenuItem> {
    let deployment = world.store().deployment_by_uid(uid);
    let mut all = deployment.map_or_else(Vec::new, |d| scaling(&d.meta.key(), d.spec.replicas));
    all.push(show("Show its YAML", Tab::Yaml));
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
    vec![
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
        show("Change its zone …", Tab::About),
        act("Add another node", Action::AddNode { name: None, zone: None }),
        show("Show its rules", Tab::Rules),
        show("Show its YAML", Tab::Yaml),
    ]
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
        | Kind::PriorityClass => all.push(harmful("Delete", Action::DeleteObject { object })),
        Kind::Namespace | Kind::Other(_) => {}
    }
    all
}
