//! When the clients begin, and what comes before.

use cluster::api::{Action, Kind, Manifest, ObjectRef, Scenario};
use cluster::sim::{LogEntry, Moment, Run, SETTLE_LIMIT, Span, Time, World};
use cluster::trace::Outcome;

use crate::support::{TWO_SERVERS, go_on, key, manifest, run_to, start};

const CLIENT: &str = "---
apiVersion: packetyard/v1alpha1
kind: Scenario
spec:
  clients: [{name: curl, from: pod/default/curl, to: 'http://web', rate: 2}]
";

fn calling(more: &str) -> String {
    [TWO_SERVERS, CLIENT, more].concat()
}

/// The run when its clients begin.
fn begun(text: &str) -> Run {
    let mut run = start(text, 7);
    assert!(run.advance_to_origin(u64::MAX), "clients begin in any case");
    run
}

fn seconds_of_origin(text: &str) -> u64 {
    begun(text).origin().expect("it is known").0 / 1_000_000_000
}

fn has_settled(world: &World) -> Option<bool> {
    world.log().iter().find_map(|logged| match logged.entry {
        LogEntry::ClientsBegan { settled } => Some(settled),
        _ => None,
    })
}

fn sent(world: &World) -> (u64, u64) {
    let of = |stats: &cluster::traffic::Stats| stats.clients.get("curl").map_or(0, |counts| counts.sent);
    (of(&world.traffic().stats_before), of(&world.traffic().stats))
}

fn delete(pod: &str) -> Action {
    Action::delete(ObjectRef::of_key(Kind::Pod, &key(pod)))
}

/// How the run is kept, opened again.
fn opened_again(run: &Run, original: &Manifest) -> Run {
    let script = original.scenario.as_ref().map_or_else(Vec::new, |scenario| scenario.actions.clone());
    let scenario = Scenario {
        seed: Some(run.world().seed()),
        actions: run.actions().to_vec(),
        ..original.scenario.clone().unwrap_or_default()
    };
    let text = scenario.to_text();
    let scenario = manifest(&text).scenario;
    let kept = Manifest { scenario, ..original.clone() };
    let (again, refusals) = Run::new(&kept, None);
    let mut again = again.resume(script, run.undone().to_vec());
    assert_eq!(refusals, []);
    again.advance_to(run.world().now(), u64::MAX);
    again
}

#[test]
fn clients_begin_when_the_cluster_has_settled_and_the_first_calls_at_once() {
    let mut run = begun(&calling(""));
    let origin = run.origin().expect("it is known");
    assert!(run.world().settled() && origin > Time::ZERO);
    assert_eq!((run.world().now(), run.world().moment(origin)), (origin, Moment::ORIGIN));
    assert_eq!((sent(run.world()), has_settled(run.world())), ((0, 1), Some(true)));
    go_on(&mut run, Span::from_secs(20));
    let ended = run.world().traffic().finished.iter().filter_map(|record| record.ended);
    assert!(ended.map(|(_, outcome)| outcome).all(|outcome| outcome == Outcome::Delivered));
}

#[test]
fn a_cold_start_has_nothing_before_it() {
    let run = start(&calling("  start: cold\n"), 7);
    assert_eq!((run.origin(), run.world().clients_began()), (Some(Time::ZERO), true));
    assert_eq!(run.world().moment(Time(5)), Moment(5));
    let mut run = run;
    run_to(&mut run, 20);
    assert_eq!((has_settled(run.world()), sent(run.world()).0), (None, 0));
}

#[test]
fn an_empty_cluster_has_settled() {
    let text = "apiVersion: packetyard/v1alpha1\nkind: Scenario\nspec: {nodes: [], clients: []}\n";
    assert_eq!(begun(text).origin(), Some(Time::ZERO));
}

/// However the way there is cut into slices, and whoever looks meanwhile.
#[test]
fn only_what_happens_decides_when_clients_begin() {
    let whole = begun(&calling(""));
    for budget in [1, 7, 500] {
        let mut run = start(&calling(""), 7);
        let mut to = Time::ZERO;
        while run.world().now() < Time::ZERO + Span::from_secs(20) {
            to = to + Span::from_millis(37);
            while !run.advance_to(to, budget) {}
        }
        assert_eq!(run.origin(), whole.origin());
        let mut other = whole.clone();
        other.advance_to(run.world().now(), u64::MAX);
        assert_eq!(run.world().hash(), other.world().hash(), "{budget} events at a time");
    }
}

/// What waits for somebody, or for a restart, holds nobody up.
#[test]
fn what_only_waits_or_restarts_is_not_waited_for() {
    let pod = |spec: &str| {
        format!("{TWO_SERVERS}---\napiVersion: v1\nkind: Pod\nmetadata: {{name: third}}\nspec: {{{spec}}}\n")
    };
    let plain = seconds_of_origin(TWO_SERVERS);
    for (what, spec) in [
        ("no node has the room", "containers: [{name: c, image: i, resources: {requests: {cpu: 100}}}]"),
        ("no node has the label", "nodeSelector: {disk: ssd}, containers: [{name: c, image: i}]"),
        ("a gate", "readinessGates: [{conditionType: a/b}], containers: [{name: c, image: i}]"),
    ] {
        let origin = seconds_of_origin(&pod(spec));
        assert!(origin <= plain + 4, "{what}: {origin} s, without it {plain} s");
    }
    let crashes = pod("containers: [{name: c, image: i}]")
        + "---\napiVersion: packetyard/v1alpha1\nkind: Scenario\nspec: {apps: [{of: pod/default/third, startUp: 1m, exits: {after: 1s, code: 1}}]}\n";
    let origin = seconds_of_origin(&crashes);
    assert!(origin <= plain + 30, "{origin} s: it waits in its back-off");
}

/// A gate that nobody has met does not end the wait for the containers.
#[test]
fn what_takes_its_time_is_waited_for() {
    let slow =
        "containers: [{name: c, image: i, readinessProbe: {exec: {command: [ls]}, initialDelaySeconds: 40}}]";
    let all = [
        format!("apiVersion: v1\nkind: Pod\nmetadata: {{name: slow}}\nspec: {{{slow}}}\n"),
        format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: slow}}\nspec: {{readinessGates: [{{conditionType: a/b}}], {slow}}}\n"
        ),
        format!(
            "apiVersion: apps/v1\nkind: DaemonSet\nmetadata: {{name: slow}}\nspec: {{selector: {{matchLabels: {{a: b}}}}, \
             template: {{metadata: {{labels: {{a: b}}}}, spec: {{{slow}}}}}}}\n"
        ),
        format!(
            "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {{name: slow}}\nspec: {{serviceName: s, replicas: 1, selector: {{matchLabels: {{a: b}}}}, \
             template: {{metadata: {{labels: {{a: b}}}}, spec: {{{slow}}}}}}}\n"
        ),
    ];
    for text in all {
        let run = begun(&text);
        let origin = run.origin().expect("it is known").0 / 1_000_000_000;
        assert!((40..60).contains(&origin), "{origin} s of\n{text}");
        assert_eq!(has_settled(run.world()), Some(true));
    }
}

#[test]
fn nobody_waits_for_longer_than_ten_minutes() {
    let late = "apiVersion: v1\nkind: Pod\nmetadata: {name: late}\nspec: {containers: [{name: c, image: i, \
                readinessProbe: {exec: {command: [ls]}, initialDelaySeconds: 700}}]}\n";
    let run = begun(late);
    assert_eq!(run.origin(), Some(Time::ZERO + SETTLE_LIMIT));
    assert_eq!(has_settled(run.world()), Some(false));
}

#[test]
fn a_job_that_has_ended_is_not_waited_for() {
    let job = "apiVersion: batch/v1\nkind: Job\nmetadata: {name: once}\nspec: {template: {spec: {restartPolicy: Never, \
               containers: [{name: c, image: i}]}}}\n";
    assert!(seconds_of_origin(job) < 20);
}

/// What a person does before the origin has a negative time, and does not move it.
#[test]
fn what_is_done_before_the_origin_does_not_move_it() {
    let original = manifest(&calling("  actions:\n  - {at: 3s, do: cordon, node: node-1, enabled: true}\n"));
    let (mut run, _) = Run::new(&original, Some(7));
    let origin = {
        let mut undisturbed = run.clone();
        assert!(undisturbed.find_origin(u64::MAX));
        undisturbed.origin()
    };
    run.advance_to(Time::ZERO + Span::from_secs(2), u64::MAX);
    let before = run.world().hash();
    run.act(delete("web")).expect("it may be deleted");
    assert_eq!(run.origin(), origin);
    let at = run.actions().first().expect("it was logged").at;
    assert_eq!(at, run.world().moment(Time::ZERO + Span::from_secs(2)));
    assert!(at < Moment::ORIGIN);
    run_to(&mut run, 10);
    assert_eq!((run.origin(), has_settled(run.world()).is_some()), (origin, true));
    assert_eq!(run.actions().len(), 2);
    let hash = run.world().hash();

    let mut again = opened_again(&run, &original);
    assert_eq!((again.origin(), again.world().hash()), (origin, hash));
    assert!(again.undo().is_some());
    assert_eq!((again.world().now(), again.world().hash()), (Time::ZERO + Span::from_secs(2), before));
    let mut without = opened_again(&again, &original);
    run_to(&mut without, 10);
    let (mut plain, _) = Run::new(&original, Some(7));
    run_to(&mut plain, 10);
    assert_eq!(without.world().hash(), plain.world().hash(), "as if nothing had been done");
    assert!(again.redo().is_some());
    run_to(&mut again, 10);
    assert_eq!(again.world().hash(), hash);
}

#[test]
fn one_can_go_back_before_the_origin_and_act_there() {
    let mut run = begun(&calling(""));
    let origin = run.origin();
    go_on(&mut run, Span::from_secs(10));
    let hash = run.world().hash();
    let end = run.world().now();
    assert!(run.seek(Time::ZERO, u64::MAX) && !run.world().clients_began());
    assert_eq!(run.origin(), origin, "it is known from before");
    assert!(run.seek(end, u64::MAX));
    assert_eq!(run.world().hash(), hash);
    assert!(run.seek(Time::ZERO, u64::MAX));
    run.act(Action::SendOne { client: "curl".into() }).expect_err("curl does not run yet");
    run.seek(origin.map_or(Time::ZERO, |origin| origin - Span::from_millis(10)), u64::MAX);
    run.act(Action::SendOne { client: "curl".into() }).expect("it runs");
    run_to(&mut run, 10);
    let (before, since) = sent(run.world());
    assert_eq!(before, 1, "counted apart");
    assert!(since > 10);
    let traffic = run.world().traffic();
    assert_eq!(traffic.stats_before.clients.get("curl").expect("it called").delivered, 1);
    let answered = |stats: &cluster::traffic::Stats| stats.pods.values().map(|pod| pod.answered).sum::<u64>();
    assert_eq!(answered(&traffic.stats_before), 1);
}

/// A client whose rate is changed, or that is added, before the origin begins with the others.
#[test]
fn nobody_calls_of_himself_before_the_origin() {
    let mut run = start(&calling(""), 7);
    assert!(run.find_origin(u64::MAX));
    run.seek(Time::ZERO, u64::MAX);
    run.act(Action::SetRate { client: "curl".into(), rate_milli: 10_000 }).expect("there is such a client");
    run.advance_to_origin(u64::MAX);
    assert_eq!(sent(run.world()), (0, 1));
    run_to(&mut run, 3);
    assert!(sent(run.world()).1 > 20);
}

/// The cluster may have settled faster than when a text was written.
#[test]
fn what_is_timed_before_the_beginning_is_done_at_the_beginning() {
    let text = calling("  actions:\n  - {at: -500s, do: cordon, node: node-1, enabled: true}\n");
    let mut run = start(&text, 7);
    while !run.advance_to(Time::ZERO, 3) {}
    assert!(run.world().store().node("node-1").is_some_and(|node| node.spec.unschedulable));
    run_to(&mut run, 1);
    assert!(run.world().clients_began());
}
