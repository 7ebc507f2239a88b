//! The rules of one family are asked about packets of that family only.

use super::fixture::{NODE_IP, Seen, config, endpoint, http, http_slice, ip, service};
use crate::api::ServiceType;
use crate::node::kube_proxy::ProxyMode;
use crate::sim::{Chance, Time};
use netfilter::{Context, Family, Protocol, Route, Skb, Stack, TcpFlags, Traversal, Tuple};

#[test]
fn a_packet_of_the_other_family_meets_no_rule() {
    let mut web = service("web", "10.96.0.41", &[http(30080)]);
    web.spec.type_ = ServiceType::NodePort;
    let seen = Seen::default().with(web).slice(http_slice("web", &[endpoint("10.244.7.2", None)]));
    for mode in [ProxyMode::Iptables, ProxyMode::Nftables, ProxyMode::Ipvs] {
        let mut stack = Stack::new(vec![ip(NODE_IP)], Family::V4);
        stack.set_rules(seen.rules_of(mode, &config()));
        let mut hits = Vec::new();
        for (loopback, is_rewritten) in [("::1", false), ("127.0.0.1", mode == ProxyMode::Iptables)] {
            let own = ip(loopback);
            let tuple =
                Tuple { src: own, src_port: 40_000, dst: own, dst_port: 30080, protocol: Protocol::Tcp };
            let mut skb = Skb::tcp(tuple, TcpFlags::SYN);
            let (chance, node) = (Chance::new(5), Chance::subject("worker-1"));
            hits.clear();
            let mut cx = Context { now: Time::ZERO, chance, flow: 1, node, trace: Some(&mut hits) };
            let route =
                |to: &Tuple| if to.dst.is_loopback() { Route::Local } else { Route::Out(ip(NODE_IP)) };
            let traversal = stack.send(&mut skb, &mut cx, route);
            assert_eq!(skb.tuple != tuple, is_rewritten, "{mode:?} {loopback}: {:?}", skb.tuple);
            if loopback == "::1" {
                assert_eq!((traversal, hits.len()), (Traversal::Local, 0), "{mode:?}");
            }
        }
    }
}
