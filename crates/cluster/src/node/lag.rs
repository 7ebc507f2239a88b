//! How far a node's rules are behind the API server, and which service ports' rules are wrong because of that.

use std::net::SocketAddr;

use crate::api::{EndpointSlice, NsName, Service, Str, Uid};
use crate::node::kube_proxy::{ServicePortInfo, ServicePortName, categorize, changed_objects, ports_of};
use crate::node::{Machine, Proxier, ProxyStatus};
use crate::sim::{Span, World};
use crate::store::Objects;
use litemap::LiteMap;
use netfilter::Family;
use std::collections::BTreeSet;

/// Whether watch events reach a node's kube-proxy, and if not, why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hearing {
    /// Changes arrive, each after its delay.
    Hears,
    CutOff,
    Paused,
    Off,
}

/// How far a node's rules are behind, as the page and the command line show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lag {
    pub hearing: Hearing,
    /// How many changes are not in the rules yet. While kube-proxy gets no events, each object counts once.
    pub behind: u32,
    /// How long ago the oldest of them was made.
    pub age: Option<Span>,
    /// The service ports whose rules would be different if they were written now, sorted by name.
    pub stale: Vec<StalePort>,
}

/// A service port whose rules on a node are out of date.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StalePort {
    pub port: ServicePortName,
    /// Of the rules that are out of date.
    pub family: Family,
    /// Endpoints that the rules still choose and should not.
    pub gone: Vec<SocketAddr>,
    /// Endpoints that they do not choose yet.
    pub missing: Vec<SocketAddr>,
    pub service: StaleService,
}

/// How the Service in the rules differs from the one in the API server, its endpoints aside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StaleService {
    Current,
    /// The rules do not know the port yet.
    Unknown,
    /// The port does not exist any more.
    Deleted,
    /// Its addresses, ports or policies have changed.
    Changed,
}

/// What the rules of one service port on one node depend on.
#[derive(PartialEq, Eq)]
pub(crate) struct Decision {
    pub service: ServicePortInfo,
    /// Whether there is no endpoint at all; none for policy Cluster; none for policy Local.
    pub nothing: [bool; 3],
    pub reachable: Vec<SocketAddr>,
}

/// The Services and EndpointSlices that rules are made from.
pub(crate) struct Sources<'a> {
    pub services: &'a Objects<Service>,
    pub slices: &'a Objects<EndpointSlice>,
    pub zone: Option<Str>,
    /// Of the rules.
    pub family: Family,
}

impl World {
    /// `None` if the node does not exist.
    pub fn lag_of(&self, node: Uid) -> Option<Lag> {
        let machine = self.machines.get(&node)?;
        let hearing = if !machine.power {
            Hearing::Off
        } else if machine.proxy.paused {
            Hearing::Paused
        } else if machine.cut_off {
            Hearing::CutOff
        } else {
            Hearing::Hears
        };
        let behind = machine.proxy.behind();
        let age = machine.proxy.oldest_change().map(|at| self.clock.now().since(at));
        let stale = if behind > 0 { self.stale_ports(machine) } else { Vec::new() };
        Some(Lag { hearing, behind, age, stale })
    }

    fn stale_ports(&self, machine: &Machine) -> Vec<StalePort> {
        let mut found = Vec::new();
        for (family, proxier) in machine.proxy.proxiers.iter() {
            let old = Sources::written(proxier, family);
            found.extend(self.stale_ports_since(&old, machine));
        }
        // Stable: of one port that is stale in both families, the primary family's comes first.
        found.sort_by(|a, b| a.port.cmp(&b.port));
        found
    }

    fn stale_ports_since(&self, old: &Sources<'_>, machine: &Machine) -> Vec<StalePort> {
        let new = Sources::present(self, machine, old.family);
        let mut found = Vec::new();
        for service in changed_services(old, &new) {
            let (mut before, after) = (old.decisions(machine, &service), new.decisions(machine, &service));
            for (name, now) in &after {
                found.extend(compare(name, old.family, before.remove(name).as_ref(), Some(now)));
            }
            for (name, was) in &before {
                found.extend(compare(name, old.family, Some(was), None));
            }
        }
        found
    }
}

impl<'a> Sources<'a> {
    /// What a family's rules in force were written from.
    pub fn written(proxier: &'a Proxier, family: Family) -> Sources<'a> {
        let written = &proxier.written;
        let zone = written.config.as_ref().and_then(|config| config.zone.clone());
        Sources { services: &written.services, slices: &written.slices, zone, family }
    }

    /// What a kube-proxy has seen.
    pub fn seen(proxy: &'a ProxyStatus, family: Family) -> Sources<'a> {
        Sources { services: &proxy.services, slices: &proxy.slices, zone: proxy.zone.clone(), family }
    }

    /// What the API server has.
    pub fn present(world: &'a World, machine: &Machine, family: Family) -> Sources<'a> {
        Sources {
            services: &world.store.services,
            slices: &world.store.slices,
            zone: world.store.node(&machine.name).and_then(|n| n.zone().cloned()),
            family,
        }
    }

    /// For each port of one Service.
    pub fn decisions(&self, machine: &Machine, service: &NsName) -> LiteMap<ServicePortName, Decision> {
        let mut out = LiteMap::new();
        let (names, seen) = (BTreeSet::from([service.clone()]), (self.services, self.slices));
        for (name, port) in ports_of(&names, seen, &machine.name, self.family) {
            let all = &port.endpoints;
            let found = categorize(all, &port.service, &machine.name, self.zone.as_deref());
            let none = |list: &Option<Vec<usize>>| list.as_ref().is_none_or(Vec::is_empty);
            let nothing = [!found.has_any, none(&found.cluster), none(&found.local)];
            let reachable = found.reachable.iter().map(|i| all[*i].address).collect();
            let service = port.service.clone();
            out.insert(ServicePortName::clone(&name), Decision { service, nothing, reachable });
        }
        out
    }
}

/// Services that differ, themselves or in their EndpointSlices. All of them if the node's zone differs.
pub(crate) fn changed_services(old: &Sources<'_>, new: &Sources<'_>) -> BTreeSet<NsName> {
    changed_objects((old.services, old.slices), (new.services, new.slices), old.zone != new.zone)
}

fn compare(
    name: &ServicePortName,
    family: Family,
    old: Option<&Decision>,
    new: Option<&Decision>,
) -> Option<StalePort> {
    let service = match (old, new) {
        (None, _) => StaleService::Unknown,
        (_, None) => StaleService::Deleted,
        (Some(old), Some(new)) if old.service != new.service => StaleService::Changed,
        (Some(_), Some(_)) => StaleService::Current,
    };
    let reached = |decision: Option<&Decision>| decision.map_or(Vec::new(), |d| d.reachable.clone());
    let (was, is) = (reached(old), reached(new));
    let only = |these: &[SocketAddr], those: &[SocketAddr]| {
        these.iter().copied().filter(|e| !those.contains(e)).collect::<Vec<_>>()
    };
    let (gone, missing) = (only(&was, &is), only(&is, &was));
    // Even if the port itself is the same, other endpoints may be local.
    let same = service == StaleService::Current && gone.is_empty() && missing.is_empty();
    let split = matches!((old, new), (Some(old), Some(new)) if old.nothing != new.nothing);
    (!same || split).then(|| StalePort { port: name.clone(), family, gone, missing, service })
}
