//! `spec` of Pods and of their templates.

use super::container::{container, requirements};
use super::volume::volume;
use super::{at, map, pod_status, put_labels, put_or_remove, scheduling, text};
use crate::api::{Container, Pod, PodDnsConfig, PodSpec, Str, Tree, Volume, VolumeSource};

pub fn overlay(tree: &mut Tree, pod: &Pod) {
    overlay_spec(at(tree, "spec"), &pod.spec);
    tree.put("status", pod_status::status(&pod.status));
}

/// What was written stays; what was not, comes from the typed spec.
pub fn overlay_spec(tree: &mut Tree, spec: &PodSpec) {
    if tree.field("containers").is_none() {
        overlay_unchanging(tree, spec);
    } else {
        overlay_images(tree, "containers", &spec.containers);
        overlay_images(tree, "initContainers", &spec.init_containers);
        overlay_claims(tree, &spec.volumes);
    }
    put_or_remove(tree, "nodeName", spec.node_name.as_deref().map(text));
    put_or_remove(tree, "hostname", spec.hostname.as_deref().map(text));
    put_or_remove(tree, "subdomain", spec.subdomain.as_deref().map(text));
    put_or_remove(tree, "hostNetwork", spec.host_network.then(|| Tree::bool(true)));
    put_labels(tree, "nodeSelector", &spec.node_selector);
    scheduling::overlay(tree, spec);
    tree.put("terminationGracePeriodSeconds", Tree::int(spec.termination_grace_period_s));
}

/// Of a container that was written an action may change the image, and nothing else.
fn overlay_images(tree: &mut Tree, list: &str, containers: &[Container]) {
    for (index, container) in containers.iter().enumerate() {
        let path = [list.into(), index.into(), "image".into()];
        if tree.get(&path).and_then(Tree::as_str) != Some(&container.image) {
            tree.set(&path, text(&container.image));
        }
    }
}

/// A StatefulSet's controller gives each of its Pods volumes of its own claims, before those of the template.
fn overlay_claims(tree: &mut Tree, volumes: &[Volume]) {
    let written = tree.field("volumes").map_or(&[][..], Tree::items);
    let is_named =
        |tree: &&Tree, volume: &Volume| tree.field("name").and_then(Tree::as_str) == Some(&volume.name);
    let says_claim = |tree: &&Tree, volume: &Volume| match &volume.source {
        VolumeSource::PersistentVolumeClaim { claim } => {
            tree.get(&["persistentVolumeClaim".into(), "claimName".into()]).and_then(Tree::as_str)
                == Some(claim)
        }
        VolumeSource::ConfigMap(_)
        | VolumeSource::Secret(_)
        | VolumeSource::Projected { .. }
        | VolumeSource::EmptyDir
        | VolumeSource::Ephemeral
        | VolumeSource::Other => true,
    };
    let find = |of: &Volume| written.iter().find(|tree| is_named(tree, of) && says_claim(tree, of));
    if volumes.iter().all(|of| find(of).is_some()) {
        return;
    }
    let items = volumes.iter().map(|of| find(of).cloned().unwrap_or_else(|| volume(of))).collect();
    tree.put("volumes", Tree::seq(items));
}

/// What neither the server nor an action changes: a document has it as it was written.
fn overlay_unchanging(tree: &mut Tree, spec: &PodSpec) {
    let list = |containers: &[Container]| Tree::seq(containers.iter().map(container).collect());
    tree.put("containers", list(&spec.containers));
    let init_containers = (!spec.init_containers.is_empty()).then(|| list(&spec.init_containers));
    put_or_remove(tree, "initContainers", init_containers);
    tree.put("restartPolicy", text(spec.restart_policy.as_str()));
    put_or_remove(tree, "dnsPolicy", spec.dns_policy.as_deref().map(text));
    match &spec.dns_config {
        // A document has options that the simulation does not read.
        Some(_) if tree.field("dnsConfig").is_some() => {}
        config => put_or_remove(tree, "dnsConfig", config.as_deref().map(dns_config)),
    }
    let deadline = spec.active_deadline_s.map(|s| Tree::int(i64::from(s)));
    put_or_remove(tree, "activeDeadlineSeconds", deadline);
    let gates = || Tree::seq(spec.readiness_gates.iter().map(gate).collect());
    put_or_remove(tree, "readinessGates", (!spec.readiness_gates.is_empty()).then(gates));
    let volumes = || Tree::seq(spec.volumes.iter().map(volume).collect());
    put_or_remove(tree, "volumes", (!spec.volumes.is_empty()).then(volumes));
    put_or_remove(tree, "overhead", scheduling::resource_list(&spec.overhead));
    put_or_remove(tree, "resources", requirements(&spec.resources));
}

fn dns_config(config: &PodDnsConfig) -> Tree {
    let mut tree = Tree::map();
    let servers = config.nameservers.iter().map(|server| text(&server.to_string())).collect();
    tree.put("nameservers", Tree::seq(servers));
    let searches = config.searches.iter().map(|domain| text(domain)).collect();
    tree.put("searches", Tree::seq(searches));
    let ndots =
        |ndots: u32| Tree::seq(vec![map([("name", text("ndots")), ("value", text(&ndots.to_string()))])]);
    put_or_remove(&mut tree, "options", config.ndots.map(ndots));
    tree
}

fn gate(condition: &Str) -> Tree {
    map([("conditionType", text(condition))])
}
