//! A workload that is applied again: kubectl's patch knows the text before, and merges lists by their merge keys
//! (`patchMergeKey` in core/v1 types.go), so what others have changed stays.

use crate::support::{key, said, settle, start};
use cluster::api::{Action, Deployment, Kind, Name, ObjectRef, Tree, to_json, to_tree, to_yaml};
use cluster::sim::Run;

fn text(spec: &str, containers: &str) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: web}}\nspec:\n  selector: {{matchLabels: {{app: web}}}}\n  {spec}\n  template:\n    metadata: {{labels: {{app: web}}}}\n    spec:\n      containers: [{containers}]\n"
    )
}

fn of(text: &str) -> Run {
    let mut run = start(text, 7);
    settle(&mut run);
    run
}

fn deployment(run: &Run) -> Deployment {
    Deployment::clone(run.world().store().deployments.get(&key("web")).expect("it is there"))
}

fn web() -> ObjectRef {
    ObjectRef::of_key(Kind::Deployment, &key("web"))
}

fn printed(run: &Run) -> Tree {
    let deployment = deployment(run);
    let written = run.world().store().written(deployment.meta.uid);
    to_tree(&deployment.into(), written)
}

/// The containers of the template as they are printed.
fn containers(run: &Run) -> String {
    let path = ["spec", "template", "spec", "containers"].map(Into::into);
    to_json(printed(run).get(&path).expect("it has some"))
}

#[test]
fn what_others_have_set_stays_where_no_text_says_it() {
    let mut run = of(&text("", "{name: web, image: 'i:1'}"));
    run.act(Action::Scale { object: web(), replicas: 4 }).expect("it is scaled");
    run.act(Action::RolloutRestart { object: web() }).expect("it is restarted");
    let before = deployment(&run);
    run.act(Action::apply(&text("minReadySeconds: 3", "{name: web, image: 'i:1'}"))).expect("it is applied");
    let after = deployment(&run);
    assert_eq!((after.spec.replicas, after.spec.min_ready_s), (4, 3));
    assert_eq!(after.spec.template.annotations, before.spec.template.annotations, "restartedAt");
    assert_eq!(after.meta.generation, before.meta.generation + 1);
}

#[test]
fn an_image_that_the_text_says_is_set_again() {
    let (old, new) = (text("", "{name: web, image: 'i:1'}"), text("", "{name: web, image: 'i:3'}"));
    let mut run = of(&old);
    let set = Action::SetImage { object: web(), container: Name::from("web"), image: "i:2".into() };
    for (applied, image) in [(&old, "i:1"), (&new, "i:3")] {
        run.act(set.clone()).expect("it is set");
        run.act(Action::apply(applied)).expect("it is applied");
        assert_eq!(&*deployment(&run).spec.template.spec.containers[0].image, image);
    }
}

#[test]
fn what_the_text_before_said_goes_where_the_new_one_does_not() {
    let mut run = of(&text(
        "replicas: 3",
        "{name: web, image: i, workingDir: /w, env: [{name: A, value: a}, {name: B, value: b}], ports: [{containerPort: 80}, {containerPort: 81}]}, {name: side, image: s}",
    ));
    run.act(Action::apply(&text(
        "replicas: 3",
        "{name: web, image: i, env: [{name: B, value: c}], ports: [{containerPort: 81}]}",
    )))
    .expect("it is applied");
    let expected =
        r#"[{"name":"web","image":"i","env":[{"name":"B","value":"c"}],"ports":[{"containerPort":81}]}]"#;
    assert_eq!(containers(&run), expected);
}

#[test]
fn the_order_of_a_list_is_the_new_texts() {
    let mut run = of(&text("", "{name: a, image: i}, {name: b, image: i}"));
    run.act(Action::apply(&text("", "{name: b, image: i}, {name: c, image: i}, {name: a, image: i}")))
        .expect("it is applied");
    let names: Vec<_> =
        deployment(&run).spec.template.spec.containers.iter().map(|c| c.name.clone()).collect();
    assert_eq!(names.iter().map(|name| &**name).collect::<Vec<_>>(), ["b", "c", "a"]);
}

/// apps/v1 types.go: `strategy` retains only the keys that a text has, so the defaults of another type go.
#[test]
fn a_strategy_of_another_type_leaves_nothing() {
    let containers = "{name: web, image: i}";
    let mut run = of(&text("", containers));
    run.act(Action::apply(&text("strategy: {type: Recreate}", containers))).expect("it is applied");
    assert_eq!(
        to_json(printed(&run).field("spec").and_then(|s| s.field("strategy")).expect("it has one")),
        r#"{"type":"Recreate"}"#
    );
}

/// A StatefulSet's does not: what the API server has defaulted stays, and is then refused.
#[test]
fn a_strategy_that_was_defaulted_stands_in_the_way() {
    let text = |strategy: &str| {
        format!(
            "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {{name: db}}\nspec:\n  serviceName: db\n  selector: {{matchLabels: {{app: db}}}}\n  {strategy}\n  template: {{metadata: {{labels: {{app: db}}}}, spec: {{containers: [{{name: c, image: i}}]}}}}\n"
        )
    };
    let mut run = of(&text(""));
    let found = run.act(Action::apply(&text("updateStrategy: {type: OnDelete}"))).expect_err("it is left");
    assert_eq!(
        said(&found),
        [
            r#"spec.updateStrategy.rollingUpdate: Invalid value: {"Partition":0,"MaxUnavailable":null}: only allowed for updateStrategy 'RollingUpdate'"#
        ]
    );
    let mut run = of(&text("updateStrategy: {type: RollingUpdate, rollingUpdate: {partition: 1}}"));
    run.act(Action::apply(&text("updateStrategy: {type: OnDelete}"))).expect("the text before said it");
}

#[test]
fn the_own_output_of_an_object_is_no_change() {
    let mut run =
        of(include_str!("../scenarios/a-service-is-called-from-inside-and-from-outside/input.yaml"));
    let objects: Vec<ObjectRef> = {
        let store = run.world().store();
        let kinds = [Kind::Deployment, Kind::Service, Kind::Node, Kind::Namespace];
        kinds
            .iter()
            .flat_map(|kind| store.metas(kind).map(|meta| ObjectRef::new(kind.clone(), meta)))
            .collect()
    };
    assert!(objects.len() > 5, "{objects:?}");
    let printed = |run: &Run, object: &ObjectRef| {
        let object = run.world().store().get(object).expect("it is there");
        to_yaml(&run.world().served(&object))
    };
    let without_version = |yaml: &str| -> String {
        yaml.lines()
            .filter(|line| !line.contains("resourceVersion"))
            .map(|line| format!("{line}\n"))
            .collect()
    };
    for object in objects {
        let output = printed(&run, &object);
        run.act(Action::apply(&output))
            .unwrap_or_else(|found| panic!("{object:?}: {:?}\n{output}", said(&found)));
        assert_eq!(without_version(&printed(&run, &object)), without_version(&output));
    }
}

/// What is wrong is said where the new text says it, or in what it is in.
#[test]
fn an_error_of_the_patched_object_has_its_place_in_the_new_text() {
    let mut run = of(&text("replicas: 2", "{name: web, image: i}"));
    let bad = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  selector: {matchLabels: {app: other}}\n  template: {metadata: {labels: {app: other}}, spec: {containers: [{name: web, image: i}]}}\n";
    let found = run.act(Action::apply(bad)).expect_err("a selector stays");
    let [cluster::sim::Refusal::Invalid { diagnostics }] = &found[..] else { panic!("{found:?}") };
    assert_eq!((diagnostics[0].line, &*diagnostics[0].path), (5, "spec.selector"), "{diagnostics:?}");
}

/// PrepareForUpdate of each kind's strategy.go: what is stored counts, not how it is written.
#[test]
fn the_generation_counts_changes_of_what_is_stored() {
    let template = "template: {metadata: {labels: {a: b}}, spec: {containers: [{name: c, image: i, resources: {requests: {cpu: 1}}}], volumes: [{name: v, configMap: {name: m}}]}}";
    let of_set = |kind: &str, more: &str| {
        format!(
            "{{apiVersion: apps/v1, kind: {kind}, metadata: {{name: web}}, spec: {{selector: {{matchLabels: {{a: b}}}}, {template}{more}}}}}"
        )
    };
    let set = of_set("ReplicaSet", "");
    let deployment = of_set("Deployment", "");
    let slice = "{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {name: web}, addressType: IPv4, ports: [{port: 80}], endpoints: []}";
    let other = "{apiVersion: example.com/v1, kind: Backup, metadata: {name: web}, spec: {keep: 1}}";
    for (text, from, to, raised) in [
        (&*set, "cpu: 1", "cpu: 1000m", 0),
        (&set, "image: i", "imagePullPolicy: Always, image: i", 0),
        (&set, "configMap: {name: m}", "configMap: {defaultMode: 420, name: m}", 0),
        (&set, "configMap: {name: m}", "configMap: {defaultMode: 256, name: m}", 1),
        (&set, "metadata: {name: web}", "metadata: {name: web, annotations: {a: b}}", 0),
        (&set, "spec: {selector", "spec: {replicas: 1, selector", 0),
        (&set, "spec: {selector", "spec: {replicas: 2, selector", 1),
        (&set, "spec: {containers", "spec: {hostIPC: true, containers", 1),
        (&deployment, "cpu: 1", "cpu: 1000m", 0),
        (&deployment, "metadata: {name: web}", "metadata: {name: web, annotations: {a: b}}", 1),
        (slice, "port: 80", "protocol: TCP, port: 80", 0),
        (slice, "metadata: {name: web}", "metadata: {name: web, annotations: {a: b}}", 0),
        (slice, "metadata: {name: web}", "metadata: {name: web, labels: {a: b}}", 1),
        (other, "keep: 1", "keep: 0x1", 0),
        (other, "keep: 1", "keep: 2", 1),
        (other, "metadata: {name: web}", "metadata: {name: web, labels: {a: b}}", 0),
    ] {
        let mut run = of(text);
        let generation = |run: &Run| {
            let store = run.world().store();
            let kinds = [Kind::ReplicaSet, Kind::Deployment, Kind::EndpointSlice, Kind::named("Backup")];
            let found = kinds.into_iter().find_map(|kind| store.get(&ObjectRef::of_key(kind, &key("web"))));
            found.expect("it is there").meta().generation
        };
        let before = generation(&run);
        let changed = text.replacen(from, to, 1);
        assert_ne!(changed, text);
        run.act(Action::apply(&changed)).expect("it is applied");
        assert_eq!(generation(&run), before + raised, "{changed}");
        assert!(run.world().store().replica_sets.len() <= 1, "nothing is rolled out");
    }
}

#[test]
fn a_deployment_counts_its_annotations() {
    let mut run = of(&text("", "{name: web, image: 'i:1', resources: {limits: {memory: 1Gi}}}"));
    let before = deployment(&run).meta.generation;
    for (patch, raised) in [
        (
            "{spec: {replicas: 1, template: {spec: {containers: [{name: web, resources: {limits: {memory: 1024Mi}}}]}}}}",
            0,
        ),
        ("{metadata: {labels: {a: b}}}", 0),
        ("{metadata: {annotations: {a: b}}}", 1),
        ("{spec: {minReadySeconds: 1}}", 2),
    ] {
        let patch_text = cluster::api::Str::from(patch).into();
        run.act(Action::Patch {
            object: web(),
            type_: cluster::api::PatchType::Strategic,
            patch: patch_text,
        })
        .expect("it is patched");
        assert_eq!(deployment(&run).meta.generation, before + raised, "{patch}");
    }
}
