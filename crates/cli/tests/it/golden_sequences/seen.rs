//! What there is, as a recording's lines.

use std::collections::{BTreeMap, BTreeSet};

use cluster::api::{Kind, Meta, Node, Pod, Taint, Uid};
use cluster::sim::World;

pub struct SeenPod {
    pub label: String,
    pub is_ready: bool,
    pub is_terminating: bool,
}

#[derive(Default)]
pub struct Seen {
    pub followed: Vec<String>,
    pub pods: BTreeMap<Uid, SeenPod>,
    /// The revisions of each workload, in the order in which they came.
    revisions: BTreeMap<String, Vec<String>>,
    /// By workload and revision.
    sizes: BTreeMap<(String, usize), u32>,
    nodes: BTreeMap<String, [String; 2]>,
    /// Of a Service and a Pod's name: its label, and what its endpoint was, one state after the other.
    lives: BTreeMap<(String, String), (String, Vec<&'static str>)>,
}

impl Seen {
    /// Writes down what has changed.
    pub fn look(&mut self, world: &World) {
        self.look_at_sizes(world);
        self.look_at_pods(world);
        self.look_at_nodes(world);
        self.look_at_slices(world);
    }

    /// What one turn of a controller has written, in the order in which it did so.
    fn look_at_sizes(&mut self, world: &World) {
        let mut sets: Vec<_> = world.store().replica_sets.iter().collect();
        sets.sort_by_key(|set| (set.meta.created, set.meta.uid));
        let mut now: BTreeMap<(String, usize), (u64, u32)> = BTreeMap::new();
        for set in sets {
            let Some(owner) = &set.meta.owner else { continue };
            let number = self.revision(&owner.name, &set.meta.name);
            now.insert((owner.name.to_string(), number), (set.meta.resource_version, set.spec.replicas));
        }
        let gone: Vec<_> = self.sizes.keys().filter(|set| !now.contains_key(*set)).cloned().collect();
        let mut changed: Vec<_> =
            now.into_iter().filter(|(set, (_, size))| self.sizes.get(set) != Some(size)).collect();
        changed.sort_by_key(|(_, (version, _))| *version);
        for (set, (_, size)) in changed {
            self.sizes.insert(set.clone(), size);
            self.tell_sizes(&set.0);
        }
        for set in gone {
            self.sizes.remove(&set);
            self.tell_sizes(&set.0);
        }
    }

    fn tell_sizes(&mut self, workload: &str) {
        let own = self.sizes.iter().filter(|((of, _), _)| of == workload);
        let sizes: Vec<String> = own.map(|((_, number), size)| format!("{number}:{size}")).collect();
        self.followed.push(format!("sizes {workload} {}", sizes.join(" ")));
    }

    fn look_at_pods(&mut self, world: &World) {
        let mut pods: Vec<&Pod> = world.store().pods.iter().map(|pod| &**pod).collect();
        // In the order in which one turn of a controller has written them.
        pods.sort_by_key(|pod| pod.meta.resource_version);
        let is_gone = |uid: &Uid| !pods.iter().any(|pod| pod.meta.uid == *uid);
        let gone: Vec<Uid> = self.pods.keys().copied().filter(is_gone).collect();
        for uid in gone {
            let seen = self.pods.remove(&uid).expect("it was seen");
            if !seen.is_terminating {
                self.terminates(&seen);
            }
            self.followed.push(format!("gone {}", seen.label));
        }
        for pod in pods {
            let uid = pod.meta.uid;
            let (is_new, is_ready, is_deleted) =
                (!self.pods.contains_key(&uid), pod.status.is_ready(), pod.meta.deleted.is_some());
            if is_new {
                let label = self.label(world, pod);
                self.followed.push(format!("+ {label}"));
                self.pods.insert(uid, SeenPod { label, is_ready: false, is_terminating: false });
            }
            let seen = self.pods.get_mut(&uid).expect("it has been seen now");
            if is_deleted && !seen.is_terminating {
                seen.is_terminating = true;
                let line = format!("- {} {}", seen.label, readiness(seen));
                self.followed.push(line);
            }
            if is_ready && !seen.is_ready && !is_deleted {
                self.followed.push(format!("ready {}", seen.label));
            }
            if !is_ready && seen.is_ready && pod.status.phase.is_terminal() && !is_deleted {
                self.followed.push(format!("succeeded {}", seen.label));
            }
            seen.is_ready = is_ready;
        }
    }

    fn terminates(&mut self, seen: &SeenPod) {
        self.followed.push(format!("- {} {}", seen.label, readiness(seen)));
    }

    fn look_at_nodes(&mut self, world: &World) {
        let now = nodes(world);
        for (name, [schedulable, taints]) in &now {
            let Some(before) = self.nodes.get(name) else { continue };
            if before[0] != *schedulable {
                self.followed.push(format!("node {name} {schedulable}"));
            }
            if before[1] != *taints {
                self.followed.push(format!("node {name} taints {taints}"));
            }
        }
        self.nodes = now;
    }

    fn look_at_slices(&mut self, world: &World) {
        for slice in world.store().slices.iter() {
            for endpoint in &slice.endpoints {
                let Some((name, uid)) = &endpoint.target else { continue };
                let Some(seen) = self.pods.get(uid) else { continue };
                let state = match (endpoint.ready, endpoint.serving, endpoint.terminating) {
                    (true, true, false) => "ready",
                    (false, false, false) => "unready",
                    (false, true, true) => "terminating",
                    (false, false, true) => continue,
                    _ => panic!("no endpoint is so: {endpoint:?}"),
                };
                let of = (slice.service.to_string(), name.to_string());
                let (label, life) = self.lives.entry(of).or_default();
                label.clone_from(&seen.label);
                if life.last() != Some(&state) {
                    life.push(state);
                }
            }
        }
    }

    /// `web/2`: of a workload's second revision; `web-0/2`: of a StatefulSet's; `web`: of what has no revisions.
    fn label(&mut self, world: &World, pod: &Pod) -> String {
        let Some(owner) = &pod.meta.owner else { return pod.meta.name.to_string() };
        if owner.kind == Kind::ReplicaSet {
            let set = world.store().replica_sets.iter().find(|set| set.meta.uid == owner.uid);
            let deployment = set.and_then(|set| set.meta.owner.as_ref()).map(|owner| &owner.name);
            let workload = deployment.unwrap_or(&owner.name);
            return format!("{workload}/{}", self.revision(workload, &owner.name));
        }
        match pod.meta.labels.get("controller-revision-hash") {
            Some(hash) if owner.kind == Kind::StatefulSet => {
                format!("{}/{}", pod.meta.name, self.revision(&owner.name, hash))
            }
            Some(hash) => format!("{}/{}", owner.name, self.revision(&owner.name, hash)),
            None => owner.name.to_string(),
        }
    }

    fn revision(&mut self, workload: &str, hash: &str) -> usize {
        let known = self.revisions.entry(workload.to_string()).or_default();
        let place = known.iter().position(|other| other == hash).unwrap_or_else(|| {
            known.push(hash.to_string());
            known.len() - 1
        });
        place + 1
    }

    /// As the recording has them: with their Services and labels, or how many of all there were.
    pub fn lives(&self, with_labels: bool) -> Vec<String> {
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        for ((service, _), (label, states)) in &self.lives {
            let states = match states.split_first() {
                Some((&"unready", rest)) if !rest.is_empty() => rest,
                _ => states,
            };
            let life = states.join(" > ");
            let line = if with_labels { format!("{service} {label} {life}") } else { life };
            *counts.entry(line).or_default() += 1;
        }
        let lines: BTreeSet<String> =
            counts.into_iter().map(|(line, count)| format!("{count} {line}")).collect();
        lines.into_iter().collect()
    }

    /// The revision that a ReplicaSet is of.
    pub fn number_of_set(&mut self, meta: &Meta) -> String {
        let owner = meta.owner.as_ref().map(|owner| owner.name.to_string()).unwrap_or_default();
        let number = self.revision(&owner, &meta.name);
        format!("{owner}/{number}")
    }
}

fn readiness(seen: &SeenPod) -> &'static str {
    if seen.is_ready { "ready" } else { "unready" }
}

/// Whether each is cordoned, and its taints.
fn nodes(world: &World) -> BTreeMap<String, [String; 2]> {
    let of = |node: &Node| {
        let schedulable = if node.spec.unschedulable { "unschedulable" } else { "schedulable" };
        let taint = |taint: &Taint| {
            let value = if taint.value.is_empty() { String::new() } else { format!("={}", taint.value) };
            format!("{}{value}:{}", taint.key, taint.effect.as_str())
        };
        let taints: Vec<String> = node.spec.taints.iter().map(taint).collect();
        let taints = if taints.is_empty() { "none".into() } else { taints.join(" ") };
        (node.meta.name.to_string(), [schedulable.to_string(), taints])
    };
    world.store().nodes.iter().map(|node| of(node)).collect()
}
