//! Edits of one object, as by `kubectl label`, `patch` and `scale`: the typed object is changed, then defaulted and
//! validated as if it had been sent to the API server.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{Refusal, Watched, World};
use crate::api::{
    Codec, Deployment, Diagnostic, Endpoints, FieldError, Kind, Labels, Node, NsName, ObjectRef, Pod,
    Service, ServicePolicy, ServicePort, ServiceSpec, ServiceType,
};

impl World {
    pub(super) fn set_labels(&mut self, object: &ObjectRef, labels: &Labels) -> Result<(), Refusal> {
        let labels = labels.clone();
        match &object.kind {
            Kind::Pod => self.edit::<Pod>(object, |o| o.meta.labels = labels),
            Kind::Node => self.edit::<Node>(object, |o| o.meta.labels = labels),
            Kind::Service => self.edit::<Service>(object, |o| o.meta.labels = labels),
            Kind::Deployment => self.edit::<Deployment>(object, |o| o.meta.labels = labels),
            Kind::Endpoints => self.edit::<Endpoints>(object, |o| o.meta.labels = labels),
            Kind::ReplicaSet
            | Kind::ReplicationController
            | Kind::StatefulSet
            | Kind::DaemonSet
            | Kind::ControllerRevision
            | Kind::Job
            | Kind::CronJob
            | Kind::PodDisruptionBudget
            | Kind::EndpointSlice
            | Kind::Namespace
            | Kind::PriorityClass
            | Kind::ServiceCidr
            | Kind::Other(_) => Err(Refusal::NotEditable { object: object.clone() }),
        }
    }

    pub(super) fn set_selector(&mut self, key: &NsName, selector: &Labels) -> Result<(), Refusal> {
        let object = ObjectRef::of_key(Kind::Service, key);
        let mut service = Service::clone(&*self.stored::<Service>(&object)?);
        service.spec.selector = Some(selector.clone()).filter(|s| !s.is_empty());
        admit(&mut service, object)?;
        self.apply_service(service).map(drop)
    }

    pub(super) fn set_service_type(&mut self, key: &NsName, type_: ServiceType) -> Result<(), Refusal> {
        let object = ObjectRef::of_key(Kind::Service, key);
        let old = self.stored::<Service>(&object)?;
        let mut service = Service::clone(&old);
        service.spec.type_ = type_;
        drop_beyond_api_server(&mut service, &old);
        drop_type_dependent_fields(&mut service, &old);
        admit(&mut service, object)?;
        self.allocate_service(&mut service, Some(&old))?;
        self.put_object(service);
        Ok(())
    }

    pub(super) fn set_service_policy(&mut self, key: &NsName, policy: &ServicePolicy) -> Result<(), Refusal> {
        let object = ObjectRef::of_key(Kind::Service, key);
        let old = self.stored::<Service>(&object)?;
        let mut service = Service::clone(&old);
        policy.set(&mut service).map_err(|error| invalid(vec![error], &object))?;
        drop_beyond_api_server(&mut service, &old);
        drop_type_dependent_fields(&mut service, &old);
        admit(&mut service, object)?;
        self.apply_service(service).map(|_| ())
    }

    pub(super) fn edit<T: Watched + Codec>(
        &mut self,
        object: &ObjectRef,
        change: impl FnOnce(&mut T),
    ) -> Result<(), Refusal> {
        let mut edited = T::clone(&*self.stored::<T>(object)?);
        change(&mut edited);
        admit(&mut edited, object.clone())?;
        self.put_object(edited);
        Ok(())
    }

    pub(super) fn stored<T: Watched>(&self, object: &ObjectRef) -> Result<Arc<T>, Refusal> {
        let stored = T::objects(&self.store).get(&object.key()).cloned();
        stored.ok_or_else(|| Refusal::NotFound { object: object.clone() })
    }
}

/// The API server's defaults and validation.
pub(super) fn admit<T: Codec>(edited: &mut T, object: ObjectRef) -> Result<(), Refusal> {
    edited.set_defaults();
    let errors = edited.validate();
    if errors.is_empty() { Ok(()) } else { Err(invalid(errors, &object)) }
}

pub(super) fn invalid(errors: Vec<FieldError>, object: &ObjectRef) -> Refusal {
    let mut diagnostics: Vec<Diagnostic> = Vec::new();
    for error in errors {
        let diagnostic = error.diagnostic(object.clone());
        // The API server says the same once (util/errors, NewAggregate).
        if !diagnostics.contains(&diagnostic) {
            diagnostics.push(diagnostic);
        }
    }
    Refusal::Invalid { diagnostics }
}

/// What a change of type, or of what makes a Service external, takes away beyond what the API server does: the source
/// ranges, with which it would refuse the change, and a policy Local, which it would keep for external addresses.
fn drop_beyond_api_server(new: &mut Service, old: &Service) {
    let (new, old) = (&mut new.spec, &old.spec);
    if new.type_ != ServiceType::LoadBalancer && old.type_ == ServiceType::LoadBalancer {
        new.load_balancer_source_ranges.clear();
    }
    if new.type_ != old.type_ && new.type_ == ServiceType::ClusterIP {
        new.external_traffic_policy = None;
    }
}

/// After a change, clears the fields that are as they were and that the new type cannot have
/// (registry/core/service/strategy.go, dropTypeDependentFields).
pub(super) fn drop_type_dependent_fields(new: &mut Service, old: &Service) {
    // At once, though the cloud releases the load balancer later.
    if new.spec.type_ != ServiceType::LoadBalancer {
        new.ingress.clear();
    }
    let (new, old) = (&mut new.spec, &old.spec);
    let has_node_ports = |type_| matches!(type_, ServiceType::NodePort | ServiceType::LoadBalancer);
    let (was_external, is_external) = (old.is_externally_accessible(), new.is_externally_accessible());
    let (had_health_check, has_health_check) = (old.needs_health_check(), new.needs_health_check());
    // No field is passed over by a `..`: one that is added depends on the type, or it does not.
    let ServiceSpec {
        type_,
        ports,
        headless,
        cluster_ips,
        ip_families,
        ip_family_policy,
        external_traffic_policy,
        load_balancer_class,
        health_check_node_port,
        allocate_load_balancer_node_ports,
        load_balancer_source_ranges: _,
        load_balancer_ip: _,
        selector: _,
        external_ips: _,
        external_name: _,
        session_affinity: _,
        internal_traffic_policy: _,
        publish_not_ready_addresses: _,
        traffic_distribution: _,
    } = new;
    let (type_, old_type) = (*type_, old.type_);
    if type_ == ServiceType::ExternalName && old_type != ServiceType::ExternalName {
        if (&*cluster_ips, *headless) == (&old.cluster_ips, old.headless) {
            cluster_ips.clear();
            *headless = false;
        }
        if *ip_families == old.ip_families {
            ip_families.clear();
        }
        take_if_same(ip_family_policy, &old.ip_family_policy);
    }
    if has_node_ports(old_type) && !has_node_ports(type_) && adds_no_node_port(ports, &old.ports) {
        ports.iter_mut().for_each(|port| port.node_port = 0);
    }
    if type_ != ServiceType::LoadBalancer && old_type == ServiceType::LoadBalancer {
        take_if_same(allocate_load_balancer_node_ports, &old.allocate_load_balancer_node_ports);
        take_if_same(load_balancer_class, &old.load_balancer_class);
    }
    if was_external && !is_external {
        take_if_same(external_traffic_policy, &old.external_traffic_policy);
    }
    if had_health_check && !has_health_check && *health_check_node_port == old.health_check_node_port {
        *health_check_node_port = 0;
    }
}

/// sameNodePorts: ports may come, go and change, as long as none brings a node port that the Service has not had.
fn adds_no_node_port(new: &[ServicePort], old: &[ServicePort]) -> bool {
    let node_ports = |ports: &[ServicePort]| -> BTreeSet<u16> {
        ports.iter().map(|port| port.node_port).filter(|node_port| *node_port != 0).collect()
    };
    node_ports(new).is_subset(&node_ports(old))
}

fn take_if_same<T: PartialEq>(new: &mut Option<T>, old: &Option<T>) {
    if new == old {
        *new = None;
    }
}
