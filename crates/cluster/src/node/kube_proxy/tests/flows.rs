//! The packet-flow tables of pkg/proxy/iptables/proxier_test.go and pkg/proxy/nftables/proxier_test.go. They are
//! the same, except for the tests below that name only one of the two.

use super::fixture::{
    BLOCKED_CLIENT, CLIENT, CLUSTER_IP, EXTERNAL_IP, LB_IP, LB_IP_2, NODE, NODE_IP, NODE_IP_ALT, POD, Seen,
    config, endpoint, http, http_slice, ip, load_balancer, port, service, slice,
};
use super::tracer::{check, check_both, check_nft};
use crate::api::{Endpoint, Service, ServiceType, TrafficPolicy};
use crate::node::kube_proxy::ProxyConfig;
use netfilter::Family;
use netfilter::Protocol::{Sctp, Tcp, Udp};

const A: &str = "10.244.1.5";
const B: &str = "10.244.2.6";
const BOTH: &str = "10.244.1.5:80, 10.244.2.6:80";
const A80: &str = "10.244.1.5:80";
const B80: &str = "10.244.2.6:80";

/// A LoadBalancer Service with an external IP and a NodePort.
fn everywhere(external: TrafficPolicy) -> Service {
    let mut service = load_balancer("web", CLUSTER_IP, 30080, &[LB_IP]);
    service.spec.external_ips = vec![ip(EXTERNAL_IP)];
    service.spec.external_traffic_policy = Some(external);
    service
}

#[test]
fn no_endpoints_reject() {
    let seen = Seen::default().with(everywhere(TrafficPolicy::Cluster));
    check_both(
        "TestNoEndpointsReject",
        &config(),
        &seen,
        &[
            ("pod to cluster IP with no endpoints", POD, Tcp, CLUSTER_IP, 80, "REJECT", false),
            ("external to external IP with no endpoints", CLIENT, Tcp, EXTERNAL_IP, 80, "REJECT", false),
            ("pod to NodePort with no endpoints", POD, Tcp, NODE_IP, 30080, "REJECT", false),
            ("external to NodePort with no endpoints", CLIENT, Tcp, NODE_IP, 30080, "REJECT", false),
            ("pod to LoadBalancer IP with no endpoints", POD, Tcp, LB_IP, 80, "REJECT", false),
            ("external to LoadBalancer IP with no endpoints", CLIENT, Tcp, LB_IP, 80, "REJECT", false),
        ],
    );
}

#[test]
fn cluster_ip_general() {
    const DNS: &str = "10.96.0.42";
    let dns_ports = [
        port("http", Tcp, 80, 0),
        port("https", Tcp, 443, 0),
        port("dns-udp", Udp, 53, 0),
        port("dns-tcp", Tcp, 53, 0),
        port("dns-sctp", Sctp, 53, 0),
    ];
    let targets = [
        ("http", Tcp, 80),
        ("https", Tcp, 8443),
        ("dns-udp", Udp, 53),
        ("dns-tcp", Tcp, 5353),
        ("dns-sctp", Sctp, 53),
    ];
    let two = [endpoint(A, Some(NODE)), endpoint(B, Some("worker-2"))];
    let seen = Seen::default()
        .with(service("one", CLUSTER_IP, &[http(0)]))
        .with(service("two", DNS, &dns_ports))
        .slice(http_slice("one", &two[..1]))
        .slice(slice("two", &targets, &two));
    let tcp = "clusterIP with TCP, UDP, and SCTP on same port (TCP)";
    let udp = "clusterIP with TCP, UDP, and SCTP on same port (UDP)";
    let sctp = "clusterIP with TCP, UDP, and SCTP on same port (SCTP)";
    check_both(
        "TestClusterIPGeneral",
        &config(),
        &seen,
        &[
            ("simple clusterIP", POD, Tcp, CLUSTER_IP, 80, A80, false),
            ("hairpin to cluster IP", A, Tcp, CLUSTER_IP, 80, A80, true),
            ("clusterIP with multiple endpoints", POD, Tcp, DNS, 80, BOTH, false),
            ("clusterIP with TargetPort", POD, Tcp, DNS, 443, "10.244.1.5:8443, 10.244.2.6:8443", false),
            (tcp, POD, Tcp, DNS, 53, "10.244.1.5:5353, 10.244.2.6:5353", false),
            (udp, POD, Udp, DNS, 53, "10.244.1.5:53, 10.244.2.6:53", false),
            (sctp, POD, Sctp, DNS, 53, "10.244.1.5:53, 10.244.2.6:53", false),
        ],
    );
    // M-11: nftables rejects packets for which iptables has no rule.
    let (udp, other) = ("TCP-only port does not match UDP traffic", "svc1 does not accept svc2's ports");
    let (lost, nobody) = ("packet to unallocated cluster ip", "10.96.0.50");
    let flows = |wrong, unallocated| {
        [
            (udp, POD, Udp, DNS, 80, wrong, false),
            (other, POD, Tcp, CLUSTER_IP, 443, wrong, false),
            (lost, POD, Tcp, nobody, 80, unallocated, false),
        ]
    };
    check("TestClusterIPGeneral", &config(), &seen.rules(&config()), &flows("", ""));
    check_nft("TestClusterIPGeneral", &config(), &seen, &flows("REJECT", "DROP"));
}

#[test]
fn load_balancer_source_ranges() {
    let mut lb = load_balancer("web", CLUSTER_IP, 30080, &[LB_IP, LB_IP_2]);
    let ranges = ["192.168.50.0/24", "203.0.113.0/25"];
    lb.spec.load_balancer_source_ranges = ranges.map(|r| r.parse().unwrap()).to_vec();
    let seen = Seen::default().with(lb).slice(http_slice("web", &[endpoint(A, None)]));
    check_both(
        "TestLoadBalancer",
        &config(),
        &seen,
        &[
            ("pod to cluster IP", POD, Tcp, CLUSTER_IP, 80, A80, false),
            ("external to nodePort", CLIENT, Tcp, NODE_IP, 30080, A80, true),
            ("nodePort bypasses source ranges", BLOCKED_CLIENT, Tcp, NODE_IP, 30080, A80, true),
            ("accepted external to LB1", CLIENT, Tcp, LB_IP, 80, A80, true),
            ("accepted external to LB2", CLIENT, Tcp, LB_IP_2, 80, A80, true),
            ("blocked external to LB1", BLOCKED_CLIENT, Tcp, LB_IP, 80, "DROP", false),
            ("blocked external to LB2", BLOCKED_CLIENT, Tcp, LB_IP_2, 80, "DROP", false),
            ("pod to LB1 (blocked)", POD, Tcp, LB_IP, 80, "DROP", false),
            ("pod to LB2 (blocked)", POD, Tcp, LB_IP_2, 80, "DROP", false),
            ("node to LB1 (allowed)", NODE_IP, Tcp, LB_IP, 80, A80, true),
            ("node to LB2 (allowed)", NODE_IP, Tcp, LB_IP_2, 80, A80, true),
            ("same node to LB1, SNATted to LB1", LB_IP, Tcp, LB_IP, 80, A80, true),
            ("same node to LB2, SNATted to LB2", LB_IP_2, Tcp, LB_IP_2, 80, A80, true),
        ],
    );
}

struct NodePorts<'a> {
    name: &'a str,
    family: Family,
    localhost: bool,
    addresses: &'a [&'a str],
    alt_allowed: bool,
    firewall: bool,
}

/// TestNodePorts of pkg/proxy/iptables.
#[test]
fn node_ports() {
    use Family::{V4, V6};
    let case = |name, family, localhost, addresses, alt_allowed, firewall| NodePorts {
        name,
        family,
        localhost,
        addresses,
        alt_allowed,
        firewall,
    };
    let some: &[&str] = &["192.168.50.0/24", "127.0.0.1/32"];
    let many: &[&str] = &["192.168.50.0/24", "192.168.51.0/24", "2001:db8:50::/64"];
    for case in [
        case("ipv4, localhost-nodeports enabled", V4, true, &[], true, true),
        case("ipv4, localhost-nodeports disabled", V4, false, &[], true, false),
        case(
            "ipv4, localhost-nodeports disabled, localhost in nodeport-addresses",
            V4,
            false,
            some,
            false,
            false,
        ),
        // Disabled, although upstream's name for the case says enabled.
        case("ipv4, localhost-nodeports enabled, multiple nodeport-addresses", V4, false, many, true, false),
        case("ipv6, localhost-nodeports enabled", V6, true, &[], true, false),
        case("ipv6, localhost-nodeports disabled", V6, false, &[], true, false),
        case(
            "ipv6, localhost-nodeports disabled, multiple nodeport-addresses",
            V6,
            false,
            many,
            false,
            false,
        ),
    ] {
        node_ports_case(&case);
    }
}

fn node_ports_case(case: &NodePorts) {
    let v4 = case.family == Family::V4;
    let pick = |a, b| if v4 { a } else { b };
    let (node, alt) = (pick(NODE_IP, "2001:db8:50::11"), pick(NODE_IP_ALT, "2001:db8:51::11"));
    let cfg = ProxyConfig {
        family: case.family,
        node_ips: vec![ip(node), ip(alt)],
        localhost_node_ports: case.localhost,
        node_port_addresses: case.addresses.iter().map(|a| a.parse().unwrap()).collect(),
        cluster_cidr: Some(pick("10.244.0.0/16", "fd00:10:244::/48").parse().unwrap()),
        ..config()
    };
    let cluster_ip = pick(CLUSTER_IP, "fd00:10:96::41");
    let mut web = service("web", cluster_ip, &[http(30080)]);
    web.spec.type_ = ServiceType::NodePort;
    let (a, b) = (pick(A, "fd00:10:244:1::5"), pick(B, "fd00:10:244:2::6"));
    let slice = http_slice("web", &[endpoint(a, None), endpoint(b, Some(NODE))]);
    let rules = Seen::default().with(web).slice(slice).rules(&cfg);
    let both = pick(BOTH, "[fd00:10:244:1::5]:80, [fd00:10:244:2::6]:80");
    let pod = pick(POD, "fd00:10:244:7::2");
    let client = pick(CLIENT, "2600:5200::1");
    let lo = pick("127.0.0.1", "::1");
    let (to_lo, on_lo) = match v4 && case.localhost {
        true => ("localhost to nodePort gets masqueraded", both),
        false => ("localhost to nodePort is ignored", ""),
    };
    let (to_alt, on_alt) = secondary(case.alt_allowed, both);
    check(
        &format!("TestNodePorts, {}", case.name),
        &cfg,
        &rules,
        &[
            ("pod to cluster IP", pod, Tcp, cluster_ip, 80, both, false),
            ("external to nodePort", client, Tcp, node, 30080, both, true),
            ("node to nodePort", node, Tcp, node, 30080, both, true),
            (to_lo, lo, Tcp, lo, 30080, on_lo, !on_lo.is_empty()),
            (to_alt, client, Tcp, alt, 30080, on_alt, case.alt_allowed),
        ],
    );
    // Upstream checks this chain too: it always exists, and has a rule only in some cases.
    let firewall = rules.filter.find("KUBE-FIREWALL").and_then(|chain| rules.filter.chain(chain)).unwrap();
    assert_eq!(!firewall.rules().is_empty(), case.firewall, "TestNodePorts, {}", case.name);
}

/// Upstream's name of the flow to the node's secondary address, and its expected result.
fn secondary(allowed: bool, both: &str) -> (&'static str, &str) {
    match allowed {
        true => ("external to nodePort on secondary IP", both),
        false => ("secondary nodeIP ignores NodePorts", ""),
    }
}

/// TestNodePorts of pkg/proxy/nftables: M-12.
#[test]
fn node_ports_of_nftables() {
    use Family::{V4, V6};
    let many = ["192.168.50.0/24", "192.168.51.0/24", "2001:db8:50::/64", "2001:db8:51::11/128"];
    let lo = ["192.168.50.0/24", "127.0.0.0/8"];
    let all = ["0.0.0.0/0", "::/0"];
    let cases: [(&str, Family, &[&str], bool); 6] = [
        ("ipv4", V4, &[], false),
        ("ipv4, multiple nodeport-addresses", V4, &many, true),
        ("ipv6", V6, &[], false),
        ("ipv6, multiple nodeport-addresses", V6, &many, true),
        ("not upstream's: localhost is left out", V4, &lo, false),
        ("not upstream's: all addresses", V6, &all, true),
    ];
    for (name, family, addresses, alt_allowed) in cases {
        let v4 = family == V4;
        let pick = |a, b| if v4 { a } else { b };
        let (node, alt) = (pick(NODE_IP, "2001:db8:50::11"), pick(NODE_IP_ALT, "2001:db8:51::11"));
        let cfg = ProxyConfig {
            family,
            node_ips: vec![ip(node), ip(alt)],
            node_port_addresses: addresses.iter().map(|a| a.parse().unwrap()).collect(),
            cluster_cidr: Some(pick("10.244.0.0/16", "fd00:10:244::/48").parse().unwrap()),
            service_cidrs: vec![pick("10.96.0.0/16", "fd00:10:96::/112").parse().unwrap()],
            ..config()
        };
        let cluster_ip = pick(CLUSTER_IP, "fd00:10:96::41");
        let mut web = service("web", cluster_ip, &[http(30080)]);
        web.spec.type_ = ServiceType::NodePort;
        let (a, b) = (pick(A, "fd00:10:244:1::5"), pick(B, "fd00:10:244:2::6"));
        let slice = http_slice("web", &[endpoint(a, None), endpoint(b, Some(NODE))]);
        let seen = Seen::default().with(web).slice(slice);
        let both = pick(BOTH, "[fd00:10:244:1::5]:80, [fd00:10:244:2::6]:80");
        let (pod, client) = (pick(POD, "fd00:10:244:7::2"), pick(CLIENT, "2600:5200::1"));
        let (lo, nobody) = (pick("127.0.0.1", "::1"), pick("10.96.0.50", "fd00:10:96::50"));
        let (to_alt, on_alt) = secondary(alt_allowed, both);
        check_nft(
            &format!("TestNodePorts, {name}"),
            &cfg,
            &seen,
            &[
                ("pod to cluster IP", pod, Tcp, cluster_ip, 80, both, false),
                ("external to nodePort", client, Tcp, node, 30080, both, true),
                ("node to nodePort", node, Tcp, node, 30080, both, true),
                (to_alt, client, Tcp, alt, 30080, on_alt, alt_allowed),
                // Not in upstream's table.
                ("localhost to nodePort", lo, Tcp, lo, 30080, "", false),
                ("unallocated", pod, Tcp, nobody, 80, "DROP", false),
                ("wrong port", pod, Tcp, cluster_ip, 81, "REJECT", false),
            ],
        );
    }
}

/// M-13 in nftables mode: it has no rule for the health check port, neither to accept nor to drop.
#[test]
fn health_check_node_port() {
    let mut lb = load_balancer("web", "10.96.0.42", 30080, &[]);
    lb.spec.health_check_node_port = 31000;
    lb.spec.external_traffic_policy = Some(TrafficPolicy::Local);
    let cfg = ProxyConfig { node_port_addresses: vec!["127.0.0.0/8".parse().unwrap()], ..config() };
    let accepted = [("firewall accepts", "198.51.100.99", Tcp, NODE_IP, 31000, "ACCEPT", false)];
    check("TestHealthCheckNodePort", &cfg, &Seen::default().with(lb).rules(&cfg), &accepted);
    let gone = [("no longer has any rule", "198.51.100.99", Tcp, NODE_IP, 31000, "", false)];
    check("TestHealthCheckNodePort", &cfg, &Seen::default().rules(&cfg), &gone);
}

#[test]
fn external_traffic_policy_local() {
    let slice = http_slice("web", &[endpoint(A, None), endpoint(B, Some(NODE))]);
    let seen = Seen::default().with(everywhere(TrafficPolicy::Local)).slice(slice);
    check_both(
        "TestExternalTrafficPolicyLocal",
        &config(),
        &seen,
        &[
            ("pod to cluster IP hits both, unmasqueraded", POD, Tcp, CLUSTER_IP, 80, BOTH, false),
            ("pod to external IP hits both, unmasqueraded", POD, Tcp, EXTERNAL_IP, 80, BOTH, false),
            ("external to external IP hits only local", CLIENT, Tcp, EXTERNAL_IP, 80, B80, false),
            ("pod to LB IP hits both, unmasqueraded", POD, Tcp, LB_IP, 80, BOTH, false),
            ("external to LB IP hits only local", CLIENT, Tcp, LB_IP, 80, B80, false),
            ("pod to NodePort hits both, unmasqueraded", POD, Tcp, NODE_IP, 30080, BOTH, false),
            ("external to NodePort hits only local", CLIENT, Tcp, NODE_IP, 30080, B80, false),
        ],
    );
}

#[test]
fn external_traffic_policy_cluster() {
    let slice = http_slice("web", &[endpoint(A, None), endpoint(B, Some(NODE))]);
    let seen = Seen::default().with(everywhere(TrafficPolicy::Cluster)).slice(slice);
    check_both(
        "TestExternalTrafficPolicyCluster",
        &config(),
        &seen,
        &[
            ("pod to cluster IP hits both, unmasqueraded", POD, Tcp, CLUSTER_IP, 80, BOTH, false),
            ("pod to external IP hits both, masqueraded", POD, Tcp, EXTERNAL_IP, 80, BOTH, true),
            ("external to external IP, masqueraded", CLIENT, Tcp, EXTERNAL_IP, 80, BOTH, true),
            ("pod to LB IP hits both, masqueraded", POD, Tcp, LB_IP, 80, BOTH, true),
            ("external to LB IP hits both, masqueraded", CLIENT, Tcp, LB_IP, 80, BOTH, true),
            ("pod to NodePort hits both, masqueraded", POD, Tcp, NODE_IP, 30080, BOTH, true),
            ("external to NodePort, masqueraded", CLIENT, Tcp, NODE_IP, 30080, BOTH, true),
        ],
    );
}

#[test]
fn internal_traffic_policy() {
    const C: &str = "10.244.3.7";
    let all = "10.244.1.5:80, 10.244.2.6:80, 10.244.3.7:80";
    let (here, there) = (Some(NODE), Some("worker-2"));
    let cases: [(&str, TrafficPolicy, [Option<&str>; 3], &str); 4] = [
        ("internalTrafficPolicy is cluster", TrafficPolicy::Cluster, [here, there, there], all),
        ("local, and there is one local endpoint", TrafficPolicy::Local, [here, there, there], A80),
        ("local, multiple local endpoints", TrafficPolicy::Local, [here, here, there], BOTH),
        ("local and there are no local endpoints", TrafficPolicy::Local, [there, there, there], "DROP"),
    ];
    for (name, policy, nodes, expected) in cases {
        let mut web = service("web", CLUSTER_IP, &[http(0)]);
        web.spec.internal_traffic_policy = policy;
        let endpoints: Vec<Endpoint> =
            [A, B, C].iter().zip(nodes).map(|(a, node)| endpoint(a, node)).collect();
        let seen = Seen::default().with(web).slice(http_slice("web", &endpoints));
        let flow = |expected| [(name, POD, Tcp, CLUSTER_IP, 80, expected, false)];
        check_both("TestInternalTrafficPolicy", &config(), &seen, &flow(expected));
        let seen = seen.without_endpoints();
        check_both("TestInternalTrafficPolicy, deleted", &config(), &seen, &flow("REJECT"));
    }
}

/// TestLoadBalancerIngressRouteTypeProxy.
#[test]
fn a_proxying_load_balancer_gets_no_rule() {
    for (proxy, expected) in [(true, ""), (false, A80)] {
        let mut lb = load_balancer("web", CLUSTER_IP, 30080, &[LB_IP]);
        lb.ingress[0].proxy = proxy;
        let seen = Seen::default().with(lb).slice(http_slice("web", &[endpoint(A, None)]));
        let flow = [("ingress", CLIENT, Tcp, LB_IP, 80, expected, !proxy)];
        check_both("TestLoadBalancerIngressRouteTypeProxy", &config(), &seen, &flow);
    }
}

/// TestBuildServiceMapServiceHeadless, ...ServiceTypeExternalName, and C-08.
#[test]
fn what_has_no_virtual_ip_gets_no_rules() {
    let empty = Seen::default().rules(&config());
    let mut headless = service("web", CLUSTER_IP, &[http(0)]);
    headless.spec.headless = true;
    headless.spec.cluster_ips.clear();
    let mut external_name = service("web", CLUSTER_IP, &[http(0)]);
    external_name.spec.type_ = ServiceType::ExternalName;
    let of_another_proxy = labelled("service.kubernetes.io/service-proxy-name");
    for skipped in [headless, external_name, of_another_proxy] {
        let seen = Seen::default().with(skipped).slice(http_slice("web", &[endpoint(A, None)]));
        assert_eq!(seen.rules(&config()), empty);
    }
}

fn labelled(label: &str) -> Service {
    let mut service = service("web", CLUSTER_IP, &[http(0)]);
    service.meta.labels.insert(label.into(), "".into());
    service
}

/// C-08: the headless label counts on slices only, the name of another proxy on Services only.
#[test]
fn each_label_counts_on_one_kind_only() {
    let plain = || http_slice("web", &[endpoint(A, None)]);
    let labelled_slice = |label: &str| {
        let mut slice = plain();
        slice.meta.labels.insert(label.into(), "".into());
        slice
    };
    let unlabelled = || service("web", CLUSTER_IP, &[http(0)]);
    let web = |service: Service, slice| Seen::default().with(service).slice(slice).rules(&config());
    let usual = web(unlabelled(), plain());
    assert_eq!(web(labelled("service.kubernetes.io/headless"), plain()), usual);
    assert_eq!(web(unlabelled(), labelled_slice("service.kubernetes.io/service-proxy-name")), usual);
    let without = Seen::default().with(unlabelled()).rules(&config());
    assert_eq!(web(unlabelled(), labelled_slice("service.kubernetes.io/headless")), without);
}
