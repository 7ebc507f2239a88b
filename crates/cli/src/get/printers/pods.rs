//! Pods (printers.go, printPod).

use cluster::api::Tree;

use super::{Printer, around_age};
use crate::get::object::{Document, Object, or_none};
use crate::table::{always, wide};

pub const POD: Printer = Printer {
    columns: &[
        always("NAME"),
        always("READY"),
        always("STATUS"),
        always("RESTARTS"),
        always("AGE"),
        wide("IP"),
        wide("NODE"),
        wide("NOMINATED NODE"),
        wide("READINESS GATES"),
    ],
    cells: pod,
};

fn pod(pod: &Object) -> Vec<String> {
    let tree = &pod.tree;
    let ip = tree.list("status.podIPs").first().map_or(String::new(), |ip| ip.text("ip"));
    let node = tree.text("spec.nodeName");
    let nominated = tree.text("status.nominatedNodeName");
    let Summary { status, ready, containers, restarts, last_restart } = summary(pod);
    let restarts = match last_restart.filter(|_| restarts > 0) {
        Some(last) => format!("{restarts} ({} ago)", pod.since(&last)),
        None => restarts.to_string(),
    };
    let before = [format!("{ready}/{containers}"), status, restarts];
    around_age(pod, before, [or_none(ip), or_none(node), or_none(nominated), gates(tree)])
}

/// How many of its readiness gates' conditions hold.
fn gates(tree: &Tree) -> String {
    let gates = tree.list("spec.readinessGates");
    let holds = |gate: &&Tree| {
        condition(tree, &gate.text("conditionType")).is_some_and(|(status, _)| status == "True")
    };
    match gates.len() {
        0 => or_none(String::new()),
        count => format!("{}/{count}", gates.iter().filter(holds).count()),
    }
}

/// Status and reason of the condition of that type.
fn condition(tree: &Tree, type_: &str) -> Option<(String, String)> {
    let found = tree.list("status.conditions").iter().find(|condition| condition.text("type") == type_)?;
    Some((found.text("status"), found.text("reason")))
}

struct Summary {
    status: String,
    ready: usize,
    containers: usize,
    restarts: i64,
    last_restart: Option<String>,
}

impl Summary {
    fn add_restarts(&mut self, container: &Tree) {
        self.restarts += container.number("restartCount");
        let ended = container.text("lastState.terminated.finishedAt");
        // Timestamps of one form are in the order of their text.
        self.last_restart = self.last_restart.take().max(Some(ended).filter(|ended| !ended.is_empty()));
    }
}

fn summary(pod: &Object) -> Summary {
    let tree = &pod.tree;
    let phase = tree.text("status.phase");
    let reason = tree.text("status.reason");
    let mut status = if reason.is_empty() { phase.clone() } else { reason.clone() };
    if condition(tree, "PodScheduled").is_some_and(|(_, reason)| reason == "SchedulingGated") {
        status = "SchedulingGated".into();
    }
    let sidecars = tree.list("spec.initContainers").iter().filter(|c| c.text("restartPolicy") == "Always");
    let sidecars: Vec<String> = sidecars.map(|container| container.text("name")).collect();
    let containers = tree.list("spec.containers").len() + sidecars.len();
    let nothing = Summary { status, ready: 0, containers, restarts: 0, last_restart: None };
    let (mut summary, is_initializing) = init_containers(tree, &sidecars, nothing);
    if !is_initializing || condition(tree, "Initialized").is_some_and(|(status, _)| status == "True") {
        main_containers(tree, &sidecars, &mut summary);
    }
    let is_terminal = phase == "Succeeded" || phase == "Failed";
    if pod.is_deleted() && reason == "NodeLost" {
        summary.status = "Unknown".into();
    } else if pod.is_deleted() && !is_terminal {
        summary.status = "Terminating".into();
    }
    summary
}

/// Up to the first that is not done; whether there is one.
fn init_containers(tree: &Tree, sidecars: &[String], mut summary: Summary) -> (Summary, bool) {
    let count = tree.list("spec.initContainers").len();
    for (index, container) in tree.list("status.initContainerStatuses").iter().enumerate() {
        summary.add_restarts(container);
        let ended = container.at("state.terminated");
        let waits_for = container.text("state.waiting.reason");
        let is_sidecar = sidecars.contains(&container.text("name"));
        match ended {
            Some(ended) if ended.number("exitCode") == 0 => continue,
            _ if is_sidecar && container.flag("started") => {
                summary.ready += usize::from(container.flag("ready"));
                continue;
            }
            Some(ended) => summary.status = format!("Init:{}", ending(ended)),
            None if !waits_for.is_empty() && waits_for != "PodInitializing" => {
                summary.status = format!("Init:{waits_for}");
            }
            None => summary.status = format!("Init:{index}/{count}"),
        }
        return (summary, true);
    }
    (summary, false)
}

/// Why it ended, in a word.
fn ending(terminated: &Tree) -> String {
    match (terminated.text("reason"), terminated.number("signal")) {
        (reason, _) if !reason.is_empty() => reason,
        (_, 0) => format!("ExitCode:{}", terminated.number("exitCode")),
        (_, signal) => format!("Signal:{signal}"),
    }
}

/// Only sidecars' restarts count beside these.
fn main_containers(tree: &Tree, sidecars: &[String], summary: &mut Summary) {
    (summary.restarts, summary.last_restart) = (0, None);
    for container in tree.list("status.initContainerStatuses") {
        if sidecars.contains(&container.text("name")) {
            summary.add_restarts(container);
        }
    }
    let (mut has_running, mut error) = (false, None);
    for container in tree.list("status.containerStatuses").iter().rev() {
        summary.add_restarts(container);
        let waits_for = container.text("state.waiting.reason");
        if !waits_for.is_empty() {
            summary.status = waits_for;
        } else if let Some(ended) = container.at("state.terminated") {
            summary.status = ending(ended);
            if ended.number("exitCode") != 0 {
                error = Some(summary.status.clone());
            }
        } else if container.flag("ready") && container.at("state.running").is_some() {
            has_running = true;
            summary.ready += 1;
        }
    }
    if summary.status == "Completed" {
        let is_ready = condition(tree, "Ready").is_some_and(|(status, _)| status == "True");
        match error {
            _ if has_running && is_ready => summary.status = "Running".into(),
            Some(error) => summary.status = error,
            None if has_running => summary.status = "NotReady".into(),
            None => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A Pod's status, as `-o json` would have it, to READY, STATUS and RESTARTS.
    fn shown(spec: &str, status: &str, deleted: bool) -> String {
        let text =
            format!("apiVersion: a/v1\nkind: Kettle\nmetadata: {{name: a}}\nspec: {spec}\nstatus: {status}");
        let parsed = cluster::api::parse(&text);
        let mut meta = parsed.objects[0].object.meta().clone();
        meta.deleted = deleted.then_some(cluster::sim::Time::ZERO);
        let object = Object { meta, tree: parsed.objects[0].source.tree.clone(), now: 1_767_225_720 };
        pod(&object)[1..4].join(" ")
    }

    const ONE: &str = "{containers: [{name: a}]}";
    const TWO: &str = "{containers: [{name: a}, {name: b}]}";
    const INIT: &str =
        "{initContainers: [{name: i}, {name: s, restartPolicy: Always}], containers: [{name: a}]}";

    /// upstream's TestPrintPod, TestPrintPodwide and TestPrintPodWithRestartableInitContainers have their like.
    #[test]
    fn the_status_is_kubectls_word() {
        let running = "{name: a, ready: true, state: {running: {}}}";
        let last = "lastState: {terminated: {finishedAt: '2026-01-01T00:01:48Z'}}";
        for (spec, status, expected) in [
            (ONE, "{phase: Pending}".to_string(), "0/1 Pending 0"),
            (ONE, format!("{{phase: Running, containerStatuses: [{running}]}}"), "1/1 Running 0"),
            (ONE, "{phase: Failed, reason: Evicted}".into(), "0/1 Evicted 0"),
            (
                ONE,
                format!(
                    "{{phase: Running, containerStatuses: [{{name: a, restartCount: 3, {last}, \
                     state: {{waiting: {{reason: CrashLoopBackOff}}}}}}]}}"
                ),
                "0/1 CrashLoopBackOff 3 (12s ago)",
            ),
            (
                TWO,
                format!(
                    "{{phase: Running, conditions: [{{type: Ready, status: 'False'}}], containerStatuses: \
                     [{running}, {{name: b, state: {{terminated: {{exitCode: 0, reason: Completed}}}}}}]}}"
                ),
                "1/2 NotReady 0",
            ),
            (
                TWO,
                "{phase: Failed, containerStatuses: [{name: a, state: {terminated: {exitCode: 0, reason: \
                 Completed}}}, {name: b, state: {terminated: {exitCode: 1, reason: Error}}}]}"
                    .into(),
                "0/2 Error 0",
            ),
            (
                ONE,
                "{phase: Failed, containerStatuses: [{name: a, state: {terminated: {exitCode: 3, signal: 9}}}]}".into(),
                "0/1 Signal:9 0",
            ),
            (
                INIT,
                "{phase: Pending, initContainerStatuses: [{name: i, state: {running: {}}}, \
                 {name: s, state: {waiting: {reason: PodInitializing}}}]}"
                    .into(),
                "0/2 Init:0/2 0",
            ),
            (
                INIT,
                format!(
                    "{{phase: Pending, initContainerStatuses: [{{name: i, restartCount: 2, {last}, state: \
                     {{waiting: {{reason: CrashLoopBackOff}}}}}}]}}"
                ),
                "0/2 Init:CrashLoopBackOff 2 (12s ago)",
            ),
            (
                INIT,
                "{phase: Pending, initContainerStatuses: [{name: i, state: {terminated: {exitCode: 4}}}]}".into(),
                "0/2 Init:ExitCode:4 0",
            ),
            (
                INIT,
                format!(
                    "{{phase: Running, initContainerStatuses: [{{name: i, restartCount: 5, {last}, state: \
                     {{terminated: {{exitCode: 0}}}}}}, {{name: s, started: true, ready: true, restartCount: 1, \
                     state: {{running: {{}}}}}}], containerStatuses: [{running}]}}"
                ),
                "2/2 Running 1",
            ),
        ] {
            assert_eq!(shown(spec, &status, false), expected, "{status}");
        }
    }

    #[test]
    fn a_deleted_pod_is_terminating_until_it_has_ended() {
        for (status, expected) in [
            ("{phase: Running}", "0/1 Terminating 0"),
            ("{phase: Running, reason: NodeLost}", "0/1 Unknown 0"),
            ("{phase: Succeeded}", "0/1 Succeeded 0"),
        ] {
            assert_eq!(shown(ONE, status, true), expected, "{status}");
        }
    }
}
