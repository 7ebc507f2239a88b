//! The part of the cluster's Pod range that each node gets (pkg/controller/nodeipam/ipam/cidrset, whose node
//! mask here follows the cluster's): a /24, or a quarter of a range that is smaller than /22, or a /64.

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cluster_has_room_for_the_ranges_that_nodes_bring() {
        let range = |text: &str| -> Cidr { text.parse().unwrap() };
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
