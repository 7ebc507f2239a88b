//! What there is of a rollout at its end.

use std::collections::BTreeMap;

use cluster::sim::World;

use super::seen::Seen;

/// `spread web/2 2 1 1`: how many of a ReplicaSet's Pods each node has.
pub fn ends(world: &World, seen: &mut Seen) -> Vec<String> {
    let mut out = spreads(world, seen);
    for deployment in world.store().deployments.iter() {
        for condition in deployment.status.conditions.iter() {
            out.push(format!(
                "condition {} {} {}",
                condition.type_,
                condition.status.as_str(),
                condition.reason
            ));
        }
    }
    for set in world.store().replica_sets.iter() {
        let of_deployment = set.meta.annotations.iter().filter_map(|(key, value)| {
            let key = key.strip_prefix("deployment.kubernetes.io/")?;
            Some(format!("{key}={value}"))
        });
        let annotations: Vec<String> = of_deployment.collect();
        out.push(format!("annotations {} {}", seen.number_of_set(&set.meta), annotations.join(" ")));
    }
    out.sort();
    out
}

fn spreads(world: &World, seen: &Seen) -> Vec<String> {
    let mut by_node: BTreeMap<(String, String), usize> = BTreeMap::new();
    for pod in world.store().pods.iter() {
        let node = pod.spec.node_name.as_deref().unwrap_or("nowhere").to_string();
        let label = seen.pods.get(&pod.meta.uid).map(|pod| pod.label.clone()).expect("it was seen");
        *by_node.entry((label, node)).or_default() += 1;
    }
    let mut spreads: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for ((label, _), count) in by_node {
        spreads.entry(label).or_default().push(count);
    }
    let line = |(label, mut counts): (String, Vec<usize>)| {
        counts.sort_unstable_by(|a, b| b.cmp(a));
        let counts: Vec<String> = counts.iter().map(usize::to_string).collect();
        format!("spread {label} {}", counts.join(" "))
    };
    spreads.into_iter().map(line).collect()
}
