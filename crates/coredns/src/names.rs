//! What is asked of a cluster: every name that it has, names beside them that it has not, and every type.

use std::collections::BTreeSet;
use std::net::IpAddr;

use cluster::dns::{DOMAIN, DomainName, Question, RecordType};
use cluster::sim::World;

use crate::ask::namespaces;

pub fn questions(world: &World) -> Vec<Question> {
    let names: BTreeSet<DomainName> =
        names(world).iter().filter_map(|name| DomainName::parse(name).ok()).collect();
    let of = |name: &DomainName| {
        let name = name.clone();
        RecordType::ALL.iter().map(move |kind| Question { name: name.clone(), kind: *kind })
    };
    names.iter().flat_map(of).collect()
}

fn names(world: &World) -> Vec<String> {
    let mut names: Vec<String> =
        ["", "svc.", "pod.", "dns-version.", "ns.dns.", "dns.", "nothing.svc.", "x.nothing.svc."]
            .map(|name| format!("{name}{DOMAIN}"))
            .into();
    names.push("NS.DNS.Cluster.Local".into());
    names.push("CLUSTER.LOCAL".into());
    names.extend(
        ["in-addr.arpa", "ip6.arpa", "svc.in-addr.arpa", "1.10.in-addr.arpa", "example.com", "local"]
            .map(String::from),
    );
    let mut addresses: BTreeSet<IpAddr> = world.dns_addresses().collect();
    let store = world.store();
    for namespace in namespaces(world) {
        for branch in ["svc", "pod"] {
            names.push(format!("{namespace}.{branch}.{DOMAIN}"));
            names.push(format!("nothing.{namespace}.{branch}.{DOMAIN}"));
        }
        for label in ["10-244-1-2", "fd00--1", "1-2-3", "10-244-1-256", "--ffff-102-304", "01-2-3-4"] {
            names.push(format!("{label}.{namespace}.pod.{DOMAIN}"));
            names.push(format!("a.{label}.{namespace}.pod.{DOMAIN}"));
        }
    }
    for service in store.services.iter() {
        let name = format!("{}.{}.svc.{DOMAIN}", service.meta.name, service.meta.namespace);
        addresses.extend(&service.spec.cluster_ips);
        names.push(name.to_uppercase());
        names.extend(["a.b.c", "_x._tcp", "nothing", "_tcp", "*"].map(|label| format!("{label}.{name}")));
        let mut ports: BTreeSet<(String, String)> = service
            .spec
            .ports
            .iter()
            .map(|port| (port.name.to_string(), port.protocol.lower().into()))
            .collect();
        for slice in store.slices_for(&service.meta.key()) {
            ports
                .extend(slice.ports.iter().map(|port| (port.name.to_string(), port.protocol.lower().into())));
            for endpoint in &slice.endpoints {
                let own = std::iter::once(&endpoint.address).chain(&endpoint.other_addresses);
                for address in own {
                    addresses.insert(*address);
                    let dashed = address.to_string().replace(['.', ':'], "-");
                    names.push(format!("{dashed}.{name}"));
                    names.push(format!("{dashed}0.{name}"));
                }
                names.extend(endpoint.hostname.iter().map(|hostname| format!("{hostname}.{name}")));
            }
        }
        for (port, protocol) in ports {
            names.push(format!("_{port}._{protocol}.{name}"));
            names.push(format!("{port}.{protocol}.{name}"));
            names.push(format!("_{port}._sctp.{name}"));
            names.push(format!("_._{protocol}.{name}"));
        }
        names.push(name);
    }
    names.extend(addresses.into_iter().map(|ip| DomainName::reverse(ip).as_str().to_string()));
    names
}
