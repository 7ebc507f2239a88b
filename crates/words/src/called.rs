//! What a connection called: the name, and whether the Service with that address has that port.

use std::net::IpAddr;

use cluster::api::{NsName, Service, ServicePort};
use cluster::dns::{Answer, Shuffle};
use cluster::sim::World;
use cluster::trace::ConnectionRecord;
use cluster::traffic::Target;

/// The name that was called, as the client wrote it, and the namespace in which it is resolved.
pub fn name_called(world: &World, record: &ConnectionRecord) -> Option<(String, String)> {
    let Target::Host { host, .. } = Target::parse(&record.target)? else { return None };
    if host.parse::<IpAddr>().is_ok() {
        return None;
    }
    let namespace = world.calling_pod(record).map(|pod| pod.meta.namespace.to_string());
    Some((namespace.unwrap_or_else(|| "default".into()), host.to_string()))
}

/// The Service with the called name. For type ExternalName the address alone would not show it.
pub fn service_called(world: &World, record: &ConnectionRecord) -> Option<NsName> {
    let (namespace, host) = name_called(world, record)?;
    world.service_named(&namespace, &host)
}

/// `alias is an alias of web.default.svc.cluster.local`, where DNS says so: a CNAME, or a row of them.
pub fn alias_called(world: &World, record: &ConnectionRecord) -> Option<String> {
    let (namespace, host) = name_called(world, record)?;
    let aliases =
        match (world.resolve(&world.cluster_first(&namespace), &host, Shuffle::default()), record.tuple) {
            (Answer::Outside { aliases }, None) => aliases,
            // DNS may have changed since.
            (Answer::Addresses { aliases, addresses, .. }, Some(tuple)) if addresses.contains(&tuple.dst) => {
                aliases
            }
            (Answer::Outside { .. } | Answer::Addresses { .. } | Answer::NoSuchName, _) => return None,
        };
    (!aliases.is_empty()).then(|| format!("{host} is an alias of {}", aliases.join(", which is one of ")))
}

/// What a client that keeps an address goes by, and whether DNS has another by now.
pub fn kept_address(world: &World, record: &ConnectionRecord) -> Option<String> {
    let (at, address) = (world.moment(record.resolved?), record.tuple?.dst);
    let (namespace, host) = name_called(world, record)?;
    let now = match world.resolve(&world.cluster_first(&namespace), &host, Shuffle::default()) {
        Answer::Addresses { addresses, .. } if addresses.contains(&address) => String::new(),
        Answer::Addresses { addresses, .. } => {
            let first = addresses.first().map_or_else(String::new, ToString::to_string);
            format!(", and DNS has {first} now")
        }
        Answer::NoSuchName | Answer::Outside { .. } => ", and DNS has none now".to_string(),
    };
    Some(format!("The client has kept {address} since it asked for {host} at {}{now}.", crate::moment(at)))
}

/// Whether the Service whose address was called has the called port. True if the Service was deleted.
pub fn has_port(world: &World, record: &ConnectionRecord) -> bool {
    let service = record.service.as_ref().and_then(|(_, uid)| world.store().service_by_uid(*uid));
    let Some(service) = service.filter(|_| record.tuple.is_some()) else { return true };
    port_called(service, record).is_some()
}

/// The Service's port that was called, at whichever of its addresses.
pub fn port_called<'a>(service: &'a Service, record: &ConnectionRecord) -> Option<&'a ServicePort> {
    let tuple = record.tuple?;
    let is_called = |port: &&ServicePort| {
        port.protocol == tuple.protocol && [port.port, port.node_port].contains(&tuple.dst_port)
    };
    service.spec.ports.iter().find(is_called)
}
