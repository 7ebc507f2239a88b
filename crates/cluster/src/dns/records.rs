//! The DNS records of a Service, as in a zone file: what CoreDNS answers for each of its names.

use std::collections::BTreeSet;

use super::DOMAIN;
use super::kubernetes::label_of;
use super::message::{DnsRecord, Question, RecordType};
use super::name::DomainName;
use crate::api::{EndpointSlice, Service, ServiceType};
use crate::sim::World;

impl World {
    /// The records that a Service has now: of its name, of its endpoints' names under that, and of its ports. (CoreDNS
    /// also answers an SRV query for the bare name, with all ports, and A for a port's name; these are not listed.)
    pub fn dns_records(&self, service: &Service) -> Vec<DnsRecord> {
        let name = format!("{}.{}.svc.{DOMAIN}", service.meta.name, service.meta.namespace);
        if service.spec.type_ == ServiceType::ExternalName {
            return self.answers(&name, RecordType::Cname);
        }
        let mut records = self.addresses_of(&name);
        let slices: Vec<_> = match service.spec.headless {
            true => self.store.slices_for(&service.meta.key()).collect(),
            false => Vec::new(),
        };
        for label in slices.iter().flat_map(|slice| labels(slice)).collect::<BTreeSet<_>>() {
            records.extend(self.addresses_of(&format!("{label}.{name}")));
        }
        // D-01: only a port with a name has one.
        let of_slices =
            slices.iter().flat_map(|slice| slice.ports.iter().map(|port| (&port.name, port.protocol)));
        let own = service.spec.ports.iter().map(|port| (&port.name, port.protocol));
        let ports: Vec<_> = if service.spec.headless { of_slices.collect() } else { own.collect() };
        let mut seen = BTreeSet::new();
        for (port, protocol) in ports.into_iter().filter(|port| !port.0.is_empty() && seen.insert(*port)) {
            records.extend(self.answers(&format!("_{port}._{}.{name}", protocol.lower()), RecordType::Srv));
        }
        records
    }

    fn addresses_of(&self, name: &str) -> Vec<DnsRecord> {
        [RecordType::A, RecordType::Aaaa].into_iter().flat_map(|kind| self.answers(name, kind)).collect()
    }

    fn answers(&self, name: &str, kind: RecordType) -> Vec<DnsRecord> {
        let question = Question { name: DomainName::of(name), kind };
        self.unshuffled(question).answer
    }
}

/// Of its ready endpoints, whose names under their Service's CoreDNS has.
fn labels(slice: &EndpointSlice) -> impl Iterator<Item = String> {
    let ready = slice.endpoints.iter().filter(|endpoint| endpoint.ready);
    ready.map(|endpoint| label_of(endpoint, endpoint.address))
}
