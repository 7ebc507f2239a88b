//! TestCategorizeEndpoints (pkg/proxy/topology_test.go), all 32 cases of version 1.36.0.

use super::fixture::{config, http, ip, service};
use crate::node::kube_proxy::{EndpointInfo, ServicePortInfo, categorize, service_port_map};
use netfilter::Family;

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

/// Name; kind; node's zone and name; endpoints; for policy Cluster, for policy Local (`-`: none), reachable.
///
/// A node is `ZONE[@NAME]` (`-`: no zone label); an endpoint is `NUMBER:FLAGS[:ZONE,ZONE[:NODE]]`, with the
/// flags Local, Ready, Serving and Terminating.
type Case<'a> = (&'a str, Kind, &'a str, &'a str, &'a str, &'a str, &'a str);

const IN_FOUR_ZONES: &str = "3:R:a 4:R:b 5:R:c 6:R:a";
const TWO_LOCAL: &str = "3:LR:a 4:LR:b 5:R:c 6:R:a";
const HINTED: &str = "3:R:a:node-1 4:R:b:node-2 5:R:c:node-3 6:R:a:node-4";
const ONE_UNHINTED: &str = "3:R:a:node-1 4:R 5:R:c:node-3 6:R:a:node-4";

#[rustfmt::skip]
const TOPOLOGY: &[Case] = &[
    ("should use topology since all endpoints have hints", CLUSTER, "a", IN_FOUR_ZONES, "3 6", "-", "3 6"),
    ("externalTrafficPolicy: Local, topology ignored", ETP_OPEN, "a", TWO_LOCAL, "3 6", "3 4", "3 4 6"),
    ("internalTrafficPolicy: Local, topology ignored", ITP_OPEN, "a", TWO_LOCAL, "3 6", "3 4", "3 4 6"),
    ("empty node labels", CLUSTER, "-", "3:R:a", "3", "-", "3"),
    ("empty zone label", CLUSTER, "", "3:R:a", "3", "-", "3"),
    ("node in different zone, no endpoint filtering", CLUSTER, "b", "3:R:a", "3", "-", "3"),
    ("unready endpoint", CLUSTER, "a", "3:R:a 4:R:b 5:R:c 6::a", "3", "-", "3"),
    ("only unready endpoints in same zone", CLUSTER, "a", "3::a 4:R:b 5:R:c 6::a", "4 5", "-", "4 5"),
    ("missing hints, no filtering applied", CLUSTER, "a", "3:R:a 4:R:b 5:R 6:R:a", "3 4 5 6", "-", "3 4 5 6"),
    ("multiple hints per endpoint", CLUSTER, "c", "3:R:a,b,c 4:R:b,c 5:R:b,d 6:R:c", "3 4 6", "-", "3 4 6"),
    ("PreferSameNode available", CLUSTER, "a@node-1", HINTED, "3", "-", "3"),
    ("PreferSameNode, some unhinted", CLUSTER, "a@node-1", ONE_UNHINTED, "3 4 5 6", "-", "3 4 5 6"),
    ("PreferSameNode falls back to PreferSameZone", CLUSTER, "a@node-0", HINTED, "3 6", "-", "3 6"),
    ("conflicting topology and localness", ETP_OPEN, "a", "0:LR:a 1:LR:b 2:R:a 3:R:b", "0 2", "0 1", "0 1 2"),
    ("not in upstream's table: two in other zones", CLUSTER, "b", "3:R:a 5:R:c", "3 5", "-", "3 5"),
    ("not in upstream's table: the same, iTP", ITP_OPEN, "a", "0:LR:a 1:LR:b 2:R:a 3:R:b", "0 2", "0 1", "0 1 2"),
];

#[rustfmt::skip]
const POLICIES: &[Case] = &[
    ("iTP: Local, with empty endpoints", ITP, "-", "", "-", "-", ""),
    (ALL_REMOTE, ITP, "-", "0:R 1:R", "-", "-", ""),
    ("iTP: Local, all endpoints are local", ITP, "-", "0:LR 1:LR", "-", "0 1", "0 1"),
    ("iTP: Local, some endpoints are local", ITP, "-", "0:LR 1:R", "-", "0", "0"),
    ("Cluster traffic policy, endpoints not Ready", CLUSTER, "-", "0 1", "", "-", ""),
    ("Cluster traffic policy, some endpoints are Ready", CLUSTER, "-", "0 1:R", "1", "-", "1"),
    ("Cluster traffic policy, all terminating", CLUSTER, "-", "0:LST 1:ST", "0 1", "-", "0 1"),
    ("iTP: Local, eTP: Cluster, some endpoints local", ITP_OPEN, "-", "0:LR 1:R", "0 1", "0", "0 1"),
    ("iTP: Cluster, eTP: Local, some endpoints local", ETP_OPEN, "-", "0:LR 1:R", "0 1", "0", "0 1"),
    ("iTP: Local, eTP: Local, some endpoints local", BOTH_OPEN, "-", "0:LR 1:R", "0 1", "0", "0 1"),
    ("iTP: Local, eTP: Local, all endpoints remote", BOTH_OPEN, "-", "0:R 1:R", "0 1", "-", "0 1"),
    ("iTP: Local, eTP: Local, remote and terminating", BOTH_OPEN, "-", "0:ST 1:ST", "0 1", "-", "0 1"),
    ("iTP: Cluster, eTP: Local, with terminating", ETP_OPEN, "-", "0:R 1:L 2:LST 3:ST", "0", "2", "0 2"),
    ("eTP ignored if not externally accessible", ETP, "-", "0:R 1:LR", "0 1", "-", "0 1"),
    ("no cluster endpoints for iTP:Local internal-only", ITP, "-", "0:R 1:LR", "-", "1", "1"),
    ("empty endpoints when no service endpoints exist", CLUSTER, "-", "", "-", "-", ""),
    ("single endpoint not ready, not serving, not terminating", CLUSTER, "a", "0", "", "-", ""),
    ("not in upstream's table: eTP: Local, empty", ETP_OPEN, "-", "", "-", "-", ""),
    ("not in upstream's table: eTP: Local, all remote", ETP_OPEN, "-", "0:R 1:R", "0 1", "-", "0 1"),
    ("not in upstream's table: eTP: Local, all local", ETP_OPEN, "-", "0:LR 1:LR", "0 1", "0 1", "0 1"),
    ("not in upstream's table: eTP: Local, some local", ETP_OPEN, "-", "0:LR 1:R", "0 1", "0", "0 1"),
];

/// The one case in which there is an endpoint somewhere, and none for this node (onlyRemoteEndpoints).
const ALL_REMOTE: &str = "iTP: Local, but all endpoints are remote";

#[test]
fn endpoints_are_categorized_as_upstream_does() {
    let upstreams = TOPOLOGY.iter().chain(POLICIES).filter(|case| !case.0.starts_with("not in upstream's"));
    assert_eq!(upstreams.count(), 31, "upstream's table, but for the case of the feature gate");
    for case in TOPOLOGY.iter().chain(POLICIES) {
        check(case, &case.3.split_whitespace().map(parse).collect::<Vec<_>>());
    }
}

/// The 32nd, "PreferSameNode falls back to same-zone when feature gate disabled": a kube-proxy without the
/// gate, which 1.36 no longer is, sees the same endpoints without `hints.forNodes`.
#[test]
fn without_hints_for_nodes_those_for_zones_count() {
    let mut pending_events: Vec<EndpointInfo> = HINTED.split_whitespace().map(parse).collect();
    check(&("gate enabled", CLUSTER, "a@node-1", HINTED, "3", "-", "3"), &pending_events);
    pending_events.iter_mut().for_each(|e| e.node_hints.clear());
    check(&("gate disabled", CLUSTER, "a@node-1", HINTED, "3 6", "-", "3 6"), &pending_events);
}

fn check(&(name, kind, node, _, cluster, local, reachable): &Case, endpoints: &[EndpointInfo]) {
    let (zone, node) = node.split_once('@').unwrap_or((node, ""));
    let found = categorize(endpoints, &info(kind), node, (zone != "-").then_some(zone));
    let numbers = |indexes: &[usize]| {
        let number = |&i: &usize| endpoints[i].address.to_string();
        indexes.iter().map(number).collect::<Vec<_>>()
    };
    let expect = |list: &str| list.split_whitespace().map(|n| format!("10.244.1.{n}:80")).collect::<Vec<_>>();
    let option = |list: &str| (list != "-").then(|| expect(list));
    assert_eq!(found.cluster.as_deref().map(numbers), option(cluster), "{name}: cluster");
    assert_eq!(found.local.as_deref().map(numbers), option(local), "{name}: local");
    assert_eq!(numbers(&found.reachable), expect(reachable), "{name}: reachable");
    assert_eq!(found.has_any, !reachable.is_empty() || name == ALL_REMOTE, "{name}: any");
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
    let web = std::sync::Arc::new(web);
    let mut info = service_port_map(&mut [&web].into_iter(), config().family).into_iter().next().unwrap().1;
    info.external_policy_local = kind.external_local;
    info.internal_policy_local = kind.internal_local;
    info.node_port = if kind.node_port { 8080 } else { 0 };
    assert_eq!(Family::of(info.cluster_ip), Family::V4);
    info
}
