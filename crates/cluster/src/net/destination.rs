//! Which of several addresses a program tries first: glibc's getaddrinfo (nss/getaddrinfo.c, rfc3484_sort). Its rules
//! 1, 5, 6 and 10 decide here; no address is deprecated, mobile or of a smaller scope. Addresses of one family keep
//! their order: rule 9, the longest matching prefix, is left out.
//!
//! musl and Go have RFC 6724's tables, by which IPv4 comes before a unique local address. glibc has RFC 3484's
//! precedences.

use std::cmp::Reverse;
use std::net::{IpAddr, Ipv6Addr};

use netfilter::{Family, PerFamily};

/// A prefix, its length, and what it means.
type Table<const N: usize> = [(Ipv6Addr, u32, u8); N];

const IPV4_MAPPED: Ipv6Addr = Ipv6Addr::new(0, 0, 0, 0, 0, 0xffff, 0, 0);
const UNIQUE_LOCAL: Ipv6Addr = Ipv6Addr::new(0xfc00, 0, 0, 0, 0, 0, 0, 0);
const SITE_LOCAL: Ipv6Addr = Ipv6Addr::new(0xfec0, 0, 0, 0, 0, 0, 0, 0);
const SIX_TO_FOUR: Ipv6Addr = Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0);
const TEREDO: Ipv6Addr = Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0);

/// default_labels.
const LABELS: Table<8> = [
    (Ipv6Addr::LOCALHOST, 128, 0),
    (SIX_TO_FOUR, 16, 2),
    (Ipv6Addr::UNSPECIFIED, 96, 3),
    (IPV4_MAPPED, 96, 4),
    (SITE_LOCAL, 10, 5),
    (UNIQUE_LOCAL, 7, 6),
    (TEREDO, 32, 7),
    (Ipv6Addr::UNSPECIFIED, 0, 1),
];

/// default_precedence.
const PRECEDENCES: Table<5> = [
    (Ipv6Addr::LOCALHOST, 128, 50),
    (SIX_TO_FOUR, 16, 30),
    (Ipv6Addr::UNSPECIFIED, 96, 20),
    (IPV4_MAPPED, 96, 10),
    (Ipv6Addr::UNSPECIFIED, 0, 40),
];

/// What the first prefix that holds the address means.
fn of(address: IpAddr, table: &[(Ipv6Addr, u32, u8)]) -> u8 {
    let address = match address {
        IpAddr::V4(address) => address.to_ipv6_mapped(),
        IpAddr::V6(address) => address,
    };
    let holds = |(prefix, length, _): &&(Ipv6Addr, u32, u8)| {
        (address.to_bits() ^ prefix.to_bits()).leading_zeros() >= *length
    };
    table.iter().find(holds).map_or(0, |(_, _, meaning)| *meaning)
}

/// Addresses are tried in the order of this, for one who has `sources`; those that are equal in their own.
pub fn preference(sources: &PerFamily<IpAddr>, destination: IpAddr) -> impl Ord + use<> {
    let source = sources.get(Family::of(destination));
    let is_unusable = source.is_none();
    let label = of(destination, &LABELS);
    let has_other_label = source.is_some_and(|source| of(*source, &LABELS) != label);
    (is_unusable, has_other_label, Reverse(of(destination, &PRECEDENCES)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sorted(sources: PerFamily<&str>, mut destinations: Vec<&'static str>) -> Vec<&'static str> {
        let address = |text: &str| text.parse::<IpAddr>().expect("an address");
        let sources = sources.map(|_, source| address(source));
        destinations.sort_by_key(|destination| preference(&sources, address(destination)));
        destinations
    }

    #[test]
    fn destinations_are_in_getaddrinfos_order() {
        let dual = |v6| PerFamily::dual(Family::V4, "10.244.1.2", v6);
        for (sources, destinations, expected) in [
            // Prefer higher precedence.
            (dual("fd00::2"), ["10.96.0.9", "fd00::9"], ["fd00::9", "10.96.0.9"]),
            (dual("2001:db8::2"), ["10.96.0.9", "2001:db8::9"], ["2001:db8::9", "10.96.0.9"]),
            // Prefer matching label, whatever the precedence.
            (dual("fd00::2"), ["2001:db8::9", "10.96.0.9"], ["10.96.0.9", "2001:db8::9"]),
            (dual("2001:db8::2"), ["fd00::9", "10.96.0.9"], ["10.96.0.9", "fd00::9"]),
            (dual("2002::2"), ["2001:db8::1", "2002:c633:6401::1"], ["2002:c633:6401::1", "2001:db8::1"]),
            // Avoid unusable destinations.
            (PerFamily::single(Family::V6, "fd00::2"), ["10.96.0.9", "fd00::9"], ["fd00::9", "10.96.0.9"]),
            (
                PerFamily::single(Family::V4, "10.244.1.2"),
                ["2001:db8::9", "10.96.0.9"],
                ["10.96.0.9", "2001:db8::9"],
            ),
            // Otherwise, leave the order unchanged.
            (dual("fd00::2"), ["10.96.0.9", "10.96.0.7"], ["10.96.0.9", "10.96.0.7"]),
        ] {
            assert_eq!(sorted(sources, destinations.to_vec()), expected, "{sources:?}");
        }
    }

    #[test]
    fn the_first_prefix_that_holds_an_address_counts() {
        for (address, label, precedence) in [
            ("::1", 0, 50),
            ("127.0.0.1", 4, 10),
            ("192.0.2.1", 4, 10),
            ("::7", 3, 20),
            ("2001::7", 7, 40),
            ("2001:db8::7", 1, 40),
            ("2002::7", 2, 30),
            ("fec0::7", 5, 40),
            ("fdff::7", 6, 40),
            ("fe80::7", 1, 40),
        ] {
            let address = address.parse().expect("an address");
            assert_eq!((of(address, &LABELS), of(address, &PRECEDENCES)), (label, precedence), "{address}");
        }
    }
}
