//! The part of the cluster's Pod range that each node gets (pkg/controller/nodeipam/ipam/cidrset, whose node
//! mask here follows the cluster's): a /24, or a quarter of a range that is smaller than /22, or a /64.

use netfilter::Cidr;

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
