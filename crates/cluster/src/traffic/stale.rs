//! Whether a packet was sent, or stopped, by outdated rules.
//!
//! A node's rules reflect what its kube-proxy had seen when it wrote them. Only the first packet of a connection is
//! checked, since the others follow conntrack.

use std::net::SocketAddr;

use super::Flight;
use crate::api::{Service, Uid};
use crate::node::kube_proxy::ServicePortName;
use crate::node::{Decision, Machine, Sources};
use crate::sim::World;
use crate::store::Objects;
use netfilter::{Family, Tuple};

impl World {
    /// Whether the node's rules are outdated and decide about this packet, because it is not in conntrack yet.
    pub(super) fn is_undecided(&self, node: Uid, flight: &Flight) -> bool {
        let Some(machine) = self.machines.get(&node) else { return false };
        !flight.trace.kind.is_reply()
            && machine.proxy.behind() > 0
            && machine.stack.conntrack.find(&flight.tuple, self.clock.now()).is_none()
    }

    /// Whether rules written from the API server's present state would have decided otherwise.
    pub(super) fn is_stale_decision(&self, node: Uid, before: &Tuple, after: &Tuple) -> bool {
        let Some(machine) = self.machines.get(&node) else { return false };
        let family = Family::of(before.dst);
        let Some(proxier) = machine.proxy.proxiers.get(family) else { return false };
        let decide = |sources: Sources<'_>| -> Option<Decision> {
            let name = service_port_at(sources.services, machine, before)?;
            sources.decisions(machine, &name.service).remove(&name)
        };
        let old = decide(Sources::written(proxier, family));
        let new = decide(Sources::present(self, machine, family));
        match (old, new) {
            (None, None) => false,
            (Some(_), None) | (None, Some(_)) => true,
            (Some(old), Some(new)) => match (before.dst, before.dst_port) == (after.dst, after.dst_port) {
                false => !new.reachable.contains(&SocketAddr::new(after.dst, after.dst_port)),
                true => old.service != new.service || old.nothing != new.nothing,
            },
        }
    }

    pub(super) fn note_stale_decision(&mut self, node: Uid, flight: &mut Flight) {
        if let Some(hop) = flight.trace.hops.last_mut() {
            hop.stale = true;
        }
        if let Some(live) = self.traffic.connections.get_mut(&flight.trace.connection) {
            live.record.stale_rule = Some(node);
        }
    }
}

/// The service port that a packet on this node is addressed to.
fn service_port_at(services: &Objects<Service>, machine: &Machine, tuple: &Tuple) -> Option<ServicePortName> {
    let here = machine.stack.addresses.contains(&tuple.dst);
    services.iter().find_map(|service| {
        let spec = &service.spec;
        let own = spec.cluster_ips.contains(&tuple.dst)
            || spec.external_ips.contains(&tuple.dst)
            || service.ingress.iter().any(|i| !i.proxy && i.ip == tuple.dst);
        let port = spec.ports.iter().find(|port| {
            port.protocol == tuple.protocol
                && ((own && port.port == tuple.dst_port)
                    || (here && port.node_port != 0 && port.node_port == tuple.dst_port))
        })?;
        Some(ServicePortName {
            service: service.meta.key(),
            port: port.name.clone(),
            protocol: port.protocol,
        })
    })
}
