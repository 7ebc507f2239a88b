//! `status` of Pods.

use std::net::IpAddr;

use super::{map, put_or_remove, rfc3339, text};
use crate::api::{ContainerState, ContainerStatus, PodCondition, PodStatus, Terminated, Tree};
use netfilter::PerFamily;

pub fn status(status: &PodStatus) -> Tree {
    let PodStatus {
        phase,
        reason,
        message,
        conditions,
        host_ips,
        pod_ips,
        start_time,
        init_container_statuses,
        container_statuses,
    } = status;
    let conditions: Vec<Tree> = conditions.iter().map(|(type_, is)| condition(type_, is)).collect();
    let mut out = Tree::map();
    put_or_remove(&mut out, "conditions", (!conditions.is_empty()).then(|| Tree::seq(conditions)));
    out.put("phase", text(phase.as_str()));
    put_or_remove(&mut out, "reason", reason.as_deref().map(text));
    put_or_remove(&mut out, "message", message.as_deref().map(text));
    for (key, containers) in
        [("containerStatuses", container_statuses), ("initContainerStatuses", init_container_statuses)]
    {
        let list = || Tree::seq(containers.iter().map(container).collect());
        put_or_remove(&mut out, key, (!containers.is_empty()).then(list));
    }
    put_addresses(&mut out, "hostIP", "hostIPs", host_ips.as_ref());
    put_addresses(&mut out, "podIP", "podIPs", pod_ips.as_ref());
    put_or_remove(&mut out, "startTime", start_time.map(|t| text(&rfc3339::print(t))));
    out
}

fn put_addresses(tree: &mut Tree, one: &str, all: &str, ips: Option<&PerFamily<IpAddr>>) {
    let Some(ips) = ips else { return };
    tree.put(one, text(&ips.primary().to_string()));
    let ips = ips.values().map(|ip| map([("ip", text(&ip.to_string()))]));
    tree.put(all, Tree::seq(ips.collect()));
}

fn condition(type_: &str, condition: &PodCondition) -> Tree {
    let PodCondition { status, reason, message, since } = condition;
    let mut out = map([("status", text(status.as_str())), ("type", text(type_))]);
    put_or_remove(&mut out, "lastTransitionTime", since.map(|since| text(&rfc3339::print(since))));
    put_or_remove(&mut out, "reason", reason.map(text));
    put_or_remove(&mut out, "message", message.as_deref().map(text));
    out
}

fn container(status: &ContainerStatus) -> Tree {
    let ContainerStatus { name, image, state, last_state, ready, started, restart_count } = status;
    let last_state =
        last_state.as_ref().map_or_else(Tree::map, |ended| map([("terminated", terminated(ended))]));
    map([
        ("image", text(image)),
        ("lastState", last_state),
        ("name", text(name)),
        ("ready", Tree::bool(*ready)),
        ("restartCount", Tree::int(i64::from(*restart_count))),
        ("started", Tree::bool(*started)),
        ("state", state_of(state)),
    ])
}

fn state_of(state: &ContainerState) -> Tree {
    match state {
        ContainerState::Waiting { reason, message } => {
            let mut out = map([("reason", text(reason.as_str()))]);
            put_or_remove(&mut out, "message", message.as_deref().map(text));
            map([("waiting", out)])
        }
        ContainerState::Running { since } => {
            map([("running", map([("startedAt", text(&rfc3339::print(*since)))]))])
        }
        ContainerState::Terminated(ended) => map([("terminated", terminated(ended))]),
    }
}

fn terminated(ended: &Terminated) -> Tree {
    let Terminated { exit_code, reason, started_at, finished_at } = ended;
    map([
        ("exitCode", Tree::int(i64::from(*exit_code))),
        ("finishedAt", text(&rfc3339::print(*finished_at))),
        ("reason", text(reason.as_str())),
        ("startedAt", text(&rfc3339::print(*started_at))),
    ])
}
