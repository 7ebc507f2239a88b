//! The tracers themselves, on upstream's own rules: TestTracePacketV4 and TestTracePacketV6
//! (pkg/proxy/nftables/helpers_test.go); and TestTracePacket (pkg/proxy/iptables/proxier_test.go).

use std::collections::BTreeSet;

use super::fixture::{
    BLOCKED_CLIENT, CLIENT, EXTERNAL_IP, LB_IP, NODE_IP, POD, Seen, config, endpoint, http, http_slice, ip,
    load_balancer, service,
};
use super::nft_read::NftText;
use super::printed::Host;
use super::tracer::{Flow, check};
use crate::api::TrafficPolicy;
use crate::node::kube_proxy::ProxyConfig;
use netfilter::Protocol::Tcp;
use netfilter::Tuple;

/// Service `one` is plain; `two` has everything, policy Local and no endpoint here; `four` has two endpoints;
/// `five` affinity and source ranges; `six` no endpoint.
const V4: &str = r#"
table ip kube-proxy {
  map firewall-ips {
    elements = { 198.51.100.11 . tcp . 80 comment "five" : goto firewall-five }
  }
  map no-endpoint-services {
    elements = { 198.51.100.10 . tcp . 80 comment "two" : drop,
      198.51.100.20 . tcp . 80 comment "two" : drop,
      10.96.0.46 . tcp . 80 comment "six" : goto reject-chain }
  }
  map no-endpoint-nodeports {
    elements = { tcp . 30001 comment "two" : drop }
  }
  map service-ips {
    elements = { 10.96.0.41 . tcp . 80 : goto service-one,
      10.96.0.42 . tcp . 80 : goto service-two,
      198.51.100.10 . tcp . 80 : goto external-two,
      198.51.100.20 . tcp . 80 : goto external-two,
      10.96.0.44 . tcp . 80 : goto service-four,
      10.96.0.45 . tcp . 80 : goto service-five,
      198.51.100.11 . tcp . 80 : goto external-five }
  }
  map service-nodeports {
    elements = { tcp . 30001 : goto external-two, tcp . 30002 : goto external-five }
  }
  set affinity-five {
    type ipv4_addr
  }
  chain filter-prerouting-pre-dnat {
    type filter hook prerouting priority dstnat - 10; policy accept;
    ct state new jump firewall-check
  }
  chain filter-output-pre-dnat {
    type filter hook output priority -110; policy accept;
    ct state new jump firewall-check
  }
  chain filter-input {
    type filter hook input priority filter; policy accept;
    ct state new jump endpoints-check
  }
  chain filter-forward {
    type filter hook forward priority filter; policy accept;
    ct state new jump endpoints-check
  }
  chain filter-output {
    type filter hook output priority filter; policy accept;
    ct state new jump endpoints-check
  }
  chain nat-prerouting {
    type nat hook prerouting priority dstnat; policy accept;
    jump services
  }
  chain nat-output {
    type nat hook output priority -100; policy accept;
    jump services
  }
  chain nat-postrouting {
    type nat hook postrouting priority srcnat; policy accept;
    jump masquerading
  }
  chain masquerading {
    meta mark & 0x00004000 != 0x00000000 meta mark set meta mark ^ 0x00004000 masquerade fully-random
  }
  chain firewall-check {
    ip daddr . meta l4proto . th dport vmap @firewall-ips
  }
  chain firewall-five {
    ip saddr != { 203.0.113.0/25 } drop
  }
  chain endpoints-check {
    ip daddr . meta l4proto . th dport vmap @no-endpoint-services
    fib daddr type local ip daddr != 127.0.0.0/8 meta l4proto . th dport vmap @no-endpoint-nodeports
  }
  chain reject-chain {
    reject
  }
  chain services {
    ip daddr . meta l4proto . th dport vmap @service-ips
    fib daddr type local ip daddr != 127.0.0.0/8 meta l4proto . th dport vmap @service-nodeports
  }
  chain service-one {
    ip daddr 10.96.0.41 ip saddr != 10.244.0.0/16 meta mark set meta mark | 0x00004000
    numgen random mod 1 vmap { 0 : goto endpoint-one }
  }
  chain endpoint-one {
    ip saddr 10.244.1.1 meta mark set meta mark | 0x00004000
    meta l4proto tcp dnat to 10.244.1.1:80
  }
  chain external-two {
    ip saddr 10.244.0.0/16 goto service-two comment "short-circuit pod traffic"
    fib saddr type local meta mark set meta mark | 0x00004000 comment "masquerade local traffic"
    fib saddr type local goto service-two comment "short-circuit local traffic"
  }
  chain service-two {
    numgen random mod 1 vmap { 0 : goto endpoint-two }
  }
  chain endpoint-two {
    meta l4proto tcp dnat to 10.244.1.2:80
  }
  chain service-four {
    numgen random mod 2 vmap { 0 : goto endpoint-four-a, 1 : goto endpoint-four-b }
  }
  chain endpoint-four-a {
    meta l4proto tcp dnat to 10.244.1.4:80
  }
  chain endpoint-four-b {
    meta l4proto tcp dnat to 10.244.1.5:80
  }
  chain external-five {
    meta mark set meta mark | 0x00004000
    goto service-five
  }
  chain service-five {
    ip saddr @affinity-five goto endpoint-five
    numgen random mod 1 vmap { 0 : goto endpoint-five }
  }
  chain endpoint-five {
    update @affinity-five { ip saddr }
    meta l4proto tcp dnat to 10.244.1.3:80
  }
}
"#;

/// A NodePort Service with two endpoints, on a node with two addresses.
const V6: &str = r#"
table ip6 kube-proxy {
  set cluster-ips {
    elements = { fd00:10:96::41 }
  }
  set nodeport-ips {
    elements = { 2001:db8:50::11, 2001:db8:51::11 }
  }
  map service-ips {
    elements = { fd00:10:96::41 . tcp . 80 : goto service-web }
  }
  map service-nodeports {
    elements = { tcp . 30001 : goto external-web }
  }
  chain filter-forward {
    type filter hook forward priority filter; policy accept;
    ct state new jump cluster-ips-check
  }
  chain filter-output-post-dnat {
    type filter hook output priority -90; policy accept;
    ct state new jump cluster-ips-check
  }
  chain nat-prerouting {
    type nat hook prerouting priority dstnat; policy accept;
    jump services
  }
  chain nat-output {
    type nat hook output priority -100; policy accept;
    jump services
  }
  chain nat-postrouting {
    type nat hook postrouting priority srcnat; policy accept;
    jump masquerading
  }
  chain masquerading {
    meta mark & 0x00004000 != 0x00000000 meta mark set meta mark ^ 0x00004000 masquerade fully-random
  }
  chain cluster-ips-check {
    ip6 daddr @cluster-ips reject comment "Reject traffic to invalid ports of ClusterIPs"
    ip6 daddr fd00:10:96::/112 drop comment "Drop traffic to unallocated ClusterIPs"
  }
  chain services {
    ip6 daddr . meta l4proto . th dport vmap @service-ips
    ip6 daddr @nodeport-ips meta l4proto . th dport vmap @service-nodeports
  }
  chain external-web {
    meta mark set meta mark | 0x00004000
    goto service-web
  }
  chain service-web {
    ip6 daddr fd00:10:96::41 ip6 saddr != fd00:10:244::/48 meta mark set meta mark | 0x00004000
    numgen random mod 2 vmap { 0 : goto endpoint-a, 1 : goto endpoint-b }
  }
  chain endpoint-a {
    ip6 saddr fd00:10:244::1 meta mark set meta mark | 0x00004000
    meta l4proto tcp dnat to [fd00:10:244::1]:80
  }
  chain endpoint-b {
    ip6 saddr fd00:10:244::2:1 meta mark set meta mark | 0x00004000
    meta l4proto tcp dnat to [fd00:10:244::2:1]:80
  }
}
"#;

fn trace(test: &str, cfg: &ProxyConfig, text: &str, flows: &[Flow]) {
    let text = NftText::read(text);
    let host = Host { cfg, dummy: &[], rules: vec![&text] };
    for &(name, source, protocol, destination, port, expected, masquerade) in flows {
        let (src, dst) = (ip(source), ip(destination));
        let tuple = Tuple { src, src_port: 40_000, dst, dst_port: port, protocol };
        let traced = host.trace(&tuple, &BTreeSet::new());
        let outputs: Vec<&str> = traced.iter().map(|traced| &*traced.outcome.0).collect();
        assert_eq!(outputs.join(", "), expected, "{test}: {name}");
        assert!(traced.iter().all(|traced| traced.outcome.1 == masquerade), "{test}: {name}: {traced:?}");
    }
}

const FOUR: &str = "10.244.1.4:80, 10.244.1.5:80";

#[test]
fn the_tracer_of_nftables_reads_a_given_table() {
    trace(
        "TestTracePacketV4",
        &config(),
        V4,
        &[
            ("no match", POD, Tcp, "10.244.7.3", 80, "", false),
            ("single endpoint", POD, Tcp, "10.96.0.41", 80, "10.244.1.1:80", false),
            ("multiple endpoints", POD, Tcp, "10.96.0.44", 80, FOUR, false),
            ("local, mark for masquerade", NODE_IP, Tcp, EXTERNAL_IP, 80, "10.244.1.2:80", true),
            ("DROP", CLIENT, Tcp, EXTERNAL_IP, 80, "DROP", false),
            ("REJECT", POD, Tcp, "10.96.0.46", 80, "REJECT", false),
            ("blocked external to loadbalancer IP", BLOCKED_CLIENT, Tcp, "198.51.100.11", 80, "DROP", false),
            ("pod to nodePort", POD, Tcp, NODE_IP, 30001, "10.244.1.2:80", false),
        ],
    );
}

#[test]
fn the_tracer_of_nftables_reads_a_given_table_of_ipv6() {
    let (node, cluster_ip) = ("2001:db8:50::11", "fd00:10:96::41");
    let cfg = ProxyConfig { node_ips: vec![ip(node), ip("2001:db8:51::11")], ..config() };
    let both = "[fd00:10:244::1]:80, [fd00:10:244::2:1]:80";
    trace(
        "TestTracePacketV6",
        &cfg,
        V6,
        &[
            ("pod to cluster IP", "fd00:10:244:7::2", Tcp, cluster_ip, 80, both, false),
            ("external to nodePort", "2600:5200::1", Tcp, node, 30001, both, true),
            ("node to nodePort", node, Tcp, node, 30001, both, true),
        ],
    );
}

/// The Services of `V4`, as far as these rows call them.
fn seen() -> Seen {
    let mut two = load_balancer("two", "10.96.0.42", 30001, &[LB_IP]);
    two.spec.external_ips = vec![ip(EXTERNAL_IP)];
    two.spec.external_traffic_policy = Some(TrafficPolicy::Local);
    two.spec.health_check_node_port = 31000;
    Seen::default()
        .with(service("one", "10.96.0.41", &[http(0)]))
        .with(two)
        .with(service("four", "10.96.0.44", &[http(0)]))
        .with(service("six", "10.96.0.46", &[http(0)]))
        .slice(http_slice("one", &[endpoint("10.244.1.1", None)]))
        .slice(http_slice("two", &[endpoint("10.244.1.2", None)]))
        .slice(http_slice("four", &[endpoint("10.244.1.4", None), endpoint("10.244.1.5", None)]))
}

#[test]
fn the_tracer_of_iptables_finds_every_kind_of_end() {
    check(
        "TestTracePacket",
        &config(),
        &seen().rules(&config()),
        &[
            ("no match", POD, Tcp, "10.244.7.3", 80, "", false),
            ("single endpoint", POD, Tcp, "10.96.0.41", 80, "10.244.1.1:80", false),
            ("multiple endpoints", POD, Tcp, "10.96.0.44", 80, FOUR, false),
            ("LOCAL, KUBE-MARK-MASQ", NODE_IP, Tcp, EXTERNAL_IP, 80, "10.244.1.2:80", true),
            ("DROP", CLIENT, Tcp, EXTERNAL_IP, 80, "DROP", false),
            ("ACCEPT (NodePortHealthCheck)", NODE_IP, Tcp, NODE_IP, 31000, "ACCEPT", false),
            ("REJECT", POD, Tcp, "10.96.0.46", 80, "REJECT", false),
        ],
    );
}
