//! A node that drops what no rule accepts: kube-proxy's KUBE-FORWARD accepts what it has marked.

use super::fixture::{config, ip};
use super::nodes::{NODE_IP, Node, POD, rules};
use netfilter::{Hook, Passage, Policy, Protocol, Rules, TcpFlags, Tuple, Verdict};

#[test]
fn a_marked_packet_is_forwarded_whatever_the_policy() {
    let mut strict = Rules::Iptables(rules(&[POD], &config()));
    strict.set_policy(Hook::Forward, Policy::Drop);
    assert!(strict.to_string().contains("\n:FORWARD DROP [0:0]\n"));
    let mut node = Node::new(&[POD]);
    node.stack.set_rules(strict);
    let to = |dst: &str, dst_port: u16| Tuple {
        src: ip("203.0.113.7"),
        src_port: 40_000,
        dst: ip(dst),
        dst_port,
        protocol: Protocol::Tcp,
    };
    let (by_node_port, _) = node.tcp(to(NODE_IP, 30080), TcpFlags::SYN);
    assert_eq!(by_node_port, Passage::Out);
    let (directly, _) = node.tcp(to(POD, 8080), TcpFlags::SYN);
    assert!(matches!(directly, Passage::Stopped(Hook::Forward, Verdict::Drop(_))), "{directly:?}");
}
