//! `kubectl create`, `replace` and `patch`, as actions of a run.

use crate::support::{key, said, settle, start};
use cluster::api::{
    Action, Deployment, Kind, KubeObject, ObjectRef, OperationProblem, PatchProblem, PatchType,
    ServerWarning, Service, ServiceType, Str, Tree, to_json,
};
use cluster::sim::{LogEntry, Refusal, Run};

const TEXT: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers: [{name: web, image: 'i:1', ports: [{containerPort: 80}]}]
      volumes: [{name: v, configMap: {name: m}}]
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80}]}
---
apiVersion: example.com/v1
kind: Backup
metadata: {name: b}
spec: {keep: [1, 2]}
";

fn cluster() -> Run {
    let mut run = start(TEXT, 7);
    settle(&mut run);
    run
}

fn web(kind: Kind) -> ObjectRef {
    ObjectRef::of_key(kind, &key("web"))
}

fn deployment(run: &Run) -> Deployment {
    Deployment::clone(run.world().store().deployments.get(&key("web")).expect("it is there"))
}

fn service(run: &Run) -> Service {
    Service::clone(run.world().store().services.get(&key("web")).expect("it is there"))
}

fn served(run: &Run, object: &ObjectRef) -> Tree {
    let object: KubeObject = run.world().store().get(object).expect("it is there");
    run.world().served(&object)
}

fn patch(object: ObjectRef, type_: PatchType, patch: &str) -> Action {
    Action::Patch { object, type_, patch: Str::from(patch).into() }
}

fn refused(run: &mut Run, action: Action) -> Refusal {
    let hash = run.world().hash();
    let what = format!("{action:?}");
    let Err(mut found) = run.act(action) else { panic!("{what} is refused") };
    assert_eq!(run.world().hash(), hash, "what is refused changes nothing");
    assert_eq!(found.len(), 1, "{found:?}");
    found.remove(0)
}

#[test]
fn what_is_there_is_not_created_again() {
    let mut run = cluster();
    let of = |name: &str| {
        let text = format!(
            "{{apiVersion: v1, kind: Service, metadata: {{name: {name}}}, spec: {{ports: [{{name: a, port: 80}}]}}}}"
        );
        Action::Create { text: Str::from(text.as_str()).into() }
    };
    assert_eq!(refused(&mut run, of("web")), Refusal::AlreadyExists { object: web(Kind::Service) });
    run.act(of("new")).expect("it is created");
    // Nobody has applied it, so an apply takes nothing away.
    let merge = patch(
        ObjectRef::of_key(Kind::Service, &key("new")),
        PatchType::Merge,
        "{metadata: {labels: {a: b}}}",
    );
    run.act(merge).expect("it is patched");
    run.act(Action::apply(
        "{apiVersion: v1, kind: Service, metadata: {name: new}, spec: {ports: [{name: b, port: 81}]}}",
    ))
    .expect("it is applied");
    let new = run.world().store().services.get(&key("new")).expect("it is there");
    assert_eq!(new.spec.ports.iter().map(|port| port.port).collect::<Vec<_>>(), [81, 80]);
    assert_eq!(new.meta.labels.len(), 1);
}

#[test]
fn a_replaced_object_is_what_the_text_says() {
    let mut run = cluster();
    let replace = |text: &str| Action::Replace { text: Str::from(text).into() };
    run.act(patch(
        web(Kind::Service),
        PatchType::Merge,
        "{metadata: {labels: {a: b}}, spec: {sessionAffinity: ClientIP}}",
    ))
    .expect("it is patched");
    let before = service(&run);
    run.act(replace("{apiVersion: v1, kind: Service, metadata: {name: web}, spec: {ports: [{port: 81}]}}"))
        .expect("it is replaced");
    let after = service(&run);
    assert_eq!((after.meta.labels.len(), after.spec.selector, after.spec.ports[0].port), (0, None, 81));
    assert_eq!((after.meta.uid, after.spec.cluster_ips), (before.meta.uid, before.spec.cluster_ips));
    let nobody = "{apiVersion: v1, kind: Service, metadata: {name: nobody}, spec: {ports: [{port: 81}]}}";
    let object = ObjectRef::of_key(Kind::Service, &key("nobody"));
    assert_eq!(refused(&mut run, replace(nobody)), Refusal::NotFound { object });
    let stale = "{apiVersion: v1, kind: Service, metadata: {name: web, resourceVersion: '1'}, spec: {ports: [{port: 82}]}}";
    assert_eq!(refused(&mut run, replace(stale)), Refusal::Conflict { object: web(Kind::Service) });
    let address = "{apiVersion: v1, kind: Service, metadata: {name: web}, spec: {clusterIP: 10.96.0.77, ports: [{port: 82}]}}";
    let found = refused(&mut run, replace(address));
    assert_eq!(
        said(&[found]),
        ["spec.clusterIPs[0]: Invalid value: [\"10.96.0.77\"]: may not change once set"]
    );
}

/// apiserver storage/testing/store_tests.go, RunTestCreate. What is loaded may have been another cluster's.
#[test]
fn a_new_object_has_no_resource_version() {
    let text = "{apiVersion: v1, kind: Service, metadata: {name: NAME, resourceVersion: 'VERSION'}, spec: {ports: [{port: 81}]}}";
    let of = |name: &str, version: &str| text.replace("NAME", name).replace("VERSION", version);
    let create = |name: &str, version: &str| Action::Create { text: Str::from(&*of(name, version)).into() };
    let apply = |name: &str, version: &str| Action::apply(&of(name, version));
    let mut run = start(&of("loaded", "12"), 7);
    run.act(Action::apply(
        "{apiVersion: v1, kind: Service, metadata: {name: web}, spec: {ports: [{port: 80}]}}",
    ))
    .expect("it is created");
    for (action, name) in [(create("a", "1"), "a"), (apply("a", "1"), "a"), (create("web", "12"), "web")] {
        let object = ObjectRef::of_key(Kind::Service, &key(name));
        assert_eq!(refused(&mut run, action), Refusal::ResourceVersionOfNew { object });
    }
    assert!(run.world().store().services.get(&key("a")).is_none());
    for (name, version) in [("b", ""), ("c", "0"), ("d", "x")] {
        run.act(create(name, version)).expect("it names no state");
    }
    let object = web(Kind::Service);
    assert_eq!(refused(&mut run, create("web", "0")), Refusal::AlreadyExists { object });
}

#[test]
fn patches_of_each_type() {
    let mut run = cluster();
    let revision =
        |run: &Run| deployment(run).meta.annotations.get("deployment.kubernetes.io/revision").cloned();
    let first = revision(&run);
    let containers = "{spec: {replicas: 2, template: {spec: {containers: [{name: side, image: s}]}}}}";
    run.act(patch(web(Kind::Deployment), PatchType::Strategic, containers)).expect("it is patched");
    let names = |run: &Run| {
        let all = deployment(run).spec.template.spec.containers;
        all.iter().map(|container| container.name.to_string()).collect::<Vec<_>>()
    };
    assert_eq!((names(&run), deployment(&run).spec.replicas), (vec!["side".into(), "web".into()], 2));
    let replaced = "{spec: {template: {spec: {containers: [{name: only, image: o}]}}}}";
    run.act(patch(web(Kind::Deployment), PatchType::Merge, replaced)).expect("it is patched");
    assert_eq!(names(&run), ["only"]);
    let json = "[{op: test, path: /spec/template/spec/containers/0/imagePullPolicy, value: Always}, {op: replace, path: /spec/template/spec/containers/0/image, value: 'o:2'}]";
    run.act(patch(web(Kind::Deployment), PatchType::Json, json)).expect("defaults are there");
    assert_eq!(&*deployment(&run).spec.template.spec.containers[0].image, "o:2");
    settle(&mut run);
    assert_ne!(revision(&run), first, "other templates are rolled out");
    run.act(patch(web(Kind::Service), PatchType::Merge, "{spec: {type: NodePort}}")).expect("it is patched");
    let service = service(&run);
    assert_eq!(service.spec.type_, ServiceType::NodePort);
    assert_ne!(service.spec.ports[0].node_port, 0);
    let node = ObjectRef::node(&"node-1".into());
    run.act(patch(node.clone(), PatchType::Strategic, "{spec: {unschedulable: true}}"))
        .expect("it is patched");
    assert_eq!(
        served(&run, &node).field("spec").and_then(|spec| spec.field("unschedulable")).map(to_json),
        Some("true".into())
    );
}

/// What was only defaulted does not become part of the template, whose hash would change.
#[test]
fn a_patch_of_something_else_rolls_nothing_out() {
    let mut run = cluster();
    let before = deployment(&run);
    for (type_, text) in [
        (PatchType::Strategic, "{metadata: {labels: {a: b}}}"),
        (PatchType::Merge, "{spec: {minReadySeconds: 3}}"),
        (PatchType::Json, "[{op: add, path: /spec/revisionHistoryLimit, value: 3}]"),
        // It says what is so by default.
        (PatchType::Strategic, "{spec: {template: {spec: {restartPolicy: Always}}}}"),
    ] {
        run.act(patch(web(Kind::Deployment), type_, text)).expect("it is patched");
        settle(&mut run);
        assert_eq!(deployment(&run).spec.template, before.spec.template, "{text}");
        assert_eq!(run.world().store().replica_sets.len(), 1, "{text}");
    }
    assert_eq!(deployment(&run).meta.generation, before.meta.generation + 2);
    // The text that was applied stays what an apply is compared with.
    run.act(Action::apply(TEXT)).expect("it is applied");
    assert_eq!(deployment(&run).spec.min_ready_s, 3);
}

#[test]
fn what_cannot_be_patched() {
    let mut run = cluster();
    let backup =
        ObjectRef { kind: Kind::Other("Backup".into()), namespace: "default".into(), name: "b".into() };
    for (object, type_, text, problem) in [
        (web(Kind::Service), PatchType::Strategic, "[1]", PatchProblem::NotAnObject),
        (web(Kind::Service), PatchType::Strategic, "", PatchProblem::NotAnObject),
        (web(Kind::Service), PatchType::Json, "{spec: 1}", PatchProblem::NotAList),
        (web(Kind::Service), PatchType::Merge, "{metadata: {name: other}}", PatchProblem::OfAnother),
        (web(Kind::Service), PatchType::Merge, "{kind: Pod}", PatchProblem::OfAnother),
        (
            web(Kind::Service),
            PatchType::Strategic,
            "{spec: {ports: [{name: a}]}}",
            PatchProblem::NoMergeKey { key: "port" },
        ),
        (
            web(Kind::Service),
            PatchType::Json,
            "[{op: remove, path: /spec/replicas}]",
            PatchProblem::Operation { index: 0, problem: OperationProblem::NoSuchPath },
        ),
        (backup.clone(), PatchType::Strategic, "{spec: {keep: [3]}}", PatchProblem::NotStrategic),
    ] {
        let expected = Refusal::PatchFailed { object: object.clone(), problem };
        assert_eq!(refused(&mut run, patch(object, type_, text)), expected, "{text}");
    }
    let nobody = ObjectRef::of_key(Kind::Pod, &key("nobody"));
    assert_eq!(
        refused(&mut run, patch(nobody.clone(), PatchType::Merge, "{}")),
        Refusal::NotFound { object: nobody }
    );
    let before = service(&run);
    run.act(patch(web(Kind::Service), PatchType::Merge, "{spec: {prots: []}}")).expect("it is taken");
    assert_eq!(service(&run), before);
    let warning = ServerWarning::UnknownField { path: "spec.prots".into() };
    let warned = LogEntry::Warned { object: web(Kind::Service), warning };
    assert_eq!(run.world().log().iter().last().map(|logged| &logged.entry), Some(&warned));
    let found = refused(&mut run, patch(web(Kind::Service), PatchType::Merge, "{spec: {ports: [}"));
    assert!(matches!(&found, Refusal::Invalid { diagnostics } if diagnostics[0].line == 1), "{found:?}");
    run.act(patch(backup.clone(), PatchType::Merge, "{spec: {keep: [3]}}")).expect("it is patched");
    assert_eq!(served(&run, &backup).field("spec").map(to_json), Some(r#"{"keep":[3]}"#.into()));
}

/// WarningsOnCreate and WarningsOnUpdate of each kind's strategy.go.
#[test]
fn each_request_is_warned_of() {
    let template = "template: {metadata: {labels: {a: b}}, spec: {terminationGracePeriodSeconds: -1, containers: [{name: c, image: i}]}}";
    let set = format!(
        "{{apiVersion: apps/v1, kind: ReplicaSet, metadata: {{name: a.b}}, spec: {{replicas: 0, selector: {{matchLabels: {{a: b}}}}, {template}}}}}"
    );
    let service = "{apiVersion: v1, kind: Service, metadata: {name: s}, spec: {externalIPs: [192.0.2.1], ports: [{port: 80}]}}";
    let pod = "{apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {terminationGracePeriodSeconds: -1, containers: [{name: c, image: i}]}}";
    let patch = |kind: Kind, name: &str, patch: &str| Action::Patch {
        object: ObjectRef::of_key(kind, &key(name)),
        type_: PatchType::Strategic,
        patch: Str::from(patch).into(),
    };
    let mut run = start(&set, 7);
    for (action, expected) in [
        // What is loaded was there before.
        (Action::apply(&set), &[][..]),
        (Action::apply(&set.replace("replicas: 0", "replicas: 1")), &["grace"]),
        (patch(Kind::ReplicaSet, "a.b", "{metadata: {labels: {x: z}}}"), &[]),
        (patch(Kind::ReplicaSet, "a.b", "{spec: {replicas: 2}}"), &["grace"]),
        (Action::apply(&set.replace("a.b", "c.d")), &["name", "grace"]),
        (Action::apply(service), &["externalIPs"]),
        (Action::apply(service), &[]),
        (patch(Kind::Service, "s", "{metadata: {labels: {x: z}}}"), &["externalIPs"]),
        (Action::Replace { text: Str::from(service).into() }, &["externalIPs"]),
        (Action::Create { text: Str::from(pod).into() }, &["grace"]),
        (patch(Kind::Pod, "p", "{metadata: {labels: {x: z}}}"), &[]),
    ] {
        let before = run.world().log_count();
        run.act(action.clone()).expect("it is done");
        let new = usize::try_from(run.world().log_count() - before).expect("there are few");
        let log = run.world().log();
        let warned = log.iter().skip(log.len() - new).filter_map(|logged| match &logged.entry {
            LogEntry::Warned { warning: ServerWarning::NegativeGracePeriod { .. }, .. } => Some("grace"),
            LogEntry::Warned { warning: ServerWarning::NameInPods(_), .. } => Some("name"),
            LogEntry::Warned { warning: ServerWarning::DeprecatedExternalIps, .. } => Some("externalIPs"),
            _ => None,
        });
        assert_eq!(warned.collect::<Vec<_>>(), expected, "{action:?}");
    }
}
