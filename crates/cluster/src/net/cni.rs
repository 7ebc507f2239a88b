//! Pod addresses: the CNI plugin host-local, as each node's runtime calls it.

use litemap::LiteMap;
use std::net::IpAddr;

use crate::api::Uid;
use netfilter::Cidr;

/// host-local's store: which addresses of the node's range are taken, and which was given last.
/// It goes on from that one and wraps, so an address is not used again until the range is
/// through (plugins/ipam/host-local/backend/allocator, GetIter and Next).
#[derive(Clone, Debug)]
pub struct Cni {
    range: Cidr,
    taken: LiteMap<IpAddr, Uid>,
    /// Where the next search starts: one above the address given last.
    next: u64,
}

/// The range's own address and its gateway (the bridge) are never given.
const FIRST: u64 = 2;

impl Cni {
    pub fn new(range: Cidr) -> Cni {
        Cni { range, taken: LiteMap::new(), next: FIRST }
    }

    pub fn range(&self) -> Cidr {
        self.range
    }

    /// The bridge's address: the Pods' default gateway.
    pub fn gateway(&self) -> IpAddr {
        self.range.nth(1).unwrap_or(self.range.address())
    }

    /// `None` when every address is taken.
    pub fn allocate(&mut self, pod: Uid) -> Option<IpAddr> {
        // Not the broadcast address; and never a walk over a whole IPv6 prefix.
        let end = self.range.size().saturating_sub(1).min(1 << 16);
        let count = end.checked_sub(FIRST).filter(|n| *n > 0)?;
        for step in 0..count {
            let offset = FIRST + (self.next - FIRST + step) % count;
            let address = self.range.nth(offset)?;
            if !self.taken.contains_key(&address) {
                self.taken.insert(address, pod);
                self.next = offset + 1;
                return Some(address);
            }
        }
        None
    }

    pub fn release(&mut self, address: IpAddr) {
        self.taken.remove(&address);
    }

    /// All links went down.
    pub fn release_all(&mut self) {
        self.taken.clear();
    }

    pub fn owner(&self, address: IpAddr) -> Option<Uid> {
        self.taken.get(&address).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_go_on_from_the_last_and_wrap() {
        let mut cni = Cni::new("10.244.1.0/29".parse().unwrap());
        let give = |cni: &mut Cni| cni.allocate(Uid(1)).map(|ip| ip.to_string());
        assert_eq!(give(&mut cni).as_deref(), Some("10.244.1.2"));
        assert_eq!(give(&mut cni).as_deref(), Some("10.244.1.3"));
        cni.release("10.244.1.2".parse().unwrap());
        assert_eq!(give(&mut cni).as_deref(), Some("10.244.1.4"));
        assert_eq!(give(&mut cni).as_deref(), Some("10.244.1.5"));
        assert_eq!(give(&mut cni).as_deref(), Some("10.244.1.6"));
        assert_eq!(give(&mut cni).as_deref(), Some("10.244.1.2"));
        assert_eq!(give(&mut cni), None);
    }
}
