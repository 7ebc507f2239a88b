//! What CoreDNS' plugin kubernetes knows of a name. Its words are upstream's: a query becomes a request, which finds
//! services, each of which is what one record is made of.
//! Source: coredns v1.14.2 plugin/kubernetes (kubernetes.go, parse.go, ns.go).

use std::net::IpAddr;

use super::DOMAIN;
use super::message::RecordType;
use crate::api::{Endpoint, NsName, Service, ServiceType, Str};
use crate::sim::World;

/// errNoItems, errNsNotExposed, errInvalidRequest: there is no such name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NoSuchName;

/// A name that is looked up in one of the zones.
pub(super) struct Query<'q> {
    /// In lower case, without the dot at its end.
    name: String,
    /// The zone, in the case of the question.
    pub zone: &'q str,
}

impl<'q> Query<'q> {
    pub fn new(name: &str, zone: &'q str) -> Query<'q> {
        Query { name: name.to_ascii_lowercase(), zone }
    }

    /// What stands before the zone (plugin/pkg/dnsutil zone.go, TrimZone).
    fn base(&self) -> &str {
        let end = self.name.len().saturating_sub(self.zone.len() + 1);
        &self.name[..end]
    }

    /// ns.go, isDefaultNS: it looks no further than the zone's first occurrence, and is strict about case.
    fn is_name_server(&self) -> bool {
        let rest = self.name.strip_prefix(NAME_SERVER).and_then(|rest| rest.strip_prefix(self.zone));
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    }

    pub fn is_apex(&self) -> bool {
        self.name == self.zone
    }
}

/// ns.go, defaultNSName.
pub(super) const NAME_SERVER: &str = "ns.dns.";

/// etcd/msg/service.go, Service: what one record is made of.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found<'a> {
    pub host: Host<'a>,
    /// `None` is upstream's -1: no port is declared.
    pub port: Option<u16>,
    pub of: Owner<'a>,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Host<'a> {
    Address(IpAddr),
    /// An ExternalName.
    Name(&'a str),
    Version,
}

/// Whose name a record that leads there has as its target: upstream's Key.
#[derive(Clone, Copy, Debug)]
pub(super) enum Owner<'a> {
    Service(&'a Service),
    Endpoint(&'a Service, &'a Endpoint, IpAddr),
    Pod {
        namespace: &'a str,
        label: &'a str,
    },
    /// The zone itself.
    Zone,
}

impl Owner<'_> {
    /// Without the dot at its end.
    pub fn name(&self, zone: &str) -> String {
        match self {
            Owner::Service(service) => format!("{}.{}.svc.{zone}", service.meta.name, service.meta.namespace),
            Owner::Endpoint(service, endpoint, address) => {
                format!("{}.{}", label_of(endpoint, *address), Owner::Service(service).name(zone))
            }
            Owner::Pod { namespace, label } => format!("{label}.{namespace}.pod.{zone}"),
            Owner::Zone => format!("{NAME_SERVER}{zone}"),
        }
    }
}

/// parse.go, recordRequest. What the name does not say is empty.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Request<'q> {
    branch: Option<Branch>,
    namespace: &'q str,
    service: &'q str,
    endpoint: &'q str,
    port: &'q str,
    protocol: &'q str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Branch {
    Pod,
    Svc,
}

/// parse.go, parseRequest: `_port._protocol.service.namespace.svc`, `endpoint.service.namespace.svc` and what is above.
fn parse_request(base: &str) -> Result<Request<'_>, NoSuchName> {
    if matches!(base, "" | "svc" | "pod") {
        return Ok(Request::default());
    }
    let mut labels = base.rsplit('.');
    let branch = match labels.next() {
        Some("svc") => Branch::Svc,
        Some("pod") => Branch::Pod,
        _ => return Err(NoSuchName),
    };
    let mut next = || labels.next().unwrap_or_default();
    let (namespace, service, last, before) = (next(), next(), next(), next());
    let request = Request { branch: Some(branch), namespace, service, ..Request::default() };
    match (before, labels.next()) {
        (_, Some(_)) => Err(NoSuchName),
        ("", None) => Ok(Request { endpoint: last, ..request }),
        (port, None) => {
            let [port, protocol] = [port, last].map(|label| label.strip_prefix('_').unwrap_or(label));
            Ok(Request { port, protocol, ..request })
        }
    }
}

impl Request<'_> {
    /// matchPortAndProtocol: what is not asked for matches all.
    fn takes_port(&self, name: &str, protocol: &str) -> bool {
        let matches = |asked: &str, found: &str| asked.is_empty() || asked.eq_ignore_ascii_case(found);
        matches(self.port, name) && matches(self.protocol, protocol)
    }
}

impl World {
    /// kubernetes.go, Services. (Of type NS, see `name_servers`.)
    pub(super) fn dns_services<'a>(
        &'a self,
        query: &'a Query<'_>,
        kind: RecordType,
    ) -> Result<Vec<Found<'a>>, NoSuchName> {
        if kind == RecordType::Txt {
            if query.base() == "dns-version" {
                return Ok(vec![Found { host: Host::Version, port: None, of: Owner::Zone }]);
            }
            // A name that is there but leads to nothing, as svc.cluster.local is, does not exist for this type.
            let found = self.found_records(query)?;
            return if found.is_empty() { Err(NoSuchName) } else { Ok(Vec::new()) };
        }
        if query.is_name_server() {
            let has_addresses = matches!(kind, RecordType::A | RecordType::Aaaa);
            return Ok(if has_addresses { self.name_servers() } else { Vec::new() });
        }
        self.found_records(query)
    }

    /// kubernetes.go, Records.
    pub(super) fn found_records<'a>(&'a self, query: &'a Query<'_>) -> Result<Vec<Found<'a>>, NoSuchName> {
        let request = parse_request(query.base())?;
        let Some(branch) = request.branch else { return Ok(Vec::new()) };
        let is_reverse = !query.zone.eq_ignore_ascii_case(DOMAIN);
        if is_reverse || !self.has_namespace(request.namespace) {
            return Err(NoSuchName);
        }
        match (branch, request.service) {
            // The name of a namespace.
            (Branch::Pod | Branch::Svc, "") => Ok(Vec::new()),
            (Branch::Pod, _) => find_pods(request),
            (Branch::Svc, _) => self.find_services(request),
        }
    }

    /// namespace.go, namespaceExposed. A namespace that no text makes is taken to be there, if anything is in it.
    fn has_namespace(&self, name: &str) -> bool {
        let first = NsName::new(name, "");
        let store = &self.store;
        let is_in_it = |namespace: Option<&Str>| namespace.is_some_and(|namespace| **namespace == *name);
        store.namespace(name).is_some()
            || is_in_it(store.services.iter_from(Some(&first)).next().map(|service| &service.meta.namespace))
            || is_in_it(store.pods.iter_from(Some(&first)).next().map(|pod| &pod.meta.namespace))
    }

    fn find_services<'a>(&'a self, request: Request<'_>) -> Result<Vec<Found<'a>>, NoSuchName> {
        let key = NsName::new(request.namespace, request.service);
        let service = self.store.services.get(&key).ok_or(NoSuchName)?;
        if service.spec.type_ == ServiceType::ExternalName {
            return external_name(service, request).map(|found| vec![found]);
        }
        if service.spec.headless || !request.endpoint.is_empty() {
            let found = self.find_endpoints(service, &key, request);
            return if found.is_empty() { Err(NoSuchName) } else { Ok(found) };
        }
        let of = Owner::Service(service);
        let ports = service.spec.ports.iter();
        let ports = ports.filter(|port| request.takes_port(&port.name, port.protocol.as_str()));
        let ports: Vec<u16> = ports.map(|port| port.port).collect();
        if ports.is_empty() {
            return Err(NoSuchName);
        }
        let addresses = &service.spec.cluster_ips;
        let of_port = |port| {
            let found = move |ip: &IpAddr| Found { host: Host::Address(*ip), port: Some(port), of };
            addresses.iter().map(found)
        };
        Ok(ports.into_iter().flat_map(of_port).collect())
    }

    /// All addresses of all ready endpoints, once for each port.
    fn find_endpoints<'a>(
        &'a self,
        service: &'a Service,
        key: &NsName,
        request: Request<'_>,
    ) -> Vec<Found<'a>> {
        let mut found = Vec::new();
        for slice in self.store.slices_for(key) {
            let ports = slice.ports.iter();
            let ports = ports.filter(|port| request.takes_port(&port.name, port.protocol.as_str()));
            let mut ports: Vec<Option<u16>> = ports.map(|port| Some(port.port)).collect();
            // A slice without ports has one without a name, a protocol and a number (object/endpoint.go).
            if slice.ports.is_empty() && request.takes_port("", "") {
                ports.push(None);
            }
            for endpoint in slice.endpoints.iter().filter(|endpoint| endpoint.ready) {
                for address in addresses(endpoint) {
                    if !request.endpoint.is_empty() && !is_called(endpoint, address, request.endpoint) {
                        continue;
                    }
                    let of = Owner::Endpoint(service, endpoint, address);
                    found.extend(ports.iter().map(|port| Found {
                        host: Host::Address(address),
                        port: *port,
                        of,
                    }));
                }
            }
        }
        found
    }

    /// ns.go, nsAddrs: of Services with CoreDNS' own address as an endpoint; without one, which is the rule here, that
    /// address.
    pub(super) fn name_servers(&self) -> Vec<Found<'_>> {
        let mut found = Vec::new();
        let mut is_endpoint = false;
        for own in self.dns_addresses() {
            for slice in self.store.slices.iter().filter(|slice| has_ready(&slice.endpoints, own)) {
                is_endpoint = true;
                let Some(service) = self.store.services.get(&slice.service_key()) else { continue };
                let address = |ip, of| Found { host: Host::Address(ip), port: None, of };
                if service.spec.headless {
                    for endpoint in slice.endpoints.iter().filter(|endpoint| endpoint.ready) {
                        let of = |ip| Owner::Endpoint(service, endpoint, ip);
                        found.extend(addresses(endpoint).map(|ip| address(ip, of(ip))));
                    }
                } else {
                    let ips = service.spec.cluster_ips.iter();
                    found.extend(ips.map(|ip| address(*ip, Owner::Service(service))));
                }
            }
        }
        if !is_endpoint {
            let own = |ip| Found { host: Host::Address(ip), port: None, of: Owner::Zone };
            found.extend(self.dns_addresses().map(own));
        }
        found
    }

    /// reverse.go, serviceRecordForIP: the Service with that ClusterIP, or else every endpoint with that address, of
    /// whatever Service. Looks through all of them.
    pub(super) fn reverse_names(&self, ip: IpAddr) -> Vec<String> {
        let service = self.store.services.iter().find(|service| service.spec.cluster_ips.contains(&ip));
        if let Some(service) = service {
            return vec![Owner::Service(service).name(DOMAIN)];
        }
        let slices = self.store.slices.iter();
        let endpoints =
            slices.flat_map(|slice| slice.endpoints.iter().map(move |endpoint| (slice, endpoint)));
        let has_it = |endpoint: &Endpoint| endpoint.ready && addresses(endpoint).any(|address| address == ip);
        let found = endpoints.filter(|(_, endpoint)| has_it(endpoint));
        found
            .map(|(slice, endpoint)| {
                let key = slice.service_key();
                format!("{}.{}.{}.svc.{DOMAIN}", label_of(endpoint, ip), key.name, key.namespace)
            })
            .collect()
    }

    /// kubeadm constants.go, GetDNSIP: the tenth address of the Services' range. CoreDNS answers there.
    pub fn dns_addresses(&self) -> impl Iterator<Item = IpAddr> {
        self.config.service_cidrs.values().take(1).filter_map(|cidr| cidr.nth(10))
    }
}

/// `pods insecure`: the name says the address, and nobody looks whether there is such a Pod.
fn find_pods<'a>(request: Request<'a>) -> Result<Vec<Found<'a>>, NoSuchName> {
    let label = request.service;
    let is_v4 = label.matches('-').count() == 3 && !label.contains("--");
    let ip: IpAddr = label.replace('-', if is_v4 { "." } else { ":" }).parse().map_err(|_| NoSuchName)?;
    let of = Owner::Pod { namespace: request.namespace, label };
    Ok(vec![Found { host: Host::Address(ip.to_canonical()), port: Some(0), of }])
}

/// One that is an address does not exist.
fn external_name<'a>(service: &'a Service, request: Request<'_>) -> Result<Found<'a>, NoSuchName> {
    let target = service.spec.external_name.as_deref().unwrap_or_default();
    let is_below = [request.endpoint, request.port, request.protocol].iter().any(|part| !part.is_empty());
    match is_below || target.parse::<IpAddr>().is_ok() {
        true => Err(NoSuchName),
        false => Ok(Found { host: Host::Name(target), port: Some(0), of: Owner::Service(service) }),
    }
}

fn addresses(endpoint: &Endpoint) -> impl Iterator<Item = IpAddr> + use<'_> {
    std::iter::once(endpoint.address).chain(endpoint.other_addresses.iter().copied())
}

fn has_ready(endpoints: &[Endpoint], ip: IpAddr) -> bool {
    endpoints.iter().any(|endpoint| endpoint.ready && addresses(endpoint).any(|address| address == ip))
}

/// D-04: the name of an endpoint under its Service's: its hostname, or its address with dashes (endpointHostname).
pub(super) fn label_of(endpoint: &Endpoint, address: IpAddr) -> String {
    match &endpoint.hostname {
        Some(hostname) if !hostname.is_empty() => hostname.to_string(),
        _ => dashed(address),
    }
}

fn is_called(endpoint: &Endpoint, address: IpAddr, label: &str) -> bool {
    match &endpoint.hostname {
        Some(hostname) if !hostname.is_empty() => hostname.eq_ignore_ascii_case(label),
        _ => dashed(address) == *label,
    }
}

fn dashed(address: IpAddr) -> String {
    let mut label = address.to_string().replace(['.', ':'], "-");
    if label.ends_with('-') {
        label.push('0');
    }
    label
}

#[cfg(test)]
mod tests {
    use super::*;

    /// CoreDNS plugin/kubernetes/parse_test.go, TestParseRequest and TestParseInvalidRequest: its names and what is to
    /// be found in them.
    #[test]
    fn a_name_is_taken_apart() {
        let parts = |base: &str| {
            let request = parse_request(base)?;
            let Request { namespace, service, endpoint, port, protocol, .. } = request;
            Ok([port, protocol, endpoint, service, namespace].join("."))
        };
        for (base, expected) in [
            ("_http._tcp.webs.mynamespace.svc", Ok("http.tcp..webs.mynamespace")),
            ("1-2-3-4.webs.mynamespace.svc", Ok("..1-2-3-4.webs.mynamespace")),
            ("_http._tcp.webs.mynamespace.pod", Ok("http.tcp..webs.mynamespace")),
            ("webs.mynamespace.svc", Ok("...webs.mynamespace")),
            ("mynamespace.svc", Ok("....mynamespace")),
            ("svc", Ok("....")),
            ("pod", Ok("....")),
            ("", Ok("....")),
            ("webs.mynamespace", Err(NoSuchName)),
            ("test.so.long.x.webs.mynamespace.svc", Err(NoSuchName)),
            ("a.b.c.webs.mynamespace.svc", Err(NoSuchName)),
        ] {
            assert_eq!(parts(base).as_deref(), expected.as_ref().map(|text| *text), "{base}");
        }
    }
}
