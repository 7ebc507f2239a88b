//! Objects of several kinds, and what is the same for all kinds.

use super::{check_fine, check_problem, deployment, object, only, pod, problems, service};
use crate::api::*;

#[test]
fn names() {
    for (name, fine) in [
        ("web", true),
        ("1web", true),
        ("a-b", true),
        ("Web", false),
        ("a.b", false),
        ("-a", false),
        ("a_b", false),
        ("", false),
    ] {
        let text = service("").replace("{name: x}", &format!("{{name: '{name}'}}"));
        assert_eq!(parse(&text).objects.len(), usize::from(fine), "{name}");
    }
    let long = "a".repeat(64);
    check_problem(&service("").replace("{name: x}", &format!("{{name: {long}}}")), "63 characters");
    check_fine(&deployment("").replace("{name: x}", "{name: a.b}"));
    check_problem(
        &service("").replace("{name: x}", "{name: x, namespace: A}"),
        "metadata.namespace: Invalid value",
    );
    check_problem(
        &service("").replace("{name: x}", "{generateName: x-}"),
        "metadata.name: resource name may not be empty",
    );
    check_problem(
        &service("").replace("metadata: {name: x}\n", ""),
        "metadata.name: resource name may not be empty",
    );
    check_problem(
        &service("").replace("{name: x}", "{name: x, labels: {a/b/c: d}}"),
        "a qualified name must consist of",
    );
    check_problem(
        &service("").replace("{name: x}", "{name: x, annotations: {'a b': d}}"),
        "name part must consist of",
    );
    check_problem(
        &service("").replace("{name: x}", "{name: x, annotations: {a: 5}}"),
        "json: cannot unmarshal number into Go struct field ObjectMeta.metadata.annotations of type string",
    );
}

/// What is wrong with an item is said at its place, whatever the items before it are.
#[test]
fn an_unreadable_item_moves_no_other() {
    let both = |text: &str, first: &str, second: &str| {
        let found = problems(&parse(text));
        assert_eq!(found.len(), 2, "{found:#?}");
        assert!(found[0].starts_with(first) && found[1].starts_with(second), "{found:#?}");
    };
    both(
        &pod("ports: [{containerPort: 70000}, {containerPort: 80, name: aB}]"),
        "spec.containers[0].ports[0].containerPort: ",
        "spec.containers[0].ports[1].name: ",
    );
    both(
        &object("v1", "Pod", "{initContainers: [{name: c, image: ' i'}], containers: [{name: c, image: i}]}"),
        "spec.initContainers[0].name: Duplicate value",
        "spec.initContainers[0].image: ",
    );
    check_problem(
        &pod("env: [{name: A, valueFrom: {}}, {name: B=}]"),
        "spec.containers[0].env[1].name: Invalid value: \"B=\"",
    );
    both(
        "apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\nmetadata: {name: s}\naddressType: IPv4\nendpoints: [{addresses: []}, {addresses: [127.0.0.1]}]\n",
        "endpoints[0].addresses: Required value",
        "endpoints[1].addresses[0]: Invalid value: \"127.0.0.1\"",
    );
}

/// Validation is of the object, whether a text or a controller made it.
#[test]
fn an_object_that_no_text_made_is_validated() {
    let said = |errors: Vec<FieldError>| -> Vec<String> {
        errors.iter().map(|e| format!("{}: {}", crate::api::field::print(&e.path), e.message)).collect()
    };
    let mut pod = Pod {
        meta: Meta::default(),
        spec: PodSpec::default(),
        status: PodStatus::default(),
        written: std::sync::Arc::default(),
    };
    pod.meta.name = "x".into();
    pod.spec.dns_policy = Some("Nearest".into());
    pod.spec.host_network = true;
    let port = ContainerPort {
        name: None,
        container_port: 80,
        host_port: 81,
        host_ip: None,
        protocol: Default::default(),
    };
    pod.spec.containers =
        vec![Container { ports: vec![port], liveness: Some(Probe::DEFAULT), ..Container::default() }];
    assert_eq!(
        said(Codec::validate(&pod)),
        [
            "spec.containers[0].name: Required value",
            "spec.containers[0].livenessProbe: Required value: must specify a handler type",
            "spec.containers[0].image: Required value",
            "spec.containers[0].ports[0].hostPort: Invalid value: 81: must match `containerPort` when `hostNetwork` is true",
            "spec.dnsPolicy: Unsupported value: \"Nearest\": supported values: \"ClusterFirstWithHostNet\", \"ClusterFirst\", \"Default\", \"None\"",
        ]
    );
}

#[test]
fn kept_not_simulated() {
    let notes = |text: &str| -> Vec<String> {
        let found = parse(text).diagnostics;
        assert!(found.iter().all(|d| d.severity == Severity::Info), "{found:?}");
        found.iter().map(|d| if d.path.is_empty() { d.message.to_string() } else { d.path.clone() }).collect()
    };
    let container = "livenessProbe: {tcpSocket: {port: 1}}\n  lifecycle: {preStop: {exec: {command: [a]}}}\n  ports: [{containerPort: 80, hostPort: 80}]\n  resources: {}\n  volumeMounts: []\n";
    assert_eq!(notes(&pod(container)), Vec::<String>::new());
    let host = notes(&object("v1", "Pod", "{hostNetwork: true, containers: [{name: c, image: i}]}"));
    assert_eq!(host, Vec::<String>::new());
    assert_eq!(notes(&deployment("paused: true\nminReadySeconds: 0\n")), Vec::<String>::new());
    assert_eq!(
        notes("apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: x}\n"),
        ["NetworkPolicy is kept, not simulated"]
    );
    assert_eq!(notes("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n"), Vec::<String>::new());
    // A cluster without the family refuses them: nothing is kept.
    for families in ["[IPv4]", "[IPv6]", "[IPv4, IPv6]"] {
        for policy in ["SingleStack", "PreferDualStack", "RequireDualStack"] {
            let lines = format!("ipFamilyPolicy: {policy}\nipFamilies: {families}");
            assert_eq!(notes(&service(&lines)), Vec::<String>::new());
        }
    }
}

#[test]
fn other_kinds_keep_what_they_say() {
    let text =
        "apiVersion: serving.knative.dev/v1\nkind: Service\nmetadata: {name: X_y}\nspec: {template: 5}\n";
    let manifest = check_fine(text);
    let KubeObject::Unsimulated(Unsimulated { kind, api_version, meta }) = &manifest.objects[0].object else {
        panic!()
    };
    assert_eq!((&**kind, &**api_version, &*meta.namespace), ("Service", "serving.knative.dev/v1", "default"));
    let cluster_wide =
        check_fine("apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: x}\n");
    assert_eq!(&*cluster_wide.objects[0].object.meta().namespace, "");
}

#[test]
fn the_same_object_twice() {
    let text = format!("{}---\n{}", service(""), service("selector: {a: b}"));
    check_problem(&text, "already on line 1; as with kubectl apply, the last one wins");
    assert_eq!(parse(&text).objects.len(), 2);
    let elsewhere = service("").replace("{name: x}", "{name: x, namespace: other}");
    check_fine(&format!("{}---\n{elsewhere}", service("")));
    let node = "apiVersion: v1\nkind: Node\nmetadata: {name: n1}\n";
    check_problem(&format!("{node}---\n{node}"), "a node of this name is already on line 1");
    assert_eq!(parse(&format!("{node}---\n{node}")).objects.len(), 1);
}

#[test]
fn a_node() {
    let text = "apiVersion: v1\nkind: Node\nmetadata: {name: n1, labels: {topology.kubernetes.io/zone: a}}\nspec: {podCIDR: 10.244.1.0/24, podCIDRs: [10.244.1.0/24], unschedulable: true}\nstatus: {addresses: [{type: Hostname, address: n1}, {type: InternalIP, address: 10.0.0.2}], conditions: [{type: Ready, status: Unknown}]}\n";
    let KubeObject::Node(node) = only(text) else { panic!() };
    assert_eq!(node.zone().map(|z| &**z), Some("a"));
    assert_eq!(node.addresses, ["10.0.0.2".parse::<std::net::IpAddr>().unwrap()]);
    assert_eq!(node.ready(), ConditionStatus::Unknown);
    assert!(node.spec.unschedulable && node.spec.pod_cidrs.len() == 1 && node.meta.namespace.is_empty());
    let many = text.replace("podCIDR: 10.244.1.0/24, ", "");
    check_problem(&many.replace("[10.244.1.0/24]", "[10.244.1.0]"), "spec.podCIDRs[0]: Invalid value");
}

#[test]
fn decoding_again_after_an_edit() {
    let mut tree = (*check_fine(&service("foo: bar").replace("foo: bar", "selector: {a: b}")).objects[0]
        .source)
        .clone()
        .tree;
    assert!(tree.set(&["spec".into(), "type".into()], Tree::string("NodePort")));
    let (typed, diagnostics) = decode_object(&tree);
    assert!(diagnostics.is_empty());
    let Some(KubeObject::Service(service)) = typed else { panic!() };
    assert_eq!(service.spec.type_, ServiceType::NodePort);
    assert!(tree.set(&["spec".into(), "type".into()], Tree::int(5)));
    let (typed, diagnostics) = decode_object(&tree);
    assert!(typed.is_none() && diagnostics.len() == 2, "an error, and a hint");
}
