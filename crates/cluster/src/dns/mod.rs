//! Cluster DNS: how a Pod's resolver and CoreDNS resolve names.
//! Source: the Kubernetes DNS specification 1.1.0; CoreDNS v1.14.2, which kubeadm 1.36 installs, with its Corefile.
//!
//! A query and its answer are whole messages. They are packets to the Pods of the cluster's DNS (`traffic/lookup.rs`);
//! with a Scenario's `dns: ideal` they are not sent over the simulated network, and take no time.
//! CoreDNS has seen all that the API server has.

mod kubernetes;
mod message;
mod name;
mod records;
mod resolver;
mod reverse;
mod server;

pub use message::{DnsData, DnsRecord, Question, Rcode, RecordType, Response};
pub use name::{DomainName, NameProblem};
pub use resolver::{Lookup, ResolvConf};
pub(crate) use resolver::{Search, Step};
pub use server::{Shuffle, TTL};

use std::net::IpAddr;

use crate::api::NsName;
use crate::net::preference;
use crate::sim::World;

/// The cluster's zone.
pub const DOMAIN: &str = "cluster.local";

/// What a client gets for a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// In the order in which the client tries them. `aliases`: the names that `name` led to, one after the
    /// other, by CNAME.
    Addresses { name: String, aliases: Vec<String>, addresses: Vec<IpAddr> },
    /// No name that was tried has an address.
    NoSuchName,
    /// No address in the cluster: the name is outside it, or leads, by `aliases`, to a name outside.
    Outside { aliases: Vec<String> },
}

impl World {
    /// Resolves as a process with that configuration does. `shuffle` keys the order of a headless Service's addresses.
    pub fn resolve(&self, conf: &ResolvConf, name: &str, shuffle: Shuffle) -> Answer {
        if let Ok(ip) = name.parse::<IpAddr>() {
            return Answer::Addresses { name: name.into(), aliases: Vec::new(), addresses: vec![ip] };
        }
        let lookup = self.look_up(conf, name, &[RecordType::A, RecordType::Aaaa], shuffle);
        match self.gets(&lookup) {
            Some(answer) => answer,
            None if self.is_of_the_cluster(name) => Answer::NoSuchName,
            None => Answer::Outside { aliases: Vec::new() },
        }
    }

    /// What a client makes of the answers; `None` if there is none. Of two families the one comes first that a Pod
    /// prefers.
    fn gets(&self, lookup: &Lookup) -> Option<Answer> {
        let name = lookup.answered().next()?.question.name.as_str().to_string();
        let (mut aliases, mut addresses): (Vec<String>, Vec<IpAddr>) = (Vec::new(), Vec::new());
        for record in lookup.answered().flat_map(|response| &response.answer) {
            match &record.data {
                DnsData::Address(ip) => addresses.push(*ip),
                DnsData::Cname(target) if !aliases.iter().any(|alias| alias == target.as_str()) => {
                    aliases.push(target.as_str().to_string());
                }
                DnsData::Cname(_)
                | DnsData::Ns(_)
                | DnsData::Ptr(_)
                | DnsData::Soa { .. }
                | DnsData::Srv { .. }
                | DnsData::Txt(_) => {}
            }
        }
        if addresses.is_empty() {
            return Some(Answer::Outside { aliases });
        }
        let sources = self.config.pod_cidrs.map(|_, range| range.address());
        addresses.sort_by_key(|ip| preference(&sources, *ip));
        Some(Answer::Addresses { name, aliases, addresses })
    }

    /// The addresses that a client gets from the answers, in the order in which it tries them.
    pub(crate) fn addresses_in(&self, lookup: &Lookup) -> Option<Vec<IpAddr>> {
        match self.gets(lookup)? {
            Answer::Addresses { addresses, .. } => Some(addresses),
            Answer::NoSuchName | Answer::Outside { .. } => None,
        }
    }

    /// Whether one that calls a name which nothing answers meant something in the cluster.
    fn is_of_the_cluster(&self, name: &str) -> bool {
        let absolute = name.trim_end_matches('.');
        let is_written_so =
            absolute.ends_with(DOMAIN) || !absolute.contains('.') || absolute.ends_with(".svc");
        let mut labels = absolute.split('.');
        let namespace = labels.nth(1).filter(|_| labels.next().is_none());
        is_written_so || namespace.is_some_and(|namespace| self.store.namespace(namespace).is_some())
    }

    /// The Service that a name resolves to in a Pod of `namespace`, if any.
    pub fn service_named(&self, namespace: &str, name: &str) -> Option<NsName> {
        self.cluster_first(namespace).names(name).find_map(|full| {
            let (name, ns) = service_of(&full)?;
            let key = NsName::new(ns, name);
            self.store.services.get(&key).map(|_| key)
        })
    }

    /// The first host name and Service of which a name may be meant in a Pod of `namespace`, as `db-0.db` is, whether
    /// there are any or not.
    pub fn endpoint_called(&self, namespace: &str, name: &str) -> Option<(String, NsName)> {
        self.cluster_first(namespace).names(name).find_map(|full| {
            let (hostname, service, ns) = endpoint_of(&full)?;
            Some((hostname.to_string(), NsName::new(ns, service)))
        })
    }
}

fn zone_of(full: &str) -> Option<&str> {
    full.strip_suffix('.').unwrap_or(full).strip_suffix(DOMAIN)?.strip_suffix(".svc.")
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_taken_apart() {
        assert_eq!(service_of("cart.shop.svc.cluster.local"), Some(("cart", "shop")));
        assert_eq!(endpoint_of("db-0.db.shop.svc.cluster.local"), Some(("db-0", "db", "shop")));
        assert_eq!(service_of("shop.svc.cluster.local"), None);
        assert_eq!(service_of("example.com"), None);
    }
}
