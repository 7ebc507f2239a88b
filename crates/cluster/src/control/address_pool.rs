//! Who gives a Service of type LoadBalancer an address from the Scenario's pool (C-22). Source: MetalLB 0.15,
//! controller/service.go and internal/allocator/allocator.go.

use std::fmt;
use std::net::IpAddr;

use litemap::LiteMap;
use serde::Serialize;
use std::collections::BTreeSet;

use super::load_balancer::wants_balancer;
use crate::api::{IpFamilyPolicy, LoadBalancerIngress, NsName, Service, Str, Uid};
use crate::sim::{LogEntry, WorkItem, World};
use netfilter::Family;

/// What MetalLB keeps of a pool, and of who answers for its addresses.
#[derive(Clone, Debug, Default)]
pub struct Pool {
    pub assigned: LiteMap<NsName, Assigned>,
    /// The nodes that run a speaker, as far as the other speakers know.
    pub(super) speakers: BTreeSet<Uid>,
}

#[derive(Clone, Debug)]
pub struct Assigned {
    /// The Service that they were given to. One that is deleted and made again gets others.
    pub service: Uid,
    /// As in its status.
    pub ips: Vec<IpAddr>,
    /// The node that answers for them.
    pub node: Option<Uid>,
}

/// Why a Service gets no address, in MetalLB's words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum AllocationError {
    NoneAvailable,
    /// The pool has not all of the addresses that are asked for.
    NotInPool {
        ips: Vec<IpAddr>,
    },
    /// MetalLB says so of another sharing key, which nobody has here.
    InUse {
        wanted_by: NsName,
        by: NsName,
    },
    OfOtherFamilies {
        ips: Vec<IpAddr>,
    },
    TwoOfOneFamily {
        ips: Vec<IpAddr>,
    },
    TooMany {
        ips: Vec<IpAddr>,
    },
    NoAddress {
        field: &'static str,
        value: Str,
    },
    AskedTwice,
}

/// Go's `%q` of a list of addresses.
pub fn listed(ips: &[IpAddr]) -> String {
    let quoted: Vec<String> = ips.iter().map(|ip| format!("\"{ip}\"")).collect();
    format!("[{}]", quoted.join(" "))
}

impl fmt::Display for AllocationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            AllocationError::NoneAvailable => f.write_str("no available IPs"),
            AllocationError::NotInPool { ips } => write!(f, "{} is not allowed in config", listed(ips)),
            AllocationError::InUse { wanted_by, by } => {
                write!(f, "can't change sharing key for \"{wanted_by}\", address also in use by {by}")
            }
            AllocationError::OfOtherFamilies { ips } => write!(
                f,
                "requested loadBalancer IP(s) {} does not match the ipFamily of the service",
                listed(ips)
            ),
            AllocationError::TwoOfOneFamily { ips } => {
                write!(f, "IPFamilyForAddresses: same address family {}", listed(ips))
            }
            AllocationError::TooMany { ips } => {
                write!(f, "IPFamilyForAddresses: invalid ips length {} {}", ips.len(), listed(ips))
            }
            AllocationError::NoAddress { field, value } => write!(f, "invalid {field} {value:?}"),
            AllocationError::AskedTwice => {
                write!(f, "service can not have both {LOAD_BALANCER_IPS} and svc.Spec.LoadBalancerIP")
            }
        }
    }
}

const LOAD_BALANCER_IPS: &str = "metallb.io/loadBalancerIPs";
const DEPRECATED_LOAD_BALANCER_IPS: &str = "metallb.universe.tf/loadBalancerIPs";

impl World {
    /// convergeBalancer.
    pub(super) fn reconcile_pool_addresses(&mut self, key: &NsName) {
        let service = self.store.services.get(key).filter(|service| wants_balancer(service)).cloned();
        let has = self.pool.assigned.get(key).map(|assigned| assigned.service);
        if has.is_some() && has != service.as_ref().map(|service| service.meta.uid) {
            self.release_pool_addresses(key);
        }
        let Some(service) = service else { return };
        let mut ips = self.pool.assigned.get(key).map_or_else(Vec::new, |assigned| assigned.ips.clone());
        let requested = match requested_addresses(&service) {
            Ok(requested) => requested,
            Err(error) => return self.could_not_allocate(key, error),
        };
        let is_other = !requested.is_empty() && !same_addresses(&ips, &requested);
        if !ips.is_empty() && (is_other || families_changed(&ips, &service)) {
            self.release_pool_addresses(key);
            ips.clear();
        }
        if ips.is_empty() {
            match self.allocate_addresses(&service, &requested) {
                Ok(ips) => self.assign_addresses(&service, ips, false),
                Err(error) => self.could_not_allocate(key, error),
            }
        } else if let Some(additional) = self.additional_address(&service, &ips) {
            ips.push(additional);
            self.assign_addresses(&service, ips, true);
        } else {
            // Another type for a short time has taken it from the status.
            self.report_pool_addresses(key);
        }
    }

    fn could_not_allocate(&mut self, key: &NsName, error: AllocationError) {
        let keeps = self.pool.assigned.contains_key(key);
        self.record(LogEntry::AllocationFailed { service: key.clone(), error, keeps });
    }

    fn assign_addresses(&mut self, service: &Service, ips: Vec<IpAddr>, additional: bool) {
        let key = service.meta.key();
        let new = if additional { ips[ips.len() - 1..].to_vec() } else { ips.clone() };
        self.record(LogEntry::IpAllocated { service: key.clone(), ips: new, additional });
        let node = self.pool.assigned.get(&key).and_then(|assigned| assigned.node);
        self.pool.assigned.insert(key.clone(), Assigned { service: service.meta.uid, ips, node });
        self.report_pool_addresses(&key);
        self.enqueue(WorkItem::Announcement(key));
    }

    fn report_pool_addresses(&mut self, key: &NsName) {
        let Some(assigned) = self.pool.assigned.get(key) else { return };
        let ingress: Vec<_> =
            assigned.ips.iter().map(|ip| LoadBalancerIngress { ip: *ip, proxy: false }).collect();
        if self.store.services.get(key).is_some_and(|service| service.ingress != ingress) {
            self.update_object::<Service>(key, |service| service.ingress = ingress);
        }
    }

    /// Whoever waits for an address, or for a second one, is looked at again (SyncStateReprocessAll).
    fn release_pool_addresses(&mut self, key: &NsName) {
        self.pool.assigned.remove(key);
        self.changes.scene = true;
        if self.store.services.get(key).is_some_and(|service| !service.ingress.is_empty()) {
            self.update_object::<Service>(key, |service| service.ingress.clear());
        }
        let waits = |service: &&std::sync::Arc<Service>| {
            let assigned = self.pool.assigned.get(&service.meta.key());
            let lacks = |assigned: &Assigned| assigned.ips.len() < service.spec.cluster_ips.len();
            wants_balancer(service) && assigned.is_none_or(lacks)
        };
        let waiting: Vec<NsName> =
            self.store.services.iter().filter(waits).map(|service| service.meta.key()).collect();
        for key in waiting {
            self.enqueue(WorkItem::LoadBalancer(key));
        }
    }

    /// allocateIPs: those that are asked for, or the first ones that are free, IPv4 before IPv6.
    fn allocate_addresses(
        &self,
        service: &Service,
        requested: &[IpAddr],
    ) -> Result<Vec<IpAddr>, AllocationError> {
        if requested.is_empty() {
            return self.free_addresses(service).ok_or(AllocationError::NoneAvailable);
        }
        let ips = || requested.to_vec();
        if families_of(requested) != families_of(&service.spec.cluster_ips) {
            return Err(AllocationError::OfOtherFamilies { ips: ips() });
        }
        let pool = self.config.cloud.address_pool();
        if !pool.is_some_and(|pool| requested.iter().all(|ip| pool.contains(*ip))) {
            return Err(AllocationError::NotInPool { ips: ips() });
        }
        match requested.iter().find_map(|ip| Some((*ip, self.assigned_at(*ip)?))) {
            Some((_, (by, _))) => {
                Err(AllocationError::InUse { wanted_by: service.meta.key(), by: by.clone() })
            }
            None => Ok(ips()),
        }
    }

    /// findBestPoolForService, selectIPsForFamilyAndPolicy.
    fn free_addresses(&self, service: &Service) -> Option<Vec<IpAddr>> {
        let families = families_of(&service.spec.cluster_ips);
        let free: Vec<IpAddr> =
            families.iter().filter_map(|family| self.free_pool_address(*family)).collect();
        let may_have_fewer = service.spec.ip_family_policy == Some(IpFamilyPolicy::PreferDualStack);
        (!free.is_empty() && (free.len() == families.len() || may_have_fewer)).then_some(free)
    }

    /// AllocateFromPoolForAdditionalFamily.
    fn additional_address(&self, service: &Service, ips: &[IpAddr]) -> Option<IpAddr> {
        let families = families_of(&service.spec.cluster_ips);
        let missing = families.difference(&families_of(ips)).next().copied()?;
        self.free_pool_address(missing)
    }

    fn free_pool_address(&self, family: Family) -> Option<IpAddr> {
        let taken: BTreeSet<IpAddr> =
            self.pool.assigned.values().flat_map(|assigned| assigned.ips.iter().copied()).collect();
        self.config.cloud.address_pool()?.addresses(family).find(|ip| !taken.contains(ip))
    }

    /// The Service that has an address of the pool.
    pub(crate) fn assigned_at(&self, ip: IpAddr) -> Option<(&NsName, &Assigned)> {
        self.pool.assigned.iter().find(|(_, assigned)| assigned.ips.contains(&ip))
    }
}

/// getDesiredLbIPs. Empty if none are asked for.
fn requested_addresses(service: &Service) -> Result<Vec<IpAddr>, AllocationError> {
    let annotations = &service.meta.annotations;
    let annotated =
        annotations.get(LOAD_BALANCER_IPS).or_else(|| annotations.get(DEPRECATED_LOAD_BALANCER_IPS));
    let field = service.spec.load_balancer_ip.as_ref();
    let is_said = |text: &&Str| !text.is_empty();
    let (field, value, parts) = match (annotated.filter(is_said), field.filter(is_said)) {
        (None, None) => return Ok(Vec::new()),
        (Some(_), Some(_)) => return Err(AllocationError::AskedTwice),
        (Some(text), None) => {
            ("metallb.io/loadBalancerIPs:", text, text.split(',').map(str::trim).collect::<Vec<_>>())
        }
        (None, Some(text)) => ("spec.loadBalancerIP", text, vec![&**text]),
    };
    let parsed = parts
        .into_iter()
        .map(|part| part.parse().map_err(|_| AllocationError::NoAddress { field, value: value.clone() }));
    let ips: Vec<IpAddr> = parsed.collect::<Result<_, _>>()?;
    match ips.as_slice() {
        [one, other] if Family::of(*one) == Family::of(*other) => {
            Err(AllocationError::TwoOfOneFamily { ips })
        }
        [_] | [_, _] => Ok(ips),
        _ => Err(AllocationError::TooMany { ips }),
    }
}

fn same_addresses(some: &[IpAddr], others: &[IpAddr]) -> bool {
    let set = |ips: &[IpAddr]| ips.iter().copied().collect::<BTreeSet<_>>();
    set(some) == set(others)
}

fn families_of(ips: &[IpAddr]) -> BTreeSet<Family> {
    ips.iter().map(|ip| Family::of(*ip)).collect()
}

/// serviceFamilyChanged: with PreferDualStack one of two is enough.
fn families_changed(ips: &[IpAddr], service: &Service) -> bool {
    let (has, wants) = (families_of(ips), families_of(&service.spec.cluster_ips));
    let prefers = service.spec.ip_family_policy == Some(IpFamilyPolicy::PreferDualStack) && wants.len() == 2;
    has != wants && !prefers
}
