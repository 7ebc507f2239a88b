//! kubectl's commands as actions.

use cluster::api::{Action, Kind, Labels, NsName, ObjectRef};

use super::replay::Replay;

/// False if it is refused.
pub fn kubectl(replay: &mut Replay, words: &[String]) -> bool {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words[..] {
        ["cordon", node] => replay.act(Action::Cordon { node: node.into(), on: true }),
        ["uncordon", node] => replay.act(Action::Cordon { node: node.into(), on: false }),
        ["scale", object, replicas] => {
            let replicas = replicas.strip_prefix("--replicas=").and_then(|n| n.parse().ok());
            replay.act(Action::Scale { object: workload(object), replicas: replicas.expect("a number") })
        }
        ["rollout", "restart", object] => replay.act(Action::RolloutRestart { object: workload(object) }),
        ["rollout", "undo", object] => {
            replay.act(Action::RolloutUndo { object: workload(object), to_revision: None })
        }
        // It only prints.
        ["rollout", "history", _] => true,
        ["drain", node, ref flags @ ..] => replay.act(Action::Drain {
            node: node.into(),
            force: flags.contains(&"--force"),
            delete_empty_dir_data: flags.contains(&"--delete-emptydir-data"),
            ignore_daemonsets: flags.contains(&"--ignore-daemonsets"),
        }),
        ["delete", "pod", what, "--wait=false"] => delete_pods(replay, what),
        ["delete", "endpoints", name] => replay.act(Action::delete(object(Kind::Endpoints, name))),
        ["label", "endpoints", name, label] => label_endpoints(replay, name, label),
        _ => panic!("nothing here does that: kubectl {}", words.join(" ")),
    }
}

fn object(kind: Kind, name: &str) -> ObjectRef {
    ObjectRef { kind, namespace: "default".into(), name: name.into() }
}

fn workload(words: &str) -> ObjectRef {
    let (kind, name) = words.split_once('/').expect("kind/name");
    let kind = match kind {
        "deployment" => Kind::Deployment,
        "statefulset" => Kind::StatefulSet,
        "rc" => Kind::ReplicationController,
        _ => panic!("no such workload: {kind}"),
    };
    object(kind, name)
}

/// By name, or all of one node.
fn delete_pods(replay: &mut Replay, what: &str) -> bool {
    let names: Vec<String> = match what.strip_prefix("--field-selector=spec.nodeName=") {
        None => vec![what.into()],
        Some(node) => {
            let pods = replay.world().store().pods.iter();
            let there = pods.filter(|pod| pod.spec.node_name.as_deref() == Some(node));
            there.map(|pod| pod.meta.name.to_string()).collect()
        }
    };
    names.iter().all(|name| replay.act(Action::delete(object(Kind::Pod, name))))
}

/// `key=value` sets one, `key-` takes it away.
fn label_endpoints(replay: &mut Replay, name: &str, label: &str) -> bool {
    let key = NsName::new("default", name);
    let endpoints = replay.world().store().endpoints.get(&key).expect("they are there");
    let mut labels: Labels = endpoints.meta.labels.clone();
    match label.split_once('=') {
        Some((key, value)) => {
            labels.insert(key.into(), value.into());
        }
        None => {
            labels.remove(label.trim_end_matches('-'));
        }
    }
    replay.act(Action::SetLabels { object: object(Kind::Endpoints, name), labels })
}
