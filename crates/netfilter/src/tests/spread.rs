//! Checks that the choice among servers is even, and depends only on its own key.

use litemap::LiteMap;
use std::net::IpAddr;

use super::router::{INSIDE, Router, VIP, tuple};
use crate::{Span, TcpFlags, Time};

fn spread(servers: &[&str], flows: u64) -> Vec<IpAddr> {
    let mut router = Router::new(servers);
    (0..flows)
        .map(|flow| {
            router.flow = flow;
            router.now = Time::ZERO + Span::from_secs(200 * flow);
            router.tcp(tuple(INSIDE, 40_000, VIP, 80), TcpFlags::SYN).1.dst
        })
        .collect()
}

#[test]
fn servers_are_hit_evenly() {
    for count in [2usize, 3, 5, 10] {
        let names: Vec<String> = (0..count).map(|n| format!("10.244.1.{}", 10 + n)).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let flows = 10_000;
        let mut hits: LiteMap<IpAddr, f64> = LiteMap::new();
        for server in spread(&names, flows) {
            *hits.entry(server).or_default() += 1.0;
        }
        let expected = flows as f64 / count as f64;
        // Five standard deviations of a binomial count.
        let allowed = 5.0 * (expected * (1.0 - 1.0 / count as f64)).sqrt();
        assert_eq!(hits.len(), count);
        assert!(hits.values().all(|h| (h - expected).abs() < allowed), "{count}: {hits:?}");
    }
}

#[test]
fn a_choice_depends_only_on_its_connection() {
    let servers = ["10.244.1.1", "10.244.1.2", "10.244.1.3"];
    let all = spread(&servers, 50);
    let mut router = Router::new(&servers);
    router.flow = 49;
    assert_eq!(router.tcp(tuple(INSIDE, 40_000, VIP, 80), TcpFlags::SYN).1.dst, all[49]);
}
