//! The behaviours of pkg/proxy/ipvs/proxier_test.go, as packet flows: upstream's tests look at the
//! sets, rules and servers; here packets go through them.

use std::net::SocketAddr;
use std::sync::Arc;

use super::fixture::{
    BLOCKED_CLIENT, CLIENT, CLUSTER_IP, EXTERNAL_IP, LB_IP, LB_IP_2, NODE, NODE_IP, NODE_IP_ALT, POD, Seen,
    config, endpoint, http, http_slice, ip, load_balancer, port, service, slice,
};
use super::tracer::Flow;
use crate::api::{Endpoint, ServiceType, TrafficPolicy};
use crate::node::kube_proxy::{ProxyConfig, ProxyMode};
use crate::sim::{Chance, Time};
use netfilter::Protocol::{Sctp, Tcp, Udp};
use netfilter::{
    Context, Family, Hook, IpvsDrop, IpvsRules, Kind, Protocol, Route, Rules, Skb, Stack, TableName,
    TcpFlags, Traversal, Tuple, Verdict,
};
use std::collections::BTreeSet;

const A: &str = "10.244.1.5";
const B: &str = "10.244.2.6";
const BOTH: &str = "10.244.1.5:80, 10.244.2.6:80";
const A80: &str = "10.244.1.5:80";
const B80: &str = "10.244.2.6:80";
/// No real server: IPVS answers "port unreachable".
pub const REFUSED: &str = "REFUSED";

pub fn rules(seen: &Seen, cfg: &ProxyConfig) -> IpvsRules {
    let rules = seen.rules_of(ProxyMode::Ipvs, cfg);
    rules.ipvs().expect("IPVS mode writes IPVS rules").clone()
}

/// Each flow is tried often enough that round robin has come to every server.
const TRIES: u16 = 12;

pub fn check(test: &str, cfg: &ProxyConfig, seen: &Seen, flows: &[Flow]) {
    let rules = rules(seen, cfg);
    for &(name, source, protocol, destination, port, expected, masquerade) in flows {
        let mut stack = Stack::new(cfg.node_ips.clone(), cfg.family);
        stack.set_rules(Rules::Ipvs(Arc::new(rules.clone())));
        let mut reached = BTreeSet::new();
        for n in 0..TRIES {
            let src_port = 40_000 + n;
            let tuple = Tuple { src: ip(source), src_port, dst: ip(destination), dst_port: port, protocol };
            let (output, masqueraded) = connect(&mut stack, &rules, cfg, tuple);
            let to_endpoint = output.contains(':');
            assert!(!to_endpoint || masqueraded == masquerade, "{test}: {name}: masqueraded {masqueraded}");
            reached.insert(output);
        }
        let expected: BTreeSet<String> = expected.split(", ").map(str::to_owned).collect();
        assert_eq!(reached, expected, "{test}: {name}");
    }
}

/// Where a connection goes, and whether its source is rewritten.
fn connect(stack: &mut Stack, rules: &IpvsRules, cfg: &ProxyConfig, tuple: Tuple) -> (String, bool) {
    let is_local = |ip: std::net::IpAddr| ip.is_loopback() || cfg.node_ips.contains(&ip) || rules.binds(ip);
    let route = |t: &Tuple| match is_local(t.dst) {
        true => Route::Local,
        false => Route::Out(cfg.node_ips[0]),
    };
    let kind = if tuple.protocol == Tcp { Kind::Tcp(TcpFlags::SYN) } else { Kind::Datagram };
    let mut skb = Skb::new(tuple, kind);
    let mut hits = Vec::new();
    let node = Chance::subject(&cfg.node_name);
    let flow = u64::from(tuple.src_port);
    let mut cx = Context { now: Time::ZERO, chance: Chance::new(3), flow, node, trace: Some(&mut hits) };
    let traversal = match is_local(tuple.src) {
        true => stack.send(&mut skb, &mut cx, route),
        false => stack.receive(&mut skb, &mut cx, route),
    };
    let health = |hit: &netfilter::RuleHit| {
        hit.table == TableName::Filter
            && rules
                .tables
                .rule_line(hit.at())
                .is_some_and(|line| line.contains("HEALTH-CHECK") && line.ends_with("ACCEPT"))
    };
    let output = match traversal {
        Traversal::Stopped(_, Verdict::Drop(_)) => "DROP".to_owned(),
        Traversal::Stopped(Hook::Input, Verdict::Reject(..)) => "REJECT".to_owned(),
        Traversal::Stopped(_, Verdict::Ipvs(_, IpvsDrop::NoDestination)) => REFUSED.to_owned(),
        Traversal::Out if skb.tuple.dst != tuple.dst => {
            SocketAddr::new(skb.tuple.dst, skb.tuple.dst_port).to_string()
        }
        Traversal::Local if hits.iter().any(health) => "ACCEPT".to_owned(),
        Traversal::Local | Traversal::Out => String::new(),
        other => format!("{other:?}"),
    };
    (output, (skb.tuple.src, skb.tuple.src_port) != (tuple.src, tuple.src_port))
}

/// A LoadBalancer Service with an external IP and a NodePort.
fn everywhere(external: TrafficPolicy) -> crate::api::Service {
    let mut service = load_balancer("web", CLUSTER_IP, 30080, &[LB_IP]);
    service.spec.external_ips = vec![ip(EXTERNAL_IP)];
    service.spec.external_traffic_policy = Some(external);
    service
}

#[test]
fn without_endpoints_the_client_is_refused() {
    let seen = Seen::default().with(everywhere(TrafficPolicy::Cluster));
    check(
        "TestNoEndpoints",
        &config(),
        &seen,
        &[
            ("pod to cluster IP", POD, Tcp, CLUSTER_IP, 80, REFUSED, false),
            ("node to cluster IP", CLUSTER_IP, Tcp, CLUSTER_IP, 80, REFUSED, false),
            ("external to external IP", CLIENT, Tcp, EXTERNAL_IP, 80, REFUSED, false),
            ("external to NodePort", CLIENT, Tcp, NODE_IP, 30080, REFUSED, false),
            ("external to LB IP", CLIENT, Tcp, LB_IP, 80, REFUSED, false),
        ],
    );
}

#[test]
fn cluster_ips() {
    const DNS: &str = "10.96.0.42";
    let dns_ports = [
        port("http", Tcp, 80, 0),
        port("https", Tcp, 443, 0),
        port("dns", Udp, 53, 0),
        port("sctp", Sctp, 53, 0),
    ];
    let targets = [("http", Tcp, 80), ("https", Tcp, 8443), ("dns", Udp, 5353), ("sctp", Sctp, 53)];
    let two = [endpoint(A, Some(NODE)), endpoint(B, Some("worker-2"))];
    let seen = Seen::default()
        .with(service("one", CLUSTER_IP, &[http(0)]))
        .with(service("two", DNS, &dns_ports))
        .slice(http_slice("one", &two[..1]))
        .slice(slice("two", &targets, &two));
    let refused = "an address of kube-ipvs0 answers on no other port";
    check(
        "TestClusterIP",
        &config(),
        &seen,
        &[
            ("simple", POD, Tcp, CLUSTER_IP, 80, A80, false),
            ("hairpin, by KUBE-LOOP-BACK", A, Tcp, CLUSTER_IP, 80, A80, true),
            ("several endpoints", POD, Tcp, DNS, 80, BOTH, false),
            ("target port", POD, Tcp, DNS, 443, "10.244.1.5:8443, 10.244.2.6:8443", false),
            ("UDP", POD, Udp, DNS, 53, "10.244.1.5:5353, 10.244.2.6:5353", false),
            ("SCTP", POD, Sctp, DNS, 53, "10.244.1.5:53, 10.244.2.6:53", false),
            ("from the node, with its own virtual address", DNS, Tcp, DNS, 80, BOTH, true),
            ("from outside", CLIENT, Tcp, DNS, 80, BOTH, true),
            (refused, POD, Tcp, DNS, 81, "REJECT", false),
            (refused, POD, Udp, CLUSTER_IP, 80, "REJECT", false),
            ("an address that no Service has", POD, Tcp, "10.96.0.99", 80, "", false),
        ],
    );
}

/// TestMasqueradeRule and writeIptablesRules: who is masqueraded on the way to a ClusterIP.
#[test]
fn masquerading_of_cluster_ips() {
    let seen = Seen::default().with(service("web", CLUSTER_IP, &[http(0)]));
    let seen = seen.slice(http_slice("web", &[endpoint(A, None)]));
    let base = config();
    let none = ProxyConfig { cluster_cidr: None, ..config() };
    let all = ProxyConfig { masquerade_all: true, ..config() };
    // A configuration; from a Pod, from the node, from outside.
    for (name, cfg, pod, node, client) in [
        ("base", &base, false, true, true),
        ("no detector: only what kube-ipvs0 lent its address", &none, false, true, false),
        ("masqueradeAll", &all, true, true, true),
    ] {
        let flows = [
            ("pod", POD, Tcp, CLUSTER_IP, 80, A80, pod),
            ("node", CLUSTER_IP, Tcp, CLUSTER_IP, 80, A80, node),
            ("outside", CLIENT, Tcp, CLUSTER_IP, 80, A80, client),
        ];
        check(name, cfg, &seen, &flows);
    }
}

#[test]
fn external_traffic_policies() {
    let slice = || http_slice("web", &[endpoint(A, None), endpoint(B, Some(NODE))]);
    let cluster = Seen::default().with(everywhere(TrafficPolicy::Cluster)).slice(slice());
    check(
        "TestExternalIPs, TestLoadBalancer, TestNodePort",
        &config(),
        &cluster,
        &[
            ("pod to cluster IP", POD, Tcp, CLUSTER_IP, 80, BOTH, false),
            ("pod to external IP", POD, Tcp, EXTERNAL_IP, 80, BOTH, true),
            ("external to external IP", CLIENT, Tcp, EXTERNAL_IP, 80, BOTH, true),
            ("pod to LB IP", POD, Tcp, LB_IP, 80, BOTH, true),
            ("external to LB IP", CLIENT, Tcp, LB_IP, 80, BOTH, true),
            ("node to LB IP", LB_IP, Tcp, LB_IP, 80, BOTH, true),
            ("pod to NodePort", POD, Tcp, NODE_IP, 30080, BOTH, true),
            ("external to NodePort", CLIENT, Tcp, NODE_IP, 30080, BOTH, true),
        ],
    );
    let local = Seen::default().with(everywhere(TrafficPolicy::Local)).slice(slice());
    // Unlike iptables mode: Pods have no way around the policy either.
    check(
        "TestOnlyLocalExternalIPs, TestOnlyLocalLoadBalancing, TestOnlyLocalNodePorts",
        &config(),
        &local,
        &[
            ("pod to cluster IP hits both", POD, Tcp, CLUSTER_IP, 80, BOTH, false),
            ("pod to external IP hits the local one", POD, Tcp, EXTERNAL_IP, 80, B80, false),
            ("external to external IP", CLIENT, Tcp, EXTERNAL_IP, 80, B80, false),
            ("pod to LB IP hits the local one", POD, Tcp, LB_IP, 80, B80, false),
            ("external to LB IP", CLIENT, Tcp, LB_IP, 80, B80, false),
            ("pod to NodePort hits the local one", POD, Tcp, NODE_IP, 30080, B80, false),
            ("external to NodePort", CLIENT, Tcp, NODE_IP, 30080, B80, false),
        ],
    );
}

/// C-10, and upstream's pull request 97081: nothing local, so all of the cluster's. Without
/// masquerading: the answer of a Pod elsewhere does not come back this way.
#[test]
fn local_policy_without_a_local_endpoint_falls_back() {
    let slice = || http_slice("web", &[endpoint(A, None), endpoint(B, Some("worker-2"))]);
    let seen = Seen::default().with(everywhere(TrafficPolicy::Local)).slice(slice());
    check(
        "externalTrafficPolicy: Local",
        &config(),
        &seen,
        &[
            ("pod to LB IP", POD, Tcp, LB_IP, 80, BOTH, false),
            ("external to LB IP", CLIENT, Tcp, LB_IP, 80, BOTH, false),
            ("external to NodePort", CLIENT, Tcp, NODE_IP, 30080, BOTH, false),
        ],
    );
    // internalTrafficPolicy Local falls back to all endpoints only if an external address uses policy
    // Cluster's endpoints too (UsesClusterEndpoints).
    for (node_port, expected) in [(0, REFUSED), (30080, BOTH)] {
        let mut web = service("web", CLUSTER_IP, &[http(node_port)]);
        web.spec.internal_traffic_policy = TrafficPolicy::Local;
        if node_port != 0 {
            web.spec.type_ = ServiceType::NodePort;
        }
        let seen = Seen::default().with(web).slice(slice());
        let flow = [("pod", POD, Tcp, CLUSTER_IP, 80, expected, false)];
        check("internalTrafficPolicy: Local", &config(), &seen, &flow);
    }
}

/// TestTestInternalTrafficPolicyE2E.
#[test]
fn internal_traffic_policy() {
    const C: &str = "10.244.3.7";
    let all = "10.244.1.5:80, 10.244.2.6:80, 10.244.3.7:80";
    let (here, there) = (Some(NODE), Some("worker-2"));
    let cases: [(&str, TrafficPolicy, [Option<&str>; 3], &str); 3] = [
        ("cluster", TrafficPolicy::Cluster, [here, there, there], all),
        ("local, one local endpoint", TrafficPolicy::Local, [here, there, there], A80),
        ("local, several", TrafficPolicy::Local, [here, here, there], BOTH),
    ];
    for (name, policy, nodes, expected) in cases {
        let mut web = service("web", CLUSTER_IP, &[http(0)]);
        web.spec.internal_traffic_policy = policy;
        let endpoints: Vec<Endpoint> =
            [A, B, C].iter().zip(nodes).map(|(a, node)| endpoint(a, node)).collect();
        let seen = Seen::default().with(web).slice(http_slice("web", &endpoints));
        let flow = |expected| [(name, POD, Tcp, CLUSTER_IP, 80, expected, false)];
        check("TestInternalTrafficPolicy", &config(), &seen, &flow(expected));
        check("TestInternalTrafficPolicy, deleted", &config(), &seen.without_endpoints(), &flow(REFUSED));
    }
}

#[test]
fn load_balancer_source_ranges() {
    let ranges = |ranges: [&str; 2]| {
        let mut lb = load_balancer("web", CLUSTER_IP, 30080, &[LB_IP, LB_IP_2]);
        lb.spec.load_balancer_source_ranges = ranges.map(|r| r.parse().unwrap()).to_vec();
        Seen::default().with(lb).slice(http_slice("web", &[endpoint(A, None)]))
    };
    check(
        "TestLoadBalancerSourceRanges, the node's address among them",
        &config(),
        &ranges(["192.168.50.0/24", "203.0.113.0/25"]),
        &[
            ("pod to cluster IP", POD, Tcp, CLUSTER_IP, 80, A80, false),
            ("external to nodePort", CLIENT, Tcp, NODE_IP, 30080, A80, true),
            ("nodePort bypasses source ranges", BLOCKED_CLIENT, Tcp, NODE_IP, 30080, A80, true),
            ("accepted external to LB1", CLIENT, Tcp, LB_IP, 80, A80, true),
            ("accepted external to LB2", CLIENT, Tcp, LB_IP_2, 80, A80, true),
            ("blocked external to LB1", BLOCKED_CLIENT, Tcp, LB_IP, 80, "DROP", false),
            ("pod to LB1 (blocked)", POD, Tcp, LB_IP, 80, "DROP", false),
            ("node to LB1, as LB1", LB_IP, Tcp, LB_IP, 80, A80, true),
        ],
    );
    // Issue 119656: packets that the node itself sends do not pass INPUT.
    check(
        "the node's address not among them",
        &config(),
        &ranges(["198.18.0.0/15", "203.0.113.0/25"]),
        &[
            ("accepted external to LB1", CLIENT, Tcp, LB_IP, 80, A80, true),
            ("node to LB1, as LB1", LB_IP, Tcp, LB_IP, 80, "DROP", false),
            ("node to cluster IP", CLUSTER_IP, Tcp, CLUSTER_IP, 80, A80, true),
        ],
    );
}

#[test]
fn node_ports() {
    use Family::{V4, V6};
    let some: &[&str] = &["192.168.50.0/24", "127.0.0.1/32"];
    let many: &[&str] = &["192.168.50.0/24", "192.168.51.0/24", "2001:db8:50::/64"];
    for (name, family, addresses, on_alt) in [
        ("ipv4", V4, &[][..], true),
        ("ipv4, some addresses", V4, some, false),
        ("ipv4, many addresses", V4, many, true),
        ("ipv6", V6, &[][..], true),
        ("ipv6, many addresses", V6, many, false),
    ] {
        let pick = |a, b| if family == V4 { a } else { b };
        let test = pick("TestNodePortIPv4", "TestNodePortIPv6");
        let (node, alt) = (pick(NODE_IP, "2001:db8:50::11"), pick(NODE_IP_ALT, "2001:db8:51::11"));
        let cfg = ProxyConfig {
            family,
            node_ips: vec![ip(node), ip(alt)],
            node_port_addresses: addresses.iter().map(|a| a.parse().unwrap()).collect(),
            cluster_cidr: Some(pick("10.244.0.0/16", "fd00:10:244::/48").parse().unwrap()),
            ..config()
        };
        let cluster_ip = pick(CLUSTER_IP, "fd00:10:96::41");
        let ports = [http(30080), port("dns", Udp, 53, 30053), port("sctp", Sctp, 90, 30090)];
        let mut web = service("web", cluster_ip, &ports);
        web.spec.type_ = ServiceType::NodePort;
        let (a, b) = (pick(A, "fd00:10:244:1::5"), pick(B, "fd00:10:244:2::6"));
        let targets = [("http", Tcp, 80), ("dns", Udp, 80), ("sctp", Sctp, 80)];
        let seen = Seen::default().with(web).slice(slice(
            "web",
            &targets,
            &[endpoint(a, None), endpoint(b, Some(NODE))],
        ));
        let both = pick(BOTH, "[fd00:10:244:1::5]:80, [fd00:10:244:2::6]:80");
        let (pod, client) = (pick(POD, "fd00:10:244:7::2"), pick(CLIENT, "2600:5200::1"));
        let alt_expected = if on_alt { both } else { "" };
        let lo = pick("127.0.0.1", "::1");
        check(
            &format!("{test}, {name}"),
            &cfg,
            &seen,
            &[
                ("pod to cluster IP", pod, Tcp, cluster_ip, 80, both, false),
                ("external to nodePort", client, Tcp, node, 30080, both, true),
                ("external to nodePort, UDP", client, Udp, node, 30053, both, true),
                ("external to nodePort, SCTP", client, Sctp, node, 30090, both, true),
                ("node to nodePort", node, Tcp, node, 30080, both, true),
                ("on the other address", client, Tcp, alt, 30080, alt_expected, on_alt),
                ("TestDismissLocalhostRuleExist: not on loopback", lo, Tcp, lo, 30080, "", false),
            ],
        );
    }
}

#[test]
fn health_check_node_port() {
    let mut lb = load_balancer("web", CLUSTER_IP, 30080, &[LB_IP]);
    lb.spec.health_check_node_port = 31000;
    lb.spec.external_traffic_policy = Some(TrafficPolicy::Local);
    let seen = Seen::default().with(lb);
    let accepted = [("accepted", CLIENT, Tcp, NODE_IP, 31000, "ACCEPT", false)];
    check("TestHealthCheckNodePort", &config(), &seen, &accepted);
    let gone = [("gone", CLIENT, Tcp, NODE_IP, 31000, "", false)];
    check("TestHealthCheckNodePort", &config(), &Seen::default(), &gone);
}

/// TestLoadBalancerIngressRouteTypeProxy.
#[test]
fn a_proxying_load_balancer_gets_no_server() {
    for (proxy, expected) in [(true, ""), (false, A80)] {
        let mut lb = load_balancer("web", CLUSTER_IP, 30080, &[LB_IP]);
        lb.ingress[0].proxy = proxy;
        let seen = Seen::default().with(lb).slice(http_slice("web", &[endpoint(A, None)]));
        let flow = [("ingress", CLIENT, Tcp, LB_IP, 80, expected, !proxy)];
        check("TestLoadBalancerIngressRouteTypeProxy", &config(), &seen, &flow);
    }
}

/// An external IP that is the node's own is a virtual server, but not kube-ipvs0's.
#[test]
fn an_address_that_the_node_has_is_not_bound_again() {
    let mut web = service("web", CLUSTER_IP, &[http(0)]);
    web.spec.external_ips = vec![ip(NODE_IP), ip(EXTERNAL_IP)];
    let seen = Seen::default().with(web).slice(http_slice("web", &[endpoint(A, None)]));
    assert_eq!(rules(&seen, &config()).addresses, [ip(CLUSTER_IP), ip(EXTERNAL_IP)]);
    let flows = [
        ("by the node's address", CLIENT, Tcp, NODE_IP, 80, A80, true),
        ("and its other ports are its own", CLIENT, Tcp, NODE_IP, 22, "", false),
    ];
    check("TestExternalIPs, shouldBind", &config(), &seen, &flows);
}

/// The protocol of a packet without ports must not be taken for one that a set has.
#[test]
fn a_protocol_is_part_of_a_set() {
    let lb = everywhere(TrafficPolicy::Cluster);
    let seen = Seen::default().with(lb).slice(http_slice("web", &[endpoint(A, None)]));
    let wrong: Protocol = Udp;
    let flows = [("UDP to a TCP port", CLIENT, wrong, LB_IP, 80, "REJECT", false)];
    check("KUBE-IPVS-FILTER", &config(), &seen, &flows);
}
