//! Slices to endpoints: the cases of TestUpdateEndpointsMap (pkg/proxy/iptables/proxier_test.go) and
//! endpointslicecache_test.go that are about order, locality and duplicates.

use super::fixture::{NODE, Seen, endpoint, http_slice, slice, terminating};
use crate::node::kube_proxy::endpoints_map;
use netfilter::Family;
use netfilter::Protocol::{Tcp, Udp};

fn map(seen: &Seen) -> Vec<(String, Vec<(String, bool)>)> {
    endpoints_map(&mut seen.slices.iter(), NODE, Family::V4)
        .into_iter()
        .map(|(name, endpoints)| {
            let of = endpoints.iter().map(|e| (e.text.to_string(), e.local)).collect();
            (name.to_string(), of)
        })
        .collect()
}

#[test]
fn endpoints_are_sorted_by_their_text() {
    let addresses = ["10.244.0.8", "10.244.0.10", "10.244.0.9"].map(|a| endpoint(a, Some(NODE)));
    let ports = [("p11", Udp, 11), ("p1", Udp, 1), ("none", Udp, 0)];
    let found = map(&Seen::default().slice(slice("web", &ports, &addresses)));
    let sorted = |port: u16| {
        ["10.244.0.10", "10.244.0.8", "10.244.0.9"].map(|a| (format!("{a}:{port}"), true)).to_vec()
    };
    assert_eq!(found, [("shop/web:p1".into(), sorted(1)), ("shop/web:p11".into(), sorted(11))]);
}

/// "complex add and remove": `10.1.1.11:11` stands before `10.1.1.1:11`, for `1` is below `:`.
#[test]
fn a_digit_is_below_a_colon() {
    let addresses = ["10.1.1.1", "10.1.1.11"].map(|a| endpoint(a, None));
    let found = map(&Seen::default().slice(slice("web", &[("", Tcp, 11)], &addresses)));
    let sorted = ["10.1.1.11:11", "10.1.1.1:11"].map(|t| (t.to_owned(), false)).to_vec();
    assert_eq!(found, [("shop/web".into(), sorted)]);
}

#[test]
fn of_two_with_one_address_the_one_not_terminating_wins() {
    let going = terminating("10.244.0.1", Some("worker-2"), true);
    let staying = endpoint("10.244.0.1", Some(NODE));
    for pair in [[going.clone(), staying.clone()], [staying, going]] {
        let found = map(&Seen::default().slice(http_slice("web", &pair)));
        assert_eq!(found[0].1, [("10.244.0.1:80".to_owned(), true)]);
    }
}

#[test]
fn the_other_family_and_empty_slices_leave_nothing() {
    let six = http_slice("web", &[endpoint("fd00::1", None)]);
    assert!(map(&Seen::default().slice(six)).is_empty());
    assert!(map(&Seen::default().slice(http_slice("web", &[]))).is_empty());
}
