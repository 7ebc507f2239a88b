//! TestInternalExternalMasquerade of both proxiers: four configurations, and in each of them every kind of
//! source to every kind of destination of three Services.

use super::fixture::{CLIENT, NODE, NODE_IP, POD, Seen, config, endpoint, http_slice, load_balancer};
use super::tracer::{Flow, check, check_both};
use crate::api::TrafficPolicy::{self, Cluster, Local};
use crate::node::kube_proxy::ProxyConfig;
use netfilter::Protocol::Tcp;
use std::collections::BTreeSet;

const LO: &str = "127.0.0.1";

const IP_1: &str = "10.96.0.1";
const IP_2: &str = "10.96.0.2";
const IP_3: &str = "10.96.0.3";
const LB_1: &str = "198.51.100.1";
const LB_2: &str = "198.51.100.2";
const LB_3: &str = "198.51.100.3";

/// Name, ClusterIP, NodePort and LB IP; its external and its internal policy.
type Target<'a> = (&'a str, &'a str, u16, &'a str, TrafficPolicy, TrafficPolicy);

/// Service n has endpoint 10.244.0.n here, and 10.244.1.n elsewhere.
const BOTH: [&str; 3] =
    ["10.244.0.1:80, 10.244.1.1:80", "10.244.0.2:80, 10.244.1.2:80", "10.244.0.3:80, 10.244.1.3:80"];
const HERE: [&str; 3] = ["10.244.0.1:80", "10.244.0.2:80", "10.244.0.3:80"];

const TARGETS: [Target; 3] = [
    ("plain", IP_1, 30001, LB_1, Cluster, Cluster),
    ("etp-local", IP_2, 30002, LB_2, Local, Cluster),
    ("itp-local", IP_3, 30003, LB_3, Cluster, Local),
];

/// Name; with a detector of local traffic; with masqueradeAll.
const CONFIGURATIONS: [(&str, bool, bool); 4] = [
    ("base", true, false),
    ("no LocalTrafficDetector", false, false),
    ("masqueradeAll", true, true),
    ("masqueradeAll, no LocalTrafficDetector", false, true),
];

/// Name in upstream's table; source, destination and port; the Service that answers; and for each of the
/// configurations: which endpoints it reaches, `both` or the one `here`, and with `*` if it is masqueraded.
type Row<'a> = (&'a str, &'a str, &'a str, u16, usize, [&'a str; 4]);

#[rustfmt::skip]
const ROWS: &[Row] = &[
    ("pod to ClusterIP",                      POD,     IP_1,    80,    1, ["both",  "both",  "both*", "both*"]),
    ("pod to NodePort",                       POD,     NODE_IP, 30001, 1, ["both*", "both*", "both*", "both*"]),
    ("pod to LB",                             POD,     LB_1,    80,    1, ["both*", "both*", "both*", "both*"]),
    ("node to ClusterIP",                     NODE_IP, IP_1,    80,    1, ["both*", "both",  "both*", "both*"]),
    ("node to NodePort",                      NODE_IP, NODE_IP, 30001, 1, ["both*", "both*", "both*", "both*"]),
    ("node to LB",                            NODE_IP, LB_1,    80,    1, ["both*", "both*", "both*", "both*"]),
    ("external to ClusterIP",                 CLIENT,  IP_1,    80,    1, ["both*", "both",  "both*", "both*"]),
    ("external to NodePort",                  CLIENT,  NODE_IP, 30001, 1, ["both*", "both*", "both*", "both*"]),
    ("external to LB",                        CLIENT,  LB_1,    80,    1, ["both*", "both*", "both*", "both*"]),
    ("pod to ClusterIP with eTP:Local",       POD,     IP_2,    80,    2, ["both",  "both",  "both*", "both*"]),
    ("pod to NodePort with eTP:Local",        POD,     NODE_IP, 30002, 2, ["both",  "here",  "both",  "here"]),
    ("pod to LB with eTP:Local",              POD,     LB_2,    80,    2, ["both",  "here",  "both",  "here"]),
    ("node to ClusterIP with eTP:Local",      NODE_IP, IP_2,    80,    2, ["both*", "both",  "both*", "both*"]),
    // Upstream calls the plain Service's NodePort here.
    ("node to NodePort with eTP:Local",       NODE_IP, NODE_IP, 30001, 1, ["both*", "both*", "both*", "both*"]),
    ("node to LB with eTP:Local",             NODE_IP, LB_2,    80,    2, ["both*", "both*", "both*", "both*"]),
    ("external to ClusterIP with eTP:Local",  CLIENT,  IP_2,    80,    2, ["both*", "both",  "both*", "both*"]),
    ("external to NodePort with eTP:Local",   CLIENT,  NODE_IP, 30002, 2, ["here",  "here",  "here",  "here"]),
    ("external to LB with eTP:Local",         CLIENT,  LB_2,    80,    2, ["here",  "here",  "here",  "here"]),
    ("pod to ClusterIP with iTP:Local",       POD,     IP_3,    80,    3, ["here",  "here",  "here*", "here*"]),
    ("pod to NodePort with iTP:Local",        POD,     NODE_IP, 30003, 3, ["both*", "both*", "both*", "both*"]),
    ("pod to LB with iTP:Local",              POD,     LB_3,    80,    3, ["both*", "both*", "both*", "both*"]),
    ("node to ClusterIP with iTP:Local",      NODE_IP, IP_3,    80,    3, ["here*", "here",  "here*", "here*"]),
    ("node to NodePort with iTP:Local",       NODE_IP, NODE_IP, 30003, 3, ["both*", "both*", "both*", "both*"]),
    ("node to LB with iTP:Local",             NODE_IP, LB_3,    80,    3, ["both*", "both*", "both*", "both*"]),
    ("external to ClusterIP with iTP:Local",  CLIENT,  IP_3,    80,    3, ["here*", "here",  "here*", "here*"]),
    ("external to NodePort with iTP:Local",   CLIENT,  NODE_IP, 30003, 3, ["both*", "both*", "both*", "both*"]),
    ("external to LB with iTP:Local",         CLIENT,  LB_3,    80,    3, ["both*", "both*", "both*", "both*"]),
    ("not upstream's: node to its NodePort with eTP:Local",
                                              NODE_IP, NODE_IP, 30002, 2, ["both*", "both*", "both*", "both*"]),
];

/// Not in the table of nftables, which has no NodePorts on localhost.
#[rustfmt::skip]
const LOCALHOST_ROWS: &[Row] = &[
    ("localhost to NodePort",                 LO,      LO,      30001, 1, ["both*", "both*", "both*", "both*"]),
    ("localhost to NodePort with eTP:Local",  LO,      LO,      30002, 2, ["both*", "both*", "both*", "both*"]),
    ("localhost to NodePort with iTP:Local",  LO,      LO,      30003, 3, ["both*", "both*", "both*", "both*"]),
];

fn seen() -> Seen {
    let mut seen = Seen::default();
    for (n, (name, cluster_ip, node_port, lb_ip, external, internal)) in (1..).zip(TARGETS) {
        let mut lb = load_balancer(name, cluster_ip, node_port, &[lb_ip]);
        lb.spec.external_traffic_policy = Some(external);
        lb.spec.internal_traffic_policy = internal;
        let endpoints = [
            endpoint(&format!("10.244.0.{n}"), Some(NODE)),
            endpoint(&format!("10.244.1.{n}"), Some("worker-2")),
        ];
        seen = seen.with(lb).slice(http_slice(name, &endpoints));
    }
    seen
}

/// What the rows expect of a configuration.
fn flows(rows: &[Row<'static>], column: usize) -> Vec<Flow<'static>> {
    let flow = |&(name, source, destination, port, service, cells): &Row<'static>| {
        let (endpoints, masquerade) = match cells[column] {
            "both" => (BOTH, false),
            "both*" => (BOTH, true),
            "here" => (HERE, false),
            "here*" => (HERE, true),
            other => panic!("a cell: {other}"),
        };
        (name, source, Tcp, destination, port, endpoints[service - 1], masquerade)
    };
    rows.iter().map(flow).collect()
}

#[test]
fn internal_external_masquerade() {
    let seen = seen();
    for (column, (name, detector, masquerade_all)) in CONFIGURATIONS.into_iter().enumerate() {
        let cluster_cidr = config().cluster_cidr.filter(|_| detector);
        let cfg = ProxyConfig { cluster_cidr, masquerade_all, ..config() };
        let test = format!("TestInternalExternalMasquerade, {name}");
        check_both(&test, &cfg, &seen, &flows(ROWS, column));
        check(&test, &cfg, &seen.rules(&cfg), &flows(LOCALHOST_ROWS, column));
    }
}

#[test]
fn upstreams_rows_of_masquerading_are_all_there() {
    let upstreams = ROWS.iter().map(|row| row.0).filter(|name| !name.starts_with("not upstream's"));
    let names: BTreeSet<&str> = upstreams.collect();
    assert_eq!((names.len(), LOCALHOST_ROWS.len()), (27, 3), "of 4 configurations: 108 and 120 flows");
}
