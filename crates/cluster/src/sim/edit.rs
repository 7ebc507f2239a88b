//! Edits of one object, as by `kubectl label`, `patch` and `scale`: the typed object is changed, then defaulted and
//! validated as if it had been sent to the API server.

use std::sync::Arc;

use super::{Refusal, Watched, World};
use crate::api::{
    Codec, Deployment, Endpoints, FieldError, Kind, Labels, Node, NsName, ObjectRef, Pod, Service,
    ServicePolicy, ServiceSpec, ServiceType,
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
            | Kind::Other(_) => Err(Refusal::NotEditable { object: object.clone() }),
        }
    }

    pub(super) fn set_selector(&mut self, key: &NsName, selector: &Labels) -> Result<(), Refusal> {
        let selector = Some(selector.clone()).filter(|s| !s.is_empty());
        self.edit::<Service>(&ObjectRef::of_key(Kind::Service, key), |s| s.spec.selector = selector)
    }

    pub(super) fn set_service_type(&mut self, key: &NsName, type_: ServiceType) -> Result<(), Refusal> {
        let object = ObjectRef::of_key(Kind::Service, key);
        let old = self.stored::<Service>(&object)?;
        if old.spec.headless && type_ != ServiceType::ClusterIP {
            return Err(Refusal::Immutable { object, field: "spec.clusterIP" });
        }
        let mut service = Service::clone(&old);
        service.spec.type_ = type_;
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

fn invalid(errors: Vec<FieldError>, object: &ObjectRef) -> Refusal {
    let diagnostics = errors.into_iter().map(|error| error.diagnostic(object.clone())).collect();
    Refusal::Invalid { diagnostics }
}

/// After a change of type, clears the fields that the new type cannot have (registry/core/service/strategy.go,
/// dropTypeDependentFields). Unlike upstream it also clears the source ranges, with which the API server would refuse
/// the change, and a policy Local, which the API server would keep for external addresses.
fn drop_type_dependent_fields(new: &mut Service, old: &Service) {
    let (new, old) = (&mut new.spec, &old.spec);
    let has_node_ports = |type_| matches!(type_, ServiceType::NodePort | ServiceType::LoadBalancer);
    let (was_external, is_external) = (old.is_externally_accessible(), new.is_externally_accessible());
    let (had_health_check, has_health_check) = (old.needs_health_check(), new.needs_health_check());
    // No field is passed over by a `..`: one that is added depends on the type, or it does not.
    let ServiceSpec {
        type_,
        ports,
        cluster_ips,
        ip_families,
        ip_family_policy,
        external_traffic_policy,
        load_balancer_source_ranges,
        load_balancer_class,
        health_check_node_port,
        allocate_load_balancer_node_ports,
        selector: _,
        headless: _,
        external_ips: _,
        external_name: _,
        session_affinity: _,
        internal_traffic_policy: _,
        publish_not_ready_addresses: _,
        traffic_distribution: _,
    } = new;
    let (type_, old_type) = (*type_, old.type_);
    if type_ == ServiceType::ExternalName {
        cluster_ips.clear();
        ip_families.clear();
        *ip_family_policy = None;
    }
    if has_node_ports(old_type) && !has_node_ports(type_) {
        ports.iter_mut().for_each(|port| port.node_port = 0);
    }
    if type_ != ServiceType::LoadBalancer && old_type == ServiceType::LoadBalancer {
        *allocate_load_balancer_node_ports = None;
        *load_balancer_class = None;
        load_balancer_source_ranges.clear();
    }
    let is_switched = type_ != old_type && type_ == ServiceType::ClusterIP;
    if is_switched || (was_external && !is_external) {
        *external_traffic_policy = None;
    }
    if had_health_check && !has_health_check {
        *health_check_node_port = 0;
    }
}
