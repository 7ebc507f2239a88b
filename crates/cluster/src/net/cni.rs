//! Pod addresses: the CNI plugin host-local, one instance on each node.

use litemap::LiteMap;
use std::net::IpAddr;

use crate::api::Uid;
use netfilter::{Cidr, Family, PerFamily};

/// host-local's store on one node, with one range for each family. A Pod gets an address of each.
#[derive(Clone, Debug)]
pub struct Cni {
    ranges: PerFamily<Range>,
}

/// Which addresses of a range are taken, and which was allocated last. The search starts after that one and wraps, so
/// an address is not reused until the end of the range was reached (plugins/ipam/host-local/backend/allocator,
/// GetIter and Next).
#[derive(Clone, Debug)]
struct Range {
    prefix: Cidr,
    taken: LiteMap<IpAddr, Uid>,
    /// Where the next search starts: one after the last allocated address.
    next: u64,
}

/// The network address and the gateway (the bridge) are never allocated.
const FIRST: u64 = 2;

impl Cni {
    pub fn new(ranges: PerFamily<Cidr>) -> Cni {
        Cni { ranges: ranges.map(|_, prefix| Range { prefix: *prefix, taken: LiteMap::new(), next: FIRST }) }
    }

    /// The range of a family; `None` in a cluster that does not have the family.
    pub fn range(&self, family: Family) -> Option<Cidr> {
        self.ranges.get(family).map(|range| range.prefix)
    }

    pub fn contains(&self, address: IpAddr) -> bool {
        self.range(Family::of(address)).is_some_and(|prefix| prefix.contains(address))
    }

    /// The bridge's addresses: the Pods' default gateways.
    pub fn gateways(&self) -> PerFamily<IpAddr> {
        self.ranges.map(|_, range| range.prefix.nth(1).unwrap_or(range.prefix.address()))
    }

    /// `None` if a range is exhausted; then no address of another range is taken either.
    pub fn allocate(&mut self, pod: Uid) -> Option<PerFamily<IpAddr>> {
        let free = self.ranges.try_map(|_, range| range.first_free().ok_or(())).ok()?;
        for (range, (offset, address)) in self.ranges.values_mut().zip(free.values()) {
            range.taken.insert(*address, pod);
            range.next = offset + 1;
        }
        Some(free.map(|_, (_, address)| *address))
    }

    pub fn release(&mut self, addresses: &PerFamily<IpAddr>) {
        for (range, address) in self.ranges.values_mut().zip(addresses.values()) {
            range.taken.remove(address);
        }
    }

    /// Releases all addresses: all Pods' links went down.
    pub fn release_all(&mut self) {
        self.ranges.values_mut().for_each(|range| range.taken.clear());
    }

    pub fn owner(&self, address: IpAddr) -> Option<Uid> {
        self.ranges.get(Family::of(address))?.taken.get(&address).copied()
    }
}

impl Range {
    /// Its place in the range, and the address.
    fn first_free(&self) -> Option<(u64, IpAddr)> {
        // Excludes the broadcast address, and limits the search in an IPv6 prefix.
        let end = self.prefix.size().saturating_sub(1).min(1 << 16);
        let count = end.checked_sub(FIRST).filter(|n| *n > 0)?;
        for step in 0..count {
            let offset = FIRST + (self.next - FIRST + step) % count;
            let address = self.prefix.nth(offset)?;
            if !self.taken.contains_key(&address) {
                return Some((offset, address));
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prefix(text: &str) -> Cidr {
        text.parse().unwrap()
    }

    fn single(text: &str) -> PerFamily<IpAddr> {
        PerFamily::single(Family::V4, text.parse().unwrap())
    }

    #[test]
    fn addresses_go_on_from_the_last_and_wrap() {
        let mut cni = Cni::new(PerFamily::single(Family::V4, prefix("10.244.1.0/29")));
        let give = |cni: &mut Cni| cni.allocate(Uid(1)).map(|ips| ips.primary().to_string());
        assert_eq!(give(&mut cni).as_deref(), Some("10.244.1.2"));
        assert_eq!(give(&mut cni).as_deref(), Some("10.244.1.3"));
        cni.release(&single("10.244.1.2"));
        assert_eq!(give(&mut cni).as_deref(), Some("10.244.1.4"));
        assert_eq!(give(&mut cni).as_deref(), Some("10.244.1.5"));
        assert_eq!(give(&mut cni).as_deref(), Some("10.244.1.6"));
        assert_eq!(give(&mut cni).as_deref(), Some("10.244.1.2"));
        assert_eq!(give(&mut cni), None);
    }

    #[test]
    fn a_pod_gets_an_address_of_each_family_or_none() {
        let ranges = PerFamily::dual(Family::V6, prefix("fd00:10:244:1::/64"), prefix("10.244.1.0/30"));
        let mut cni = Cni::new(ranges);
        let first = cni.allocate(Uid(1)).expect("both ranges are free");
        let texts: Vec<String> = first.values().map(ToString::to_string).collect();
        assert_eq!(texts, ["fd00:10:244:1::2", "10.244.1.2"]);
        assert_eq!(cni.allocate(Uid(2)), None, "the IPv4 range has one address");
        cni.release(&first);
        let second = cni.allocate(Uid(3)).expect("it was given back");
        assert_eq!(second.primary().to_string(), "fd00:10:244:1::3", "none of the other range was taken");
        assert!(second.values().all(|ip| cni.owner(*ip) == Some(Uid(3)) && cni.contains(*ip)));
    }
}
