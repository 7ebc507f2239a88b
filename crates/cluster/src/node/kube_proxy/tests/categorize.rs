//! TestCategorizeEndpoints (pkg/proxy/topology_test.go), all 34 cases. The feature gate of one of
//! them is locked by now: a kube-proxy without it did not read `hints.forNodes`, so that case has
//! the endpoints as that kube-proxy saw them.

use super::fixture::{config, http, ip, service};
use crate::net::netfilter::Family;
use crate::node::kube_proxy::{EndpointInfo, ServicePortInfo, categorize, service_port_map};

/// Which traffic is Local, and whether there is a NodePort.
#[derive(Clone, Copy)]
struct Kind {
    external_local: bool,
    internal_local: bool,
    node_port: bool,
}

const CLUSTER: Kind = Kind { external_local: false, internal_local: false, node_port: false };
const ITP: Kind = Kind { internal_local: true, ..CLUSTER };
const ITP_OPEN: Kind = Kind { internal_local: true, node_port: true, ..CLUSTER };
const ETP: Kind = Kind { external_local: true, ..CLUSTER };
const ETP_OPEN: Kind = Kind { external_local: true, node_port: true, ..CLUSTER };
const BOTH_OPEN: Kind = Kind { external_local: true, internal_local: true, node_port: true };

/// Name; kind; node's zone; endpoints; for policy Cluster, for policy Local (`-`: none), reachable.
///
/// An endpoint is `NUMBER:FLAGS[:ZONE,ZONE[:NODE]]`, with the flags Local, Ready, Serving and
/// Terminating.
type Case<'a> = (&'a str, Kind, &'a str, &'a str, &'a str, &'a str, &'a str);

const IN_FOUR_ZONES: &str = "3:RS:a 4:RS:b 5:RS:c 6:RS:a";
const TWO_LOCAL: &str = "3:LRS:a 4:LRS:b 5:RS:c 6:RS:a";

const TOPOLOGY: &[Case] = &[
    ("should use topology since all endpoints have hints", CLUSTER, "a", IN_FOUR_ZONES, "3 6", "-", "3 6"),
    ("eTP: Local, topology ignored for Local endpoints", ETP_OPEN, "a", TWO_LOCAL, "3 6", "3 4", "3 4 6"),
    ("iTP: Local, topology ignored for Local endpoints", ITP_OPEN, "a", TWO_LOCAL, "3 6", "3 4", "3 4 6"),
    ("empty node labels", CLUSTER, "-", "3:RS:a", "3", "-", "3"),
    ("empty zone label", CLUSTER, "", "3:RS:a", "3", "-", "3"),
    ("node in different zone, no endpoint filtering", CLUSTER, "b", "3:RS:a 5:RS:c", "3 5", "-", "3 5"),
    ("unready endpoint", CLUSTER, "a", "3:RS:a 4:RS:b 5:RS:c 6:S:a", "3", "-", "3"),
    ("only unready endpoints in same zone", CLUSTER, "a", "3:S:a 4:RS:b 5:RS:c 6:S:a", "4 5", "-", "4 5"),
    (
        "missing hints, no filtering applied",
        CLUSTER,
        "a",
        "3:RS:a 4:RS:b 5:RS 6:RS:a",
        "3 4 5 6",
        "-",
        "3 4 5 6",
    ),
    (
        "multiple hints per endpoint",
        CLUSTER,
        "c",
        "3:RS:a,b,c 4:RS:b,c 5:RS:b,d 6:RS:c",
        "3 4 6",
        "-",
        "3 4 6",
    ),
    (
        "PreferSameNode available",
        CLUSTER,
        "a",
        "3:RS:a:node-1 4:RS:b:node-2 5:RS:c:node-3 6:RS:a:node-4",
        "3",
        "-",
        "3",
    ),
    (
        "PreferSameNode falls back to same-zone when feature gate disabled",
        CLUSTER,
        "a",
        "3:RS:a 4:RS:b 5:RS:c 6:RS:a",
        "3 6",
        "-",
        "3 6",
    ),
    (
        "PreferSameNode ignored if some endpoints unhinted",
        CLUSTER,
        "a",
        "3:RS:a:node-1 4:RS 5:RS:c:node-3 6:RS:a:node-4",
        "3 4 5 6",
        "-",
        "3 4 5 6",
    ),
    (
        "PreferSameNode falls back to PreferSameZone",
        CLUSTER,
        "a",
        "3:RS:a:node-9 4:RS:b:node-2 5:RS:c:node-3 6:RS:a:node-4",
        "3 6",
        "-",
        "3 6",
    ),
    (
        "conflicting topology and localness require merging",
        ITP_OPEN,
        "a",
        "0:LRS:a 1:LRS:b 2:RS:a 3:RS:b",
        "0 2",
        "0 1",
        "0 1 2",
    ),
];

const POLICIES: &[Case] = &[
    ("iTP: Local, with empty endpoints", ITP, "-", "", "-", "-", ""),
    ("iTP: Local, but all endpoints are remote", ITP, "-", "0:RS 1:RS", "-", "-", ""),
    ("iTP: Local, all endpoints are local", ITP, "-", "0:LRS 1:LRS", "-", "0 1", "0 1"),
    ("iTP: Local, some endpoints are local", ITP, "-", "0:LRS 1:RS", "-", "0", "0"),
    ("Cluster traffic policy, endpoints not Ready", CLUSTER, "-", "0:S 1:S", "", "-", ""),
    ("Cluster traffic policy, some endpoints are Ready", CLUSTER, "-", "0:S 1:RS", "1", "-", "1"),
    ("Cluster traffic policy, all terminating", CLUSTER, "-", "0:ST 1:ST", "0 1", "-", "0 1"),
    ("iTP: Local, eTP: Cluster, some endpoints local", ITP_OPEN, "-", "0:LRS 1:RS", "0 1", "0", "0 1"),
    ("iTP: Cluster, eTP: Local, some endpoints local", ETP_OPEN, "-", "0:LRS 1:RS", "0 1", "0", "0 1"),
    ("iTP: Local, eTP: Local, some endpoints local", BOTH_OPEN, "-", "0:LRS 1:RS", "0 1", "0", "0 1"),
    ("iTP: Local, eTP: Local, all endpoints remote", BOTH_OPEN, "-", "0:RS 1:RS", "0 1", "-", "0 1"),
    ("iTP: Local, eTP: Local, remote and terminating", BOTH_OPEN, "-", "0:ST 1:ST", "0 1", "-", "0 1"),
    (
        "iTP: Cluster, eTP: Local, with terminating endpoints",
        ETP_OPEN,
        "-",
        "0:RS 1:L 2:LST 3:ST",
        "0",
        "2",
        "0 2",
    ),
    ("eTP ignored if not externally accessible", ETP, "-", "0:RS 1:LRS", "0 1", "-", "0 1"),
    ("no cluster endpoints for iTP:Local internal-only", ITP, "-", "0:RS 1:LRS", "-", "1", "1"),
    ("eTP: Local, accessible, with empty endpoints", ETP_OPEN, "-", "", "-", "-", ""),
    ("eTP: Local, accessible, all endpoints are remote", ETP_OPEN, "-", "0:RS 1:RS", "0 1", "-", "0 1"),
    ("eTP: Local, accessible, all endpoints are local", ETP_OPEN, "-", "0:LRS 1:LRS", "0 1", "0 1", "0 1"),
    ("eTP: Local, accessible, some endpoints are local", ETP_OPEN, "-", "0:LRS 1:RS", "0 1", "0", "0 1"),
];

#[test]
fn endpoints_are_categorized_as_upstream_does() {
    assert_eq!(TOPOLOGY.len() + POLICIES.len(), 34, "upstream's table");
    for &(name, kind, zone, endpoints, cluster, local, reachable) in TOPOLOGY.iter().chain(POLICIES) {
        let endpoints: Vec<EndpointInfo> = endpoints.split_whitespace().map(parse).collect();
        let zone = (zone != "-").then_some(zone);
        let found = categorize(&endpoints, &info(kind), "node-1", zone);
        let numbers = |indexes: &[usize]| {
            let number = |&i: &usize| endpoints[i].address.to_string();
            indexes.iter().map(number).collect::<Vec<_>>()
        };
        let expect =
            |list: &str| list.split_whitespace().map(|n| format!("10.244.1.{n}:80")).collect::<Vec<_>>();
        let option = |list: &str| (list != "-").then(|| expect(list));
        assert_eq!(found.cluster.as_deref().map(numbers), option(cluster), "{name}: cluster");
        assert_eq!(found.local.as_deref().map(numbers), option(local), "{name}: local");
        assert_eq!(numbers(&found.reachable), expect(reachable), "{name}: reachable");
        let usable = endpoints.iter().any(|e| e.ready || (e.serving && e.terminating));
        assert_eq!(found.has_any, usable, "{name}: any");
    }
}

fn parse(text: &str) -> EndpointInfo {
    let mut parts = text.split(':');
    let mut next = || parts.next().unwrap_or_default();
    let (number, flags, zones, node) = (next(), next(), next(), next());
    let list = |text: &str| text.split(',').filter(|t| !t.is_empty()).map(Into::into).collect();
    EndpointInfo {
        address: (ip(&format!("10.244.1.{number}")), 80).into(),
        text: format!("10.244.1.{number}:80").into(),
        local: flags.contains('L'),
        ready: flags.contains('R'),
        serving: flags.contains('S'),
        terminating: flags.contains('T'),
        zone_hints: list(zones),
        node_hints: list(node),
    }
}

fn info(kind: Kind) -> ServicePortInfo {
    let web = service("web", "10.96.0.1", &[http(0)]);
    let services = [(web.meta.key(), web.into())].into();
    let mut info = service_port_map(&services, &|_| true, config().family).into_values().next().unwrap();
    info.external_policy_local = kind.external_local;
    info.internal_policy_local = kind.internal_local;
    info.node_port = if kind.node_port { 8080 } else { 0 };
    assert_eq!(Family::of(info.cluster_ip), Family::V4);
    info
}
