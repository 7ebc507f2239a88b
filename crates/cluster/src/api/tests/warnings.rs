//! What the API server warns of.

use super::object;
use crate::api::{DiagnosticKind, parse};

fn warnings(spec: &str) -> Vec<String> {
    let found = parse(&object("v1", "Pod", spec)).diagnostics;
    let of_server = found.iter().filter(|d| matches!(d.message, DiagnosticKind::Server { .. }));
    of_server.map(|d| d.message.to_string()).collect()
}

/// After warnings_test.go, TestWarnings: a port is warned of with all that are the same, a name with the first that has
/// it, and the containers that come first count, too.
#[test]
fn ports_that_are_the_same() {
    let same = |port: &str, other: &str| format!("spec.{port}: duplicate port definition with spec.{other}");
    let [a, b, c] = ["containers[0].ports[0]", "containers[0].ports[2]", "containers[1].ports[0]"];
    let text = "containers:\n- {name: a, image: i, ports: [{containerPort: 80}, {containerPort: 81}, {containerPort: 80}]}\n- {name: b, image: i, ports: [{containerPort: 80}, {containerPort: 80, protocol: UDP}]}\n";
    assert_eq!(warnings(text), [same(b, a), same(c, a), same(c, b)]);
    let named = |port: &str| {
        let first = "spec.initContainers[0].ports[0]";
        format!(
            "spec.{port}: duplicate port name \"web\" with {first}, services and probes that select ports by name will use {first}"
        )
    };
    let text = "initContainers: [{name: a, image: i, ports: [{name: web, containerPort: 1}]}]\ncontainers: [{name: b, image: i, ports: [{name: web, containerPort: 2}]}, {name: c, image: i, ports: [{name: web, containerPort: 3}]}]\n";
    assert_eq!(warnings(text), [named(a), named(c)]);
}

/// apiserver endpoints/filters/warning.go: the one that fills the 4096 characters is the last.
#[test]
fn the_api_server_does_not_warn_for_ever() {
    let ports = "{containerPort: 80}, ".repeat(5_000);
    let found = warnings(&format!("containers: [{{name: a, image: i, ports: [{ports}]}}]\n"));
    let length = |found: &[String]| found.iter().map(|text| text.chars().count()).sum::<usize>();
    assert!(length(&found) >= 4_096 && length(&found[..found.len() - 1]) < 4_096, "{}", found.len());
}
