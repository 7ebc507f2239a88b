//! A Pod that is applied again: what of it may change (core validation.go, ValidatePodUpdate), and what comes of it.

use crate::support::{go_on, key, said, settle, start};
use cluster::api::{Action, Phase, Pod, Toleration};
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

#[test]
fn a_negative_grace_period_becomes_one_second() {
    let with = |seconds: i64| format!("terminationGracePeriodSeconds: {seconds}, {MAIN}");
    let mut run = of(&with(-5));
    assert!(refused(&mut run, &with(2))[0].starts_with("spec: Forbidden: pod updates may not change fields"));
    run.act(Action::apply(&text(&with(1)))).expect("it is applied");
    assert_eq!(pod(&run).spec.termination_grace_period_s, 1);
    assert!(refused(&mut run, &with(2))[0].starts_with("spec: Forbidden: pod updates may not change fields"));
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
