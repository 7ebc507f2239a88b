//! Real public manifests, unmodified, through the command line. Where they are not beside the
//! project these tests say so and pass.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

fn manifest(name: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/manifests").join(name);
    if path.is_file() {
        return Some(path);
    }
    // To standard error itself: what `eprintln!` says, the test harness keeps when the test passes.
    writeln!(std::io::stderr(), "skipped: the public manifest {name} is not beside the project")
        .expect("standard error is there");
    None
}

fn packetyard(args: &[&str], file: &Path) -> (bool, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_packetyard"))
        .args(args)
        .arg("-f")
        .arg(file)
        .output()
        .expect("the command starts");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("it prints UTF-8");
    (output.status.success(), text(output.stdout), text(output.stderr))
}

fn json(args: &[&str], file: &Path) -> Value {
    let (ok, out, err) = packetyard(args, file);
    assert!(ok, "{args:?}: {err}");
    serde_json::from_str(&out).expect("-o json prints JSON")
}

#[test]
fn the_frontend_of_online_boutique_reaches_its_cart_every_time() {
    let Some(file) = manifest("online-boutique.yaml") else { return };
    let trace = ["trace", "--from", "deploy/default/frontend", "--to", "cartservice:7070", "--count", "20"];
    let report = json(&[&trace[..], &["-o", "json"]].concat(), &file);
    let connections = report["connections"].as_array().expect("connections");
    assert_eq!(connections.len(), 20);
    for connection in connections {
        assert_eq!(connection["verdict"], "delivered");
        let pod = connection["endpoint"]["pod"].as_str().expect("a Pod took it");
        assert!(pod.starts_with("default/cartservice-"), "{pod}");
    }
}

#[test]
fn every_service_has_exactly_the_endpoints_that_its_labels_say() {
    for name in ["guestbook.yaml", "online-boutique.yaml"] {
        let Some(file) = manifest(name) else { continue };
        let services = items(&json(&["get", "services", "-o", "json"], &file));
        let pods = items(&json(&["get", "pods", "-o", "json"], &file));
        let slices = items(&json(&["get", "endpointslices", "-o", "json"], &file));
        assert!(services.len() > 2 && !pods.is_empty(), "{name} has Services and Pods");
        for service in &services {
            let name = service["metadata"]["name"].as_str().expect("a name");
            let mut expected: Vec<&str> = pods
                .iter()
                .filter(|p| selects(&service["spec"]["selector"], &p["metadata"]["labels"]))
                .filter_map(|p| p["status"]["podIP"].as_str())
                .collect();
            let mut found: Vec<&str> = slices
                .iter()
                .filter(|s| s["metadata"]["labels"]["kubernetes.io/service-name"] == name)
                .flat_map(|s| s["endpoints"].as_array().into_iter().flatten())
                .filter_map(|e| e["addresses"][0].as_str())
                .collect();
            expected.sort();
            found.sort();
            assert_eq!(found, expected, "endpoints of {name}");
            assert!(!found.is_empty(), "{name} has endpoints");
        }
    }
}

fn items(list: &Value) -> Vec<Value> {
    list["items"].as_array().expect("a List").clone()
}

fn selects(selector: &Value, labels: &Value) -> bool {
    let selector = selector.as_object().expect("a selector");
    !selector.is_empty() && selector.iter().all(|(k, v)| labels.get(k) == Some(v))
}

#[test]
fn cassandra_keeps_its_stateful_set_and_shows_its_headless_service_as_what_it_is() {
    let Some(file) = manifest("cassandra-headless.yaml") else { return };
    let (ok, _, findings) = packetyard(&["get", "services"], &file);
    assert!(ok, "{findings}");
    assert!(findings.contains("StatefulSet is kept, not simulated"), "{findings}");
    let (_, services, _) = packetyard(&["get", "services", "-q"], &file);
    let line = services.lines().find(|l| l.contains("cassandra")).expect("the Service is listed");
    assert!(line.contains("ClusterIP") && line.contains("None"), "{line}");
    let (_, others, _) = packetyard(&["get", "others", "-q"], &file);
    assert!(others.contains("StatefulSet"), "{others}");
    let (_, rules, _) = packetyard(&["rules", "--node", "node-1", "-q"], &file);
    assert!(!rules.contains("cassandra"), "kube-proxy writes nothing for a headless Service");
}

#[test]
fn every_mode_of_kube_proxy_can_be_asked_for() {
    let Some(file) = manifest("guestbook.yaml") else { return };
    let (ok, rules, err) =
        packetyard(&["rules", "--node", "node-1", "--proxy-mode", "nftables", "-q"], &file);
    assert!(ok && rules.starts_with("table ip kube-proxy {\n"), "{err}{rules}");
    assert!(rules.contains("vmap @service-ips"));
    let trace = ["trace", "--from", "deploy/default/frontend", "--to", "redis-master:6379", "-q"];
    let (ok, report, err) = packetyard(&[&trace[..], &["--proxy-mode", "nftables"]].concat(), &file);
    assert!(ok && report.contains("add element ip kube-proxy service-ips {"), "{err}{report}");
    assert!(report.contains("numgen random mod"), "{report}");
}

#[test]
fn ipvs_mode_is_printed_for_each_of_its_programs() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../cluster/tests/golden/web.yaml");
    let rules = ["rules", "--node", "node-1", "--proxy-mode", "ipvs", "--ipvs-scheduler", "sh", "-q"];
    let (ok, whole, err) = packetyard(&rules, &file);
    assert!(ok, "{err}");
    for (part, head) in [
        ("ip", "link add kube-ipvs0 type dummy\naddr add 10.96."),
        ("ipset", "create KUBE-LOOP-BACK hash:ip,port,ip family inet "),
        ("iptables", "*filter\n"),
        ("ipvsadm", "-A -t 10.96."),
    ] {
        let (ok, text, err) = packetyard(&[&rules[..], &["--part", part]].concat(), &file);
        assert!(ok && text.starts_with(head), "{part}: {err}{text}");
        assert!(whole.contains(&text), "{part} is a part of the whole");
    }
    assert!(whole.contains(":80 -s sh\n"), "{whole}");
    let (ok, _, err) = packetyard(&["rules", "--node", "node-1", "--part", "ipset", "-q"], &file);
    assert!(!ok && err.contains("only IPVS mode's rules have parts"), "{err}");
    let trace = ["trace", "--from", "pod/default/curl", "--to", "web:80", "--proxy-mode", "ipvs", "-q"];
    let (ok, report, err) = packetyard(&trace, &file);
    assert!(ok && report.contains("INPUT ipvs -a -t 10.96."), "{err}{report}");
    let (_, report, _) =
        packetyard(&[&trace[..4], &["web:81", "--proxy-mode", "ipvs", "-q"]].concat(), &file);
    assert!(report.contains("stopped it: kubernetes ipvs access filter"), "{report}");
}

#[test]
fn what_the_caller_wrote_wrong_is_named() {
    let Some(file) = manifest("guestbook.yaml") else { return };
    let (ok, _, err) = packetyard(&["rules", "--node", "node-9", "-q"], &file);
    assert!(!ok && err.contains("node \"node-9\" not found"), "{err}");
    let (ok, _, err) = packetyard(&["trace", "--from", "frontend", "--to", "redis-master:6379"], &file);
    assert!(!ok && err.contains("deploy/NAMESPACE/NAME"), "{err}");
    let (ok, _, err) = packetyard(&["trace", "--from", "deploy/default/none", "--to", "a:1", "-q"], &file);
    assert!(!ok && err.contains("Deployment \"none\" not found"), "{err}");
}

/// A cluster of the other family: its rules are for the other program.
#[test]
fn an_ipv6_cluster_has_rules_for_ip6tables() {
    let scenarios = concat!(env!("CARGO_MANIFEST_DIR"), "/../cluster/tests/scenarios");
    for (mode, expected) in [
        ("iptables", "! -d ::1/128 -j KUBE-NODEPORTS"),
        ("nftables", "table ip6 kube-proxy {"),
        ("ipvs", "-A -t [fd00:10:96::"),
    ] {
        let file = std::path::Path::new(scenarios).join(format!("an-ipv6-cluster-in-{mode}-mode/input.yaml"));
        let (ok, rules, err) = packetyard(&["rules", "--node", "node-1", "--at", "15s", "-q"], &file);
        assert!(ok && rules.contains(expected), "{mode}: {err}{rules}");
        assert!(rules.contains("fd00:10:244:"), "{mode}: Pods have IPv6 addresses: {rules}");
    }
}
