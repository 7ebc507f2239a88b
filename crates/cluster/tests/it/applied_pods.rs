//! A Pod that is applied again: what of it may change (core validation.go, ValidatePodUpdate), and what comes of it.

use crate::support::{go_on, key, said, settle, start};
use cluster::api::{Action, Kind, KubeObject, ObjectRef, PatchType, Phase, Pod, Str, Toleration, to_yaml};
use cluster::sim::{Run, Span};

fn text(spec: &str) -> String {
    format!("{{apiVersion: v1, kind: Pod, metadata: {{name: web}}, spec: {{{spec}}}}}")
}

fn of(spec: &str) -> Run {
    let mut run = start(&text(spec), 7);
    settle(&mut run);
    run
}

fn pod(run: &Run) -> &Pod {
    run.world().store().pods.get(&key("web")).expect("it is there")
}

fn refused(run: &mut Run, spec: &str) -> Vec<String> {
    let before = pod(run).clone();
    let found = run.act(Action::apply(&text(spec))).expect_err("it may not change so");
    assert_eq!(*pod(run), before, "what is refused changes nothing");
    said(&found)
}

const MAIN: &str = "containers: [{name: c, image: i}]";

#[test]
fn images_change_of_whatever_container() {
    let spec = |init: &str, main: &str| {
        format!(
            "initContainers: [{{name: a, image: {init}, restartPolicy: Always}}], containers: [{{name: c, image: {main}}}]"
        )
    };
    let mut run = of(&spec("i:1", "j:1"));
    run.act(Action::apply(&text(&spec("i:2", "j:2")))).expect("it is applied");
    let images = |run: &Run| {
        let all = pod(run).spec.all_containers();
        all.map(|container| container.image.to_string()).collect::<Vec<String>>()
    };
    assert_eq!(images(&run), ["i:2", "j:2"]);
    go_on(&mut run, Span::from_secs(60));
    let statuses = &pod(&run).status;
    let restarts = |all: &[cluster::api::ContainerStatus]| all[0].restart_count;
    assert_eq!((restarts(&statuses.init_container_statuses), restarts(&statuses.container_statuses)), (1, 1));
    assert_eq!(
        refused(&mut run, MAIN),
        ["spec.initContainers: Forbidden: pod updates may not add or remove containers"]
    );
}

#[test]
fn a_deadline_is_set_and_lowered() {
    let with = |seconds: u32| format!("activeDeadlineSeconds: {seconds}, {MAIN}");
    let mut run = of(MAIN);
    for seconds in [500, 400, 400] {
        run.act(Action::apply(&text(&with(seconds)))).expect("it is applied");
        assert_eq!(pod(&run).spec.active_deadline_s, Some(seconds));
    }
    let field = "spec.activeDeadlineSeconds: Invalid value: ";
    assert_eq!(
        refused(&mut run, &with(401)),
        [format!("{field}401: must be less than or equal to previous value")]
    );
    assert_eq!(
        refused(&mut run, MAIN),
        [format!("{field}\"null\": must not update from a positive integer to nil value")]
    );
    // It counts from the Pod's start.
    run.act(Action::apply(&text(&with(60)))).expect("it is applied");
    go_on(&mut run, Span::from_secs(20));
    assert_eq!(pod(&run).status.phase, Phase::Running);
    go_on(&mut run, Span::from_secs(45));
    assert_eq!(pod(&run).status.phase, Phase::Failed);
    assert_eq!(pod(&run).status.reason.as_deref(), Some("DeadlineExceeded"));
}

#[test]
fn tolerations_are_added() {
    let with = |tolerations: &str| format!("tolerations: [{tolerations}], {MAIN}");
    let (a, b) =
        ("{key: a, operator: Exists}", "{key: b, operator: Exists, effect: NoExecute, tolerationSeconds: 9}");
    let keys = |run: &Run| {
        let key = |toleration: &Toleration| toleration.key.to_string();
        pod(run).spec.tolerations.iter().map(key).collect::<Vec<String>>()
    };
    let added = ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"];
    let mut run = of(MAIN);
    assert_eq!(keys(&run), added);
    run.act(Action::apply(&text(&with(a)))).expect("it is applied");
    assert_eq!(keys(&run), [&["a"], &added[..]].concat());
    run.act(Action::apply(&text(&with(&format!("{b}, {a}"))))).expect("it is applied");
    assert_eq!(keys(&run), [&["b", "a"], &added[..]].concat());
    let later = b.replace("Seconds: 9", "Seconds: 90");
    run.act(Action::apply(&text(&with(&format!("{later}, {a}"))))).expect("only its seconds differ");
    assert_eq!(pod(&run).spec.tolerations[0].toleration_seconds, Some(90));
    let expected =
        ["spec.tolerations: Forbidden: existing toleration can not be modified except its tolerationSeconds"];
    assert_eq!(refused(&mut run, &with(a)), expected);
    assert_eq!(refused(&mut run, MAIN), expected);
    assert_eq!(refused(&mut run, &with(&format!("{later}, {}", a.replace("key: a", "key: c")))), expected);
}

/// validatePodMetadataAndSpec comes first, the comparison of the whole last.
#[test]
fn all_that_is_wrong_with_an_update_is_said() {
    let mut run =
        of(&format!("activeDeadlineSeconds: 9, tolerations: [{{key: a, operator: Exists}}], {MAIN}"));
    let found = refused(
        &mut run,
        "schedulingGates: [{name: b}, {name: a}], hostNetwork: true, containers: [{name: c, image: ' i'}]",
    );
    let expected = [
        "spec.containers[0].image: Invalid value: \" i\": must not have leading or trailing whitespace",
        "spec.activeDeadlineSeconds: Invalid value: \"null\": must not update from a positive integer to nil value",
        "spec.tolerations: Forbidden: existing toleration can not be modified except its tolerationSeconds",
        "spec.schedulingGates[1].name: Forbidden: only deletion is allowed, but found new scheduling gate 'a'",
        "spec.schedulingGates[0].name: Forbidden: only deletion is allowed, but found new scheduling gate 'b'",
        "spec: Forbidden: pod updates may not change fields other than",
    ];
    assert_eq!(found.len(), expected.len(), "{found:#?}");
    for (found, expected) in found.iter().zip(expected) {
        assert!(found.starts_with(expected), "{found}");
    }
    let labels = Str::from("{metadata: {labels: {a: '-'}}}").into();
    let patch = Action::Patch {
        object: ObjectRef::of_key(Kind::Pod, &key("web")),
        type_: PatchType::Merge,
        patch: labels,
    };
    let found = said(&run.act(patch).expect_err("no label has such a value"));
    assert!(found[0].starts_with("metadata.labels: Invalid value: \"-\""), "{found:?}");
}

#[test]
fn a_negative_grace_period_becomes_one_second() {
    let with = |seconds: i64| format!("terminationGracePeriodSeconds: {seconds}, {MAIN}");
    let mut run = of(&with(-5));
    assert!(refused(&mut run, &with(2))[0].starts_with("spec: Forbidden: pod updates may not change fields"));
    run.act(Action::apply(&text(&with(1)))).expect("it is applied");
    assert_eq!(pod(&run).spec.termination_grace_period_s, 1);
    assert!(refused(&mut run, &with(2))[0].starts_with("spec: Forbidden: pod updates may not change fields"));
}

fn with_gates(gates: &[&str], rest: &str) -> String {
    let gates: Vec<String> = gates.iter().map(|gate| format!("{{name: example.com/{gate}}}")).collect();
    format!("schedulingGates: [{}], {rest}{MAIN}", gates.join(", "))
}

fn node(run: &Run) -> Option<&str> {
    pod(run).spec.node_name.as_deref()
}

/// The scheduler takes the Pod up when the last one is gone.
#[test]
fn scheduling_gates_are_only_taken_away() {
    let mut run = of(&with_gates(&["a", "b"], ""));
    for (gates, at) in [(&["c"][..], 0), (&["a", "b", "c"], 2)] {
        let expected = format!(
            "spec.schedulingGates[{at}].name: Forbidden: only deletion is allowed, but found new scheduling gate 'example.com/c'"
        );
        assert_eq!(refused(&mut run, &with_gates(gates, "")), [expected]);
    }
    run.act(Action::apply(&text(&with_gates(&["b"], "")))).expect("it is applied");
    go_on(&mut run, Span::from_secs(30));
    assert_eq!((node(&run), pod(&run).spec.scheduling_gates.len()), (None, 1));
    run.act(Action::apply(&text(MAIN))).expect("it is applied");
    go_on(&mut run, Span::from_secs(30));
    assert!(node(&run).is_some() && pod(&run).status.phase == Phase::Running, "{:?}", pod(&run).status);
    let expected = "spec.schedulingGates[0].name: Forbidden: only deletion is allowed, but found new scheduling gate 'example.com/a'";
    assert_eq!(refused(&mut run, &with_gates(&["a"], "")), [expected]);
}

/// A JSON patch takes one away, too.
#[test]
fn a_patch_takes_a_gate_away() {
    let mut run = of(&with_gates(&["a"], ""));
    let object = ObjectRef::of_key(Kind::Pod, &key("web"));
    let patch = Str::from("[{op: remove, path: /spec/schedulingGates/0}]").into();
    run.act(Action::Patch { object, type_: PatchType::Json, patch }).expect("it is patched");
    go_on(&mut run, Span::from_secs(30));
    assert!(node(&run).is_some());
}

/// After validation_test.go, TestValidatePodUpdate: with gates, a Pod may ask for fewer nodes, and for no others.
#[test]
fn a_gated_pod_may_ask_for_fewer_nodes() {
    let affinity = |terms: &str| {
        format!(
            "affinity: {{nodeAffinity: {{requiredDuringSchedulingIgnoredDuringExecution: {{nodeSelectorTerms: [{terms}]}}}}}}, "
        )
    };
    let term = |requirements: &str| format!("{{matchExpressions: [{requirements}]}}");
    let [a, b] = ["{key: a, operator: Exists}", "{key: b, operator: In, values: [c]}"];
    let both = format!("{a}, {b}");
    let required = "requiredDuringSchedulingIgnoredDuringExecution";
    let terms = format!("spec.affinity.nodeAffinity.{required}.nodeSelectorTerms");
    let json_b = r#"{"MatchExpressions":[{"Key":"b","Operator":"In","Values":["c"]}],"MatchFields":null}"#;
    for (live, new, expected) in [
        ("", "nodeSelector: {a: b}, ", None),
        ("nodeSelector: {a: b}, ", "nodeSelector: {a: b, c: d}, ", None),
        (
            "nodeSelector: {a: b}, ",
            "nodeSelector: {a: c}, ",
            Some(r#"spec.nodeSelector: Invalid value: {"a":"c"}: only additions to spec.nodeSelector are allowed (no mutations or deletions)"#.into()),
        ),
        (
            "nodeSelector: {a: b}, ",
            "",
            Some("spec.nodeSelector: Invalid value: null: only additions to spec.nodeSelector are allowed (no mutations or deletions)".into()),
        ),
        ("", &affinity(&term(a)), None),
        (&affinity(&term(a)), &affinity(&term(&both)), None),
        (
            &affinity(&term(a)),
            &affinity(&term(b)),
            Some(format!("{terms}[0]: Invalid value: {json_b}: only additions are allowed (no mutations or deletions)")),
        ),
        (
            &affinity(&term(a)),
            &affinity(""),
            Some(format!("{terms}: Invalid value: null: no additions/deletions to non-empty NodeSelectorTerms list are allowed")),
        ),
        (
            "",
            &affinity(""),
            Some(format!("{terms}: Required value: must have at least one node selector term")),
        ),
        (
            "",
            "affinity: {podAntiAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: t, labelSelector: {}}]}}, ",
            Some("spec: Forbidden: pod updates may not change".into()),
        ),
    ] {
        let mut run = of(&with_gates(&["a"], live));
        let new = with_gates(&["a"], new);
        match expected {
            // What is wrong with any Pod comes before it.
            Some(expected) => {
                let found = refused(&mut run, &new);
                assert!(found.last().is_some_and(|found| found.starts_with(&expected)), "{found:?}");
            }
            None => {
                run.act(Action::apply(&text(&new))).unwrap_or_else(|found| panic!("{new}: {found:?}"));
                let of_text = of(&new);
                let live = |run: &Run| (pod(run).spec.node_selector.clone(), pod(run).spec.affinity.clone());
                assert_eq!(live(&run), live(&of_text), "{new}");
                assert_eq!(spec_of(&output(&run, "web")), spec_of(&output(&of_text, "web")), "{new}");
            }
        }
    }
    let mut run = of(MAIN);
    let found = refused(&mut run, &format!("nodeSelector: {{a: b}}, {MAIN}"));
    assert!(found[0].starts_with("spec: Forbidden: pod updates may not change"), "it has no gates");
}

#[test]
fn labels_and_annotations_change() {
    let mut run = of(MAIN);
    let text = text(MAIN).replace("{name: web}", "{name: web, labels: {a: b}, annotations: {c: d}}");
    run.act(Action::apply(&text)).expect("it is applied");
    let meta = &pod(&run).meta;
    assert_eq!(meta.labels.get("a").map(|value| &**value), Some("b"));
    assert_eq!(meta.annotations.get("c").map(|value| &**value), Some("d"));
}

/// As `kubectl get -o yaml` shows it.
fn output(run: &Run, name: &str) -> String {
    let pod = run.world().store().pods.get(&key(name)).expect("it is there");
    to_yaml(&run.world().served(&KubeObject::Pod(Pod::clone(pod))))
}

fn spec_of(output: &str) -> &str {
    output.split_once("\nspec:").and_then(|(_, rest)| rest.split_once("\nstatus:")).expect("it has both").0
}

const STATEFUL_SET: &str = "apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  replicas: 1
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec:
      securityContext: {runAsUser: 7}
      nodeSelector: {kubernetes.io/os: linux}
      containers:
        - name: c
          image: i:1
          workingDir: /w
          ports: [{containerPort: 53, protocol: UDP}, {containerPort: 53}]
          env: [{name: A, value: b}, {name: E}]
          readinessProbe: {httpGet: {port: 53}}
          resources: {requests: {cpu: 1000m}}
          volumeMounts: [{name: data, mountPath: /d, readOnly: false}]
  volumeClaimTemplates: [{metadata: {name: data}, spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}}]
";

#[test]
fn a_pod_that_a_controller_made_changes_as_little() {
    let mut run = start(STATEFUL_SET, 7);
    settle(&mut run);
    let text = |spec: &str| text(spec).replace("name: web", "name: db-0");
    let one = "containers: [{name: c, image: i:1}]";
    for spec in [
        "hostNetwork: true",
        "restartPolicy: Never",
        "terminationGracePeriodSeconds: 77",
        "nodeName: node-77",
        "hostname: other",
        "priority: 5",
        "nodeSelector: {a: b}",
        "hostAliases: [{ip: 10.0.0.1, hostnames: [a]}]",
        "securityContext: {runAsUser: 8}",
        "enableServiceLinks: false",
        "serviceAccountName: other",
        "volumes: [{name: data, emptyDir: {}}]",
    ] {
        let live = |run: &Run| run.world().store().pods.get(&key("db-0")).expect("it is there").clone();
        let before = live(&run);
        let found = run.act(Action::apply(&text(&format!("{spec}, {one}")))).expect_err(spec);
        assert!(
            said(&found)[0].starts_with("spec: Forbidden: pod updates may not change"),
            "{spec}: {found:?}"
        );
        assert_eq!(live(&run), before, "what is refused changes nothing");
    }
    let other = "containers: [{name: c, image: i:1, workingDir: /x}]";
    run.act(Action::apply(&text(other))).expect_err("it is only kept, and may not change");
    let before = output(&run, "db-0");
    run.act(Action::apply(&text(&one.replace("i:1", "i:2")))).expect("an image may change");
    assert_eq!(spec_of(&output(&run, "db-0")), spec_of(&before).replace("image: i:1\n", "image: i:2\n"));
    run.act(Action::apply(&text(other))).expect_err("it is as it was");
    run.act(Action::apply(&text(
        "nodeSelector: {kubernetes.io/os: linux}, containers: [{name: c, image: i:2}]",
    )))
    .expect("nothing changes");
}

#[test]
fn a_pods_own_output_is_no_change() {
    let rich = "nodeSelector: {kubernetes.io/os: linux}, volumes: [{name: v, configMap: {name: m, optional: true}}, {name: e, emptyDir: {}}], \
        affinity: {podAntiAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: t, labelSelector: {matchLabels: {a: b}}}]}}, \
        topologySpreadConstraints: [{maxSkew: 1, topologyKey: t, whenUnsatisfiable: ScheduleAnyway, labelSelector: {matchLabels: {a: b}}}], \
        initContainers: [{name: a, image: 'i:3', restartPolicy: Always, startupProbe: {exec: {command: [a]}}}], \
        containers: [{name: c, image: 'i:1', tty: false, env: [{name: A, value: ''}, {name: P, valueFrom: {fieldRef: {fieldPath: status.podIP}}}], \
        resources: {limits: {cpu: 500m, memory: 1024Mi}}, lifecycle: {preStop: {exec: {command: [a]}}}, \
        livenessProbe: {tcpSocket: {port: 80}}, volumeMounts: [{name: v, mountPath: /v, readOnly: false}]}]";
    for spec in [MAIN, rich] {
        let mut run = of(spec);
        for again in ["the first time", "again"] {
            let (before, text) = (pod(&run).spec.clone(), output(&run, "web"));
            run.act(Action::apply(&text)).unwrap_or_else(|found| panic!("{again}: {found:?}\n{text}"));
            assert_eq!(pod(&run).spec, before);
            assert_eq!(spec_of(&output(&run, "web")), spec_of(&text));
        }
    }
    let mut run = start(STATEFUL_SET, 7);
    settle(&mut run);
    for _ in 0..2 {
        let text = output(&run, "db-0");
        run.act(Action::apply(&text)).unwrap_or_else(|found| panic!("{found:?}\n{text}"));
    }
}

#[test]
fn what_the_server_has_set_may_be_said() {
    let mut run = of(MAIN);
    let node = pod(&run).spec.node_name.clone().expect("it has one");
    run.act(Action::apply(&text(&format!("nodeName: {node}, priority: 0, {MAIN}"))))
        .expect("it is so already");
    let expected = "spec: Forbidden: pod updates may not change";
    assert!(refused(&mut run, MAIN)[0].starts_with(expected), "nodeName is taken away");
    assert!(refused(&mut run, &format!("nodeName: node-77, {MAIN}"))[0].starts_with(expected));
}

#[test]
fn what_is_only_kept_may_not_change() {
    let mut run = of(MAIN);
    for spec in [
        "hostAliases: [{ip: 10.0.0.1, hostnames: [a]}], containers: [{name: c, image: i}]",
        "securityContext: {runAsUser: 7}, containers: [{name: c, image: i}]",
        "enableServiceLinks: false, containers: [{name: c, image: i}]",
        "containers: [{name: c, image: i, workingDir: /w}]",
        "containers: [{name: c, image: i, securityContext: {privileged: true}}]",
    ] {
        assert!(
            refused(&mut run, spec)[0].starts_with("spec: Forbidden: pod updates may not change"),
            "{spec}"
        );
    }
    let said =
        format!("securityContext: {{}}, enableServiceLinks: true, serviceAccountName: default, {MAIN}");
    run.act(Action::apply(&text(&said))).expect("it is what it means not to say it");
}
