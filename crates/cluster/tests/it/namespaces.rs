//! The end of a Namespace.

use crate::support::{go_on, settle, start};
use cluster::api::{Action, Kind, Namespace, NsName, ObjectRef};
use cluster::sim::{LogEntry, Refusal, Run, Span};

const SHOP: &str = "
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      terminationGracePeriodSeconds: 8
      containers: [{name: web, image: i, lifecycle: {preStop: {sleep: {seconds: 6}}}}]
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {selector: {app: web}, ports: [{port: 80}]}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: settings, namespace: shop}
---
apiVersion: v1
kind: Pod
metadata: {name: web}
spec: {containers: [{name: web, image: i}]}
";

fn delete(run: &mut Run, name: &str) -> Result<(), Vec<Refusal>> {
    let object = ObjectRef { kind: Kind::Namespace, namespace: "".into(), name: name.into() };
    run.act(Action::delete(object)).map(drop)
}

fn namespace<'a>(run: &'a Run, name: &str) -> Option<&'a Namespace> {
    run.world().store().namespace(name).map(|namespace| &**namespace)
}

/// How many objects of all kinds are in it.
fn count(run: &Run, name: &str) -> usize {
    let store = run.world().store();
    let of_kind = |kind: &Kind| store.metas(kind).filter(|meta| &*meta.namespace == name).count();
    let others = store.unsimulated.iter().filter(|object| &*object.meta.namespace == name).count();
    Kind::SIMULATED.iter().map(of_kind).sum::<usize>() + others
}

fn going(run: &Run) -> usize {
    let pods = run.world().store().pods.iter().filter(|pod| &*pod.meta.namespace == "shop");
    pods.filter(|pod| pod.meta.deleted.is_some()).count()
}

#[test]
fn its_pods_go_first_and_then_all_else_and_itself() {
    let mut run = start(SHOP, 7);
    settle(&mut run);
    delete(&mut run, "shop").expect("it may be deleted");
    assert!(namespace(&run, "shop").is_some_and(|namespace| namespace.meta.deleted.is_some()));
    // namespaceDeletionGracePeriod.
    go_on(&mut run, Span::from_millis(4_900));
    assert_eq!(going(&run), 0, "every API server shall know of it first");
    go_on(&mut run, Span::from_secs(3));
    let pods = run.world().store().pods.iter().filter(|pod| &*pod.meta.namespace == "shop");
    assert_eq!((pods.count(), going(&run)), (2, 2), "they have their grace period");
    assert!(
        run.world().store().services.get(&NsName::new("shop", "web")).is_some(),
        "until then all else stays"
    );
    go_on(&mut run, Span::from_secs(20));
    assert!(namespace(&run, "shop").is_none());
    assert_eq!(count(&run, "shop"), 0);
    assert!(count(&run, "default") > 0, "nothing else is touched");
    go_on(&mut run, Span::from_secs(300));
    assert_eq!(count(&run, "shop"), 0, "no controller brings anything back");
}

#[test]
fn nothing_new_comes_into_a_namespace_that_goes() {
    let mut run = start(SHOP, 7);
    settle(&mut run);
    delete(&mut run, "shop").expect("it may be deleted");
    go_on(&mut run, Span::from_secs(2));
    let pod = "{apiVersion: v1, kind: Pod, metadata: {name: late, namespace: shop}, spec: {containers: [{name: c, image: i}]}}";
    let refused = run.act(Action::apply(pod)).expect_err("it is Terminating");
    assert!(matches!(refused[..], [Refusal::NamespaceTerminating { .. }]), "{refused:?}");
    assert_eq!(
        words::refusal(&refused[0]),
        "pods \"late\" is forbidden: unable to create new content in namespace shop because it is being terminated"
    );
    // What is there can be changed.
    let service = "{apiVersion: v1, kind: Service, metadata: {name: web, namespace: shop}, spec: {selector: {app: web}, ports: [{port: 81}]}}";
    run.act(Action::apply(service)).expect("it exists");
    go_on(&mut run, Span::from_secs(60));
    assert!(namespace(&run, "shop").is_none());
    // Afterwards it is new.
    run.act(Action::apply("{apiVersion: v1, kind: Namespace, metadata: {name: shop}}")).expect("it is gone");
    run.act(Action::apply(pod)).expect("it is there again");
    go_on(&mut run, Span::from_secs(60));
    assert!(namespace(&run, "shop").is_some_and(|namespace| namespace.meta.deleted.is_none()));
}

#[test]
fn some_namespaces_stay() {
    let mut run = start(SHOP, 7);
    let refused = delete(&mut run, "default").expect_err("nobody may");
    assert_eq!(
        words::refusal(&refused[0]),
        "namespaces \"default\" is forbidden: this namespace may not be deleted"
    );
    let refused = delete(&mut run, "nobody").expect_err("it is not there");
    assert!(matches!(refused[..], [Refusal::NotFound { .. }]), "{refused:?}");
}

/// What is refused to people is refused to controllers, and none of them says anything of it.
#[test]
fn no_controller_makes_anything_in_a_namespace_that_goes() {
    let cron_job = "
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: often, namespace: shop}
spec: {schedule: '* * * * *', jobTemplate: {spec: {template: {spec: {restartPolicy: Never, containers: [{name: c, image: i}]}}}}}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db, namespace: shop}
spec:
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec: {terminationGracePeriodSeconds: 300, containers: [{name: c, image: i, lifecycle: {preStop: {sleep: {seconds: 290}}}}]}
  volumeClaimTemplates: [{metadata: {name: data}, spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}}]
";
    let mut run = start(&[SHOP, cron_job].concat(), 7);
    settle(&mut run);
    delete(&mut run, "shop").expect("it may be deleted");
    let in_shop = |run: &Run, kind: Kind| -> Vec<ObjectRef> {
        let store = run.world().store();
        let metas = store.metas(&kind).filter(|meta| &*meta.namespace == "shop");
        metas.map(|meta| ObjectRef::new(kind.clone(), meta)).collect()
    };
    let kinds = || {
        let claim = Kind::Other("PersistentVolumeClaim".into());
        [Kind::ReplicaSet, Kind::ControllerRevision, Kind::EndpointSlice, Kind::Endpoints, claim]
    };
    let made: Vec<ObjectRef> = kinds().into_iter().flat_map(|kind| in_shop(&run, kind)).collect();
    for object in made {
        run.act(Action::delete(object)).expect("it is there");
    }
    let count = run.world().log_count();
    go_on(&mut run, Span::from_secs(180));
    assert!(namespace(&run, "shop").is_some(), "a Pod has a long grace period");
    for kind in kinds().into_iter().chain([Kind::Job]) {
        assert_eq!(in_shop(&run, kind.clone()), [], "{kind}");
    }
    let new = run.world().log().iter().skip(usize::try_from(count).expect("a short log"));
    let made: Vec<_> = new
        .filter(|logged| {
            matches!(
                logged.entry,
                LogEntry::CreatedJob { .. }
                    | LogEntry::FailedCreate { .. }
                    | LogEntry::SuccessfulCreate { .. }
                    | LogEntry::SuccessfulCreateClaim { .. }
                    | LogEntry::SliceChanged { .. }
            )
        })
        .collect();
    assert!(made.is_empty(), "{made:?}");
}

/// Of a Namespace that is there the labels and annotations are, as of any object, what the texts and others say.
#[test]
fn one_that_is_there_takes_what_is_applied_to_it() {
    let mut run = start(SHOP, 7);
    let apply = |run: &mut Run, name: &str, metadata: &str| {
        let text = format!("{{apiVersion: v1, kind: Namespace, metadata: {{name: {name}{metadata}}}}}");
        run.act(Action::apply(&text)).expect("it is applied");
    };
    for name in ["default", "shop"] {
        let uid = namespace(&run, name).expect("it is there").meta.uid;
        let labels = |run: &Run| -> Vec<String> {
            let labels = &namespace(run, name).expect("it is there").meta.labels;
            labels.iter().map(|(key, value)| format!("{key}={value}")).collect()
        };
        let own = format!("kubernetes.io/metadata.name={name}");
        apply(&mut run, name, ", labels: {team: a}, annotations: {note: b}");
        assert_eq!(labels(&run), [own.as_str(), "team=a"]);
        let meta = &namespace(&run, name).expect("it is there").meta;
        assert_eq!(meta.annotations.get("note").map(|note| &**note), Some("b"));
        assert_eq!((meta.uid, meta.generation), (uid, 0));
        apply(&mut run, name, "");
        assert_eq!(labels(&run), [own.as_str()]);
    }
}
