//! The address that a reverse name is of.
//! Source: coredns v1.14.2 plugin/pkg/dnsutil/reverse.go, ExtractAddressFromReverse.

use std::net::IpAddr;

/// `10.0.96.10.in-addr.arpa` is 10.96.0.10. The name is in lower case; `None` if it is no whole address.
pub(super) fn reverse_address(name: &str) -> Option<IpAddr> {
    let reversed = |labels: &str, separator: &str, width: usize| {
        let labels: Vec<&str> = labels.rsplit('.').collect();
        let groups: Vec<String> = labels.chunks_exact(width).map(|group| group.concat()).collect();
        groups.join(separator).parse::<IpAddr>().ok().map(|ip| ip.to_canonical())
    };
    if let Some(labels) = name.strip_suffix(".in-addr.arpa") {
        return reversed(labels, ".", 1).filter(IpAddr::is_ipv4);
    }
    reversed(name.strip_suffix(".ip6.arpa")?, ":", 4)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dns::DomainName;

    /// Addresses as CoreDNS plugin/pkg/dnsutil/reverse_test.go writes them.
    #[test]
    fn a_reverse_name_is_an_address_backwards() {
        for (name, expected) in [
            ("54.119.58.176.in-addr.arpa", Some("176.58.119.54")),
            (".58.176.in-addr.arpa", None),
            ("b.d.58.in-addr.arpa", None),
            ("1.2.3.in-addr.arpa", None),
            (
                "b.a.9.8.7.6.5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa",
                Some("2001:db8::567:89ab"),
            ),
            ("d.0.1.0.0.2.ip6.arpa", None),
            ("1.0.0.10.cluster.local", None),
            ("ip6.arpa", None),
            (DomainName::reverse("10.96.0.1".parse().expect("IPv4")).as_str(), Some("10.96.0.1")),
            (DomainName::reverse("fd00::1:2".parse().expect("IPv6")).as_str(), Some("fd00::1:2")),
        ] {
            assert_eq!(reverse_address(name).map(|ip| ip.to_string()).as_deref(), expected, "{name}");
        }
    }
}
