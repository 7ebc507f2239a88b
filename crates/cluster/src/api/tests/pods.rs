//! Pods: shape, values, defaults.

use super::{check_fine, check_problem, object, only, pod};
use crate::api::*;

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

/// Core validation.go, validatePodDNSConfig.
#[test]
fn rules_of_dns_config() {
    let with = |spec: &str| object("v1", "Pod", &format!("{{containers: [{{name: c, image: i}}], {spec}}}"));
    for (spec, expected) in [
        (
            "dnsPolicy: None",
            "spec.dnsConfig: Required value: must provide `dnsConfig` when `dnsPolicy` is None",
        ),
        (
            "dnsPolicy: None, dnsConfig: {searches: [a]}",
            "spec.dnsConfig.nameservers: Required value: must provide at least one DNS nameserver when",
        ),
        (
            "dnsConfig: {nameservers: [1.1.1.1, 2.2.2.2, 3.3.3.3, 4.4.4.4]}",
            "spec.dnsConfig.nameservers: Invalid value: [\"1.1.1.1\",\"2.2.2.2\",\"3.3.3.3\",\"4.4.4.4\"]: must not",
        ),
        (
            "dnsConfig: {nameservers: [1.1.1]}",
            "spec.dnsConfig.nameservers[0]: Invalid value: \"1.1.1\": must be a valid IP address",
        ),
        (
            "dnsConfig: {searches: [a, -b]}",
            "spec.dnsConfig.searches[1]: Invalid value: \"-b\": a lowercase RFC 1123 subdomain must consist of",
        ),
        (
            "dnsConfig: {options: [{value: '1'}]}",
            "spec.dnsConfig.options[0]: Required value: must not be empty",
        ),
    ] {
        check_problem(&with(spec), expected);
    }
    let many = vec!["a"; 33].join(",");
    check_problem(
        &with(&format!("dnsConfig: {{searches: [{many}]}}")),
        "must not have more than 32 search paths",
    );
    let long = vec!["a".repeat(70); 31].join(",");
    let text = with(&format!("dnsConfig: {{searches: [{long}]}}"));
    check_problem(&text, "must not have more than 2048 characters (including spaces) in the search list");
    check_fine(&with(
        "dnsPolicy: None, dnsConfig: {nameservers: [1.1.1.1, 'fd00::1'], searches: [., _a.b_c., d]}",
    ));
    let ndots = |options: &str| {
        let text = with(&format!("dnsConfig: {{options: [{options}]}}"));
        let KubeObject::Pod(pod) = only(&text) else { panic!("it is a Pod") };
        pod.spec.dns_config.as_ref().and_then(|config| config.ndots)
    };
    assert_eq!(ndots("{name: edns0}"), None);
    assert_eq!(ndots("{name: ndots}"), Some(1));
    assert_eq!(ndots("{name: ndots, value: '+3'}"), Some(3));
    assert_eq!(ndots("{name: ndots, value: '2'}"), Some(2));
    assert_eq!(ndots("{name: ndots, value: '200'}"), Some(15));
    assert_eq!(ndots("{name: ndots, value: 2x}, {name: ndots, value: x}"), Some(0));
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
