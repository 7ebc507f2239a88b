//! `cloud.addressPool` of a Scenario: addresses that Services of type LoadBalancer are given where no cloud makes load
//! balancers, written as in `spec.addresses` of MetalLB's IPAddressPool. Source: MetalLB 0.15,
//! internal/config/config.go, ParseCIDR and poolsFor.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::ops::RangeInclusive;
use std::str::FromStr;

use serde::{Serialize, Serializer};

use super::read::limited;
use super::{ClientFrom, CloudProvider, Scenario};
use crate::api::decode::{FieldCursor, written_ref};
use crate::api::diagnostic::clip;
use crate::api::diagnostics::Diagnostics;
use crate::api::{DiagnosticKind, Format, Node, Tree};
use crate::net::Prefixes;
use crate::sim::ClusterRanges;
use crate::traffic::OUTSIDE;
use netfilter::{Cidr, Family};

/// Of one pool.
pub const MAX_RANGES: u32 = 64;

/// Its ranges in the order in which their addresses are given. No two have an address in common.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AddressPool(Vec<AddressRange>);

impl AddressPool {
    pub fn contains(&self, ip: IpAddr) -> bool {
        self.0.iter().any(|range| range.contains(ip))
    }

    pub fn addresses(&self, family: Family) -> impl Iterator<Item = IpAddr> {
        self.0
            .iter()
            .filter(move |range| Family::of(range.first) == family)
            .flat_map(|range| range.addresses())
    }

    pub(super) fn write(&self) -> Tree {
        Tree::seq(self.0.iter().map(|range| Tree::string(&range.to_string())).collect())
    }
}

/// The addresses from `first` to `last`, both of one family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct AddressRange {
    first: IpAddr,
    last: IpAddr,
}

impl AddressRange {
    fn of(cidr: Cidr) -> AddressRange {
        let first = cidr.address();
        let hosts = if first.is_ipv4() { u128::from(u32::MAX) } else { u128::MAX };
        let hosts = hosts.checked_shr(u32::from(cidr.length())).unwrap_or(0);
        // Of IPv4 the shift leaves 32 bits, of IPv6 all 128.
        AddressRange { first, last: address(Family::of(first), number(first) | hosts) }
    }

    fn numbers(&self) -> RangeInclusive<u128> {
        number(self.first)..=number(self.last)
    }

    fn addresses(&self) -> impl Iterator<Item = IpAddr> + use<> {
        let family = Family::of(self.first);
        self.numbers().map(move |number| address(family, number))
    }

    fn contains(&self, ip: IpAddr) -> bool {
        self.first.is_ipv4() == ip.is_ipv4() && self.numbers().contains(&number(ip))
    }

    fn overlaps(&self, other: &AddressRange) -> bool {
        self.contains(other.first) || other.contains(self.first)
    }
}

fn number(ip: IpAddr) -> u128 {
    match ip {
        IpAddr::V4(ip) => u128::from(u32::from(ip)),
        IpAddr::V6(ip) => u128::from(ip),
    }
}

fn address(family: Family, number: u128) -> IpAddr {
    match family {
        Family::V4 => Ipv4Addr::from(u32::try_from(number).unwrap_or(u32::MAX)).into(),
        Family::V6 => Ipv6Addr::from(number).into(),
    }
}

/// `FIRST-LAST`, or a prefix.
impl FromStr for AddressRange {
    type Err = ();

    fn from_str(text: &str) -> Result<AddressRange, ()> {
        let Some((first, last)) = text.split_once('-') else {
            return text.parse().map(AddressRange::of).map_err(|_| ());
        };
        let parse = |text: &str| text.trim().parse::<IpAddr>().map_err(|_| ());
        let (first, last) = (parse(first)?, parse(last)?);
        match first.is_ipv4() == last.is_ipv4() && first <= last {
            true => Ok(AddressRange { first, last }),
            false => Err(()),
        }
    }
}

/// As a prefix, if it is one.
impl fmt::Display for AddressRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = if self.first.is_ipv4() { 32 } else { 128 };
        let mut prefixes = (0..=width).filter_map(|length| Cidr::new(self.first, length).ok());
        match prefixes.find(|prefix| AddressRange::of(*prefix) == *self) {
            Some(prefix) => write!(f, "{prefix}"),
            None => write!(f, "{}-{}", self.first, self.last),
        }
    }
}

impl Serialize for AddressRange {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// `None` if something is wrong with it. That it is a list of texts has been checked.
pub fn read(cursor: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> Option<AddressPool> {
    let errors = diagnostics.errors();
    if cursor.len() == 0 {
        cursor.error(diagnostics, DiagnosticKind::Required);
    }
    let mut ranges: Vec<AddressRange> = Vec::new();
    for index in 0..limited(cursor, MAX_RANGES, diagnostics) {
        let item = cursor.item(index);
        let Some(text) = item.str() else { continue };
        let Ok(range) = text.parse::<AddressRange>() else {
            let kind = DiagnosticKind::BadFormat { value: clip(text), format: Format::AddressRange };
            item.error(diagnostics, kind);
            continue;
        };
        if let Some(other) = ranges.iter().find(|other| other.overlaps(&range)) {
            overlaps(&item, text, &other.to_string(), "the pool has it twice", diagnostics);
        }
        ranges.push(range);
    }
    (diagnostics.errors() == errors).then_some(AddressPool(ranges))
}

/// Addresses that no machine on a network can answer for.
const SPECIAL: [&str; 8] = [
    "0.0.0.0/8",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "224.0.0.0/3",
    "::/127",
    "fe80::/10",
    "ff00::/8",
    "::ffff:0:0/96",
];

/// What a node would not get a packet for by its network, or would take for something else. Of a whole text, which
/// brings nodes and ranges with it.
pub fn check<'a>(
    tree: &Tree,
    scenario: &Scenario,
    ranges: &ClusterRanges,
    nodes: impl Iterator<Item = &'a Node>,
    diagnostics: &mut Diagnostics,
) {
    let Some(AddressPool(pool)) = scenario.cloud.as_ref().and_then(CloudProvider::address_pool) else {
        return;
    };
    let from = diagnostics.len();
    let mut taken: Vec<(AddressRange, &'static str)> = Vec::new();
    let mut take = |cidr: Cidr, why| taken.push((AddressRange::of(cidr), why));
    ranges.pods.values().for_each(|cidr| take(*cidr, "Pods have addresses from there"));
    ranges.services.values().for_each(|cidr| take(*cidr, "Services have their ClusterIPs from there"));
    of_both(&OUTSIDE).for_each(|cidr| take(cidr, "clients outside have addresses from there"));
    let special = SPECIAL.iter().filter_map(|text| text.parse().ok());
    special.for_each(|cidr| take(cidr, "no machine can have these addresses"));
    nodes.flat_map(|node| &node.addresses).for_each(|ip| take(Cidr::host(*ip), "a node has this address"));
    for client in scenario.clients.iter().flatten() {
        if let ClientFrom::Outside { ip: Some(ip) } = client.from {
            take(Cidr::host(ip), "a client outside has this address");
        }
    }
    let root = FieldCursor::root(tree);
    let spec = root.field("spec");
    let cloud = spec.field("cloud");
    let list = cloud.field("addressPool");
    for (index, range) in pool.iter().enumerate() {
        if let Some((other, why)) = taken.iter().find(|(other, _)| other.overlaps(range)) {
            overlaps(&list.item(index), &range.to_string(), &other.to_string(), why, diagnostics);
        }
    }
    if let Some(object) = written_ref(tree) {
        diagnostics.name_since(from, &object);
    }
}

fn of_both(prefixes: &Prefixes) -> impl Iterator<Item = Cidr> {
    [prefixes.of(Family::V4), prefixes.of(Family::V6)].into_iter()
}

fn overlaps(
    cursor: &FieldCursor<'_>,
    range: &str,
    other: &str,
    why: &'static str,
    diagnostics: &mut Diagnostics,
) {
    let (value, other) = (clip(range), other.into());
    cursor.error(diagnostics, DiagnosticKind::PoolOverlaps { value, other, why });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_two_addresses_or_a_prefix() {
        for (text, first, last, written) in [
            ("10.0.9.0-10.0.9.255", "10.0.9.0", "10.0.9.255", "10.0.9.0/24"),
            ("10.0.9.7/24", "10.0.9.0", "10.0.9.255", "10.0.9.0/24"),
            ("10.0.9.7 - 10.0.9.9", "10.0.9.7", "10.0.9.9", "10.0.9.7-10.0.9.9"),
            ("10.0.9.7-10.0.9.7", "10.0.9.7", "10.0.9.7", "10.0.9.7/32"),
            ("fd00:9::10-fd00:9::1f", "fd00:9::10", "fd00:9::1f", "fd00:9::10/124"),
            ("0.0.0.0/0", "0.0.0.0", "255.255.255.255", "0.0.0.0/0"),
            ("::/0", "::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "::/0"),
        ] {
            let range: AddressRange = text.parse().expect(text);
            assert_eq!(
                (range.first.to_string(), range.last.to_string()),
                (first.into(), last.into()),
                "{text}"
            );
            assert_eq!(range.to_string(), written);
            assert_eq!(written.parse(), Ok(range));
        }
        for text in
            ["", "10.0.9.7", "10.0.9.9-10.0.9.7", "10.0.9.9-fd00::1", "a-b", "10.0.9.0/33", "10.0.9.1-"]
        {
            assert_eq!(text.parse::<AddressRange>(), Err(()), "{text}");
        }
    }

    #[test]
    fn addresses_come_in_the_order_of_the_ranges() {
        let pool =
            ["10.0.9.254/31", "fd00:9::/127", "10.0.8.1-10.0.8.2"].map(|text| text.parse().expect(text));
        let pool = AddressPool(pool.to_vec());
        let of = |family| pool.addresses(family).map(|ip| ip.to_string()).collect::<Vec<_>>();
        assert_eq!(of(Family::V4), ["10.0.9.254", "10.0.9.255", "10.0.8.1", "10.0.8.2"]);
        assert_eq!(of(Family::V6), ["fd00:9::", "fd00:9::1"]);
        assert!(pool.contains("10.0.8.2".parse().expect("an address")));
        assert!(!pool.contains("10.0.8.3".parse().expect("an address")));
    }
}
