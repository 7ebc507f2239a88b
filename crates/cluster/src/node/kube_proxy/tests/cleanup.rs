//! A node that carries connections to every address of a Service, before and after its endpoint is gone.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::fixture::{
    CLIENT, EXTERNAL_IP, LB_IP, NODE_IP, Seen, config, endpoint, ip, port, service, slice, terminating,
};
use crate::api::{Endpoint, LoadBalancerIngress, ServiceType};
use crate::node::kube_proxy::{clean_stale_entries, udp_endpoints_changed};
use crate::sim::{Chance, Time};
use netfilter::Protocol::{self, Tcp, Udp};
use netfilter::{Context, Family, Kind, Route, Rules, Skb, Stack, TcpFlags, Tuple};

const OLD: &str = "10.244.1.5";
const NEW: &str = "10.244.2.6";
const VIP: &str = "10.96.0.41";

fn seen(endpoints: &[Endpoint]) -> Seen {
    let ports = [port("tcp", Tcp, 80, 30080), port("udp", Udp, 80, 30081)];
    let mut web = service("web", VIP, &ports);
    web.spec.type_ = ServiceType::LoadBalancer;
    web.spec.external_ips = vec![ip(EXTERNAL_IP)];
    web.ingress = vec![LoadBalancerIngress { ip: ip(LB_IP), proxy: false }];
    let targets = [("tcp", Tcp, 8080), ("udp", Udp, 8080)];
    Seen::default().with(web).slice(slice("web", &targets, endpoints))
}

/// A node that carries connections to every address of the Service, and one that is not its own.
fn busy_node(seen: &Seen) -> Stack {
    let mut stack = Stack::new(config().node_ips, Family::V4);
    stack.set_rules(Rules::Iptables(seen.rules(&config()).into()));
    let here = ip(NODE_IP);
    let targets = [(VIP, 80, 80), (EXTERNAL_IP, 80, 80), (LB_IP, 80, 80), (NODE_IP, 30080, 30081)];
    let stranger = [("198.51.100.77", 3000, 3000)];
    for (flow, (dst, tcp_port, udp_port)) in (0..).zip(targets.into_iter().chain(stranger)) {
        for protocol in [Tcp, Udp] {
            let (dst_port, kind) = match protocol {
                Tcp => (tcp_port, Kind::Tcp(TcpFlags::SYN)),
                _ => (udp_port, Kind::Datagram),
            };
            let src_port = 40_000 + flow as u16;
            let tuple = Tuple { src: ip(CLIENT), src_port, dst: ip(dst), dst_port, protocol };
            let mut cx = Context { now: Time::ZERO, chance: Chance::new(1), flow, node: 1, trace: None };
            stack.receive(&mut Skb::new(tuple, kind), &mut cx, |_| Route::Out(here));
        }
    }
    stack
}

fn remaining(stack: &Stack) -> BTreeSet<(Protocol, String)> {
    let entries = stack.conntrack.entries(Time::ZERO);
    entries.map(|e| (e.original.protocol, e.original.dst.to_string())).collect()
}

fn clean(stack: &mut Stack, seen: &Seen) -> u32 {
    clean_stale_entries(&mut stack.conntrack, &seen.ports(&config()))
}

#[test]
fn udp_connections_to_an_endpoint_that_is_gone_are_forgotten() {
    let mut stack = busy_node(&seen(&[endpoint(OLD, None)]));
    assert_eq!(remaining(&stack).len(), 10);
    assert_eq!(clean(&mut stack, &seen(&[endpoint(OLD, None), endpoint(NEW, None)])), 0);
    assert_eq!(clean(&mut stack, &seen(&[endpoint(NEW, None)])), 4);
    let left = remaining(&stack);
    assert_eq!(left.iter().filter(|(protocol, _)| *protocol == Tcp).count(), 5);
    assert!(left.contains(&(Udp, "198.51.100.77".to_owned())), "not a Service's");
    assert_eq!(left.len(), 6);
}

#[test]
fn an_endpoint_that_serves_while_it_terminates_keeps_its_connections() {
    let mut stack = busy_node(&seen(&[endpoint(OLD, None)]));
    assert_eq!(clean(&mut stack, &seen(&[terminating(OLD, None, true), endpoint(NEW, None)])), 0);
    assert_eq!(clean(&mut stack, &seen(&[terminating(OLD, None, false), endpoint(NEW, None)])), 4);
}

#[test]
fn a_service_without_a_serving_endpoint_is_left_alone() {
    let mut stack = busy_node(&seen(&[endpoint(OLD, None)]));
    assert_eq!(clean(&mut stack, &seen(&[])), 0);
    assert_eq!(clean(&mut stack, &seen(&[terminating(OLD, None, false)])), 0);
}

/// A flow that began before there were rules was not rewritten, and would fail for as long as it goes on.
#[test]
fn connections_that_were_never_rewritten_are_forgotten_too() {
    let mut stack = Stack::new(config().node_ips, Family::V4);
    let tuple = Tuple { src: ip(CLIENT), src_port: 1, dst: ip(VIP), dst_port: 80, protocol: Udp };
    let mut cx = Context { now: Time::ZERO, chance: Chance::new(1), flow: 0, node: 1, trace: None };
    stack.receive(&mut Skb::datagram(tuple), &mut cx, |_| Route::Out(ip(NODE_IP)));
    assert_eq!(clean(&mut stack, &seen(&[endpoint(NEW, None)])), 1);
}

/// Only a change behind a UDP port asks for the cleaning: there was such a port, or there is one now
/// (TestUpdateEndpointsMap, expectedConntrackCleanupRequired).
#[test]
fn only_changes_of_udp_endpoints_need_a_cleanup() {
    let (old, new) = ([endpoint(OLD, None)], [endpoint(NEW, None)]);
    let (none, web) = (Seen::default, |ports: &[(&str, Protocol, u16)], endpoints: &[Endpoint]| {
        Seen::default().slice(slice("web", ports, endpoints))
    });
    let (tcp, udp, mixed) = ([("a", Tcp, 80)], [("a", Udp, 80)], [("a", Tcp, 80), ("b", Udp, 80)]);
    for (before, after, expected) in [
        (none(), none(), false),
        (none(), web(&tcp, &old), false),
        (none(), web(&udp, &old), true),
        (web(&udp, &old), none(), true),
        (web(&udp, &[]), none(), false),
        (web(&tcp, &old), web(&tcp, &new), false),
        (web(&udp, &old), web(&tcp, &old), true),
        (web(&tcp, &old), web(&udp, &old), true),
        (web(&mixed, &old), web(&mixed, &new), true),
        (web(&[("a", Udp, 0)], &old), web(&tcp, &old), false),
    ] {
        // Without a change no cleanup is needed.
        let dns = slice("dns", &[("dns", Udp, 53)], &old);
        let (key, dns) = (dns.meta.key(), Arc::new(dns));
        let (mut before, mut after) = (before.slices, after.slices);
        before.insert(key.clone(), dns.clone());
        after.insert(key, dns);
        assert_eq!(udp_endpoints_changed(&before, &after, Family::V4), expected, "{before:?} to {after:?}");
        assert!(!udp_endpoints_changed(&before, &after, Family::V6));
    }
}
