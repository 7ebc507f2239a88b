//! That choice among endpoints is even, sticks where it should, and hangs on its own key only.

use litemap::LiteMap;
use std::net::IpAddr;
use std::sync::Arc;

use super::fixture::{Seen, config, endpoint, http, http_slice, service};
use super::nodes::{Node, POD, VIP, tuple};
use crate::api::SessionAffinity;
use crate::sim::{Span, Time};
use netfilter::{Rules, TcpFlags};

fn spread(endpoints: &[&str], flows: u64) -> Vec<IpAddr> {
    let mut node = Node::new(endpoints);
    (0..flows)
        .map(|flow| {
            node.flow = flow;
            node.now = Time::ZERO + Span::from_secs(200 * flow);
            node.tcp(tuple(POD, 40_000, VIP, 80), TcpFlags::SYN).1.dst
        })
        .collect()
}

#[test]
fn endpoints_are_hit_evenly() {
    for count in [2usize, 3, 5, 10] {
        let names: Vec<String> = (0..count).map(|n| format!("10.244.1.{}", 10 + n)).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let flows = 10_000;
        let mut hits: LiteMap<IpAddr, f64> = LiteMap::new();
        for endpoint in spread(&names, flows) {
            *hits.entry(endpoint).or_default() += 1.0;
        }
        let expected = flows as f64 / count as f64;
        // Five standard deviations of a binomial count.
        let allowed = 5.0 * (expected * (1.0 - 1.0 / count as f64)).sqrt();
        assert_eq!(hits.len(), count);
        assert!(hits.values().all(|h| (h - expected).abs() < allowed), "{count}: {hits:?}");
    }
}

#[test]
fn a_choice_hangs_on_the_connection_and_not_on_what_came_before() {
    let endpoints = ["10.244.1.1", "10.244.1.2", "10.244.1.3"];
    let all = spread(&endpoints, 50);
    let mut node = Node::new(&endpoints);
    node.flow = 49;
    assert_eq!(node.tcp(tuple(POD, 40_000, VIP, 80), TcpFlags::SYN).1.dst, all[49]);
}

/// S-01, S-02: the client's address binds, for as long as it keeps coming.
#[test]
fn client_ip_affinity_binds_a_client_until_it_stays_away() {
    let mut web = service("web", VIP, &[http(0)]);
    web.spec.session_affinity = SessionAffinity::ClientIP { timeout_s: 100 };
    let endpoints: Vec<_> = (1..=9).map(|n| endpoint(&format!("10.244.1.{n}"), None)).collect();
    let seen = Seen::default().with(web).slice(http_slice("web", &endpoints));
    let mut node = Node::new(&[]);
    node.stack.set_rules(Rules::Iptables(Arc::new(seen.rules(&config()))));
    let mut connect = |flow: u64, second: u64, client: &str| {
        node.flow = flow;
        node.now = Time::ZERO + Span::from_secs(second);
        node.tcp(tuple(client, 1024 + flow as u16, VIP, 80), TcpFlags::SYN).1.dst
    };
    let first = connect(0, 0, POD);
    assert!((1..40).all(|flow| connect(flow, 90 * flow, POD) == first), "each packet renews it");
    assert!((40..80).any(|flow| connect(flow, 90 * 39, &format!("10.244.7.{flow}")) != first));
    assert!((80..120).any(|flow| connect(flow, 90 * 39 + 101 * (flow - 79), POD) != first));
}
