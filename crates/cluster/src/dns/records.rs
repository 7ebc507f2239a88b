//! The DNS records of a Service, as in a zone file.
//! Source: the Kubernetes DNS specification 1.1.0, sections 2.3 to 2.5; CoreDNS plugin/kubernetes.

use std::fmt;
use std::net::IpAddr;

use super::{DOMAIN, label_of};
use crate::api::{Endpoint, EndpointPort, Service, ServiceType, Str};
use crate::sim::World;
use netfilter::Protocol;

/// Seconds (D-02).
const TTL: u32 = 5;
/// The total weight, shared by all SRV records of a name (D-05).
const WHOLE_WEIGHT: usize = 100;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DnsRecord {
    /// Without the dot at its end.
    pub name: String,
    pub data: DnsData,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DnsData {
    Address(IpAddr),
    Cname(String),
    /// Its priority is always 0.
    Srv {
        weight: usize,
        port: u16,
        target: String,
    },
}

impl DnsRecord {
    /// `A`, `AAAA`, `CNAME`, `SRV`
    pub fn kind(&self) -> &'static str {
        match self.data {
            DnsData::Address(IpAddr::V4(_)) => "A",
            DnsData::Address(IpAddr::V6(_)) => "AAAA",
            DnsData::Cname(_) => "CNAME",
            DnsData::Srv { .. } => "SRV",
        }
    }
}

impl fmt::Display for DnsRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}. {TTL} IN {} ", self.name, self.kind())?;
        match &self.data {
            DnsData::Address(ip) => write!(f, "{ip}"),
            DnsData::Cname(target) => write!(f, "{target}."),
            DnsData::Srv { weight, port, target } => write!(f, "0 {weight} {port} {target}."),
        }
    }
}

fn record(name: &str, data: DnsData) -> DnsRecord {
    DnsRecord { name: name.into(), data }
}

impl World {
    /// The records that a Service has now. (CoreDNS also answers an SRV query for the bare name, with all ports;
    /// that is not listed as a record.)
    pub fn dns_records(&self, service: &Service) -> Vec<DnsRecord> {
        let name = format!("{}.{}.svc.{DOMAIN}", service.meta.name, service.meta.namespace);
        match service.spec.type_ {
            ServiceType::ExternalName => {
                let target = service.spec.external_name.as_deref().unwrap_or_default();
                vec![record(&name, DnsData::Cname(target.trim_end_matches('.').into()))]
            }
            ServiceType::ClusterIP | ServiceType::NodePort | ServiceType::LoadBalancer
                if service.spec.headless =>
            {
                self.headless_records(service, &name)
            }
            ServiceType::ClusterIP | ServiceType::NodePort | ServiceType::LoadBalancer => {
                virtual_ip_records(service, &name)
            }
        }
    }

    /// For every ready endpoint: an address of the Service's name, and a name of its own, which SRV records point to.
    fn headless_records(&self, service: &Service, name: &str) -> Vec<DnsRecord> {
        let slices = self.store.slices_for(&service.meta.key());
        let ready: Vec<(&Endpoint, &[EndpointPort])> = slices
            .flat_map(|slice| slice.endpoints.iter().map(|endpoint| (endpoint, &*slice.ports)))
            .filter(|(endpoint, _)| endpoint.ready)
            .collect();
        let weight = (WHOLE_WEIGHT / ready.len().max(1)).max(1);
        let mut records = Vec::new();
        for (endpoint, ports) in ready {
            let own = format!("{}.{name}", label_of(endpoint));
            records.push(record(name, DnsData::Address(endpoint.address)));
            records.push(record(&own, DnsData::Address(endpoint.address)));
            for port in ports {
                let data = DnsData::Srv { weight, port: port.port, target: own.clone() };
                records.extend(srv(name, &port.name, port.protocol, data));
            }
        }
        records
    }
}

fn virtual_ip_records(service: &Service, name: &str) -> Vec<DnsRecord> {
    let addresses = service.spec.cluster_ips.iter().map(|ip| record(name, DnsData::Address(*ip)));
    let ports = service.spec.ports.iter().filter_map(|port| {
        let data = DnsData::Srv { weight: WHOLE_WEIGHT, port: port.port, target: name.into() };
        srv(name, &port.name, port.protocol, data)
    });
    addresses.chain(ports).collect()
}

/// D-01: only a port with a name has one.
fn srv(service: &str, port: &Str, protocol: Protocol, data: DnsData) -> Option<DnsRecord> {
    let name = format!("_{port}._{}.{service}", protocol.lower());
    (!port.is_empty()).then(|| record(&name, data))
}
