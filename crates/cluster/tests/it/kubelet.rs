//! A Pod's life on its node: init containers, probes, restarts, hooks, and its end.

use std::sync::Arc;

use crate::support::{self, go_on, key, seconds};
use cluster::api::{Action, ContainerState, Kind, ObjectRef, Phase, Pod, PodStatus, ProbeKind};
use cluster::node::kubelet::{Process, StoppingStage};
use cluster::sim::{KillReason, LogEntry, Run, Span, World};

/// A Pod of this spec on node-1, and no client.
fn pod_with(spec: &str) -> Run {
    with_scenario(spec, "clients: [], timing: realistic")
}

fn with_scenario(spec: &str, scenario: &str) -> Run {
    let pod =
        format!("{{apiVersion: v1, kind: Pod, metadata: {{name: web}}, spec: {{nodeName: node-1, {spec}}}}}");
    let scenario = format!("{{apiVersion: packetyard/v1alpha1, kind: Scenario, spec: {{{scenario}}}}}");
    support::start(&format!("{pod}\n---\n{scenario}\n"), 7)
}

fn pod(world: &World) -> Arc<Pod> {
    world.store().pods.get(&key("web")).expect("the Pod is there").clone()
}

fn status(run: &Run) -> PodStatus {
    pod(run.world()).status.clone()
}

/// `name: state` of each container, init containers first.
fn states(run: &Run) -> Vec<String> {
    let one = |container: &cluster::api::ContainerStatus| {
        let state = match &container.state {
            ContainerState::Waiting { reason, .. } => reason.as_str().to_string(),
            ContainerState::Running { .. } if container.ready => "ready".into(),
            ContainerState::Running { .. } if container.started => "started".into(),
            ContainerState::Running { .. } => "running".into(),
            ContainerState::Terminated(ended) => format!("{} {}", ended.reason.as_str(), ended.exit_code),
        };
        format!("{}: {state}", container.name)
    };
    status(run).all_containers().map(one).collect()
}

fn condition(run: &Run, type_: &str) -> (bool, Option<&'static str>, Option<String>) {
    let status = status(run);
    let condition = status.condition(type_).expect("the kubelet writes it");
    (condition.is_true(), condition.reason, condition.message.as_deref().map(Into::into))
}

/// How often the log has such an entry.
fn count(run: &Run, is_meant: impl Fn(&LogEntry) -> bool) -> usize {
    run.world().log().iter().filter(|logged| is_meant(&logged.entry)).count()
}

/// Runs in steps of a tenth of a second until it holds. The seconds that it took.
fn until(run: &mut Run, what: &str, holds: impl Fn(&Run) -> bool) -> u64 {
    let from = run.world().now();
    while !holds(run) {
        assert!(run.world().now().since(from) < Span::from_secs(3_000), "in time: {what}; {:?}", states(run));
        go_on(run, Span::from_millis(100));
    }
    run.world().now().since(from).0 / 1_000_000_000
}

fn delete(run: &mut Run) {
    let object = ObjectRef { kind: Kind::Pod, namespace: "default".into(), name: "web".into() };
    run.act(Action::delete(object)).expect("it is there");
}

fn is_gone(run: &Run) -> bool {
    run.world().store().pods.get(&key("web")).is_none()
}

#[test]
fn init_containers_run_one_after_the_other_and_sidecars_stay() {
    let mut run = pod_with(
        "initContainers: [{name: first, image: i}, {name: proxy, image: i, restartPolicy: Always}, {name: last, image: i}], \
         containers: [{name: web, image: i}]",
    );
    until(&mut run, "the first init container runs", |run| {
        states(run)[0] == "first: ready" || states(run)[0] == "first: started"
    });
    assert_eq!(
        states(&run)[1..],
        ["proxy: PodInitializing", "last: PodInitializing", "web: PodInitializing"]
    );
    assert_eq!(status(&run).phase, Phase::Pending);
    let (is_true, reason, message) = condition(&run, "Initialized");
    assert_eq!((is_true, reason), (false, Some("ContainersNotInitialized")));
    assert_eq!(message.as_deref(), Some("containers with incomplete status: [first proxy last]"));
    until(&mut run, "it is ready", |run| status(run).is_ready());
    assert_eq!(states(&run), ["first: Completed 0", "proxy: ready", "last: Completed 0", "web: ready"]);
    assert_eq!(status(&run).phase, Phase::Running);
    for type_ in ["PodScheduled", "PodReadyToStartContainers", "Initialized", "ContainersReady", "Ready"] {
        assert!(condition(&run, type_).0, "{type_}");
    }
}

#[test]
fn an_init_container_that_fails_is_tried_again_or_fails_the_pod() {
    let scenario = "clients: [], apps: [{of: pod/web, container: first, exits: {after: 1s, code: 3}}]";
    let init = "initContainers: [{name: first, image: i}], containers: [{name: web, image: i}]";
    let mut run = with_scenario(init, scenario);
    until(&mut run, "it loops", |run| states(run)[0] == "first: CrashLoopBackOff");
    assert_eq!(status(&run).phase, Phase::Pending);
    let mut run = with_scenario(&format!("restartPolicy: Never, {init}"), scenario);
    until(&mut run, "it has failed", |run| status(run).phase == Phase::Failed);
    assert_eq!(states(&run), ["first: Error 3", "web: PodInitializing"]);
    assert_eq!(condition(&run, "Ready").1, Some("PodFailed"));
}

#[test]
fn a_sidecar_is_waited_for_until_its_startup_probe_passes() {
    let mut run = with_scenario(
        "initContainers: [{name: proxy, image: i, restartPolicy: Always, ports: [{containerPort: 1}], \
           startupProbe: {tcpSocket: {port: 1}, periodSeconds: 1, failureThreshold: 60}}], \
         containers: [{name: web, image: i}]",
        "clients: [], timing: realistic, apps: [{of: pod/web, container: proxy, startUp: 20s}]",
    );
    let took = until(&mut run, "the sidecar runs", |run| states(run)[0] == "proxy: running");
    assert!(took < 5, "{took} s");
    let took = until(&mut run, "the Pod is ready", |run| status(run).is_ready());
    assert!(
        (20..24).contains(&took),
        "{took} s: 20 s until it listens, a probe, and the main container's start"
    );
}

#[test]
fn a_readiness_probe_waits_for_its_initial_delay_and_counts() {
    let mut run = pod_with(
        "containers: [{name: web, image: i, ports: [{containerPort: 80}], \
           readinessProbe: {httpGet: {port: 80}, initialDelaySeconds: 7, periodSeconds: 5, successThreshold: 2, \
             failureThreshold: 3}}]",
    );
    until(&mut run, "it runs", |run| states(run) == ["web: started"]);
    assert_eq!(
        condition(&run, "Ready"),
        (false, Some("ContainersNotReady"), Some("containers with unready status: [web]".into()))
    );
    let took = until(&mut run, "it is ready", |run| status(run).is_ready());
    assert!((11..=17).contains(&took), "{took} s: 7 s, the next tick of 5 s, and one more");
    let set = |pass| Action::SetReadiness { pod: key("web"), container: None, pass };
    run.act(set(false)).expect("it serves");
    let took = until(&mut run, "it is not", |run| !status(run).is_ready());
    assert!((10..=15).contains(&took), "{took} s: three ticks of 5 s");
    run.act(set(true)).expect("it serves");
    let took = until(&mut run, "it is again", |run| status(run).is_ready());
    assert!((5..=10).contains(&took), "{took} s: two ticks of 5 s");
}

/// 300 Pods whose probes pass: hours of them cost nothing.
#[test]
fn a_probe_that_keeps_passing_costs_nothing() {
    let mut run = pod_with(
        "containers: [{name: web, image: i, ports: [{containerPort: 80}], \
           readinessProbe: {httpGet: {port: 80}, periodSeconds: 1}, livenessProbe: {tcpSocket: {port: 80}, periodSeconds: 1}}]",
    );
    until(&mut run, "it is ready", |run| status(run).is_ready());
    go_on(&mut run, Span::from_secs(5));
    let (events, version) = (run.world().events(), run.world().store().resource_version());
    go_on(&mut run, Span::from_secs(3_600));
    assert_eq!(run.world().store().resource_version(), version, "nothing was written");
    let more = run.world().events() - events;
    assert!(more < 10, "{more} events in an hour");
}

#[test]
fn a_liveness_probe_restarts_its_container_only() {
    let mut run = pod_with(
        "terminationGracePeriodSeconds: 60, containers: [{name: web, image: i, ports: [{containerPort: 80}], \
           livenessProbe: {httpGet: {port: 80}, periodSeconds: 10, failureThreshold: 3}}, {name: other, image: i}]",
    );
    until(&mut run, "it is ready", |run| status(run).is_ready());
    run.act(Action::SetLiveness { pod: key("web"), container: Some("web".into()), pass: false })
        .expect("it runs");
    let killed = |run: &Run| {
        count(run, |entry| matches!(entry, LogEntry::Killing { why: KillReason::LivenessProbe, .. })) == 1
    };
    let took = until(&mut run, "it is killed", killed);
    assert!((20..=30).contains(&took), "{took} s: three ticks of 10 s");
    run.act(Action::SetLiveness { pod: key("web"), container: None, pass: true }).expect("the other runs");
    until(&mut run, "it is ready again", |run| status(run).is_ready() && status(run).restarts() == 1);
    let restarts: Vec<u32> = status(&run).container_statuses.iter().map(|c| c.restart_count).collect();
    assert_eq!(restarts, [0, 1], "by name: other, web");
    assert_eq!(states(&run), ["other: ready", "web: ready"]);
}

#[test]
fn a_startup_probe_that_never_passes_restarts_its_container() {
    let mut run = with_scenario(
        "containers: [{name: web, image: i, ports: [{containerPort: 80}], \
           startupProbe: {httpGet: {port: 80}, periodSeconds: 5, failureThreshold: 2}, \
           livenessProbe: {httpGet: {port: 80}, periodSeconds: 1, failureThreshold: 1}}]",
        "clients: [], timing: realistic, apps: [{of: pod/web, startUp: 10m}]",
    );
    until(&mut run, "it is killed", |run| {
        count(run, |entry| matches!(entry, LogEntry::Killing { why: KillReason::StartupProbe, .. })) == 1
    });
    let liveness = |entry: &LogEntry| matches!(entry, LogEntry::Unhealthy { probe: ProbeKind::Liveness, .. });
    assert_eq!(count(&run, liveness), 0, "liveness is not asked before it has started");
    until(&mut run, "it loops", |run| states(run) == ["web: CrashLoopBackOff"]);
}

#[test]
fn back_off_doubles_from_ten_seconds_and_is_forgotten_after_ten_minutes() {
    let mut run = with_scenario(
        "containers: [{name: web, image: i}]",
        "clients: [], timing: realistic, apps: [{of: pod/web, exits: {after: 1s, code: 2}}]",
    );
    let mut waited = Vec::new();
    until(&mut run, "it has ended once", |run| states(run) == ["web: Error 2"]);
    assert_eq!(status(&run).phase, Phase::Running);
    for _ in 0..4 {
        until(&mut run, "it loops", |run| states(run) == ["web: CrashLoopBackOff"]);
        waited.push(until(&mut run, "it runs", |run| states(run) == ["web: ready"]));
    }
    assert!(
        waited.iter().zip([10, 20, 40, 80]).all(|(took, least)| (least..=least + 2).contains(took)),
        "{waited:?}"
    );
    until(&mut run, "it loops", |run| states(run) == ["web: CrashLoopBackOff"]);
    let ContainerState::Waiting { message: Some(said), .. } = &status(&run).container_statuses[0].state
    else {
        panic!("it waits")
    };
    assert!(said.starts_with("back-off 2m40s restarting failed container=web pod=web_default("), "{said}");
}

#[test]
fn policies_of_what_ends_by_itself() {
    for (policy, code, phase, states_then) in [
        ("OnFailure", 0, Phase::Succeeded, "web: Completed 0"),
        ("Never", 0, Phase::Succeeded, "web: Completed 0"),
        ("Never", 1, Phase::Failed, "web: Error 1"),
    ] {
        let scenario = format!("clients: [], apps: [{{of: pod/web, exits: {{after: 2s, code: {code}}}}}]");
        let mut run = with_scenario(
            &format!("restartPolicy: {policy}, containers: [{{name: web, image: i}}]"),
            &scenario,
        );
        until(&mut run, "it has ended", |run| status(run).phase == phase);
        go_on(&mut run, Span::from_secs(100));
        assert_eq!(states(&run), [states_then], "{policy} {code}");
        assert_eq!((status(&run).restarts(), status(&run).is_ready()), (0, false));
        let runtime = run.world().pod_runtime(pod(run.world()).meta.uid).expect("its kubelet keeps it");
        assert_eq!(runtime.addresses, None, "its address is free for others");
        delete(&mut run);
        assert!(is_gone(&run), "what has ended is deleted at once");
    }
    let failing = "clients: [], apps: [{of: pod/web, exits: {after: 2s, code: 1}}]";
    let mut run = with_scenario("restartPolicy: OnFailure, containers: [{name: web, image: i}]", failing);
    until(&mut run, "it is tried again", |run| status(run).restarts() == 1);
    assert_eq!(status(&run).phase, Phase::Running);
}

#[test]
fn a_pod_fails_at_its_active_deadline() {
    let mut run = pod_with("activeDeadlineSeconds: 20, containers: [{name: web, image: i}]");
    let took = until(&mut run, "it has failed", |run| status(run).phase == Phase::Failed);
    assert!((19..=20).contains(&took), "{took} s");
    assert_eq!(status(&run).reason.as_deref(), Some("DeadlineExceeded"));
    go_on(&mut run, Span::from_secs(60));
    assert_eq!(states(&run), ["web: Completed 0"]);
    assert_eq!(status(&run).phase, Phase::Failed, "and stays so");
}

#[test]
fn a_pre_stop_hook_delays_the_sigterm_inside_the_grace_period() {
    let mut run = pod_with(
        "terminationGracePeriodSeconds: 30, containers: [{name: web, image: i, ports: [{containerPort: 80}], \
           lifecycle: {preStop: {sleep: {seconds: 10}}}}]",
    );
    until(&mut run, "it is ready", |run| status(run).is_ready());
    let uid = pod(run.world()).meta.uid;
    let stage =
        |run: &Run| run.world().pod_runtime(uid)?.containers[0].stopping.map(|stopping| stopping.stage);
    delete(&mut run);
    go_on(&mut run, Span::from_secs(5));
    assert_eq!(stage(&run), Some(StoppingStage::PreStop));
    assert!(run.world().pod_runtime(uid).is_some_and(|runtime| runtime.serves()), "it serves on");
    assert!(status(&run).is_ready(), "its readiness is as before; that it terminates is said by the slice");
    let took = until(&mut run, "it is gone", is_gone);
    assert!((5..=7).contains(&took), "{took} s more");
}

#[test]
fn without_a_grace_period_it_is_gone_at_once() {
    let mut run = pod_with("terminationGracePeriodSeconds: 0, containers: [{name: web, image: i}]");
    until(&mut run, "it is ready", |run| status(run).is_ready());
    delete(&mut run);
    assert!(is_gone(&run));
}

#[test]
fn a_hook_that_uses_up_the_grace_period_leaves_two_seconds() {
    let mut run = with_scenario(
        "terminationGracePeriodSeconds: 5, containers: [{name: web, image: i, lifecycle: {preStop: {exec: {command: [x]}}}}]",
        "clients: [], apps: [{of: pod/web, preStop: 1h, drains: 1h}]",
    );
    until(&mut run, "it is ready", |run| status(run).is_ready());
    let uid = pod(run.world()).meta.uid;
    delete(&mut run);
    let process = |run: &Run| run.world().pod_runtime(uid).map(|runtime| runtime.containers[0].process);
    let took = until(&mut run, "it has its SIGTERM", |run| process(run) == Some(Process::Draining));
    assert!((5..=6).contains(&took), "{took} s");
    let took = until(&mut run, "it is killed", |run| process(run) == Some(Process::Stopped));
    assert!((1..=2).contains(&took), "{took} s");
    assert_eq!(states(&run), ["web: Error 137"]);
}

#[test]
fn sidecars_stop_after_the_main_containers_in_reverse() {
    let mut run = with_scenario(
        "initContainers: [{name: a, image: i, restartPolicy: Always}, {name: b, image: i, restartPolicy: Always}], \
         containers: [{name: web, image: i, lifecycle: {preStop: {sleep: {seconds: 5}}}}]",
        "clients: []",
    );
    until(&mut run, "it is ready", |run| status(run).is_ready());
    let uid = pod(run.world()).meta.uid;
    delete(&mut run);
    let mut order = Vec::new();
    while !is_gone(&run) {
        if let Some(runtime) = run.world().pod_runtime(uid) {
            let names = ["a", "b", "web"].into_iter().zip(&runtime.containers);
            let stopped =
                names.filter(|(_, container)| container.process == Process::Stopped).map(|(name, _)| name);
            order.extend(stopped.filter(|name| !order.contains(name)).collect::<Vec<_>>());
        }
        go_on(&mut run, Span::from_millis(50));
    }
    assert_eq!(order, ["web", "b", "a"]);
}

#[test]
fn a_readiness_gate_that_nobody_sets_keeps_a_pod_unready() {
    let mut run =
        pod_with("readinessGates: [{conditionType: example.com/ok}], containers: [{name: web, image: i}]");
    until(&mut run, "its containers are ready", |run| condition(run, "ContainersReady").0);
    go_on(&mut run, Span::from_secs(60));
    let message = "corresponding condition of pod readiness gate \"example.com/ok\" does not exist.";
    assert_eq!(condition(&run, "Ready"), (false, Some("ReadinessGatesNotReady"), Some(message.into())));
    let set = |status| Action::SetPodCondition { pod: key("web"), type_: "example.com/ok".into(), status };
    run.act(set(true)).expect("anybody may");
    until(&mut run, "it is ready", |run| status(run).is_ready());
    run.act(set(false)).expect("anybody may");
    until(&mut run, "it is not", |run| !status(run).is_ready());
}

#[test]
fn a_container_with_another_image_is_started_again() {
    let mut run = pod_with("containers: [{name: web, image: 'i:1'}, {name: other, image: i}]");
    until(&mut run, "it is ready", |run| status(run).is_ready());
    run.act(Action::apply(
        "{apiVersion: v1, kind: Pod, metadata: {name: web}, spec: {nodeName: node-1, \
           containers: [{name: web, image: 'i:2'}, {name: other, image: i}]}}",
    ))
    .expect("images may change");
    until(&mut run, "it was started again", |run| status(run).is_ready() && status(run).restarts() == 1);
    let images: Vec<_> =
        status(&run).container_statuses.iter().map(|c| (c.image.to_string(), c.restart_count)).collect();
    assert_eq!(images, [("i".to_string(), 0), ("i:2".to_string(), 1)]);
}

#[test]
fn a_pod_of_its_own_runs_until_it_is_made_to_finish() {
    let mut run = pod_with("restartPolicy: Never, containers: [{name: web, image: i}]");
    go_on(&mut run, Span::from_secs(600));
    assert_eq!(status(&run).phase, Phase::Running);
    run.act(Action::FinishPod { pod: key("web"), container: None, exit_code: 0 }).expect("it runs");
    go_on(&mut run, Span::from_secs(5));
    assert_eq!(status(&run).phase, Phase::Succeeded);
    let refused = run.act(Action::CrashPod { pod: key("web"), container: None });
    assert!(refused.is_err(), "nothing runs any more");
}

#[test]
fn a_node_that_restarts_runs_init_containers_again() {
    let mut run = pod_with("initContainers: [{name: first, image: i}], containers: [{name: web, image: i}]");
    until(&mut run, "it is ready", |run| status(run).is_ready());
    let power = |on| Action::PowerNode { node: "node-1".into(), on };
    run.act(power(false)).expect("it has power");
    go_on(&mut run, Span::from_secs(10));
    run.act(power(true)).expect("it has none");
    until(&mut run, "the kubelet reports", |run| !status(run).is_ready());
    until(&mut run, "it is ready again", |run| status(run).is_ready());
    let status = status(&run);
    let web = status.container("web").expect("it has a status");
    assert_eq!((web.restart_count, web.last_state.map(|ended| ended.exit_code)), (1, Some(255)));
    assert_eq!(status.container("first").map(|first| first.restart_count), Some(1));
    assert_eq!(status.phase, Phase::Running);
    assert!(run.world().now() > seconds(10));
}

/// What was applied while the kubelet did not hear holds when it hears again.
#[test]
fn an_image_that_changes_while_nobody_hears_is_taken_later() {
    let cut_off = |on| Action::CutOffNode { node: "node-1".into(), on };
    let power = |on| Action::PowerNode { node: "node-1".into(), on };
    for (off, on) in [(cut_off(true), cut_off(false)), (power(false), power(true))] {
        let mut run = pod_with("containers: [{name: web, image: old}]");
        support::settle(&mut run);
        run.act(off).expect("there is such a node");
        let new = "{apiVersion: v1, kind: Pod, metadata: {name: web}, spec: {nodeName: node-1, containers: [{name: web, image: new}]}}";
        run.act(Action::apply(new)).expect("an image may change");
        go_on(&mut run, Span::from_secs(10));
        run.act(on).expect("there is such a node");
        go_on(&mut run, Span::from_secs(60));
        assert_eq!(
            count(&run, |entry| matches!(entry, LogEntry::Pulled { image, .. } if &**image == "new")),
            1
        );
        assert_eq!(states(&run), ["web: ready"]);
    }
}
