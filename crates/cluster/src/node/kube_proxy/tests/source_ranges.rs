//! How `loadBalancerSourceRanges` change the rules of a service port (pkg/proxy/serviceport.go, newBaseServiceInfo).

use super::fixture::{CLUSTER_IP, LB_IP, Seen, config, endpoint, http_slice, load_balancer};
use crate::node::kube_proxy::ProxyMode;

/// The rules of one load balancer with these ranges, as they are printed.
fn printed(mode: ProxyMode, ranges: &[&str]) -> String {
    let mut lb = load_balancer("web", CLUSTER_IP, 30080, &[LB_IP]);
    lb.spec.load_balancer_source_ranges = ranges.iter().map(|range| range.parse().unwrap()).collect();
    let seen = Seen::default().with(lb).slice(http_slice("web", &[endpoint("10.244.1.5", None)]));
    seen.rules_of(mode, &config()).to_string()
}

#[test]
fn a_range_of_all_addresses_leaves_no_firewall() {
    for mode in ProxyMode::ALL {
        let open = printed(mode, &[]);
        for ranges in [&["0.0.0.0/0"][..], &["203.0.113.0/25", "0.0.0.0/0"], &["2001:db8::/32"]] {
            assert_eq!(printed(mode, ranges), open, "{mode:?}: {ranges:?}");
        }
        // A range of the other family allows nothing in this one.
        let closed = printed(mode, &["203.0.113.0/25"]);
        assert_ne!(closed, open, "{mode:?}");
        assert_eq!(printed(mode, &["203.0.113.0/25", "::/0"]), closed, "{mode:?}");
    }
}
