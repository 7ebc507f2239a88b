//! Deployments and ReplicaSets.

use std::collections::BTreeMap;

use super::{apply, begin, history, minutes, object, workload};
use crate::support::{go_on, key};
use cluster::api::{Action, Deployment, Kind, ReplicaSet};
use cluster::sim::{LogEntry, Refusal, Run, Span, World};

fn deployment(image: u32, replicas: u32, more: &str) -> String {
    workload("Deployment", image, &format!("replicas: {replicas}, {more}"))
}

fn rolling(surge: &str, unavailable: &str) -> String {
    format!("strategy: {{rollingUpdate: {{maxSurge: {surge}, maxUnavailable: {unavailable}}}}},")
}

fn tag(set: &ReplicaSet) -> String {
    set.spec.template.spec.containers[0].image.split_once(':').map_or("", |(_, tag)| tag).to_string()
}

/// `1:3/2:1`: how many Pods the ReplicaSet of each image shall have.
fn sizes(world: &World) -> String {
    let sets: BTreeMap<String, u32> =
        world.store().replica_sets.iter().map(|set| (tag(set), set.spec.replicas)).collect();
    sets.iter().map(|(tag, size)| format!("{tag}:{size}")).collect::<Vec<_>>().join("/")
}

fn web(run: &Run) -> Deployment {
    Deployment::clone(run.world().store().deployments.get(&key("web")).expect("it is there"))
}

fn set_of(run: &Run, image: &str) -> ReplicaSet {
    let sets = run.world().store().replica_sets.iter();
    let set = sets.into_iter().find(|set| tag(set) == image).expect("it has this template");
    ReplicaSet::clone(set)
}

fn reason(run: &Run, condition: &str) -> &'static str {
    web(run).status.conditions.get(condition).map_or("", |condition| condition.reason)
}

/// At the end of each moment: what one turn of the controller writes one after the other is one step here.
#[test]
fn sizes_change_in_the_real_order() {
    let recreate = "strategy: {type: Recreate},";
    for (first, second, expected) in [
        (
            deployment(1, 1, &rolling("25%", "25%")),
            deployment(2, 1, &rolling("25%", "25%")),
            "1:1 1:1/2:1 1:0/2:1",
        ),
        (
            deployment(1, 1, &rolling("0", "25%")),
            deployment(2, 1, &rolling("0", "25%")),
            "1:1 1:0/2:0 1:0/2:1",
        ),
        (
            deployment(1, 2, &rolling("10%", "10%")),
            deployment(2, 2, &rolling("10%", "10%")),
            "1:2 1:2/2:1 1:1/2:1 1:1/2:2 1:0/2:2",
        ),
        (deployment(1, 3, ""), deployment(2, 3, ""), "1:3 1:3/2:1 1:2/2:1 1:2/2:2 1:1/2:2 1:1/2:3 1:0/2:3"),
        (
            deployment(1, 3, &rolling("100%", "0")),
            deployment(2, 3, &rolling("100%", "0")),
            "1:3 1:3/2:3 1:2/2:3 1:1/2:3 1:0/2:3",
        ),
        (
            deployment(1, 3, &rolling("0", "100%")),
            deployment(2, 3, &rolling("0", "100%")),
            "1:3 1:0/2:0 1:0/2:3",
        ),
        (
            deployment(1, 6, &rolling("34%", "17%")),
            deployment(2, 6, &rolling("34%", "17%")),
            "1:6 1:5/2:3 1:5/2:4 1:4/2:4 1:4/2:5 1:3/2:5 1:3/2:6 1:2/2:6 1:1/2:6 1:0/2:6",
        ),
        // A new template and fewer Pods at once: the old ones are scaled first.
        (
            deployment(1, 6, &rolling("1", "1")),
            deployment(2, 3, &rolling("1", "1")),
            "1:6 1:3 1:3/2:1 1:2/2:1 1:2/2:2 1:1/2:2 1:1/2:3 1:0/2:3",
        ),
        // The new set is made when the old Pods are gone.
        (deployment(1, 3, recreate), deployment(2, 3, recreate), "1:3 1:0 1:0/2:3"),
        (deployment(1, 5, ""), deployment(1, 2, ""), "1:5 1:2"),
        (
            deployment(1, 2, "revisionHistoryLimit: 0,"),
            deployment(2, 2, "revisionHistoryLimit: 0,"),
            "1:2 1:2/2:1 1:1/2:1 1:1/2:2 1:0/2:2 2:2",
        ),
    ] {
        let mut run = begin(&first);
        minutes(&mut run, 1);
        apply(&mut run, &second);
        let seen = history(&mut run, Span::from_secs(120), sizes);
        assert_eq!(seen.join(" "), expected, "{second}");
        assert_eq!(reason(&run, "Progressing"), "NewReplicaSetAvailable");
        assert_eq!(reason(&run, "Available"), "MinimumReplicasAvailable");
        assert_eq!(web(&run).status.updated_replicas, web(&run).spec.replicas);
    }
}

#[test]
fn a_paused_deployment_makes_no_replica_set() {
    let mut run = begin(&deployment(1, 3, "paused: true,"));
    minutes(&mut run, 1);
    assert_eq!((sizes(run.world()), reason(&run, "Progressing")), (String::new(), "DeploymentPaused"));
    run.act(Action::PauseRollout { deployment: key("web"), on: false }).expect("it is there");
    let seen = history(&mut run, Span::from_secs(60), |world| {
        let deployment = world.store().deployments.get(&key("web")).expect("it is there");
        deployment.status.conditions.get("Progressing").map_or("", |condition| condition.reason)
    });
    // DeploymentResumed is its reason for a part of one turn of the controller.
    let expected =
        ["DeploymentPaused", "NewReplicaSetCreated", "ReplicaSetUpdated", "NewReplicaSetAvailable"];
    assert_eq!(seen, expected);
}

#[test]
fn a_paused_deployment_is_scaled_all_the_same() {
    let mut run = begin(&deployment(1, 3, ""));
    minutes(&mut run, 1);
    run.act(Action::PauseRollout { deployment: key("web"), on: true }).expect("it is there");
    run.act(Action::SetImage {
        object: object(Kind::Deployment, "web"),
        container: "web".into(),
        image: "nginx:2".into(),
    })
    .expect("it has this container");
    run.act(Action::scale_deployment(&key("web"), 5)).expect("it can be scaled");
    minutes(&mut run, 1);
    assert_eq!(sizes(run.world()), "1:5");
    let refused = run.act(Action::RolloutRestart { object: object(Kind::Deployment, "web") });
    assert_eq!(refused, Err(vec![Refusal::RolloutPaused { deployment: key("web") }]));
}

#[test]
fn a_rollback_brings_the_old_set_back_under_a_new_revision() {
    let undo = |to_revision| Action::RolloutUndo { object: object(Kind::Deployment, "web"), to_revision };
    let mut run = begin(&deployment(1, 2, ""));
    minutes(&mut run, 1);
    let missing = Refusal::NoSuchRevision { object: object(Kind::Deployment, "web"), revision: None };
    assert_eq!(run.act(undo(None)), Err(vec![missing]));
    apply(&mut run, &deployment(2, 2, ""));
    minutes(&mut run, 1);
    run.act(undo(None)).expect("there is a revision before");
    minutes(&mut run, 1);
    assert_eq!(sizes(run.world()), "1:2/2:0");
    let annotation = |set: &ReplicaSet, name: &str| {
        set.meta.annotations.get(format!("deployment.kubernetes.io/{name}").as_str()).map(ToString::to_string)
    };
    let set = set_of(&run, "1");
    assert_eq!(annotation(&set, "revision").as_deref(), Some("3"));
    assert_eq!(annotation(&set, "revision-history").as_deref(), Some("1"));
    assert_eq!(annotation(&set, "desired-replicas").as_deref(), Some("2"));
    assert_eq!(annotation(&set, "max-replicas").as_deref(), Some("3"));
    assert_eq!(annotation(&set_of(&run, "2"), "revision").as_deref(), Some("2"));
    run.act(undo(Some(2))).expect("it is kept");
    minutes(&mut run, 1);
    assert_eq!(sizes(run.world()), "1:0/2:2");
    assert!(run.act(undo(Some(9))).is_err(), "there is no such revision");
}

#[test]
fn a_restart_replaces_every_pod_and_outlives_an_apply() {
    let mut run = begin(&deployment(1, 2, ""));
    minutes(&mut run, 1);
    let names = |run: &Run| -> Vec<String> {
        run.world().store().pods.iter().map(|pod| pod.meta.name.to_string()).collect()
    };
    let before = names(&run);
    run.act(Action::RolloutRestart { object: object(Kind::Deployment, "web") }).expect("it is there");
    minutes(&mut run, 1);
    let restarted = names(&run);
    assert_eq!(restarted.len(), 2);
    assert!(before.iter().all(|name| !restarted.contains(name)), "{before:?} {restarted:?}");
    apply(&mut run, &deployment(1, 2, ""));
    minutes(&mut run, 1);
    assert_eq!(names(&run), restarted, "what is applied says nothing of the restart");
}

#[test]
fn what_is_applied_again_unchanged_is_not_written() {
    let mut run = begin(&deployment(1, 2, ""));
    minutes(&mut run, 1);
    let version = |run: &Run| (web(run).meta.generation, web(run).meta.resource_version);
    let before = version(&run);
    apply(&mut run, &deployment(1, 2, ""));
    minutes(&mut run, 1);
    assert_eq!(version(&run), before);
    run.act(Action::scale_deployment(&key("web"), 3)).expect("it can be scaled");
    minutes(&mut run, 1);
    assert_eq!(web(&run).meta.generation, before.0 + 1);
    assert_eq!(web(&run).status.observed_generation, before.0 + 1);
}

#[test]
fn a_rollout_without_progress_times_out() {
    let mut run = begin(&deployment(1, 2, "progressDeadlineSeconds: 30,"));
    minutes(&mut run, 2);
    assert_eq!(reason(&run, "Progressing"), "NewReplicaSetAvailable", "what is complete does not time out");
    for node in ["node-1", "node-2", "node-3"] {
        run.act(Action::Cordon { node: node.into(), on: true }).expect("it is there");
    }
    apply(&mut run, &deployment(2, 2, "progressDeadlineSeconds: 30,"));
    go_on(&mut run, Span::from_secs(25));
    assert_eq!(reason(&run, "Progressing"), "ReplicaSetUpdated");
    go_on(&mut run, Span::from_secs(10));
    assert_eq!(reason(&run, "Progressing"), "ProgressDeadlineExceeded");
    run.act(Action::Cordon { node: "node-1".into(), on: false }).expect("it is there");
    minutes(&mut run, 1);
    assert_eq!(reason(&run, "Progressing"), "NewReplicaSetAvailable");
}

#[test]
fn a_pod_is_available_when_it_was_ready_for_long_enough() {
    let more = format!("minReadySeconds: 20, {}", rolling("1", "0"));
    let mut run = begin(&deployment(1, 2, &more));
    minutes(&mut run, 1);
    apply(&mut run, &deployment(2, 2, &more));
    let begun = run.world().now();
    go_on(&mut run, Span::from_secs(15));
    assert_eq!((sizes(run.world()), web(&run).status.ready_replicas), ("1:2/2:1".to_string(), 3));
    minutes(&mut run, 1);
    assert_eq!(sizes(run.world()), "1:0/2:2");
    let scaled = run.world().log().iter().filter(|logged| {
        logged.at > begun && matches!(&logged.entry, LogEntry::ScalingReplicaSet { from: 2, to: 1, .. })
    });
    let waited: Vec<u64> = scaled.map(|logged| logged.at.since(begun).0 / 1_000_000_000).collect();
    assert!(matches!(waited[..], [20..=25]), "{waited:?}");
}

#[test]
fn sets_share_a_change_of_size_in_proportion() {
    let more = rolling("3", "2");
    let mut run = begin(&deployment(1, 10, &more));
    minutes(&mut run, 1);
    apply(&mut run, &deployment(2, 10, &more));
    while set_of(&run, "1").spec.replicas > 5 {
        assert!(run.step(), "the rollout goes on");
    }
    let sizes_of = |run: &Run| ["1", "2"].map(|image| set_of(run, image).spec.replicas);
    let before = sizes_of(&run);
    run.act(Action::scale_deployment(&key("web"), 20)).expect("it can be scaled");
    while sizes_of(&run) == before {
        assert!(run.step(), "the controller sees the new size");
    }
    // At most 23 of at most 13: each set has 23/13 of its size, and the larger one what is left over.
    let [old, new] = sizes_of(&run);
    assert_eq!(old + new, 23);
    assert_eq!(old, (2 * before[0] * 23 + 13) / 26, "of {before:?}");
    minutes(&mut run, 1);
    assert_eq!(sizes(run.world()), "1:0/2:20");
}

#[test]
fn a_replica_set_without_an_owner_is_adopted_and_so_are_pods() {
    let set =
        workload("ReplicaSet", 1, "replicas: 2,").replace("{name: web}", "{name: old, labels: {app: web}}");
    let pod = "{apiVersion: v1, kind: Pod, metadata: {name: alone, labels: {app: web}}, spec: {containers: [{name: a, image: 'nginx:1'}]}}";
    let mut run = begin(&format!("{pod}\n---\n{set}"));
    minutes(&mut run, 1);
    let owner = |run: &Run, name: &str| {
        let pod = run.world().store().pods.get(&key(name)).cloned();
        pod.and_then(|pod| pod.meta.owner.clone()).map(|owner| owner.name.to_string())
    };
    assert_eq!(owner(&run, "alone").as_deref(), Some("old"));
    assert_eq!(run.world().store().pods.len(), 2, "it counts");
    apply(&mut run, &deployment(1, 3, ""));
    minutes(&mut run, 1);
    let old = run.world().store().replica_sets.get(&key("old")).expect("it is kept");
    assert_eq!(old.meta.owner.as_ref().map(|owner| &owner.kind), Some(&Kind::Deployment));
}

#[test]
fn what_belongs_to_a_deleted_deployment_goes_with_it() {
    let mut run = begin(&deployment(1, 3, ""));
    minutes(&mut run, 1);
    run.act(Action::delete(object(Kind::Deployment, "web"))).expect("it is there");
    minutes(&mut run, 1);
    let store = run.world().store();
    assert_eq!((store.deployments.len(), store.replica_sets.len(), store.pods.len()), (0, 0, 0));
}

#[test]
fn a_replication_controller_keeps_its_number() {
    let text = workload("ReplicaSet", 1, "replicas: 3,")
        .replace("apps/v1", "v1")
        .replace("ReplicaSet", "ReplicationController")
        .replace("{matchLabels: {app: web}}", "{app: web}");
    let mut run = begin(&text);
    minutes(&mut run, 1);
    for replicas in [5, 1] {
        run.act(Action::Scale { object: object(Kind::ReplicationController, "web"), replicas })
            .expect("it can be scaled");
        minutes(&mut run, 1);
        let store = run.world().store();
        let controller = store.replication_controllers.get(&key("web")).expect("it is there");
        assert_eq!((controller.status.ready_replicas, store.pods.len() as u32), (replicas, replicas));
    }
}

/// The API server stores the same for all of these, so that nothing is to be rolled out.
#[test]
fn the_same_template_written_otherwise_rolls_nothing_out() {
    let text = |container: &str, more: &str| {
        format!(
            "{{apiVersion: apps/v1, kind: Deployment, metadata: {{name: web}}, spec: {{replicas: 2, selector: {{matchLabels: \
             {{app: web}}}}, template: {{metadata: {{labels: {{app: web}}}}, spec: {{{more} containers: [{{{container}}}]}}}}}}}}"
        )
    };
    for (container, more) in [
        ("image: 'nginx:1', name: web, ports: [{containerPort: 80}]", ""),
        ("name: web, image: 'nginx:1', ports: [{protocol: TCP, containerPort: 80}]", ""),
        ("name: web, image: 'nginx:1', imagePullPolicy: IfNotPresent, ports: [{containerPort: 80}]", ""),
        ("name: web, image: 'nginx:1', ports: [{containerPort: 80}]", "restartPolicy: Always,"),
    ] {
        let mut run = begin(&text("name: web, image: 'nginx:1', ports: [{containerPort: 80}]", ""));
        minutes(&mut run, 1);
        let names = |run: &Run| -> Vec<String> {
            run.world().store().pods.iter().map(|pod| pod.meta.name.to_string()).collect()
        };
        let before = names(&run);
        apply(&mut run, &text(container, more));
        minutes(&mut run, 2);
        assert_eq!(names(&run), before, "{container} {more}");
        assert_eq!(run.world().store().replica_sets.len(), 1, "{container} {more}");
    }
}

#[test]
fn another_image_is_another_template_for_each_kind_that_has_one() {
    for kind in ["Deployment", "StatefulSet", "DaemonSet"] {
        let mut run = begin(&workload(kind, 1, ""));
        minutes(&mut run, 2);
        let images = |run: &Run| -> Vec<String> {
            let pods = run.world().store().pods.iter().filter(|pod| pod.meta.deleted.is_none());
            let mut images: Vec<String> = pods.map(|pod| pod.spec.containers[0].image.to_string()).collect();
            images.sort();
            images
        };
        let before = images(&run);
        let container =
            run.world().store().pods.iter().next().expect("it has Pods").spec.containers[0].name.clone();
        let action =
            Action::SetImage { object: object(Kind::named(kind), "web"), container, image: "nginx:9".into() };
        run.act(action).expect("it has such a container");
        minutes(&mut run, 5);
        assert_eq!(images(&run), vec!["nginx:9"; before.len()], "{kind}");
        run.act(Action::RolloutUndo { object: object(Kind::named(kind), "web"), to_revision: None })
            .expect("it has a revision before");
        minutes(&mut run, 5);
        assert_eq!(images(&run), before, "{kind}, back");
    }
}

/// kubectl apply: a number of replicas that no text says is kubectl scale's.
#[test]
fn a_text_without_replicas_leaves_them_as_they_are() {
    let pod = "template: {metadata: {labels: {app: web}}, spec: {containers: [{name: c, image: i}]}}";
    let text = |kind: &str, more: &str| {
        format!(
            "{{apiVersion: apps/v1, kind: {kind}, metadata: {{name: web, labels: {{a: b}}}}, \
             spec: {{{more}, selector: {{matchLabels: {{app: web}}}}, {pod}}}}}"
        )
    };
    for kind in [Kind::Deployment, Kind::StatefulSet, Kind::ReplicaSet] {
        let text = |more: &str| text(kind.as_str(), more);
        let mut run = begin(&text("minReadySeconds: 0"));
        let object = object(kind.clone(), "web");
        let replicas = |run: &Run| {
            let store = run.world().store();
            let deployment = store.deployments.get(&key("web")).map(|d| d.spec.replicas);
            let stateful = store.stateful_sets.get(&key("web")).map(|set| set.spec.replicas);
            deployment.or(stateful).or(store.replica_sets.get(&key("web")).map(|set| set.spec.replicas))
        };
        run.act(Action::Scale { object: object.clone(), replicas: 3 }).expect("it can be scaled");
        if kind == Kind::Deployment {
            run.act(Action::PauseRollout { deployment: key("web"), on: true }).expect("it is there");
        }
        apply(&mut run, &text("minReadySeconds: 1"));
        assert_eq!(replicas(&run), Some(3), "{kind}");
        assert!(run.world().store().deployments.iter().all(|deployment| deployment.spec.paused));
        apply(&mut run, &text("replicas: 2"));
        assert_eq!(replicas(&run), Some(2), "{kind}");
        apply(&mut run, &text("minReadySeconds: 1"));
        assert_eq!(replicas(&run), Some(1), "{kind}: the text has taken it back");
    }
}
