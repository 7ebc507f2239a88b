//! KUBE-FORWARD accepts what kube-proxy has marked, and drops what belongs to no connection.

use super::connect::Node;
use super::fixture::{CLIENT, NODE_IP, POD, Seen, config, endpoint, http, http_slice, ip, service};
use crate::api::ServiceType;
use crate::node::kube_proxy::{ProxyConfig, ProxyMode};
use netfilter::{Hook, Policy, Protocol, Tuple};

#[test]
fn a_marked_packet_is_forwarded_whatever_the_policy() {
    let mut web = service("web", "10.96.0.41", &[http(30080)]);
    web.spec.type_ = ServiceType::NodePort;
    let seen = Seen::default().with(web).slice(http_slice("web", &[endpoint(POD, None)]));
    let cfg = config();
    let mut strict = seen.rules_of(ProxyMode::Iptables, &cfg);
    strict.set_policy(Hook::Forward, Policy::Drop);
    assert!(strict.to_string().contains("\n:FORWARD DROP [0:0]\n"));
    let mut node = Node::new(&cfg, &strict);
    let mut connect = |dst: &str, dst_port: u16| {
        let (src, dst) = (ip(CLIENT), ip(dst));
        node.connect(&Tuple { src, src_port: 40_000, dst, dst_port, protocol: Protocol::Tcp }, 0).0
    };
    assert_eq!(connect(NODE_IP, 30080), format!("{POD}:80"));
    assert_eq!(connect(POD, 80), "DROP");
}

#[test]
fn what_is_invalid_is_dropped_unless_conntrack_is_liberal() {
    for tcp_be_liberal in [false, true] {
        let cfg = ProxyConfig { tcp_be_liberal, ..config() };
        let rules = Seen::default().rules_of(ProxyMode::Iptables, &cfg).to_string();
        assert_eq!(rules.contains("--ctstate INVALID "), !tcp_be_liberal, "{rules}");
    }
}
