//! Kinds: shape, values, defaults.

use super::{check_fine, check_problem, object, problems, service};
use crate::api::*;

fn only(text: &str) -> KubeObject {
    check_fine(text).objects.remove(0).object
}

fn service_of(text: &str) -> Service {
    match only(text) {
        KubeObject::Service(service) => service,
        other => panic!("{other:?}"),
    }
}

fn deployment(extra: &str) -> String {
    let spec = "selector: {matchLabels: {app: x}}\ntemplate:\n  metadata: {labels: {app: x}}\n  spec: {containers: [{name: c, image: i}]}\n";
    object("apps/v1", "Deployment", &[spec, extra].concat())
}

fn pod(container: &str) -> String {
    object("v1", "Pod", &format!("containers:\n- name: c\n  image: i\n  {container}\n"))
}

#[test]
fn a_service_with_every_default() {
    let service = service_of(&service(""));
    assert_eq!(service.meta.namespace, "default".into());
    let expected = ServiceSpec {
        ports: vec![ServicePort {
            app_protocol: None,
            name: "".into(),
            protocol: netfilter::Protocol::Tcp,
            port: 80,
            target_port: TargetPort::Number(80),
            node_port: 0,
        }],
        ..ServiceSpec::default()
    };
    assert_eq!(service.spec, expected);
}

#[test]
fn a_service_in_full() {
    let text = object(
        "v1",
        "Service",
        "type: LoadBalancer\nselector: {app: web}\nclusterIP: 10.96.0.5\nclusterIPs: [10.96.0.5]\nsessionAffinity: ClientIP\nexternalTrafficPolicy: Local\ninternalTrafficPolicy: Local\nhealthCheckNodePort: 32000\nloadBalancerSourceRanges: [10.0.0.0/8]\nexternalIPs: [192.0.2.1]\nallocateLoadBalancerNodePorts: false\npublishNotReadyAddresses: true\ntrafficDistribution: PreferSameZone\nports:\n- {name: http, port: 80, targetPort: web, nodePort: 30080}\n- {name: dns, port: 80, protocol: UDP, targetPort: 5353}\n",
    );
    let spec = service_of(&text).spec;
    assert_eq!(spec.type_, ServiceType::LoadBalancer);
    assert_eq!(spec.session_affinity, SessionAffinity::ClientIP { timeout_s: 10_800 });
    assert_eq!(spec.external_traffic_policy, Some(TrafficPolicy::Local));
    assert_eq!(spec.internal_traffic_policy, TrafficPolicy::Local);
    assert_eq!(spec.cluster_ips, ["10.96.0.5".parse::<std::net::IpAddr>().unwrap()]);
    assert_eq!(spec.ports[0].target_port, TargetPort::Name("web".into()));
    assert_eq!(spec.ports[1].target_port, TargetPort::Number(5353));
    assert_eq!((spec.ports[0].node_port, spec.health_check_node_port), (30080, 32000));
    assert!(spec.allocate_load_balancer_node_ports == Some(false) && spec.publish_not_ready_addresses);
    assert!(spec.selector.is_some() && spec.traffic_distribution.is_some());
}

#[test]
fn headless_and_external_name() {
    let headless = service_of(&object("v1", "Service", "clusterIP: None"));
    assert!(headless.spec.headless && headless.spec.ports.is_empty());
    let external = service_of(&object("v1", "Service", "{type: ExternalName, externalName: example.com.}"));
    assert_eq!(external.spec.external_name.as_deref(), Some("example.com."));
}

#[test]
fn types_of_the_wire() {
    for (line, expected) in [
        (
            "selector: {app: 1}",
            "json: cannot unmarshal number into Go struct field ServiceSpec.spec.selector of type string",
        ),
        (
            "selector: {app: yes}",
            "json: cannot unmarshal bool into Go struct field ServiceSpec.spec.selector of type string",
        ),
        (
            "selector: {a.b/c: 1.5}",
            "json: cannot unmarshal number into Go struct field ServiceSpec.spec.selector of type string",
        ),
        (
            "selector: [a]",
            "json: cannot unmarshal array into Go struct field ServiceSpec.spec.selector of type map[string]string",
        ),
        (
            "externalIPs: 192.0.2.1",
            "json: cannot unmarshal string into Go struct field ServiceSpec.spec.externalIPs of type []string",
        ),
        (
            "publishNotReadyAddresses: 'true'",
            "json: cannot unmarshal string into Go struct field ServiceSpec.spec.publishNotReadyAddresses of type bool",
        ),
        (
            "healthCheckNodePort: 1.5",
            "json: cannot unmarshal number 1.5 into Go struct field ServiceSpec.spec.healthCheckNodePort of type int32",
        ),
        ("healthCheckNodePort: 3000000000", "json: cannot unmarshal number 3000000000 into"),
        (
            "externalName: 5",
            "json: cannot unmarshal number into Go struct field ServiceSpec.spec.externalName of type string",
        ),
        ("foo: 1", "strict decoding error: unknown field \"spec.foo\""),
        ("Selector: {}", "unknown field \"spec.Selector\""),
    ] {
        let text = service(line);
        let found = problems(&parse(&text));
        assert!(found.iter().any(|p| p.contains(expected)), "{line}: {found:#?}");
    }
    for (ports, expected) in [
        (
            "[{port: '80'}]",
            "json: cannot unmarshal string into Go struct field ServicePort.spec.ports.port of type int32",
        ),
        (
            "[{port: 80, targetPort: true}]",
            "json: cannot unmarshal bool into Go struct field ServicePort.spec.ports.targetPort of type int32",
        ),
        (
            "[{port: 80, name: 80}]",
            "json: cannot unmarshal number into Go struct field ServicePort.spec.ports.name of type string",
        ),
        (
            "{port: 80}",
            "json: cannot unmarshal object into Go struct field ServiceSpec.spec.ports of type []v1.ServicePort",
        ),
        (
            "[80]",
            "json: cannot unmarshal number into Go struct field ServiceSpec.spec.ports of type v1.ServicePort",
        ),
        ("[{port: 0}]", "spec.ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive"),
        ("[{port: 65536}]", "spec.ports[0].port: Invalid value: 65536"),
        ("[{port: 80, targetPort: 70000}]", "spec.ports[0].targetPort: Invalid value: 70000"),
        (
            "[{port: 80, targetPort: HTTP}]",
            "spec.ports[0].targetPort: Invalid value: \"HTTP\": must contain only alpha-numeric characters",
        ),
        (
            "[{port: 80, protocol: tcp}]",
            "Unsupported value: \"tcp\": supported values: \"SCTP\", \"TCP\", \"UDP\"",
        ),
        (
            "[{port: 80, nodePort: 30000}]",
            "spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'",
        ),
        ("[]", "spec.ports: Required value"),
        ("[{name: a, port: 1}, {name: a, port: 2}]", "spec.ports[1].name: Duplicate value: \"a\""),
        (
            "[{name: a, port: 1}, {name: b, port: 1}]",
            r#"spec.ports[1]: Duplicate value: {"Name":"","Protocol":"TCP","AppProtocol":null,"Port":1,"TargetPort":0,"NodePort":0}"#,
        ),
        ("[{name: a, port: 1}, {port: 2}]", "spec.ports[1].name: Required value"),
    ] {
        let text = object("v1", "Service", &format!("ports: {ports}"));
        let found = problems(&parse(&text));
        assert!(found.iter().any(|p| p.contains(expected)), "{ports}: {found:#?}");
        assert!(parse(&text).objects.is_empty(), "{ports}");
    }
    check_problem(
        &object("v1", "Service", "ports: [{port: 3000000000}]"),
        "cannot unmarshal number 3000000000 into Go struct field ServicePort.spec.ports.port",
    );
    check_fine(&object("v1", "Service", "ports: [{port: 80.0, targetPort: 0}]"));
}

#[test]
fn all_errors_at_once() {
    // What cannot be decoded is not validated.
    for (text, paths) in [
        (
            "metadata: {name: 1, labels: {a: 1}}\nspec: {type: 5, ports: [{port: a}]}\n",
            ["metadata.name", "metadata.labels.a", "spec.type", "spec.ports[0].port"],
        ),
        (
            "metadata: {name: A, labels: {-b: x}}\nspec: {type: Foo, ports: [{port: 70000}]}\n",
            ["metadata.name", "metadata.labels", "spec.type", "spec.ports[0].port"],
        ),
    ] {
        let found = problems(&parse(&format!("apiVersion: v1\nkind: Service\n{text}")));
        for path in paths {
            assert!(found.iter().any(|p| p.starts_with(&format!("{path}: "))), "{path}: {found:#?}");
        }
    }
}

#[test]
fn rules_of_a_service() {
    for (line, expected) in [
        (
            "type: NodePort\nclusterIP: None",
            "spec.clusterIPs[0]: Invalid value: \"None\": may not be set to 'None'",
        ),
        ("type: ExternalName", "spec.externalName: Required value"),
        ("{type: ExternalName, externalName: Example_com}", "RFC 1123 subdomain"),
        ("{type: ExternalName, externalName: a.b, clusterIP: None}", "may not be set for ExternalName"),
        ("{type: ExternalName, externalName: a.b, ipFamilies: [IPv4]}", "may not be set for ExternalName"),
        ("{type: clusterip, ports: [{port: 1}]}", "Unsupported value: \"clusterip\""),
        (
            "loadBalancerSourceRanges: [10.0.0.0/8]\nports: [{port: 1}]",
            "may only be used when `type` is 'LoadBalancer'",
        ),
        (
            "{type: LoadBalancer, ports: [{port: 1}], loadBalancerSourceRanges: [10.0.0.0]}",
            "must be a valid CIDR",
        ),
        ("{ports: [{port: 1}], loadBalancerClass: x}", "may only be used when `type` is 'LoadBalancer'"),
        ("{ports: [{port: 1}], allocateLoadBalancerNodePorts: true}", "may only be used when"),
        ("{ports: [{port: 1}], externalTrafficPolicy: Local}", "externally-accessible"),
        (
            "{ports: [{port: 1}], type: NodePort, externalTrafficPolicy: local}",
            "Unsupported value: \"local\"",
        ),
        (
            "{ports: [{port: 1}], type: NodePort, healthCheckNodePort: 30001}",
            "`externalTrafficPolicy` is 'Local'",
        ),
        (
            "{ports: [{port: 1}], sessionAffinity: ClientIP, sessionAffinityConfig: {clientIP: {timeoutSeconds: 86401}}}",
            "must be greater than 0 and less than 86400",
        ),
        ("{ports: [{port: 1}], externalIPs: [127.0.0.1]}", "loopback"),
        ("{ports: [{port: 1}], externalIPs: [010.0.0.1]}", "must not have leading 0s"),
        ("{ports: [{port: 1}], clusterIPs: [10.0.0.1]}", "must be empty when `clusterIP` is not specified"),
        ("{ports: [{port: 1}], clusterIP: 10.0.0.1, clusterIPs: [10.0.0.1, 10.0.0.2]}", "each IP family"),
        ("{ports: [{port: 1}], clusterIP: nope}", "valid IP address"),
        ("{ports: [{port: 1}], trafficDistribution: Near}", "Unsupported value: \"Near\""),
        ("{ports: [{port: 1}], internalTrafficPolicy: X}", "Unsupported value: \"X\""),
        ("{ports: [{port: 1}], selector: {app: 'a b'}}", "a valid label must be an empty string or"),
    ] {
        check_problem(&object("v1", "Service", line), expected);
    }
    check_fine(&object(
        "v1",
        "Service",
        "{ports: [{port: 1}], externalIPs: [192.0.2.1], externalTrafficPolicy: Local}",
    ));
}

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

#[test]
fn a_deployment_with_every_default() {
    let KubeObject::Deployment(deployment) = only(&deployment("")) else { panic!() };
    assert_eq!(deployment.spec.replicas, 1);
    assert_eq!(deployment.spec.strategy, DeploymentStrategy::default());
    assert_eq!(deployment.spec.template.spec.termination_grace_period_s, 30);
    assert!(deployment.spec.selector.matches(&deployment.spec.template.labels));
}

#[test]
fn rules_of_a_deployment() {
    for (line, expected) in [
        ("replicas: -1", "spec.replicas: Invalid value: -1: must be greater than or equal to 0"),
        (
            "replicas: '3'",
            "json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32",
        ),
        ("strategy: {type: Recreate, rollingUpdate: {maxSurge: 1}}", "may not be specified when strategy"),
        ("strategy: {type: rolling}", "Unsupported value"),
        ("strategy: {rollingUpdate: {maxSurge: 0, maxUnavailable: 0%}}", "may not be 0 when `maxSurge` is 0"),
        ("strategy: {rollingUpdate: {maxSurge: half}}", "a valid percent string"),
        ("strategy: {rollingUpdate: {maxUnavailable: 101%}}", "\"101%\": must not be greater than 100%"),
        (
            "strategy: {rollingUpdate: {maxSurge: 1.5}}",
            "json: cannot unmarshal number 1.5 into Go struct field RollingUpdateDeployment.spec.strategy.rollingUpdate.maxSurge of type int32",
        ),
    ] {
        check_problem(&deployment(line), expected);
    }
    let text = deployment("");
    check_problem(
        &text.replace("labels: {app: x}", "labels: {app: z}"),
        "`selector` does not match template `labels`",
    );
    check_problem(&text.replace("metadata: {labels: {app: x}}", "metadata: {}"), "`selector` does not match");
    check_problem(&text.replace("{matchLabels: {app: x}}", "{}"), "empty selector");
    let found = problems(&parse(&text.replace("  selector: {matchLabels: {app: x}}\n", "")));
    let mismatch = "spec.template.metadata.labels: Invalid value: {\"app\":\"x\"}: `selector` does not match template `labels`";
    assert_eq!(found, ["spec.selector: Required value", mismatch]);
    let by = |requirement: &str| {
        text.replace("{matchLabels: {app: x}}", &format!("{{matchExpressions: [{requirement}]}}"))
    };
    check_fine(&by("{key: app, operator: In, values: [x, z]}"));
    check_problem(&by("{key: app, operator: NotIn, values: [x]}"), "does not match");
    for (requirement, expected) in [
        ("{key: app, operator: In}", "must be specified when `operator` is 'In'"),
        ("{key: app, operator: Exists, values: [x]}", "may not be specified when `operator`"),
        ("{key: app, operator: Near}", "Invalid value: \"Near\": not a valid selector operator"),
    ] {
        let found = problems(&parse(&by(requirement)));
        assert!(found.len() == 2 && found[0].contains(expected), "{found:#?}");
        assert!(found[1].ends_with(": invalid label selector"), "{found:#?}");
    }
    check_problem(
        &text.replace("apps/v1", "extensions/v1beta1"),
        "no matches for kind \"Deployment\" in version \"extensions/v1beta1\"",
    );
    check_problem(&text.replace("apps/v1", "v1"), "no matches for kind");
    check_problem(
        &text.replace("image: i}]", "image: i}], restartPolicy: Never"),
        "supported values: \"Always\"",
    );
}

#[test]
fn strategies() {
    let strategy = |line: &str| match only(&deployment(line)) {
        KubeObject::Deployment(d) => d.spec.strategy,
        other => panic!("{other:?}"),
    };
    assert_eq!(strategy("strategy: {type: Recreate}"), DeploymentStrategy::Recreate);
    let half = strategy("strategy: {rollingUpdate: {maxSurge: 50%, maxUnavailable: 0}}");
    let expected = DeploymentStrategy::RollingUpdate {
        max_surge: IntOrPercent::Percent(50),
        max_unavailable: IntOrPercent::Int(0),
    };
    assert_eq!(half, expected);
}

#[test]
fn rules_of_a_pod() {
    for (line, expected) in [
        ("ports: [{}]", "spec.containers[0].ports[0].containerPort: Required value"),
        ("ports: [{containerPort: 70000}]", "Invalid value: 70000"),
        ("ports: [{containerPort: 80, name: a-very-long-port-name}]", "must be no more than 15 characters"),
        ("ports: [{containerPort: 80, name: x}, {containerPort: 81, name: x}]", "Duplicate value: \"x\""),
        ("env: [{value: x}]", "spec.containers[0].env[0].name: Required value"),
        (
            "env: [{name: A, value: 5}]",
            "json: cannot unmarshal number into Go struct field EnvVar.spec.containers.env.value of type string",
        ),
        (
            "env: {A: b}",
            "json: cannot unmarshal object into Go struct field Container.spec.containers.env of type []v1.EnvVar",
        ),
        (
            "command: sh",
            "json: cannot unmarshal string into Go struct field Container.spec.containers.command of type []string",
        ),
        (
            "args: [1]",
            "json: cannot unmarshal number into Go struct field Container.spec.containers.args of type string",
        ),
        ("readinessProbe: {}", "spec.containers[0].readinessProbe: Required value"),
        ("readinessProbe: {httpGet: {}}", "readinessProbe.httpGet.port: Invalid value: 0: must be between 1"),
        ("readinessProbe: {tcpSocket: {port: 80}, exec: {command: [a]}}", "more than 1 handler"),
        ("readinessProbe: {tcpSocket: {port: 80}, periodSeconds: -1}", "Invalid value: -1"),
        ("livenessProbe: {tcpSocket: {port: 80}, successThreshold: 2}", "must be 1"),
        ("resources: {limits: {cpu: true}}", "quantities must match the regular expression"),
        ("imagePullpolicy: x", "unknown field \"spec.containers[0].imagePullpolicy\""),
    ] {
        check_problem(&pod(line), expected);
    }
    check_fine(&pod("resources: {limits: {cpu: 1, memory: 1.5, x: 64Mi}}"));
    check_problem(&object("v1", "Pod", "{}"), "spec.containers: Required value");
    check_problem(
        &object("v1", "Pod", "containers: [{image: i}]"),
        "spec.containers[0].name: Required value",
    );
    check_problem(
        &object("v1", "Pod", "containers: [{name: c}]"),
        "spec.containers[0].image: Required value",
    );
    check_problem(
        &object("v1", "Pod", "containers: [{name: c, image: i}, {name: c, image: i}]"),
        "Duplicate value",
    );
    check_problem(&object("v1", "Pod", "{containers: [{name: c, image: i}], hostname: A}"), "spec.hostname");
    // As the API server has it.
    check_fine(&object(
        "v1",
        "Pod",
        "{containers: [{name: c, image: i}], terminationGracePeriodSeconds: -1}",
    ));
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
        errors.iter().map(|e| format!("{}: {}", super::super::field::print(&e.path), e.message)).collect()
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
fn a_pod_with_a_probe_and_a_sidecar() {
    let spec = "initContainers:\n- {name: a, image: i}\n- {name: b, image: i, restartPolicy: Always, ports: [{containerPort: 9}]}\ncontainers:\n- name: c\n  image: i\n  env: [{name: A, value: b}, {name: B, valueFrom: {}}, {name: C}]\n  readinessProbe: {httpGet: {port: web}, periodSeconds: 0, failureThreshold: 5}\n";
    let text = object("v1", "Pod", spec);
    let KubeObject::Pod(pod) = only(&text) else { panic!() };
    assert_eq!(pod.spec.sidecars().map(|c| &*c.name).collect::<Vec<_>>(), ["b"]);
    let handler = ProbeHandler { http_get: Some(TargetPort::Name("web".into())), ..ProbeHandler::default() };
    let probe = Probe { handler, failure_threshold: 5, ..Probe::DEFAULT };
    assert_eq!(pod.spec.containers[0].readiness, Some(probe));
    let env: Vec<_> = pod.spec.containers[0].env.iter().map(|e| (&*e.name, e.value.as_deref())).collect();
    assert_eq!(env, [("A", Some("b")), ("B", None), ("C", Some(""))]);
    let notes: Vec<String> =
        parse(&text).diagnostics.iter().map(|d| format!("{}: {}", d.path, d.message)).collect();
    assert_eq!(notes, Vec::<String>::new());
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
    assert_eq!(notes(&service("ipFamilyPolicy: PreferDualStack")), ["spec.ipFamilyPolicy"]);
    // A cluster without the family refuses them: nothing is kept.
    for families in ["[IPv4]", "[IPv6]", "[IPv4, IPv6]"] {
        for policy in ["SingleStack", "RequireDualStack"] {
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
    check_problem(&text.replace("[10.244.1.0/24]", "[10.244.1.0]"), "spec.podCIDRs[0]: Invalid value");
}

#[test]
fn an_endpoint_slice() {
    let text = "apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\nmetadata: {name: s, labels: {kubernetes.io/service-name: web}}\naddressType: IPv4\nports: [{name: http, port: 80}]\nendpoints:\n- {addresses: [10.0.0.9], conditions: {ready: false}, nodeName: n1, zone: a, hints: {forZones: [{name: a}]}}\n";
    let KubeObject::EndpointSlice(slice) = only(text) else { panic!() };
    assert_eq!(&*slice.service, "web");
    let endpoint = &slice.endpoints[0];
    assert!(!endpoint.ready && endpoint.serving && !endpoint.terminating);
    assert_eq!(endpoint.zone_hints.len(), 1);
    check_problem(&text.replace("addressType: IPv4\n", ""), "addressType: Required value");
    check_problem(
        &text.replace("IPv4", "IPv6"),
        "endpoints[0].addresses: Invalid value: \"10.0.0.9\": must be an IPv6 address",
    );
    check_problem(&text.replace("[10.0.0.9]", "[]"), "addresses: Required value");
}

/// ValidateEndpointIP's words.
#[test]
fn addresses_that_cannot_be_an_endpoint() {
    for (type_, address, expected) in [
        ("IPv4", "0.0.0.0", "may not be unspecified (0.0.0.0)"),
        ("IPv4", "127.0.0.1", "may not be in the loopback range (127.0.0.0/8, ::1/128)"),
        ("IPv4", "169.254.169.254", "may not be in the link-local range (169.254.0.0/16, fe80::/10)"),
        ("IPv4", "224.0.0.5", "may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)"),
        ("IPv6", "::", "may not be unspecified (::)"),
        ("IPv6", "::1", "may not be in the loopback range (127.0.0.0/8, ::1/128)"),
        ("IPv6", "fe80::7", "may not be in the link-local range (169.254.0.0/16, fe80::/10)"),
        ("IPv6", "ff02::1", "may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)"),
        // "Allows global multicast IPs, which is probably a bug."
        ("IPv4", "239.1.1.1", ""),
        ("IPv6", "ff0e::1", ""),
    ] {
        let own = if type_ == "IPv4" { "10.0.0.9" } else { "fd00::9" };
        for (list, at) in [(format!("['{address}']"), 0), (format!("['{own}', '{address}']"), 1)] {
            let text = format!(
                "apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\nmetadata: {{name: s}}\naddressType: {type_}\nports: [{{port: 80}}]\nendpoints:\n- {{addresses: {list}}}\n"
            );
            if expected.is_empty() {
                check_fine(&text);
            } else {
                let at = format!("endpoints[0].addresses[{at}]: Invalid value: \"{address}\": {expected}");
                check_problem(&text, &at);
            }
        }
    }
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
