//! The ServiceCIDRs' controller: their condition Ready, and when one that is to go may go. Source:
//! pkg/controller/servicecidrs/servicecidrs_controller.go; for `kubernetes`,
//! pkg/controlplane/controller/defaultservicecidr.

use std::net::IpAddr;

use super::service_allocation::is_usable;
use crate::api::{Kind, Meta, Name, NsName, ObjectRef, ServiceCidr, ServiceCidrReady};
use crate::sim::{Span, WorkItem, World};
use netfilter::Cidr;

/// deletionGracePeriod: the allocators have heard by then that it is to go.
const DELETION_GRACE: Span = Span::from_secs(10);
/// How often the API server looks whether `kubernetes` is there.
pub(crate) const DEFAULT_INTERVAL: Span = Span::from_secs(10);

impl World {
    /// sync.
    pub(crate) fn reconcile_service_cidr(&mut self, name: &Name) {
        let key = NsName { namespace: "".into(), name: name.clone() };
        let Some(cidr) = self.store.service_cidrs.get(&key).cloned() else { return };
        let Some(deleted) = cidr.meta.deleted else { return self.set_ready(&key, true) };
        if !self.may_go(&cidr) {
            return self.set_ready(&key, false);
        }
        let due = deleted + DELETION_GRACE;
        if self.clock.now() < due {
            let wait = due.since(self.clock.now());
            return self.enqueue_after(WorkItem::ServiceCidr(name.clone()), wait);
        }
        self.remove_finalizer(&ObjectRef::of_key(Kind::ServiceCidr, &key), ServiceCidr::FINALIZER);
    }

    /// The API server looks whether its own is there.
    pub(crate) fn reconcile_default_service_cidr(&mut self) {
        let own = self.default_service_cidr();
        if self.store.service_cidrs.get(&own.meta.key()).is_none() {
            let made = self.create_object(own);
            assert!(made.is_ok(), "it is in no namespace that could go");
        }
    }

    fn set_ready(&mut self, key: &NsName, is_true: bool) {
        let Some(cidr) = self.store.service_cidrs.get(key) else { return };
        if cidr.ready.is_none_or(|ready| ready.is_true != is_true) {
            let since = self.clock.now();
            self.update_object::<ServiceCidr>(key, |cidr| {
                cidr.ready = Some(ServiceCidrReady { is_true, since });
            });
        }
    }

    /// canDeleteCIDR: others hold its ranges, or every address in them that a Service has.
    fn may_go(&self, cidr: &ServiceCidr) -> bool {
        let others = || self.store.service_cidrs.iter().filter(|other| other.meta.uid != cidr.meta.uid);
        let in_others = |prefix: &Cidr| {
            let holds = |other: &Cidr| other.length() <= prefix.length() && other.contains(prefix.address());
            others().any(|other| other.cidrs.iter().any(holds))
        };
        if cidr.cidrs.iter().all(in_others) {
            return true;
        }
        let has = |cidr: &ServiceCidr, ip: IpAddr| cidr.cidrs.iter().any(|range| is_usable(*range, ip));
        let used = self.used_cluster_ips();
        used.into_iter().all(|ip| !has(cidr, ip) || others().any(|other| has(other, ip)))
    }

    /// The IPAddresses of the API server: those that Services have, and that of its own Service.
    fn used_cluster_ips(&self) -> Vec<IpAddr> {
        let of_services = self.store.services.iter().flat_map(|service| service.spec.cluster_ips.clone());
        of_services.chain(self.config.service_cidrs.primary().nth(1)).collect()
    }

    /// The ranges that the cluster's API server was started with.
    pub(crate) fn default_service_cidr(&self) -> ServiceCidr {
        let name = Name::from(ServiceCidr::DEFAULT);
        let finalizers = vec![ServiceCidr::FINALIZER.into()];
        let since = self.clock.now();
        ServiceCidr {
            meta: Meta { name, finalizers, ..Meta::default() },
            cidrs: self.config.service_cidrs.values().copied().collect(),
            ready: Some(ServiceCidrReady { is_true: true, since }),
        }
    }

    /// Addresses have come or gone.
    pub(crate) fn wake_terminating_service_cidrs(&mut self) {
        let going = self.store.service_cidrs.iter().filter(|cidr| cidr.meta.deleted.is_some());
        let names: Vec<Name> = going.map(|cidr| cidr.meta.name.clone()).collect();
        for name in names {
            self.enqueue(WorkItem::ServiceCidr(name));
        }
    }
}
