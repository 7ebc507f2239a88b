//! StatefulSets.

use std::collections::BTreeMap;

use super::{apply, begin, history, image, minutes, object, pods_of, workload};
use crate::support::key;
use cluster::api::{Action, Kind, StatefulSet};
use cluster::sim::{Run, Span, World};

fn set(image: u32, replicas: u32, more: &str) -> String {
    workload("StatefulSet", image, &format!("serviceName: db, replicas: {replicas}, {more}"))
}

fn web(run: &Run) -> StatefulSet {
    StatefulSet::clone(run.world().store().stateful_sets.get(&key("web")).expect("it is there"))
}

/// Each Pod's ordinal, image, and whether it is ready, terminates or waits.
fn state(world: &World) -> BTreeMap<String, String> {
    let kind = Kind::StatefulSet;
    let of = |pod: &std::sync::Arc<cluster::api::Pod>| {
        let state = match (pod.meta.deleted.is_some(), pod.status.is_ready()) {
            (true, _) => "ends",
            (false, true) => "ready",
            (false, false) => "waits",
        };
        let ordinal = pod.meta.name.trim_start_matches("web-").to_string();
        (ordinal, format!("{} {} {state}", pod.meta.uid.0, image(pod)))
    };
    pods_of(world, &kind).map(of).collect()
}

/// What happens to Pods, in order: `made 0`, `ready 0`, `ends 2`, `gone 2`.
fn steps(run: &mut Run, span: Span) -> Vec<String> {
    let seen = history(run, span, state);
    let mut steps = Vec::new();
    for pair in seen.windows(2) {
        let (old, new) = (&pair[0], &pair[1]);
        let uid = |state: &str| state.split(' ').next().unwrap_or("").to_string();
        for (ordinal, was) in old {
            if new.get(ordinal).is_none_or(|is| uid(is) != uid(was)) {
                steps.push(format!("gone {ordinal}"));
            }
        }
        for (ordinal, is) in new {
            match old.get(ordinal).filter(|was| uid(was) == uid(is)) {
                None => steps.push(format!("made {ordinal}")),
                Some(was) if was != is && is.ends_with("ends") => steps.push(format!("ends {ordinal}")),
                Some(was) if was != is && is.ends_with("ready") => steps.push(format!("ready {ordinal}")),
                Some(_) => {}
            }
        }
    }
    steps
}

fn images(run: &Run) -> String {
    pods_of(run.world(), &Kind::StatefulSet).map(|pod| image(pod)).collect::<Vec<_>>().join(" ")
}

#[test]
fn pods_come_one_after_the_other_and_go_in_reverse() {
    let mut run = begin(&set(1, 3, ""));
    let come = steps(&mut run, Span::from_secs(60));
    assert_eq!(come, ["made 0", "ready 0", "made 1", "ready 1", "made 2", "ready 2"]);
    run.act(Action::Scale { object: object(Kind::StatefulSet, "web"), replicas: 1 })
        .expect("it can be scaled");
    assert_eq!(steps(&mut run, Span::from_secs(60)), ["ends 2", "gone 2", "ends 1", "gone 1"]);
}

#[test]
fn an_update_begins_with_the_highest_ordinal() {
    let mut run = begin(&set(1, 3, ""));
    minutes(&mut run, 1);
    let first = web(&run).status.current_revision;
    apply(&mut run, &set(2, 3, ""));
    let expected = [
        "ends 2", "gone 2", "made 2", "ready 2", "ends 1", "gone 1", "made 1", "ready 1", "ends 0", "gone 0",
        "made 0", "ready 0",
    ];
    assert_eq!(steps(&mut run, Span::from_secs(120)), expected);
    let status = web(&run).status;
    assert_ne!(status.current_revision, first);
    assert_eq!(status.current_revision, status.update_revision);
    assert_eq!((status.current_replicas, status.updated_replicas, status.ready_replicas), (3, 3, 3));
    let revisions = run.world().store().controller_revisions.iter();
    assert_eq!(revisions.map(|revision| revision.revision).collect::<Vec<_>>().len(), 2);
}

#[test]
fn a_partition_keeps_the_lower_ordinals() {
    let partition = |n: u32| format!("updateStrategy: {{rollingUpdate: {{partition: {n}}}}},");
    let mut run = begin(&set(1, 3, &partition(0)));
    minutes(&mut run, 1);
    apply(&mut run, &set(2, 3, &partition(2)));
    minutes(&mut run, 1);
    assert_eq!(images(&run), "1 1 2");
    assert_ne!(web(&run).status.current_revision, web(&run).status.update_revision);
    // One that is deleted comes back as it was.
    run.act(Action::delete(object(Kind::Pod, "web-0"))).expect("it is there");
    minutes(&mut run, 1);
    assert_eq!(images(&run), "1 1 2");
    apply(&mut run, &set(2, 3, &partition(0)));
    minutes(&mut run, 1);
    assert_eq!(images(&run), "2 2 2");
}

#[test]
fn on_delete_waits_for_somebody_who_deletes() {
    let more = "updateStrategy: {type: OnDelete},";
    let mut run = begin(&set(1, 3, more));
    minutes(&mut run, 1);
    apply(&mut run, &set(2, 3, more));
    minutes(&mut run, 1);
    assert_eq!(images(&run), "1 1 1");
    run.act(Action::delete(object(Kind::Pod, "web-1"))).expect("it is there");
    assert_eq!(steps(&mut run, Span::from_secs(60)), ["gone 1", "made 1", "ready 1"]);
    assert_eq!(images(&run), "1 2 1");
}

#[test]
fn in_parallel_all_come_and_go_at_once() {
    let more = "podManagementPolicy: Parallel,";
    let mut run = begin(&set(1, 3, more));
    let come = steps(&mut run, Span::from_secs(60));
    assert_eq!(come[..3], ["made 0", "made 1", "made 2"]);
    apply(&mut run, &set(1, 1, more));
    let go = steps(&mut run, Span::from_secs(60));
    assert_eq!(go[..2], ["ends 1", "ends 2"]);
    // An update is one Pod after the other all the same.
    apply(&mut run, &set(1, 2, more));
    minutes(&mut run, 1);
    apply(&mut run, &set(2, 2, more));
    let expected = ["ends 1", "gone 1", "made 1", "ready 1", "ends 0", "gone 0", "made 0", "ready 0"];
    assert_eq!(steps(&mut run, Span::from_secs(60)), expected);
}

#[test]
fn a_pod_has_its_name_labels_hostname_and_claim() {
    let more = "ordinals: {start: 5}, volumeClaimTemplates: [{metadata: {name: data}, spec: {accessModes: [ReadWriteOnce]}}],";
    let mut run = begin(&set(1, 2, more));
    minutes(&mut run, 1);
    let store = run.world().store();
    let pod = store.pods.get(&key("web-6")).expect("the second of those from 5 on");
    let label = |name: &str| pod.meta.labels.get(name).map(ToString::to_string);
    assert_eq!(label("statefulset.kubernetes.io/pod-name").as_deref(), Some("web-6"));
    assert_eq!(label("apps.kubernetes.io/pod-index").as_deref(), Some("6"));
    assert_eq!(label("controller-revision-hash"), Some(web(&run).status.current_revision.to_string()));
    assert_eq!((pod.spec.hostname.as_deref(), pod.spec.subdomain.as_deref()), (Some("web-6"), Some("db")));
    let claims: Vec<String> = store.unsimulated.iter().map(|claim| claim.meta.name.to_string()).collect();
    assert_eq!(claims, ["data-web-5", "data-web-6"]);
    // A claim outlives its Pod.
    run.act(Action::Scale { object: object(Kind::StatefulSet, "web"), replicas: 0 })
        .expect("it can be scaled");
    minutes(&mut run, 1);
    assert_eq!((run.world().store().pods.len(), run.world().store().unsimulated.len()), (0, 2));
}

#[test]
fn claims_go_with_the_set_where_its_policy_says_so() {
    let more = "persistentVolumeClaimRetentionPolicy: {whenDeleted: Delete, whenScaled: Delete}, \
                volumeClaimTemplates: [{metadata: {name: data}, spec: {accessModes: [ReadWriteOnce]}}],";
    let mut run = begin(&set(1, 2, more));
    minutes(&mut run, 1);
    let claims = |run: &Run| run.world().store().unsimulated.len();
    assert_eq!(claims(&run), 2);
    run.act(Action::Scale { object: object(Kind::StatefulSet, "web"), replicas: 1 })
        .expect("it can be scaled");
    minutes(&mut run, 1);
    assert_eq!(claims(&run), 1);
    run.act(Action::delete(object(Kind::StatefulSet, "web"))).expect("it is there");
    minutes(&mut run, 1);
    assert_eq!(claims(&run), 0);
}

#[test]
fn a_rollback_takes_the_older_revision() {
    let mut run = begin(&set(1, 2, ""));
    minutes(&mut run, 1);
    apply(&mut run, &set(2, 2, ""));
    minutes(&mut run, 1);
    run.act(Action::RolloutUndo { object: object(Kind::StatefulSet, "web"), to_revision: None })
        .expect("there is a revision before");
    minutes(&mut run, 1);
    assert_eq!(images(&run), "1 1");
    let mut numbers: Vec<u64> =
        run.world().store().controller_revisions.iter().map(|revision| revision.revision).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, [2, 3], "the older revision has the highest number now");
}
