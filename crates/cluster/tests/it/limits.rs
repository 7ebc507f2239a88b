//! Everything that input can make grow has a limit, and reaching it is said. docs/assumptions.md, under Limits, names
//! them.

use cluster::api::{
    Action, DiagnosticKind, Kind, MAX_ACTIONS, MAX_DOCUMENTS, MAX_IN_FLOW, MAX_NODES, MAX_OBJECTS,
    MAX_TEXT_BYTES, Manifest, Name, Severity, parse,
};
use cluster::control::POD_LIMIT;
use cluster::sim::{LogEntry, NODE_LIMIT, OBJECT_LIMIT, Refusal, Run, Span, Time};

use crate::support::{WEB, go_on, seconds, start};

const DOCUMENT: &str = include_str!("../../../../docs/assumptions.md");

/// The error that a text has.
fn error(manifest: &Manifest) -> Option<DiagnosticKind> {
    let mut errors = manifest.diagnostics.iter().filter(|d| d.severity == Severity::Error);
    let first = errors.next().map(|d| d.message.clone());
    assert_eq!(errors.next(), None, "one limit, one error");
    first
}

fn list(items: impl Iterator<Item = String>) -> String {
    items.fold("apiVersion: v1\nkind: List\nitems:\n".into(), |text, item| text + "- " + &item + "\n")
}

fn node_port_service(n: usize) -> String {
    format!(
        "{{apiVersion: v1, kind: Service, metadata: {{name: s{n}}}, spec: {{type: NodePort, ports: [{{port: 80}}]}}}}"
    )
}

#[test]
fn the_document_says_every_limit() {
    let limits = DOCUMENT.split("\n## Limits\n").nth(1).expect("there is such a heading");
    let said: Vec<u64> =
        limits.split(|c: char| !c.is_ascii_digit()).filter_map(|number| number.parse().ok()).collect();
    let in_force = [
        ("text", MAX_TEXT_BYTES as u64),
        ("documents", MAX_DOCUMENTS as u64),
        ("objects of a text", MAX_OBJECTS as u64),
        ("values", MAX_NODES as u64),
        ("in brackets", MAX_IN_FLOW as u64),
        ("actions", u64::from(MAX_ACTIONS)),
        ("nodes", u64::from(NODE_LIMIT)),
        ("Pods", u64::from(POD_LIMIT)),
        ("clients", u64::from(cluster::traffic::MAX_CLIENTS)),
        ("requests a second", u64::from(cluster::traffic::MAX_RATE_MILLI) / 1_000),
        ("objects of a cluster", u64::from(OBJECT_LIMIT)),
        ("open connections", u64::from(cluster::traffic::Traffic::OPEN_PER_CLIENT)),
        ("traces", cluster::trace::ConnectionRecord::MAX_PACKETS as u64),
        ("manifests applied", Run::TEXT_LIMIT),
        ("history", Run::HISTORY_BUDGET),
    ];
    for (what, limit) in in_force {
        assert!(said.contains(&limit), "{what}: {limit}");
    }
}

#[test]
fn a_map_with_too_many_keys_is_not_read_to_its_end() {
    let keys = |count: usize| {
        let keys: String = (0..count).map(|n| format!("  k{n}: v\n")).collect();
        format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: x}}\ndata:\n{keys}")
    };
    assert_eq!(error(&parse(&keys(MAX_NODES / 2 - 20))), None);
    let manifest = parse(&keys(150_000));
    assert_eq!(error(&manifest), Some(DiagnosticKind::TooManyNodes { limit: MAX_NODES }));
    assert!(manifest.diagnostics[0].line < 110_000, "{:?}", manifest.diagnostics[0]);
}

/// The parser would keep a kilobyte for each comma.
#[test]
fn a_flow_map_with_too_many_commas_is_not_given_to_the_parser() {
    let flow = |count: usize| format!("{{{}a: b}}", "a: b, ".repeat(count));
    let manifest = parse(&flow(MAX_IN_FLOW));
    assert_eq!(error(&manifest), Some(DiagnosticKind::TooManyInFlow { limit: MAX_IN_FLOW }));
    assert_eq!(manifest.diagnostics.len(), 1, "not one of its keys was read");
    // JSON has a parser of its own, and may be long.
    let items = vec!["0"; MAX_IN_FLOW + 10].join(",");
    let json =
        format!(r#"{{"apiVersion":"v1","kind":"ConfigMap","metadata":{{"name":"x"}},"data":[{items}]}}"#);
    assert_eq!(error(&parse(&json)), None);
}

#[test]
fn a_list_of_too_many_objects_is_an_error() {
    let manifest = parse(&list(
        (0..MAX_OBJECTS + 5)
            .map(|n| format!("{{apiVersion: v1, kind: Namespace, metadata: {{name: n{n}}}}}")),
    ));
    assert_eq!(error(&manifest), Some(DiagnosticKind::TooManyObjects { limit: MAX_OBJECTS }));
    assert_eq!(manifest.objects.len(), MAX_OBJECTS);
}

/// Each gets its port, or hears that there is none left, without a look at all the others.
#[test]
fn services_beyond_the_last_node_port_are_refused() {
    let manifest = parse(&list((0..4_000).map(node_port_service)));
    assert_eq!(error(&manifest), None);
    let (run, refusals) = Run::new(&manifest, Some(7));
    let services = run.world().store().services.iter();
    let mut ports: Vec<u16> = services.map(|s| s.spec.ports[0].node_port).filter(|port| *port != 0).collect();
    ports.sort_unstable();
    assert_eq!(ports, (30_000..=32_767).collect::<Vec<u16>>());
    assert_eq!(refusals.len(), 4_000 - ports.len());
    assert!(refusals.iter().all(|refusal| *refusal == Refusal::NodePortsExhausted), "{:?}", refusals[0]);
}

#[test]
fn a_cluster_takes_so_many_objects_of_a_kind_and_no_more() {
    let maps = |from: usize, count: usize| {
        let map = |n| format!("{{apiVersion: v1, kind: ConfigMap, metadata: {{name: c{n}}}}}");
        Action::apply(&list((from..from + count).map(map)))
    };
    let mut run = start("", 7);
    let limit = OBJECT_LIMIT as usize;
    run.act(maps(0, limit - 10)).expect("there is room");
    let refusals = run.act(maps(limit - 10, 11)).expect("there is room for ten");
    let refused = [Refusal::TooManyObjects { kind: Kind::Other("ConfigMap".into()), limit: OBJECT_LIMIT }];
    assert_eq!(refusals, refused);
    let hash = run.world().hash();
    assert_eq!(run.act(maps(limit, 1)).expect_err("one too many"), refused);
    assert_eq!(run.world().hash(), hash, "what is refused changes nothing");
    run.act(maps(0, 20)).expect("those that are there can be changed");
}

#[test]
fn a_replica_set_without_room_for_its_pods_says_so_once_and_makes_them_when_there_is_room() {
    let deployment = |name: &str, replicas: u32| {
        format!(
            "{{apiVersion: apps/v1, kind: Deployment, metadata: {{name: {name}}}, spec: {{replicas: {replicas}, \
             selector: {{matchLabels: {{app: {name}}}}}, template: {{metadata: {{labels: {{app: {name}}}}}, \
             spec: {{nodeSelector: {{nowhere: 'true'}}, containers: [{{name: c, image: nginx}}]}}}}}}}}"
        )
    };
    let mut run = start(&deployment("full", POD_LIMIT), 7);
    run.advance_to(seconds(20), u64::MAX);
    run.act(Action::apply(&deployment("late", 10))).expect("a Deployment has room");
    go_on(&mut run, Span::from_secs(20));
    assert_eq!(run.world().store().pods.len(), POD_LIMIT as usize);
    let said = |run: &Run| -> Vec<String> {
        let entries = run.world().log().iter().filter_map(|logged| match &logged.entry {
            LogEntry::FailedCreate { owner, refusal: Refusal::TooManyReplicas { limit } } => {
                Some((owner.name.to_string(), *limit))
            }
            _ => None,
        });
        entries.map(|(name, limit)| format!("{} {limit}", &name[..5])).collect()
    };
    let shortage = format!("late- {POD_LIMIT}");
    assert_eq!(said(&run), [shortage.as_str()]);
    let scale =
        |deployment: &str, replicas| Action::scale_deployment(&crate::support::key(deployment), replicas);
    run.act(scale("full", POD_LIMIT - 10)).expect("it can be scaled");
    // Anything that makes the controller look again.
    go_on(&mut run, Span::from_secs(60));
    assert_eq!(run.world().store().pods.len(), POD_LIMIT as usize, "there is room for the late ones");
    run.act(scale("late", 11)).expect("it can be scaled");
    go_on(&mut run, Span::from_secs(20));
    assert_eq!(said(&run), [shortage.as_str(), &shortage], "another shortage is said again");
}

/// Pods that a kubelet rejects, and that a ReplicaSet replaces at once, fill the cluster; podgc makes room again.
#[test]
fn pods_that_have_ended_leave_room_for_others() {
    let text = "{apiVersion: v1, kind: Node, metadata: {name: small}}\n---\n{apiVersion: apps/v1, kind: ReplicaSet, \
        metadata: {name: bad}, spec: {replicas: 100, selector: {matchLabels: {app: bad}}, template: {metadata: \
        {labels: {app: bad}}, spec: {nodeName: small, nodeSelector: {nowhere: 'true'}, containers: [{name: c, image: i}]}}}}";
    let late = "{apiVersion: apps/v1, kind: ReplicaSet, metadata: {name: late}, spec: {replicas: 3, selector: \
        {matchLabels: {app: late}}, template: {metadata: {labels: {app: late}}, spec: {containers: [{name: c, image: i}]}}}}";
    let mut run = start(text, 7);
    let full = |run: &Run| run.world().store().pods.len() == POD_LIMIT as usize;
    while !full(&run) {
        assert!(run.world().now() < seconds(3_000), "they fill the cluster");
        go_on(&mut run, Span::from_millis(100));
    }
    run.act(Action::apply(late)).expect("a ReplicaSet has room");
    go_on(&mut run, Span::from_secs(60));
    let pods = run.world().store().pods.iter();
    let ready = pods.filter(|pod| pod.meta.name.starts_with("late-") && pod.status.is_ready()).count();
    assert_eq!(ready, 3);
}

#[test]
fn a_run_takes_so_many_actions_as_can_be_read_again() {
    let never = Time(u64::MAX / 2).0 / 1_000_000_000;
    let scripted = format!("  - {{at: {never}s, do: cordon, node: node-1, enabled: true}}\n")
        .repeat(MAX_ACTIONS as usize - 1);
    let mut run = start(&format!("{WEB}  actions:\n{scripted}"), 7);
    let cordon = || Action::Cordon { node: Name::from("node-1"), on: true };
    run.act(cordon()).expect("one more can be read");
    assert_eq!(run.act(cordon()), Err(vec![Refusal::TooManyActions { limit: MAX_ACTIONS }]));
    assert_eq!(run.actions().len(), MAX_ACTIONS as usize);
    run.undo();
    run.act(cordon()).expect("in place of the one that was undone");
}

#[test]
fn a_run_takes_so_much_text_as_can_be_read_again() {
    let most = Run::TEXT_LIMIT as usize;
    let comment = |bytes: usize| Action::apply(&format!("#{}\n", "x".repeat(bytes - 2)));
    let mut run = start(WEB, 7);
    run.act(comment(most - 100)).expect("there is room");
    let bytes = Run::TEXT_LIMIT + 1;
    assert_eq!(run.act(comment(101)), Err(vec![Refusal::TooMuchText { bytes, limit: Run::TEXT_LIMIT }]));
    run.act(comment(100)).expect("there is just room");
    run.act(Action::Cordon { node: "node-1".into(), on: true }).expect("it has no text");
}

#[test]
fn a_time_beyond_all_times_is_the_last_one() {
    let text = "{apiVersion: batch/v1, kind: Job, metadata: {name: a}, spec: {activeDeadlineSeconds: 20000000000, \
                template: {spec: {restartPolicy: Never, containers: [{name: a, image: b}]}}}}\n---\n\
                {apiVersion: batch/v1, kind: CronJob, metadata: {name: b}, spec: {schedule: '* * * * *', \
                startingDeadlineSeconds: 20000000000, jobTemplate: {spec: {template: {spec: \
                {restartPolicy: Never, containers: [{name: a, image: b}]}}}}}}";
    let mut run = start(text, 7);
    run.advance_to(seconds(120), u64::MAX);
    assert!(run.world().store().jobs.len() > 1, "both made Jobs, and no deadline has passed");
}
