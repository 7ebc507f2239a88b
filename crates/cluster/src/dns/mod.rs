//! Cluster DNS: how a Pod's resolver and CoreDNS resolve names.
//! Source: the Kubernetes DNS specification 1.1.0; CoreDNS plugin/kubernetes; kubelet dns.go.
//!
//! Queries are not sent over the simulated network, and answers are never stale, since the cache of 5 seconds is
//! not simulated.

mod records;

pub use records::{DnsData, DnsRecord};

use std::net::IpAddr;

use crate::api::{Endpoint, NsName, Service, ServiceType};
use crate::sim::{Chance, Purpose, World};
use netfilter::Family;

const DOMAIN: &str = "cluster.local";
/// `options ndots:5` in a Pod's resolv.conf: a name with fewer dots tries the search list first.
const NDOTS: usize = 5;
/// An ExternalName may point to another one; CoreDNS follows this many (plugin/kubernetes, upstream CNAME).
const MAX_CNAMES: usize = 8;

/// The result of resolving a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// In the order in which the client tries them. `aliases`: the names that `name` led to, one after the
    /// other, by CNAME.
    Addresses { name: String, aliases: Vec<String>, addresses: Vec<IpAddr> },
    /// NXDOMAIN for every name that was tried.
    NoSuchName,
    /// No address in the cluster: the name is outside it, or leads, by `aliases`, to a name without a record.
    Outside { aliases: Vec<String> },
}

impl World {
    /// Resolves as a Pod of `namespace` does: dnsPolicy ClusterFirst, its search list and ndots.
    /// `subject` and `ordinal` key the order of a headless Service's addresses.
    pub fn resolve(&self, namespace: &str, name: &str, subject: u64, ordinal: u64) -> Answer {
        if let Ok(ip) = name.parse::<IpAddr>() {
            return Answer::Addresses { name: name.into(), aliases: Vec::new(), addresses: vec![ip] };
        }
        let mut aliases = Vec::new();
        for full in search_list(namespace, name) {
            if let Some(addresses) = self.lookup(&full, subject, ordinal, &mut aliases) {
                return Answer::Addresses { name: full, aliases, addresses };
            }
            // A CNAME counts as an answer even if its target has no address: the search list is not tried further.
            if !aliases.is_empty() {
                return Answer::Outside { aliases };
            }
        }
        let absolute = name.trim_end_matches('.');
        let inside = absolute.ends_with(DOMAIN) || !absolute.contains('.') || absolute.ends_with(".svc");
        if inside || absolute.split('.').count() == 2 && self.store.namespace(last_label(absolute)).is_some()
        {
            Answer::NoSuchName
        } else {
            Answer::Outside { aliases }
        }
    }

    /// The Service that a name resolves to in a Pod of `namespace`, if any.
    pub fn service_named(&self, namespace: &str, name: &str) -> Option<NsName> {
        search_list(namespace, name).iter().find_map(|full| {
            let (name, ns) = service_of(full)?;
            let key = NsName::new(ns, name);
            self.store.services.get(&key).map(|_| key)
        })
    }

    /// The first host name and Service of which a name may be meant in a Pod of `namespace`, as `db-0.db` is, whether
    /// there are any or not.
    pub fn endpoint_called(&self, namespace: &str, name: &str) -> Option<(String, NsName)> {
        search_list(namespace, name).iter().find_map(|full| {
            let (hostname, service, ns) = endpoint_of(full)?;
            Some((hostname.to_string(), NsName::new(ns, service)))
        })
    }

    fn lookup(
        &self,
        full: &str,
        subject: u64,
        ordinal: u64,
        aliases: &mut Vec<String>,
    ) -> Option<Vec<IpAddr>> {
        if let Some((hostname, name, namespace)) = endpoint_of(full) {
            let service = self.store.services.get(&NsName::new(namespace, name))?;
            return self.host_addresses(service, hostname);
        }
        let (name, namespace) = service_of(full)?;
        let service = self.store.services.get(&NsName::new(namespace, name))?;
        if service.spec.type_ == ServiceType::ExternalName {
            let target = service.spec.external_name.as_deref()?.trim_end_matches('.');
            if aliases.len() >= MAX_CNAMES {
                return None;
            }
            aliases.push(target.into());
            return self.lookup(target, subject, ordinal, aliases);
        }
        if !service.spec.headless {
            return Some(service.spec.cluster_ips.clone()).filter(|ips| !ips.is_empty());
        }
        let mut addresses = self.headless_addresses(service);
        // A and AAAA records are two answers.
        for answer in addresses.chunk_by_mut(|a, b| Family::of(*a) == Family::of(*b)) {
            self.shuffle(answer, subject, ordinal);
        }
        Some(addresses).filter(|a| !a.is_empty())
    }

    /// D-01, D-03: every `ready` endpoint. IPv4 comes first, as getaddrinfo sorts: the IPv6 addresses of Pods are
    /// unique local ones (RFC 6724, section 2.1).
    fn headless_addresses(&self, service: &Service) -> Vec<IpAddr> {
        let mut addresses: Vec<IpAddr> =
            self.store.endpoints_of(&service.meta.key()).filter(|e| e.ready).map(|e| e.address).collect();
        addresses.sort_by(Ord::cmp);
        addresses.dedup();
        addresses
    }

    fn host_addresses(&self, service: &Service, hostname: &str) -> Option<Vec<IpAddr>> {
        if !service.spec.headless {
            return None;
        }
        let found: Vec<IpAddr> = self
            .store
            .endpoints_of(&service.meta.key())
            .filter(|e| e.ready && is_called(e, hostname))
            .map(|e| e.address)
            .collect();
        Some(found).filter(|a| !a.is_empty())
    }

    /// plugin/loadbalance: the only balancing that a headless Service gets (D-07).
    fn shuffle(&self, addresses: &mut [IpAddr], subject: u64, ordinal: u64) {
        for i in (1..addresses.len()).rev() {
            let key = Chance::join(subject, i as u64);
            let j = self.chance.below(Purpose::DnsShuffle, key, ordinal, i as u64 + 1);
            addresses.swap(i, j as usize);
        }
    }
}

/// D-04: the name of an endpoint of a headless Service under that Service's: its hostname, or its address
/// with dashes (plugin/kubernetes, endpointHostname).
fn label_of(endpoint: &Endpoint) -> String {
    if let Some(hostname) = &endpoint.hostname {
        return hostname.to_string();
    }
    let mut label: String = dashed(&endpoint.address.to_string()).map(char::from).collect();
    if label.ends_with('-') {
        label.push('0');
    }
    label
}

/// Whether that is its label. Dashes for colons are unambiguous: only a range's first address ends in a colon, and
/// no Pod has that.
fn is_called(endpoint: &Endpoint, label: &str) -> bool {
    match &endpoint.hostname {
        Some(hostname) => &**hostname == label,
        None => dashed(&endpoint.address.to_string()).eq(label.bytes()),
    }
}

fn dashed(address: &str) -> impl Iterator<Item = u8> {
    address.bytes().map(|byte| if byte.is_ascii_hexdigit() { byte } else { b'-' })
}

/// kubelet dns.go: the names that the resolver tries, in order.
fn search_list(namespace: &str, name: &str) -> Vec<String> {
    if let Some(absolute) = name.strip_suffix('.') {
        return vec![absolute.to_string()];
    }
    let mut names = vec![
        format!("{name}.{namespace}.svc.{DOMAIN}"),
        format!("{name}.svc.{DOMAIN}"),
        format!("{name}.{DOMAIN}"),
    ];
    let dots = name.matches('.').count();
    let at = if dots >= NDOTS { 0 } else { names.len() };
    names.insert(at, name.to_string());
    names
}

fn zone_of(full: &str) -> Option<&str> {
    full.strip_suffix(DOMAIN)?.strip_suffix(".svc.")
}

fn service_of(full: &str) -> Option<(&str, &str)> {
    let (name, namespace) = zone_of(full)?.split_once('.')?;
    (!namespace.contains('.')).then_some((name, namespace))
}

fn endpoint_of(full: &str) -> Option<(&str, &str, &str)> {
    let (hostname, rest) = zone_of(full)?.split_once('.')?;
    let (name, namespace) = rest.split_once('.')?;
    (!namespace.contains('.')).then_some((hostname, name, namespace))
}

fn last_label(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_search_list_is_a_pods() {
        assert_eq!(
            search_list("shop", "cart"),
            ["cart.shop.svc.cluster.local", "cart.svc.cluster.local", "cart.cluster.local", "cart"]
        );
        assert_eq!(search_list("shop", "cart."), ["cart"]);
        assert_eq!(search_list("shop", "a.b.c.d.e.f")[0], "a.b.c.d.e.f");
    }

    #[test]
    fn names_are_taken_apart() {
        assert_eq!(service_of("cart.shop.svc.cluster.local"), Some(("cart", "shop")));
        assert_eq!(endpoint_of("db-0.db.shop.svc.cluster.local"), Some(("db-0", "db", "shop")));
        assert_eq!(service_of("shop.svc.cluster.local"), None);
        assert_eq!(service_of("example.com"), None);
    }
}
