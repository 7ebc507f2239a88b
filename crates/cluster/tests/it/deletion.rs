//! What a deletion takes with it, and what it waits for: propagation and finalizers.

use crate::support::{go_on, key, said, settle, start};
use cluster::api::{Action, Kind, KubeObject, ObjectRef, PatchType, Propagation, Str};
use cluster::sim::{Run, Span};

const TEXT: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {terminationGracePeriodSeconds: 5, containers: [{name: web, image: i}]}
---
apiVersion: v1
kind: Service
metadata: {name: web, finalizers: [example.com/hold]}
spec: {selector: {app: web}, ports: [{port: 80}]}
";

fn cluster(text: &str) -> Run {
    let mut run = start(text, 7);
    settle(&mut run);
    run
}

fn web(kind: Kind) -> ObjectRef {
    ObjectRef::of_key(kind, &key("web"))
}

fn delete(run: &mut Run, object: ObjectRef, propagation_policy: Propagation) {
    run.act(Action::DeleteObject { object, propagation_policy, grace_period_seconds: None })
        .expect("it is there");
}

/// How many Deployments, ReplicaSets and Pods of the text there are.
fn counts(run: &Run) -> (usize, usize, usize) {
    let store = run.world().store();
    let pods = store.pods.iter().filter(|pod| pod.meta.labels.get("app").is_some());
    (store.deployments.len(), store.replica_sets.len(), pods.count())
}

fn there(run: &Run, object: &ObjectRef) -> Option<KubeObject> {
    run.world().store().get(object)
}

fn has_finalizer(object: &KubeObject, finalizer: &str) -> bool {
    object.meta().finalizers.iter().any(|other| &**other == finalizer)
}

#[test]
fn in_the_background_the_owner_goes_first() {
    let mut run = cluster(TEXT);
    assert_eq!(counts(&run), (1, 1, 2));
    delete(&mut run, web(Kind::Deployment), Propagation::Background);
    assert_eq!(counts(&run), (0, 1, 2));
    go_on(&mut run, Span::from_secs(30));
    assert_eq!(counts(&run), (0, 0, 0));
}

#[test]
fn in_the_foreground_the_owner_goes_last() {
    let mut run = cluster(TEXT);
    delete(&mut run, web(Kind::Deployment), Propagation::Foreground);
    let waiting = there(&run, &web(Kind::Deployment)).expect("it waits");
    assert!(waiting.meta().deleted.is_some() && has_finalizer(&waiting, "foregroundDeletion"));
    go_on(&mut run, Span::from_secs(2));
    // Its Pods have their grace period, and it makes no new ones meanwhile.
    assert_eq!(counts(&run), (1, 1, 2));
    let set = run.world().store().replica_sets.iter().next().expect("it waits, too").clone();
    assert!(set.meta.deleted.is_some() && has_finalizer(&(*set).clone().into(), "foregroundDeletion"));
    assert!(run.world().store().pods_of(set.meta.uid).all(|pod| pod.meta.deleted.is_some()));
    let mut order = vec![counts(&run)];
    for _ in 0..300 {
        go_on(&mut run, Span::from_millis(100));
        if *order.last().expect("it has one") != counts(&run) {
            order.push(counts(&run));
        }
    }
    assert_eq!(order.last(), Some(&(0, 0, 0)), "{order:?}");
    let is_last = |(deployments, sets, pods): &(usize, usize, usize)| {
        (*pods == 0 || *sets == 1) && (*sets == 0 || *deployments == 1)
    };
    assert!(order.iter().all(is_last), "{order:?}");
}

#[test]
fn orphans_stay_and_are_adopted_again() {
    let mut run = cluster(TEXT);
    let set = run.world().store().replica_sets.iter().next().expect("it has one").meta.clone();
    delete(&mut run, web(Kind::Deployment), Propagation::Orphan);
    go_on(&mut run, Span::from_secs(30));
    assert_eq!(counts(&run), (0, 1, 2));
    let orphan = ObjectRef::new(Kind::ReplicaSet, &set);
    assert_eq!(there(&run, &orphan).expect("it stays").meta().owner, None);
    let deployment = TEXT.split("---").next().expect("the first document");
    run.act(Action::apply(deployment)).expect("it is created again");
    go_on(&mut run, Span::from_secs(30));
    assert_eq!(counts(&run), (1, 1, 2));
    assert_eq!(there(&run, &orphan).expect("it is adopted").meta().uid, set.uid);
    assert!(there(&run, &orphan).expect("it is adopted").meta().owner.is_some());
}

/// Somebody must take the finalizer away; until then it is there, Terminating, and serves on.
#[test]
fn a_finalizer_holds_an_object() {
    let mut run = cluster(TEXT);
    let service = web(Kind::Service);
    delete(&mut run, service.clone(), Propagation::Background);
    go_on(&mut run, Span::from_secs(60));
    let held = there(&run, &service).expect("it is held");
    assert!(held.meta().deleted.is_some());
    assert!(!run.world().store().slices.is_empty(), "its slices are kept up");
    let yaml = cluster::api::to_yaml(&run.world().served(&held));
    assert!(
        yaml.contains("deletionTimestamp:") && yaml.contains("finalizers:\n  - example.com/hold\n"),
        "{yaml}"
    );
    let patch = Str::from("{metadata: {finalizers: null}}").into();
    run.act(Action::Patch { object: service.clone(), type_: PatchType::Merge, patch })
        .expect("it is patched");
    assert_eq!(there(&run, &service), None);
    go_on(&mut run, Span::from_secs(5));
    assert!(run.world().store().slices.is_empty());
}

#[test]
fn a_pod_with_a_finalizer_has_stopped_before_it_goes() {
    let pod = "{apiVersion: v1, kind: Pod, metadata: {name: web, finalizers: [example.com/hold]}, spec: {terminationGracePeriodSeconds: 3, containers: [{name: c, image: i}]}}";
    let mut run = cluster(pod);
    let object = web(Kind::Pod);
    run.act(Action::delete(object.clone())).expect("it is there");
    go_on(&mut run, Span::from_secs(30));
    assert!(there(&run, &object).expect("it is held").meta().deleted.is_some());
    run.act(Action::apply(&pod.replace("example.com/hold", ""))).expect("it is applied");
    assert_eq!(there(&run, &object), None);
    // The other way round its kubelet is waited for.
    let slow = "\n---\n{apiVersion: packetyard/v1alpha1, kind: Scenario, spec: {apps: [{of: pod/default/web, drains: 40s}]}}";
    let mut run = cluster(&[pod, slow].concat());
    run.act(Action::delete(object.clone())).expect("it is there");
    run.act(Action::apply(&pod.replace("example.com/hold", ""))).expect("it is applied");
    assert!(there(&run, &object).is_some(), "it still runs");
    go_on(&mut run, Span::from_secs(6));
    assert_eq!(there(&run, &object), None);
}

#[test]
fn a_namespace_waits_for_what_is_held_in_it() {
    let text = format!(
        "apiVersion: v1\nkind: Namespace\nmetadata: {{name: team}}\n---\n{}",
        TEXT.split("---\n").nth(1).expect("the Service").replace("name: web,", "name: web, namespace: team,")
    );
    let mut run = cluster(&text);
    let namespace = ObjectRef::of_namespace(&"team".into());
    run.act(Action::delete(namespace.clone())).expect("it is there");
    go_on(&mut run, Span::from_secs(120));
    assert!(there(&run, &namespace).is_some(), "it waits");
    let object = ObjectRef { kind: Kind::Service, namespace: "team".into(), name: "web".into() };
    let patch = Str::from("[{op: remove, path: /metadata/finalizers}]").into();
    run.act(Action::Patch { object, type_: PatchType::Json, patch }).expect("it is patched");
    go_on(&mut run, Span::from_secs(20));
    assert_eq!(there(&run, &namespace), None);
}

#[test]
fn a_grace_period_can_be_said() {
    for (seconds, is_there_after, gone_after) in [(0, None, 0), (2, Some(1), 3), (30, Some(25), 10)] {
        let pod = "{apiVersion: v1, kind: Pod, metadata: {name: web}, spec: {terminationGracePeriodSeconds: 20, containers: [{name: c, image: i}]}}\n---\n{apiVersion: packetyard/v1alpha1, kind: Scenario, spec: {apps: [{of: pod/default/web, drains: 40s}]}}";
        let mut run = cluster(pod);
        let object = web(Kind::Pod);
        let propagation_policy = Propagation::Background;
        let grace_period_seconds = Some(seconds);
        run.act(Action::DeleteObject { object: object.clone(), propagation_policy, grace_period_seconds })
            .expect("it is there");
        assert_eq!(there(&run, &object).is_none(), seconds == 0, "{seconds}");
        if let Some(wait) = is_there_after {
            go_on(&mut run, Span::from_secs(wait));
            assert!(there(&run, &object).is_some(), "{seconds}");
        }
        go_on(&mut run, Span::from_secs(gone_after));
        assert_eq!(there(&run, &object), None, "{seconds}");
    }
}

/// Drains for 40 s, with 30 s to do so.
fn slow_pod(pre_stop: &str) -> Run {
    let pod = "{apiVersion: v1, kind: Pod, metadata: {name: web}, spec: {containers: [{name: c, image: i}]}}";
    let pod = pod.replace("image: i", &format!("image: i{pre_stop}"));
    let slow = "{apiVersion: packetyard/v1alpha1, kind: Scenario, spec: {apps: [{of: pod/default/web, drains: 40s}]}}";
    cluster(&[&pod, "\n---\n", slow].concat())
}

fn delete_pod(run: &mut Run, seconds: Option<u32>) {
    let (object, propagation_policy) = (web(Kind::Pod), Propagation::Background);
    run.act(Action::DeleteObject { object, propagation_policy, grace_period_seconds: seconds })
        .expect("it is there");
}

/// In seconds, until the Pod is gone.
fn gone_after(run: &mut Run) -> u32 {
    (1..120)
        .find(|_| {
            go_on(run, Span::from_secs(1));
            there(run, &web(Kind::Pod)).is_none()
        })
        .expect("it goes")
}

/// apiserver registry/rest/delete.go, BeforeDelete; kubelet pod_workers.go, calculateEffectiveGracePeriod.
#[test]
fn another_deletion_can_only_shorten_the_grace_period() {
    let hook = ", lifecycle: {preStop: {sleep: {seconds: 4}}}";
    for (pre_stop, first, waits, second, grace, after) in [
        ("", None, 5, Some(8), 8, 9),
        ("", None, 5, Some(30), 30, 26),
        ("", None, 5, Some(100), 30, 26),
        ("", None, 5, None, 30, 26),
        ("", Some(10), 2, Some(4), 4, 5),
        ("", Some(10), 2, None, 10, 9),
        // The time is over: one second is left, and its process has two at least.
        ("", None, 10, Some(3), 1, 3),
        // The hook is run once more.
        (hook, None, 2, Some(20), 20, 21),
        (hook, None, 10, Some(15), 15, 16),
    ] {
        let mut run = slow_pod(pre_stop);
        delete_pod(&mut run, first);
        go_on(&mut run, Span::from_secs(waits));
        delete_pod(&mut run, second);
        let case = format!("{pre_stop} {first:?} {waits} {second:?}");
        let pod = there(&run, &web(Kind::Pod)).expect("its kubelet is waited for");
        let yaml = cluster::api::to_yaml(&run.world().served(&pod));
        assert!(yaml.contains(&format!("deletionGracePeriodSeconds: {grace}\n")), "{case}: {yaml}");
        // News take their time.
        let gone = gone_after(&mut run);
        assert!((after..after + 2).contains(&gone), "{case}: {gone}");
    }
}

#[test]
fn without_a_grace_period_a_terminating_pod_goes_at_once() {
    let mut run = slow_pod("");
    delete_pod(&mut run, None);
    go_on(&mut run, Span::from_secs(5));
    delete_pod(&mut run, Some(0));
    assert_eq!(there(&run, &web(Kind::Pod)), None);
}

#[test]
fn a_kubelet_that_is_cut_off_hears_of_the_shorter_grace_period_later() {
    let mut run = slow_pod("");
    let node = run.world().store().pods.get(&key("web")).and_then(|pod| pod.spec.node_name.clone());
    let cut_off = |on| Action::CutOffNode { node: node.clone().expect("it is scheduled"), on };
    delete_pod(&mut run, None);
    go_on(&mut run, Span::from_secs(1));
    run.act(cut_off(true)).expect("the node is there");
    delete_pod(&mut run, Some(5));
    go_on(&mut run, Span::from_secs(10));
    assert!(there(&run, &web(Kind::Pod)).is_some());
    run.act(cut_off(false)).expect("the node is there");
    assert!((5..8).contains(&gone_after(&mut run)));
}

#[test]
fn a_service_goes_after_its_slices() {
    let mut run = cluster(&TEXT.replace(", finalizers: [example.com/hold]", ""));
    delete(&mut run, web(Kind::Service), Propagation::Foreground);
    go_on(&mut run, Span::from_secs(5));
    assert_eq!(there(&run, &web(Kind::Service)), None);
    assert!(run.world().store().slices.is_empty());
}

/// The last deletion counts, and kubectl's usual one is in the background.
#[test]
fn who_waits_in_the_foreground_may_be_deleted_at_once() {
    let mut run = cluster(TEXT);
    delete(&mut run, web(Kind::Deployment), Propagation::Foreground);
    delete(&mut run, web(Kind::Deployment), Propagation::Background);
    assert_eq!(there(&run, &web(Kind::Deployment)), None);
}

#[test]
fn a_namespace_is_not_held_by_finalizers_of_the_garbage_collector() {
    let text = "{apiVersion: v1, kind: Namespace, metadata: {name: team}}\n---\n{apiVersion: v1, kind: ConfigMap, metadata: {name: m, namespace: team, finalizers: [orphan]}}";
    let mut run = cluster(text);
    let namespace = ObjectRef::of_namespace(&"team".into());
    run.act(Action::delete(namespace.clone())).expect("it is there");
    go_on(&mut run, Span::from_secs(60));
    assert_eq!(there(&run, &namespace), None);
}

/// What is held is stopped all the same: it is no endpoint any more.
#[test]
fn a_pod_that_is_held_serves_no_more() {
    let pod = "{apiVersion: v1, kind: Pod, metadata: {name: web, labels: {app: web}, finalizers: [example.com/hold]}, spec: {containers: [{name: c, image: i}]}}\n---\n";
    let service = "{apiVersion: v1, kind: Service, metadata: {name: web}, spec: {selector: {app: web}, ports: [{port: 80}]}}";
    let mut run = cluster(&[pod, service].concat());
    let action = Action::DeleteObject {
        object: web(Kind::Pod),
        propagation_policy: Propagation::Background,
        grace_period_seconds: Some(0),
    };
    run.act(action).expect("it is there");
    go_on(&mut run, Span::from_secs(10));
    let held = run.world().store().pods.get(&key("web")).expect("it is held");
    assert!(held.meta.deleted.is_some() && held.status.phase.is_terminal() && !held.status.is_ready());
    assert!(run.world().store().slices.iter().all(|slice| slice.endpoints.is_empty()));
    let yaml = cluster::api::to_yaml(&run.world().served(&there(&run, &web(Kind::Pod)).expect("it is held")));
    assert!(yaml.contains("deletionGracePeriodSeconds: 0\n"), "{yaml}");
}

/// apimachinery api/validation/objectmeta.go, ValidateFinalizers: of whatever kind, and in whatever request.
#[test]
fn what_becomes_of_the_dependents_is_said_once() {
    let both = "finalizers: [orphan, a.b/c, foregroundDeletion]";
    let expected = "metadata.finalizers: Invalid value: [\"orphan\",\"a.b/c\",\"foregroundDeletion\"]: finalizer orphan and foregroundDeletion cannot be both set";
    let mut run = cluster(&format!(
        "{TEXT}---\n{{apiVersion: v1, kind: ConfigMap, metadata: {{name: web}}}}\n---\n{{apiVersion: v1, kind: Pod, metadata: {{name: web}}, spec: {{containers: [{{name: c, image: i}}]}}}}\n"
    ));
    let config_map = format!("{{apiVersion: v1, kind: ConfigMap, metadata: {{name: new, {both}}}}}");
    assert_eq!(said(&run.act(Action::apply(&config_map)).expect_err("it has both")), [expected]);
    for kind in [Kind::Deployment, Kind::Service, Kind::Pod, Kind::named("ConfigMap")] {
        let patch = Str::from(&*format!("{{metadata: {{{both}}}}}")).into();
        let action = Action::Patch { object: web(kind.clone()), type_: PatchType::Merge, patch };
        assert_eq!(said(&run.act(action).expect_err("it has both")), [expected], "{kind}");
    }
}

#[test]
fn a_terminating_object_takes_no_new_finalizer() {
    let mut run = cluster(TEXT);
    delete(&mut run, web(Kind::Service), Propagation::Background);
    let patch = |finalizers: &str| {
        let patch = Str::from(format!("{{metadata: {{finalizers: {finalizers}}}}}").as_str()).into();
        Action::Patch { object: web(Kind::Service), type_: PatchType::Merge, patch }
    };
    let found = run.act(patch("[example.com/hold, example.com/more]")).expect_err("it goes");
    let expected =
        "metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted";
    assert_eq!(said(&found), [expected]);
    run.act(patch("[]")).expect("the last one may go");
    assert_eq!(there(&run, &web(Kind::Service)), None);
}
