//! What the controllers of Endpoints and of EndpointSlices write, as the control plane of 1.36.3 was seen to write it.

use cluster::api::{
    Action, EndpointSlice, Endpoints, Kind, KubeObject, ObjectRef, Tree, parse, to_json, to_tree,
};
use cluster::sim::{Run, Span};

use crate::support::{go_on, key, seconds, start};

const PODS: &str = "{apiVersion: v1, kind: Pod, metadata: {name: a, labels: {app: web}}, spec: {nodeName: node-1, \
                    containers: [{name: c, image: i, ports: [{name: http, containerPort: 8080}]}]}}\n---\n";

fn service(rest: &str) -> String {
    format!("{{apiVersion: v1, kind: Service, metadata: {{name: web}}, {rest}}}\n---\n")
}

fn apply(run: &mut Run, text: &str) {
    run.act(Action::apply(text)).expect("the API server takes it");
    go_on(run, Span::from_secs(5));
}

/// Of each slice of `web`: who writes it, its addresses and its ports.
fn slices(run: &Run) -> Vec<String> {
    let of_web = |slice: &&std::sync::Arc<EndpointSlice>| &*slice.service == "web";
    let line = |slice: &std::sync::Arc<EndpointSlice>| {
        let addresses =
            slice.endpoints.iter().map(|e| format!("{}{}", if e.ready { "" } else { "!" }, e.address));
        let ports = slice.ports.iter().map(|p| format!("{}:{}", p.name, p.port));
        let writer = if slice.is_mirrored() { "mirrored" } else { "made" };
        let addresses: Vec<String> = addresses.collect();
        format!("{writer} {} {}", addresses.join(","), ports.collect::<Vec<_>>().join(","))
    };
    let mut lines: Vec<String> = run.world().store().slices.iter().filter(of_web).map(line).collect();
    lines.sort();
    lines
}

fn endpoints(run: &Run) -> String {
    let Some(endpoints) = run.world().store().endpoints.get(&key("web")) else { return "none".into() };
    let json = to_json(&printed(endpoints.as_ref().clone()));
    json.split_once("\"subsets\":").map_or_else(|| "no subsets".into(), |(_, subsets)| subsets.to_string())
}

fn printed(endpoints: Endpoints) -> Tree {
    to_tree(&KubeObject::Endpoints(endpoints), None)
}

#[test]
fn endpoints_written_by_hand_are_mirrored_a_slice_for_each_set_of_ports() {
    let text = service("spec: {ports: [{name: http, port: 80}, {name: https, port: 443}]}")
        + "{apiVersion: v1, kind: Endpoints, metadata: {name: web}, subsets: [\
           {addresses: [{ip: 192.0.2.1}, {ip: 192.0.2.2}], ports: [{name: http, port: 8080}, {name: https, port: 8443}]}, \
           {notReadyAddresses: [{ip: 192.0.2.3}], ports: [{name: http, port: 8080}]}]}";
    let mut run = start(&text, 7);
    run.advance_to(seconds(5), u64::MAX);
    let expected =
        ["mirrored 192.0.2.1,192.0.2.2 https:8443", "mirrored 192.0.2.1,192.0.2.2,!192.0.2.3 http:8080"];
    assert_eq!(slices(&run), expected);
    apply(
        &mut run,
        "{apiVersion: v1, kind: Endpoints, metadata: {name: web, labels: {endpointslice.kubernetes.io/skip-mirror: 'true'}}, \
         subsets: [{addresses: [{ip: 192.0.2.1}], ports: [{name: http, port: 8080}]}]}",
    );
    assert_eq!(slices(&run), Vec::<String>::new(), "what is not to be mirrored loses its slices");
    let object = ObjectRef::of_key(Kind::Endpoints, &key("web"));
    run.act(Action::delete(object)).expect("it is there");
    go_on(&mut run, Span::from_secs(5));
    assert_eq!(endpoints(&run), "none");
}

#[test]
fn a_service_that_loses_its_selector_keeps_its_slices_and_its_endpoints_are_mirrored() {
    let selected = "spec: {selector: {app: web}, ports: [{name: http, port: 80, targetPort: 8080}]}";
    let mut run = start(&(PODS.to_string() + &service(selected)), 7);
    run.advance_to(seconds(15), u64::MAX);
    let made = slices(&run);
    assert_eq!(made.len(), 1);
    assert!(made[0].starts_with("made 10.244."), "{made:?}");
    assert!(endpoints(&run).contains("\"name\":\"http\",\"port\":8080"), "{}", endpoints(&run));
    apply(&mut run, &service("spec: {ports: [{name: http, port: 80, targetPort: 8080}]}"));
    let both = slices(&run);
    assert_eq!(both.len(), 2, "{both:?}");
    assert_eq!(both[0], made[0]);
    assert_eq!(both[1].replace("mirrored", "made"), made[0]);
    apply(&mut run, &service(selected));
    assert_eq!(slices(&run), made, "the mirror goes when there is a selector again");
}

#[test]
fn an_external_name_leaves_the_slices_that_there_are() {
    let selected = "spec: {selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}";
    let mut run = start(&(PODS.to_string() + &service(selected)), 7);
    run.advance_to(seconds(15), u64::MAX);
    let made = slices(&run);
    apply(
        &mut run,
        &service(
            "spec: {type: ExternalName, externalName: a.example.com, selector: {app: web}, ports: [{port: 80}]}",
        ),
    );
    assert_eq!(slices(&run), made);
}

#[test]
fn a_slice_has_the_services_labels_and_its_ports_app_protocols() {
    let text = PODS.to_string()
        + "{apiVersion: v1, kind: Service, metadata: {name: web, labels: {team: a, service.kubernetes.io/headless: ''}}, \
           spec: {selector: {app: web}, ports: [{port: 80, targetPort: http, appProtocol: kubernetes.io/h2c}]}}";
    let mut run = start(&text, 7);
    run.advance_to(seconds(15), u64::MAX);
    let labels = |run: &Run| -> Vec<String> {
        let slice = run.world().store().slices.iter().next().expect("it has a slice");
        assert_eq!(slice.ports[0].app_protocol.as_deref(), Some("kubernetes.io/h2c"));
        slice.meta.labels.iter().map(|(key, value)| format!("{key}={value}")).collect()
    };
    let own = ["endpointslice.kubernetes.io/managed-by=endpointslice-controller.k8s.io"];
    let name = "kubernetes.io/service-name=web";
    assert_eq!(labels(&run), [own[0], name, "team=a"], "the headless label is the controller's own");
    let object = ObjectRef::of_key(Kind::Service, &key("web"));
    let action = Action::SetLabels { object, labels: [("team".into(), "b".into())].into_iter().collect() };
    run.act(action).expect("it can be relabelled");
    go_on(&mut run, Span::from_secs(5));
    assert_eq!(labels(&run), [own[0], name, "team=b"]);
}

#[test]
fn a_port_that_no_container_has_leaves_endpoints_without_ports() {
    let text =
        PODS.to_string() + &service("spec: {selector: {app: web}, ports: [{port: 80, targetPort: web}]}");
    let mut run = start(&text, 7);
    run.advance_to(seconds(15), u64::MAX);
    let [slice] = &slices(&run)[..] else { panic!("{:?}", slices(&run)) };
    assert!(slice.starts_with("made 10.244.") && slice.ends_with(' '), "{slice}");
    assert_eq!(endpoints(&run), "no subsets");
}

#[test]
fn endpoints_are_checked_as_the_api_server_checks_them() {
    let text = "{apiVersion: v1, kind: Endpoints, metadata: {name: web}, subsets: [{ports: [{port: 80}, {port: 81}]}, \
                {addresses: [{ip: 127.0.0.1, nodeName: 'a b'}]}]}";
    let said: Vec<String> = parse(text).diagnostics.iter().map(|d| format!("{} {d}", d.path)).collect();
    for path in [
        "subsets[0]",
        "subsets[0].ports[0].name",
        "subsets[1].addresses[0].ip",
        "subsets[1].addresses[0].nodeName",
    ] {
        assert!(said.iter().any(|line| line.starts_with(&format!("{path} "))), "{path}: {said:#?}");
    }
}

#[test]
fn endpoints_wait_for_their_service() {
    let text = "{apiVersion: v1, kind: Endpoints, metadata: {name: web}, subsets: [{addresses: [{ip: 192.0.2.1}], \
                ports: [{port: 8080}]}]}";
    let mut run = start(text, 7);
    run.advance_to(seconds(5), u64::MAX);
    assert!(endpoints(&run).contains("192.0.2.1"), "{}", endpoints(&run));
    assert_eq!(slices(&run), Vec::<String>::new());
    apply(&mut run, &service("spec: {ports: [{port: 80}]}"));
    assert_eq!(slices(&run), ["mirrored 192.0.2.1 :8080"]);
}
