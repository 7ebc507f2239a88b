//! What one deed changes, in the end, in a cluster where a Deployment of three Pods is behind a Service. Each change is
//! one of the controllers of Kubernetes 1.36.3; of what stays the same, nothing is said.

use std::collections::BTreeMap;

use cluster::api::{Action, Kind, KubeObject, Labels, Name, ObjectRef, parse, to_json_indented};
use cluster::sim::{Run, Span, Time, World};
use serde_json::Value;

const DEPLOYMENT: &str = "apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: nginx, ports: [{containerPort: 8080}]}]}
---
";
const SERVICE: &str = "apiVersion: v1
kind: Service
metadata: {name: web, labels: {a: b}}
spec: {selector: {app: web}, ports: [{name: http, port: 80, targetPort: 8080}]}
";
const EXTERNAL_NAME: &str = "apiVersion: v1
kind: Service
metadata: {name: web}
spec: {type: ExternalName, externalName: a.example.com}
";
const QUIET: &str = "---\napiVersion: packetyard/v1alpha1\nkind: Scenario\nspec: {dns: ideal, clients: [], timing: realistic}\n";

const POD: &str = "Pod web-HASH-* app=web of ReplicaSet Running ready=True containers=true";
const NEW_POD: &str = "Pod web-HASH-* app=web of ReplicaSet Running ready=True containers=true new";
const SLICE: &str = "EndpointSlice of Service labels a=b ports http:8080 endpoints rs- rs- rs-";

fn text(value: &Value, path: &str) -> String {
    value.pointer(path).and_then(Value::as_str).unwrap_or("nothing").to_string()
}

fn items<'a>(value: &'a Value, path: &str) -> &'a [Value] {
    value.pointer(path).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// Those that are no API's.
fn own_labels(value: &Value, path: &str) -> String {
    let labels = value.pointer(path).and_then(Value::as_object).into_iter().flatten();
    let own = labels.filter(|(key, _)| !key.contains("kubernetes.io"));
    let own: Vec<String> =
        own.map(|(key, value)| format!("{key}={}", value.as_str().unwrap_or_default())).collect();
    if own.is_empty() { "none".into() } else { own.join(",") }
}

fn owner(object: &Value) -> String {
    text(object, "/metadata/ownerReferences/0/kind")
}

fn condition<'a>(object: &'a Value, type_: &str) -> Option<&'a Value> {
    items(object, "/status/conditions").iter().find(|condition| condition["type"] == type_)
}

/// Whether it was made after the deed.
fn age(object: &Value) -> &'static str {
    if object["new"] == true { " new" } else { "" }
}

fn pod(pod: &Value) -> String {
    let statuses = items(pod, "/status/containerStatuses").iter();
    let containers: Vec<String> = statuses.map(|status| status["ready"].to_string()).collect();
    let ready = condition(pod, "Ready").map_or_else(String::new, |ready| text(ready, "/status"));
    format!(
        "Pod web-HASH-* app={} of {} {} ready={ready} containers={}{}",
        text(pod, "/metadata/labels/app"),
        owner(pod),
        text(pod, "/status/phase"),
        containers.join(","),
        age(pod),
    )
}

/// An endpoint is `rsth`: ready, serving, terminating, and with hints.
fn slice(slice: &Value) -> String {
    let ports = items(slice, "/ports").iter();
    let ports: Vec<String> = ports.map(|port| format!("{}:{}", text(port, "/name"), port["port"])).collect();
    let letters = |endpoint: &Value| {
        let of = |name: &str, letter: &str| match endpoint["conditions"][name] == true {
            true => letter.to_string(),
            false => "-".to_string(),
        };
        let hints = if endpoint.get("hints").is_some() { "h" } else { "" };
        of("ready", "r") + &of("serving", "s") + &of("terminating", "t") + hints
    };
    let mut endpoints: Vec<String> = items(slice, "/endpoints").iter().map(letters).collect();
    endpoints.sort();
    let or_none = |list: Vec<String>| if list.is_empty() { "none".into() } else { list.join(" ") };
    format!(
        "EndpointSlice of {} labels {} ports {} endpoints {}",
        owner(slice),
        own_labels(slice, "/metadata/labels"),
        or_none(ports),
        or_none(endpoints),
    )
}

/// Of one where nothing is unusual, nothing.
fn node(node: &Value) -> Option<String> {
    let ready = condition(node, "Ready").filter(|ready| ready["status"] != "True");
    let ready = ready.map(|ready| format!("Ready={} {}", text(ready, "/status"), text(ready, "/reason")));
    let taints = items(node, "/spec/taints").iter();
    let mut taints: Vec<String> =
        taints.map(|taint| format!("{}:{}", text(taint, "/key"), text(taint, "/effect"))).collect();
    taints.sort();
    let cordoned = (node["spec"]["unschedulable"] == true).then(|| "unschedulable".to_string());
    let all: Vec<String> = ready.into_iter().chain(cordoned).chain(taints).collect();
    (!all.is_empty()).then(|| format!("Node {} {}", text(node, "/metadata/name"), all.join(" ")))
}

fn set(set: &Value, name: &str) -> String {
    let deleted = if set.pointer("/metadata/deletionTimestamp").is_some() { " deleted" } else { "" };
    let (generation, replicas) = (&set["metadata"]["generation"], &set["spec"]["replicas"]);
    format!("{} {name} generation={generation} replicas={replicas}{deleted}{}", text(set, "/kind"), age(set))
}

/// What there is, sorted; the Service `kubernetes` aside.
fn lines(world: &World, deed: Time) -> Vec<String> {
    let of_kind = |kind: Kind| -> Vec<Value> {
        let json = |object: KubeObject| {
            let text = to_json_indented(&world.served(&object));
            let mut value: Value = serde_json::from_str(&text).expect("it prints JSON");
            value["new"] = (object.meta().created > deed).into();
            value
        };
        let metas = world.store().metas(&kind).filter(|meta| !meta.name.starts_with("kubernetes"));
        let refs: Vec<ObjectRef> = metas.map(|meta| ObjectRef::new(kind.clone(), meta)).collect();
        refs.iter().filter_map(|object| world.store().get(object)).map(json).collect()
    };
    let service = |service: &Value| {
        let selector = own_labels(service, "/spec/selector");
        format!("Service web {} selector {selector}", text(service, "/spec/type"))
    };
    let mut out: Vec<String> = of_kind(Kind::Pod).iter().map(pod).collect();
    out.extend(of_kind(Kind::Deployment).iter().map(|object| set(object, "web")));
    out.extend(of_kind(Kind::ReplicaSet).iter().map(|object| set(object, "web-HASH")));
    out.extend(of_kind(Kind::Service).iter().map(service));
    out.extend(of_kind(Kind::EndpointSlice).iter().map(slice));
    out.extend(of_kind(Kind::Node).iter().filter_map(node));
    out.sort();
    out
}

/// `- LINE` for what is no longer there, `+ LINE` for what is new.
fn changes(before: &[String], after: &[String]) -> Vec<String> {
    let mut counts: BTreeMap<&String, i64> = BTreeMap::new();
    before.iter().for_each(|line| *counts.entry(line).or_default() -= 1);
    after.iter().for_each(|line| *counts.entry(line).or_default() += 1);
    let line = |(line, count): (&String, i64)| {
        let sign = if count < 0 { '-' } else { '+' };
        std::iter::repeat_n(format!("{sign} {line}"), count.unsigned_abs() as usize)
    };
    let mut out: Vec<String> = counts.into_iter().flat_map(line).collect();
    out.sort();
    out
}

/// What the deed has changed when all is quiet again.
fn changed_by(deed: fn(&World) -> Action) -> Vec<String> {
    let (mut run, refusals) = Run::new(&parse(&[DEPLOYMENT, SERVICE, QUIET].concat()), Some(7));
    assert_eq!(refusals, [], "the API server takes it");
    let minute = |run: &mut Run| run.advance_to(run.world().now() + Span::from_secs(60), u64::MAX);
    minute(&mut run);
    let before = lines(run.world(), run.world().now());
    let deed_at = run.world().now();
    assert_eq!(
        before,
        [
            "Deployment web generation=1 replicas=3",
            SLICE,
            POD,
            POD,
            POD,
            "ReplicaSet web-HASH generation=1 replicas=3",
            "Service web ClusterIP selector app=web",
        ],
        "the cluster has settled"
    );
    run.act(deed(run.world())).expect("the API server takes it");
    // A node without power is found out after 50 s.
    minute(&mut run);
    run.advance_to(run.world().now() + Span::from_secs(2), u64::MAX);
    changes(&before, &lines(run.world(), deed_at))
}

fn first_pod(world: &World) -> ObjectRef {
    let meta = world.store().metas(&Kind::Pod).next().expect("there are three");
    ObjectRef::new(Kind::Pod, meta)
}

fn named(kind: Kind, name: &str) -> ObjectRef {
    ObjectRef { kind, namespace: "default".into(), name: name.into() }
}

fn apply(text: String) -> Action {
    Action::apply(&text)
}

fn with(from: &str, to: &str) -> Action {
    assert!(SERVICE.contains(from), "{from}");
    apply(SERVICE.replace(from, to))
}

/// What is done, and what it changes.
type Deed = (&'static str, fn(&World) -> Action, Vec<String>);

fn second_node() -> Name {
    "node-2".into()
}

fn slice_is(slice: &str) -> Vec<String> {
    vec![format!("- {SLICE}"), format!("+ {slice}")]
}

/// So many were replaced.
fn pods_are_new(count: usize) -> Vec<String> {
    vec![[format!("- {POD}"), format!("+ {NEW_POD}")]; count].concat()
}

/// To Pods and their workloads.
fn of_workloads() -> Vec<Deed> {
    vec![
        ("delete a Pod", |world| Action::delete(first_pod(world)), pods_are_new(1)),
        (
            "relabel a Pod",
            |world| Action::SetLabels {
                object: first_pod(world),
                labels: Labels::from_iter([("app".into(), "other".into())]),
            },
            // Its ReplicaSet lets go of it and makes another (controller_ref_manager.go, ReleasePod).
            [
                vec!["+ Pod web-HASH-* app=other of nothing Running ready=True containers=true".into()],
                pods_are_new(1),
            ]
            .concat(),
        ),
        // No generation rises.
        ("apply the same", |_| apply([DEPLOYMENT, SERVICE].concat()), vec![]),
        (
            "delete the Deployment",
            |_| Action::delete(named(Kind::Deployment, "web")),
            [
                slice_is("EndpointSlice of Service labels a=b ports none endpoints none"),
                vec![
                    "- Deployment web generation=1 replicas=3".into(),
                    "- ReplicaSet web-HASH generation=1 replicas=3".into(),
                    format!("- {POD}"),
                    format!("- {POD}"),
                    format!("- {POD}"),
                ],
            ]
            .concat(),
        ),
        // It is made again, and so are its Pods.
        (
            "delete the ReplicaSet",
            |world| {
                let meta = world.store().metas(&Kind::ReplicaSet).next().expect("there is one");
                Action::delete(ObjectRef::new(Kind::ReplicaSet, meta))
            },
            [
                vec![
                    "- ReplicaSet web-HASH generation=1 replicas=3".into(),
                    "+ ReplicaSet web-HASH generation=1 replicas=3 new".into(),
                ],
                pods_are_new(3),
            ]
            .concat(),
        ),
    ]
}

/// To a Service that goes on selecting its Pods.
fn of_ports_and_labels() -> Vec<Deed> {
    vec![
        (
            "relabel the Service",
            |_| with("a: b", "a: c"),
            slice_is("EndpointSlice of Service labels a=c ports http:8080 endpoints rs- rs- rs-"),
        ),
        (
            "rename the port",
            |_| with("http", "www"),
            slice_is("EndpointSlice of Service labels a=b ports www:8080 endpoints rs- rs- rs-"),
        ),
        (
            "change the target port",
            |_| with("8080", "9090"),
            slice_is("EndpointSlice of Service labels a=b ports http:9090 endpoints rs- rs- rs-"),
        ),
        (
            "publish Pods that are not ready",
            |_| with("ports:", "publishNotReadyAddresses: true, ports:"),
            vec![],
        ),
        (
            "distribute traffic by zone",
            |_| with("ports:", "trafficDistribution: PreferSameZone, ports:"),
            slice_is("EndpointSlice of Service labels a=b ports http:8080 endpoints rs-h rs-h rs-h"),
        ),
    ]
}

/// To a Service that selects them no longer.
fn of_selectors() -> Vec<Deed> {
    vec![
        (
            "take the selector away",
            |_| with("selector: {app: web}, ", ""),
            // The slice's controller leaves it as it is (syncService returns), and the Endpoints, which nobody takes
            // away, are mirrored (endpointslicemirroring, syncEndpoints).
            vec![
                "+ EndpointSlice of Endpoints labels a=b ports http:8080 endpoints r-- r-- r--".into(),
                "+ Service web ClusterIP selector none".into(),
                "- Service web ClusterIP selector app=web".into(),
            ],
        ),
        (
            "select nothing",
            |_| with("app: web", "app: none"),
            [
                slice_is("EndpointSlice of Service labels a=b ports none endpoints none"),
                vec![
                    "+ Service web ClusterIP selector app=none".into(),
                    "- Service web ClusterIP selector app=web".into(),
                ],
            ]
            .concat(),
        ),
        (
            "delete the Service",
            |_| Action::delete(named(Kind::Service, "web")),
            vec![format!("- {SLICE}"), "- Service web ClusterIP selector app=web".into()],
        ),
        (
            "the Service becomes an external name",
            |_| apply(EXTERNAL_NAME.into()),
            vec![
                "+ EndpointSlice of Endpoints labels a=b ports http:8080 endpoints r-- r-- r--".into(),
                "+ Service web ExternalName selector none".into(),
                "- Service web ClusterIP selector app=web".into(),
            ],
        ),
    ]
}

/// To a node.
fn of_nodes() -> Vec<Deed> {
    vec![
        (
            "cordon",
            |_| Action::Cordon { node: second_node(), on: true },
            vec!["+ Node node-2 unschedulable node.kubernetes.io/unschedulable:NoSchedule".into()],
        ),
        (
            "a node loses its power",
            |_| Action::PowerNode { node: second_node(), on: false },
            // Its Pod's condition changes and nothing else of it (controller_utils.go, MarkPodsNotReady).
            [
                slice_is("EndpointSlice of Service labels a=b ports http:8080 endpoints --- rs- rs-"),
                vec![
                    "+ Node node-2 Ready=Unknown NodeStatusUnknown node.kubernetes.io/unreachable:NoExecute \
                     node.kubernetes.io/unreachable:NoSchedule"
                        .into(),
                    "+ Pod web-HASH-* app=web of ReplicaSet Running ready=False containers=true".into(),
                    format!("- {POD}"),
                ],
            ]
            .concat(),
        ),
    ]
}

#[test]
fn a_deed_has_its_end() {
    let deeds = [of_workloads(), of_ports_and_labels(), of_selectors(), of_nodes()].concat();
    let mut wrong = String::new();
    for (name, deed, mut expected) in deeds {
        expected.sort();
        let found = changed_by(deed);
        if found != expected {
            wrong += &format!("{name}\n  expected {expected:#?}\n  found {found:#?}\n");
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}
