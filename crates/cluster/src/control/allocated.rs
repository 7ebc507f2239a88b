//! Which ClusterIPs and node ports are allocated, and to whom: what the API server's allocators keep in bitmaps
//! (pkg/registry/core/service/allocator/bitmap.go). It follows every write of a Service.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;

use litemap::LiteMap;

use crate::api::{NsName, Service};

#[derive(Clone, Debug, Default)]
pub(crate) struct Allocated {
    cluster_ips: LiteMap<IpAddr, NsName>,
    /// Including health check node ports.
    node_ports: LiteMap<u16, NsName>,
    /// The Services that hold them.
    holders: LiteMap<NsName, Arc<Service>>,
}

impl Allocated {
    /// Updates the allocations of a Service; `None` if it was deleted.
    pub fn follow(&mut self, key: &NsName, service: Option<&Arc<Service>>) {
        if let Some(old) = self.holders.remove(key) {
            old.spec.cluster_ips.iter().for_each(|ip| drop(self.cluster_ips.remove(ip)));
            node_ports(&old).for_each(|port| drop(self.node_ports.remove(&port)));
        }
        if let Some(service) = service {
            let ips = service.spec.cluster_ips.iter().map(|ip| (*ip, key.clone()));
            self.cluster_ips.extend(ips);
            self.node_ports.extend(node_ports(service).map(|port| (port, key.clone())));
            self.holders.insert(key.clone(), Arc::clone(service));
        }
    }

    /// Whether a Service other than `except` has it.
    pub fn has_cluster_ip(&self, ip: IpAddr, except: &NsName) -> bool {
        self.cluster_ips.get(&ip).is_some_and(|holder| holder != except)
    }

    /// Whether a Service other than `except` has it.
    pub fn has_node_port(&self, port: u16, except: &NsName) -> bool {
        self.node_ports.get(&port).is_some_and(|holder| holder != except)
    }

    /// How many node ports the Services other than `except` have.
    pub fn node_port_count(&self, except: &NsName) -> u64 {
        let own = self.holders.get(except).into_iter().flat_map(|service| node_ports(service));
        let own: BTreeSet<u16> = own.collect();
        self.node_ports.len().saturating_sub(own.len()) as u64
    }
}

fn node_ports(service: &Service) -> impl Iterator<Item = u16> {
    let ports = service.spec.ports.iter().map(|port| port.node_port);
    ports.chain([service.spec.health_check_node_port]).filter(|port| *port != 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{KubeObject, parse};

    /// `ports` as YAML writes them.
    fn service(name: &str, ip: &str, ports: &str) -> Arc<Service> {
        let spec = format!("{{type: LoadBalancer, externalTrafficPolicy: Local, clusterIP: {ip}, {ports}}}");
        let text = format!("{{apiVersion: v1, kind: Service, metadata: {{name: {name}}}, spec: {spec}}}");
        let manifest = parse(&text);
        match manifest.objects.first().map(|parsed| &parsed.object) {
            Some(KubeObject::Service(service)) => Arc::new(service.clone()),
            other => panic!("{other:?}: {:?}", manifest.diagnostics),
        }
    }

    #[test]
    fn allocations_are_released_on_change_and_deletion() {
        let (a, b) = (NsName::new("default", "a"), NsName::new("default", "b"));
        let twice = "healthCheckNodePort: 30001, ports: [{name: a, port: 53, nodePort: 30000}, \
                     {name: b, port: 53, protocol: UDP, nodePort: 30000}]";
        let mut allocated = Allocated::default();
        allocated.follow(&a, Some(&service("a", "10.96.0.1", twice)));
        let held = |allocated: &Allocated, except: &NsName| {
            let ports = [30_000, 30_001, 30_002].map(|port| allocated.has_node_port(port, except));
            (allocated.has_cluster_ip("10.96.0.1".parse().unwrap(), except), ports)
        };
        assert_eq!(held(&allocated, &b), (true, [true, true, false]));
        assert_eq!(held(&allocated, &a), (false, [false, false, false]), "its own are free to it");
        assert_eq!((allocated.node_port_count(&b), allocated.node_port_count(&a)), (2, 0));
        allocated.follow(&a, Some(&service("a", "10.96.0.2", "ports: [{port: 80, nodePort: 30002}]")));
        assert_eq!(held(&allocated, &b), (false, [false, false, true]));
        allocated.follow(&a, None);
        assert_eq!(held(&allocated, &b), (false, [false, false, false]));
    }
}
