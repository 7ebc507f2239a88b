//! ClusterIPs and node ports: the API server's allocators.
//! Source: pkg/registry/core/service/{ipallocator,portallocator}, alloc.go.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use crate::api::{
    DiagnosticKind, FieldPath, Kind, NsName, ObjectRef, Rule, Service, ServicePort, ServiceSpec, ServiceType,
    Str, listed,
};
use crate::sim::{Chance, Purpose, Refusal, World};
use netfilter::{Cidr, Family};

/// kube-apiserver --service-node-port-range: 30000-32767.
pub const NODE_PORT_FIRST: u16 = 30_000;
pub const NODE_PORT_COUNT: u64 = 2_768;

/// bitmap.go's offset allocation: the band below the offset is kept for addresses and ports that are set explicitly.
fn band_offset(size: u64, divisor: u64, most: u64) -> u64 {
    if size <= 16 { 0 } else { (size / divisor).clamp(16, most) }
}

/// Starts at a random place in the upper band and searches on, wrapping inside the band; then the lower band in
/// the same way. `None` if all `size` places are taken.
fn allocate(size: u64, offset: u64, draw: [u64; 2], taken: impl Fn(u64) -> bool) -> Option<u64> {
    let search = |from: u64, to: u64, draw: u64| {
        let length = to - from;
        let start = if length == 0 { 0 } else { draw % length };
        (0..length).map(|i| from + (start + i) % length).find(|n| !taken(*n))
    };
    search(offset, size, draw[0]).or_else(|| search(0, offset, draw[1]))
}

impl World {
    /// Allocates the addresses and ports that a Service needs, releases those that its type does not have, and
    /// refuses explicit ones that are taken or out of range (alloc.go).
    pub(crate) fn allocate_service(
        &self,
        service: &mut Service,
        old: Option<&Service>,
    ) -> Result<(), Refusal> {
        self.init_ip_families(service, old.map(|old| &old.spec))?;
        self.allocate_cluster_ips(service, old.map(|old| &old.spec))?;
        self.allocate_node_ports(service, old.is_none())?;
        Ok(())
    }

    /// allocClusterIPs, updateClusterIPs: an address of each of the Service's families. Those that it had it keeps; an
    /// update that names others is refused (`ServiceSpec::forbidden_changes`).
    fn allocate_cluster_ips(&self, service: &mut Service, old: Option<&ServiceSpec>) -> Result<(), Refusal> {
        if service.spec.headless || service.spec.type_ == ServiceType::ExternalName {
            service.spec.cluster_ips.clear();
            return Ok(());
        }
        let own = service.meta.key();
        let kept = old.map_or(0, |old| if old.headless { usize::MAX } else { old.cluster_ips.len() });
        let families = service.spec.ip_families.clone();
        for (index, family) in families.into_iter().enumerate().skip(kept) {
            match service.spec.cluster_ips.get(index).copied() {
                Some(ip) => {
                    let claimed = self.claim_cluster_ip(family, ip, &own);
                    claimed.map_err(|why| cluster_ip_refused(service, ip, why))?;
                }
                None => {
                    let ip = self.free_cluster_ip(family, index as u64, &own)?;
                    service.spec.cluster_ips.push(ip);
                }
            }
        }
        Ok(())
    }

    /// Or why not, in the allocator's words (ipallocator/interfaces.go).
    fn claim_cluster_ip(&self, family: Family, ip: IpAddr, own: &NsName) -> Result<(), &'static str> {
        if !self.service_ranges(family).iter().any(|range| is_usable(*range, ip)) {
            return Err("the provided network does not match the current range");
        }
        if self.allocated.has_cluster_ip(ip, own) {
            return Err("provided IP is already allocated");
        }
        Ok(())
    }

    /// the prefixes of a family that addresses are given from: of ServiceCIDRs that are ready and are to stay
    /// (ipallocator/cidrallocator.go, syncAllocators). Of IPv6 no allocator takes one that is shorter than /64.
    fn service_ranges(&self, family: Family) -> Vec<Cidr> {
        let of_family = |range: &Cidr| {
            Family::of(range.address()) == family && (range.address().is_ipv4() || range.length() >= 64)
        };
        let ready = self.store.service_cidrs.iter().filter(|cidr| cidr.gives_addresses());
        let ranges: BTreeSet<Cidr> =
            ready.flat_map(|cidr| cidr.cidrs.iter().copied().filter(of_family)).collect();
        ranges.into_iter().collect()
    }

    /// MetaAllocator.AllocateNextService: any of the ranges, and the next one where it is full. In which order they are
    /// tried is chance upstream, too: that of Go's maps. `index`: of the address in the Service's list.
    fn free_cluster_ip(&self, family: Family, index: u64, own: &NsName) -> Result<IpAddr, Refusal> {
        let mut ranges = self.service_ranges(family);
        if ranges.len() > 1 {
            let subject = Chance::subject(&own.to_string());
            let first = self.chance.below(Purpose::ServiceCidr, subject, index, ranges.len() as u64);
            ranges.rotate_left(first as usize);
        }
        let free = |range: &Cidr| self.free_cluster_ip_in(*range, index, own);
        let range = *self.config.service_cidrs.get_or_primary(family);
        ranges.iter().find_map(free).ok_or(Refusal::ClusterIpsExhausted { range })
    }

    fn free_cluster_ip_in(&self, range: Cidr, index: u64, own: &NsName) -> Option<IpAddr> {
        // The network address is never allocated, nor is the broadcast address in IPv4.
        let usable = range.size().saturating_sub(if range.address().is_ipv4() { 2 } else { 1 });
        let usable = usable.min(1 << 16);
        let at = |n: u64| range.nth(n + 1);
        let subject = Chance::subject(&own.to_string());
        let draw = [0, 1].map(|i| self.chance.draw(Purpose::Allocation, subject, index * 2 + i));
        let offset = band_offset(range.size(), 16, 256);
        let is_taken = |ip: IpAddr| self.allocated.has_cluster_ip(ip, own);
        allocate(usable, offset, draw, |n| at(n).is_none_or(is_taken)).and_then(at)
    }

    fn allocate_node_ports(&self, service: &mut Service, creating: bool) -> Result<(), Refusal> {
        let needs = match service.spec.type_ {
            ServiceType::NodePort => true,
            ServiceType::LoadBalancer => service.spec.allocate_load_balancer_node_ports != Some(false),
            ServiceType::ClusterIP | ServiceType::ExternalName => false,
        };
        if !needs && service.spec.type_ != ServiceType::LoadBalancer {
            service.spec.ports.iter_mut().for_each(|p| p.node_port = 0);
            service.spec.health_check_node_port = 0;
            return Ok(());
        }
        let own = service.meta.key();
        let (mut chosen_here, mut earlier) = (BTreeSet::new(), BTreeMap::<u16, Vec<_>>::new());
        for i in 0..service.spec.ports.len() {
            let port = &service.spec.ports[i];
            // A TCP and a UDP port of one number share a node port, on creation only.
            let of_number = earlier.entry(port.port).or_default();
            let twin = of_number.iter().find(|(protocol, _)| creating && *protocol != port.protocol);
            let twin = twin.map(|(_, node_port)| *node_port);
            let chosen = match port.node_port {
                0 if !needs => 0,
                0 => match twin.filter(|p| *p != 0) {
                    Some(shared) => shared,
                    None => self.free_node_port(&own, i as u64, &chosen_here)?,
                },
                wanted if twin == Some(wanted) => wanted,
                wanted => {
                    let (spec, claimed) =
                        (FieldPath::new("spec"), self.claim_node_port(&own, wanted, &chosen_here));
                    let (ports, node_port) = (spec.child("ports"), "nodePort");
                    let value = wanted.to_string().into();
                    claimed.map_err(|why| {
                        let message = DiagnosticKind::Violates { value, why };
                        refused(&own, ports.item(i).child(node_port), message)
                    })?
                }
            };
            of_number.push((port.protocol, chosen));
            if chosen != 0 {
                chosen_here.insert(chosen);
            }
            service.spec.ports[i].node_port = chosen;
        }
        self.allocate_health_check_port(service, &chosen_here)
    }

    /// Type LoadBalancer with externalTrafficPolicy Local.
    fn allocate_health_check_port(
        &self,
        service: &mut Service,
        chosen_here: &BTreeSet<u16>,
    ) -> Result<(), Refusal> {
        let own = service.meta.key();
        if !service.spec.needs_health_check() {
            service.spec.health_check_node_port = 0;
        } else if service.spec.health_check_node_port != 0 {
            let wanted = service.spec.health_check_node_port;
            let path = FieldPath::new("spec");
            let path = path.child("healthCheckNodePort");
            self.claim_node_port(&own, wanted, chosen_here)
                .map_err(|why| refused(&own, path, DiagnosticKind::HealthCheckPort { port: wanted, why }))?;
        } else {
            service.spec.health_check_node_port = self.free_node_port(&own, u64::MAX >> 8, chosen_here)?;
        }
        Ok(())
    }

    /// A node port that no Service has, and no other port of this Service.
    fn free_node_port(
        &self,
        service: &NsName,
        ordinal: u64,
        chosen_here: &BTreeSet<u16>,
    ) -> Result<u16, Refusal> {
        // If the range is full, this saves searching all of it for each further Service.
        if self.allocated.node_port_count(service) + chosen_here.len() as u64 >= NODE_PORT_COUNT {
            return Err(Refusal::NodePortsExhausted);
        }
        let subject = Chance::subject(&format!("nodePort {service}"));
        let draw = [0, 1].map(|i| self.chance.draw(Purpose::Allocation, subject, ordinal * 2 + i));
        let offset = band_offset(NODE_PORT_COUNT, 32, 128);
        let port = |n: u64| NODE_PORT_FIRST + n as u16;
        let is_taken = |port| self.is_node_port_taken(service, port, chosen_here);
        allocate(NODE_PORT_COUNT, offset, draw, |n| is_taken(port(n)))
            .map(port)
            .ok_or(Refusal::NodePortsExhausted)
    }

    /// Or why not, in the allocator's words (portallocator/allocator.go).
    fn claim_node_port(
        &self,
        service: &NsName,
        wanted: u16,
        chosen_here: &BTreeSet<u16>,
    ) -> Result<u16, Rule> {
        let last = NODE_PORT_FIRST + (NODE_PORT_COUNT - 1) as u16;
        if !(NODE_PORT_FIRST..=last).contains(&wanted) {
            return Err(Rule::NodePortRange);
        }
        if self.is_node_port_taken(service, wanted, chosen_here) {
            return Err(Rule::NodePortAllocated);
        }
        Ok(wanted)
    }

    fn is_node_port_taken(&self, service: &NsName, port: u16, chosen_here: &BTreeSet<u16>) -> bool {
        self.allocated.has_node_port(port, service) || chosen_here.contains(&port)
    }
}

/// alloc.go's field errors.
fn refused(service: &NsName, path: FieldPath<'_>, message: DiagnosticKind) -> Refusal {
    let service = ObjectRef::of_key(Kind::Service, service);
    Refusal::Invalid { diagnostics: vec![path.error(message).diagnostic(service)] }
}

/// The list has an empty text for each address that is to be found.
fn cluster_ip_refused(service: &Service, ip: IpAddr, why: &str) -> Refusal {
    let mut ips: Vec<String> = service.spec.cluster_ips.iter().map(ToString::to_string).collect();
    ips.resize(ips.len().max(service.spec.ip_families.len()), String::new());
    let (spec, expected) = (FieldPath::new("spec"), format!("failed to allocate IP {ip}: {why}").into());
    let message = DiagnosticKind::Invalid { value: listed(&ips).into(), expected };
    refused(&service.meta.key(), spec.child("clusterIPs"), message)
}

/// registry/core/service/storage, patchAllocatedValues: of what the API server has allocated, that which an update
/// leaves out.
pub(crate) fn patch_allocated_values(service: &mut Service, old: &Service) {
    // No field is passed over by a `..`: one that is added is carried over if it is allocated.
    let ServiceSpec {
        type_,
        headless,
        ports,
        cluster_ips,
        health_check_node_port,
        selector: _,
        ip_families: _,
        ip_family_policy: _,
        external_ips: _,
        external_name: _,
        session_affinity: _,
        external_traffic_policy: _,
        internal_traffic_policy: _,
        load_balancer_source_ranges: _,
        load_balancer_class: _,
        load_balancer_ip: _,
        publish_not_ready_addresses: _,
        allocate_load_balancer_node_ports: _,
        traffic_distribution: _,
    } = &old.spec;
    let new = &mut service.spec;
    let has_address = |type_| type_ != ServiceType::ExternalName;
    if new.cluster_ips.is_empty() && !new.headless && has_address(new.type_) && has_address(*type_) {
        new.cluster_ips.clone_from(cluster_ips);
        new.headless = *headless;
    }
    let has_node_ports = |type_| matches!(type_, ServiceType::NodePort | ServiceType::LoadBalancer);
    if has_node_ports(new.type_) && has_node_ports(*type_) {
        patch_node_ports(&mut new.ports, ports);
    }
    if new.health_check_node_port == 0 {
        new.health_check_node_port = *health_check_node_port;
    }
}

/// Takes over a node port by the port's name, unless another port has it.
fn patch_node_ports(ports: &mut [ServicePort], old: &[ServicePort]) {
    let used: BTreeSet<u16> = ports.iter().map(|p| p.node_port).collect();
    // Of one name the last one counts.
    let by_name: BTreeMap<&Str, u16> = old.iter().map(|p| (&p.name, p.node_port)).collect();
    for port in ports.iter_mut().filter(|p| p.node_port == 0) {
        let found = by_name.get(&port.name).copied().unwrap_or(0);
        if !used.contains(&found) {
            port.node_port = found;
        }
    }
}

/// servicecidr.go, PrefixContainsIP.
pub(super) fn is_usable(range: Cidr, ip: IpAddr) -> bool {
    let last = range.nth(range.size().saturating_sub(1));
    range.contains(ip) && ip != range.address() && (ip.is_ipv6() || Some(ip) != last)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{Meta, TargetPort};
    use netfilter::Protocol;

    /// ipallocator and portallocator tests, TestAllocateReserved.
    #[test]
    fn bands_are_upstreams() {
        assert_eq!(band_offset(256, 16, 256), 16);
        assert_eq!(band_offset(128, 16, 256), 16);
        assert_eq!(band_offset(4_096, 16, 256), 256);
        assert_eq!(band_offset(65_536, 16, 256), 256);
        assert_eq!(band_offset(16, 16, 256), 0);
        assert_eq!(band_offset(NODE_PORT_COUNT, 32, 128), 86);
        assert_eq!(band_offset(129, 32, 128), 16);
    }

    fn ports(text: &str) -> Vec<ServicePort> {
        let port = |text: &str| {
            let parts: Vec<&str> = text.split(':').collect();
            let protocol = if parts[1] == "udp" { Protocol::Udp } else { Protocol::Tcp };
            let number: u16 = parts[2].parse().unwrap();
            let target_port = TargetPort::Number(number);
            ServicePort {
                app_protocol: None,
                name: parts[0].into(),
                protocol,
                port: number,
                target_port,
                node_port: parts[3].parse().unwrap(),
            }
        };
        text.split_whitespace().map(port).collect()
    }

    /// Each port as name:protocol:port:nodePort.
    #[test]
    fn an_update_keeps_node_ports_by_name() {
        for (old, new, expected) in [
            (":tcp:80:30080", ":tcp:81:0", vec![30080]),
            ("a:tcp:80:30080", "b:tcp:80:0", vec![0]),
            ("a:tcp:80:30080 b:tcp:81:30081", "b:tcp:80:0 a:tcp:81:0", vec![30081, 30080]),
            // One that is set wins, and is not given to a second port.
            ("a:tcp:80:30080", "a:tcp:81:30081", vec![30081]),
            ("a:tcp:80:30080 b:tcp:81:30081", "a:tcp:90:0 b:tcp:91:30080", vec![0, 30080]),
        ] {
            let of = |text: &str| {
                let spec =
                    ServiceSpec { type_: ServiceType::NodePort, ports: ports(text), ..Default::default() };
                Service { meta: Meta::default(), spec, ingress: Vec::new() }
            };
            let mut service = of(new);
            patch_allocated_values(&mut service, &of(old));
            let found: Vec<u16> = service.spec.ports.iter().map(|p| p.node_port).collect();
            assert_eq!(found, expected, "{old} to {new}");
        }
    }

    #[test]
    fn the_upper_band_is_used_up_before_the_lower() {
        let mut taken = BTreeSet::new();
        for i in 0..20u64 {
            let n = allocate(20, 16, [i * 7, i * 3], |n| taken.contains(&n)).unwrap();
            assert_eq!(n >= 16, i < 4, "place {i} was {n}");
            taken.insert(n);
        }
        assert_eq!(allocate(20, 16, [0, 0], |n| taken.contains(&n)), None);
    }
}
