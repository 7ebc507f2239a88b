//! The part of the cluster's Pod range that each node gets (pkg/controller/nodeipam/ipam/cidrset, whose node
//! mask here follows the cluster's): a /24, or a quarter of a range that is smaller than /22, or a /64.

use std::net::IpAddr;
use std::ops::RangeInclusive;

use netfilter::{Cidr, Family};

/// The smallest that host-local gives addresses from: "network too small to allocate from" beyond
/// (plugins/ipam/host-local/backend/allocator/range.go, Canonicalize).
const LONGEST_V4: u8 = 30;
const LENGTH_V6: u8 = 64;

fn length(cluster: Cidr) -> u8 {
    if cluster.address().is_ipv4() { 24.max(cluster.length().saturating_add(2)) } else { LENGTH_V6 }
}

/// The Pod range of a node. Nodes count from 1, so part 0 is unused. `None` if there is no part left.
pub fn node_range(cluster: Cidr, index: u32) -> Option<Cidr> {
    let length = length(cluster);
    let fits = cluster.address().is_ipv6() || length <= LONGEST_V4;
    cluster.subnet(length, index).filter(|_| fits)
}

/// How many parts a cluster's range has, part 0 included: of more, so many can be counted.
fn parts(cluster: Cidr) -> u32 {
    let Some(more) = length(cluster).checked_sub(cluster.length()) else { return 0 };
    1u32.checked_shl(u32::from(more)).unwrap_or(u32::MAX)
}

/// The next part after `last` that overlaps none of the ranges in use; behind the end the search goes on at the
/// beginning (cidr_set.go, AllocateNext). What is in use is passed over in one step, however many parts it holds.
pub fn next_free(cluster: Cidr, last: u32, in_use: &[Cidr]) -> Option<u32> {
    let count = parts(cluster);
    let search = |first: u32, end: u32| {
        let mut index = first;
        while index < end {
            let part = node_range(cluster, index)?;
            let Some(used) = in_use.iter().find(|used| overlap(**used, part)) else { return Some(index) };
            index = first_behind(cluster, *used);
        }
        None
    };
    let next = last.saturating_add(1);
    search(next, count).or_else(|| search(1, next.min(count)))
}

/// The first part of a cluster's range that begins behind a range which overlaps one.
fn first_behind(cluster: Cidr, range: Cidr) -> u32 {
    let number = |address: IpAddr| match address {
        IpAddr::V4(a) => u128::from(u32::from(a)),
        IpAddr::V6(a) => u128::from(a),
    };
    let (width, all) =
        if cluster.address().is_ipv4() { (32, u128::from(u32::MAX)) } else { (128, u128::MAX) };
    let end = number(range.address()) | all.checked_shr(u32::from(range.length())).unwrap_or(0);
    let part = (end - number(cluster.address())) >> (width - u32::from(length(cluster)));
    u32::try_from(part).unwrap_or(u32::MAX).saturating_add(1)
}

/// How long the prefix of a cluster's range is, if it is made for nodes that bring theirs: not longer than one with
/// room for more, and not shorter than any that is in use.
const CLUSTER_V4: RangeInclusive<u8> = 8..=16;
const CLUSTER_V6: RangeInclusive<u8> = 16..=56;

pub fn overlap(one: Cidr, other: Cidr) -> bool {
    one.contains(other.address()) || other.contains(one.address())
}

pub fn holds(cluster: Cidr, range: Cidr) -> bool {
    cluster.contains(range.address()) && cluster.length() <= range.length()
}

/// The range of a cluster of which nobody says one: the usual one, unless Nodes bring ranges that are not in it; then
/// the smallest that holds them all, if there is one.
pub fn cluster_range(usual: Cidr, family: Family, written: &[Cidr]) -> Cidr {
    let of_family = written.iter().copied().filter(|range| Family::of(range.address()) == family);
    let holds_all = |cluster: Cidr| of_family.clone().all(|range| holds(cluster, range));
    if holds_all(usual) {
        return usual;
    }
    let lengths = if family == Family::V4 { CLUSTER_V4 } else { CLUSTER_V6 };
    let first = of_family.clone().next();
    let mut candidates = lengths.rev().filter_map(|length| Cidr::new(first?.address(), length).ok());
    candidates.find(|cluster| holds_all(*cluster)).unwrap_or(usual)
}

/// The longest cluster prefix that has a part for each of `nodes` nodes.
pub fn longest_for(nodes: u32, is_ipv4: bool) -> u8 {
    // Part 0, which is unused, takes space too.
    let bits = (u32::BITS - nodes.max(1).leading_zeros()) as u8;
    match is_ipv4 {
        true if bits <= 2 => LONGEST_V4 - 2,
        true => 24u8.saturating_sub(bits),
        false => LENGTH_V6.saturating_sub(bits),
    }
}

/// The shortest cluster prefix that is shared out: of IPv6 "the node CIDR size is too big" if it has more parts
/// (cidr_set.go, NewCIDRSet, clusterSubnetMaxDiff); of IPv4 there is no such limit.
pub fn shortest_for(cluster: Cidr) -> u8 {
    if cluster.address().is_ipv4() { 0 } else { LENGTH_V6 - 16 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cluster_has_room_for_the_ranges_that_nodes_bring() {
        let usual = range("10.244.0.0/16");
        for (written, expected) in [
            (&[][..], "10.244.0.0/16"),
            (&["10.244.7.0/24", "fd00::/64"], "10.244.0.0/16"),
            (&["10.4.1.0/24"], "10.4.0.0/16"),
            (&["10.4.1.0/24", "10.5.0.0/24"], "10.4.0.0/15"),
            (&["10.4.1.0/24", "10.244.1.0/24"], "10.0.0.0/8"),
            // No range holds both.
            (&["10.4.1.0/24", "172.16.0.0/24"], "10.244.0.0/16"),
        ] {
            let written: Vec<Cidr> = written.iter().map(|text| range(text)).collect();
            assert_eq!(cluster_range(usual, Family::V4, &written), range(expected), "{written:?}");
        }
    }

    /// cidr_set_test.go, TestCIDRSet_AllocationOccupied and TestIPv6CIDRSet: what is in use is passed over, and
    /// the search wraps.
    #[test]
    fn the_next_part_is_the_first_free_one_after_the_last() {
        for (cluster, last, in_use, expected) in [
            ("10.244.0.0/16", 0, &[][..], Some("10.244.1.0/24")),
            ("10.244.0.0/16", 3, &["10.244.4.0/24", "10.244.5.128/25"], Some("10.244.6.0/24")),
            ("10.244.0.0/16", 254, &["10.244.255.0/24", "10.244.1.0/24"], Some("10.244.2.0/24")),
            ("10.244.0.0/16", 255, &[], Some("10.244.1.0/24")),
            ("10.244.0.0/16", 9, &["10.244.0.0/17"], Some("10.244.128.0/24")),
            ("10.244.0.0/16", 9, &["10.244.0.0/16"], None),
            // Of another family, or elsewhere.
            ("10.244.0.0/16", 0, &["fd00::/20", "10.96.0.0/16"], Some("10.244.1.0/24")),
            ("10.244.0.0/28", 0, &["10.244.0.4/30", "10.244.0.12/30"], Some("10.244.0.8/30")),
            ("10.244.0.0/28", 2, &["10.244.0.4/30", "10.244.0.8/29"], None),
            ("10.244.0.0/29", 0, &[], None),
            ("0.0.0.0/0", 0, &["0.0.0.0/0"], None),
            ("0.0.0.0/0", 0, &["0.0.0.0/1"], Some("128.0.0.0/24")),
            ("fd00::/20", 0, &["fd00::/20"], None),
            ("fd00::/20", 0, &["fd00::/21"], None),
            ("fd00::/16", 7, &["fd00::/48"], Some("fd00:0:1::/64")),
            ("::/0", u32::MAX, &["::/0"], None),
            ("fd00::/112", 0, &[], None),
        ] {
            let in_use: Vec<Cidr> = in_use.iter().map(|text| range(text)).collect();
            let found = next_free(range(cluster), last, &in_use);
            let part = found.and_then(|index| node_range(range(cluster), index));
            assert_eq!(part, expected.map(range), "{cluster} after {last}, {in_use:?}");
        }
    }

    fn range(text: &str) -> Cidr {
        text.parse().unwrap()
    }

    /// For every prefix length of both families: as many nodes as `longest_for` promises get a part, each its own.
    #[test]
    fn ranges_of_every_length_have_room_for_what_is_said() {
        for (prefix, width) in [("10.0.0.0", 32u8), ("fd00::", 128)] {
            for length in 0..=width {
                let cluster = Cidr::new(prefix.parse().unwrap(), length).unwrap();
                let parts: Vec<Cidr> = (1..=64).map_while(|n| node_range(cluster, n)).collect();
                for (i, part) in parts.iter().enumerate() {
                    assert!(cluster.contains(part.address()) && part.length() >= length, "{cluster}: {part}");
                    assert!(!parts[..i].iter().any(|p| p.contains(part.address())), "{cluster}: {part}");
                    assert!(part.size() >= 4, "{cluster}: {part}");
                }
                for nodes in 1..=64u32 {
                    let fits = parts.len() as u32 >= nodes;
                    assert_eq!(
                        fits,
                        length <= longest_for(nodes, width == 32),
                        "{cluster} and {nodes} nodes"
                    );
                }
            }
        }
    }
}
