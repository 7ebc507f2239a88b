//! A cluster without a cloud and with an address pool, as `get` and `trace` print it.

use crate::support::{Temporary, packetyard};

const TEXT: &str = "\
apiVersion: v1
kind: Pod
metadata: {name: web, labels: {app: web}}
spec: {containers: [{name: web, image: nginx, ports: [{containerPort: 8080}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {type: LoadBalancer, clusterIP: 10.96.0.80, selector: {app: web}, ports: [{port: 80, targetPort: 8080, nodePort: 30080}]}
---
apiVersion: v1
kind: Service
metadata: {name: waits}
spec: {type: LoadBalancer, clusterIP: 10.96.0.81, selector: {app: web}, ports: [{port: 80, targetPort: 8080, nodePort: 30081}]}
---
apiVersion: packetyard/v1alpha1
kind: Scenario
spec: {dns: ideal, nodes: [{name: node-1}], cloud: {addressPool: [172.18.255.200/32]}}
";

fn printed(name: &str, args: &[&str]) -> String {
    let file = Temporary::new(name, TEXT);
    let (ok, out, err) = packetyard(args, &file.0);
    assert!(ok, "{args:?}: {err}");
    out
}

#[test]
fn services_have_addresses_and_metallbs_events() {
    let table = printed("pool-svc.yaml", &["get", "-q", "svc", "-n", "default", "--no-headers"]);
    let columns: Vec<Vec<&str>> =
        table.lines().map(|line| line.split_whitespace().take(5).collect()).collect();
    let of_web = ["web", "LoadBalancer", "10.96.0.80", "172.18.255.200", "80:30080/TCP"];
    assert_eq!(columns, [["waits", "LoadBalancer", "10.96.0.81", "<pending>", "80:30081/TCP"], of_web]);
    let columns = "custom-columns=T:.type,R:.reason,O:.involvedObject.name,M:.message,C:.source.component";
    let events = printed("pool-events.yaml", &["get", "-q", "events", "--no-headers", "-o", columns]);
    let events: Vec<Vec<&str>> = events
        .lines()
        .filter(|line| line.contains("metallb"))
        .map(|line| line.split("  ").map(str::trim).filter(|part| !part.is_empty()).collect())
        .collect();
    let failed = "Failed to allocate IP for \"default/waits\": no available IPs";
    let expected = [
        ["Warning", "AllocationFailed", "waits", failed, "metallb-controller"],
        ["Normal", "IPAllocated", "web", "Assigned IP [\"172.18.255.200\"]", "metallb-controller"],
        [
            "Normal",
            "nodeAssigned",
            "web",
            "announcing from node \"node-1\" with protocol \"layer2\"",
            "metallb-speaker",
        ],
    ];
    assert_eq!(events, expected);
}

#[test]
fn a_service_is_printed_as_metallb_leaves_it() {
    let yaml = printed("pool-yaml.yaml", &["get", "-q", "svc", "web", "-o", "yaml"]);
    assert!(
        yaml.ends_with(
            "status:\n  loadBalancer:\n    ingress:\n    - ip: 172.18.255.200\n      ipMode: VIP\n"
        ),
        "{yaml}"
    );
    assert!(!yaml.contains("finalizers"), "no service controller runs: {yaml}");
}

#[test]
fn a_packet_goes_to_the_node_without_a_load_balancer() {
    let args = ["trace", "-q", "--from", "external", "--to", "172.18.255.200:80"];
    let trace = printed("pool-trace.yaml", &args);
    let heads: Vec<&str> = trace.lines().filter(|line| line.contains(" ms  ")).take(3).collect();
    let said: Vec<&str> = heads.iter().map(|line| line.split_once(" ms  ").expect("a time").1).collect();
    assert_eq!(
        said,
        ["trace opens a connection", "node-1 rewrites both ends (DNAT, then SNAT)", "web receives it"]
    );
    assert!(!trace.contains("load balancer of"), "{trace}");
}
