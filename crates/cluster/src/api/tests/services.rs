//! Services: shape, values, defaults.

use super::{check_fine, check_problem, object, only, problems, service};
use crate::api::*;

fn service_of(text: &str) -> Service {
    match only(text) {
        KubeObject::Service(service) => service,
        other => panic!("{other:?}"),
    }
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
        (
            "{ports: [{port: 1}], ipFamilies: [IPv4, IPv6, IPv4]}",
            "spec.ipFamilies[2]: Duplicate value: \"IPv4\"",
        ),
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
