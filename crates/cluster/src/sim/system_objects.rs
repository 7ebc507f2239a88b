//! What a cluster has before anybody applies something to it: the Service of the API server, and the cluster's DNS as
//! kubeadm installs it (kubernetes cmd/kubeadm/app/phases/addons/dns/manifests.go), of which the parts are here that
//! the simulation reads.

use super::load::NODES;
use crate::api::{
    ClusterDns, Codec, Kind, ManifestObject, Meta, Name, Namespace, ObjectRef, ServiceCidr, parse,
};
use crate::sim::{Time, World};
use netfilter::Family;

const NAMESPACE: &str = "kube-system";
/// Its machine's place in the nodes' network. It is none of the simulated ones.
const API_SERVER: u64 = 2;
const OBJECTS: &str = include_str!("system_objects.yaml");

impl World {
    /// Whether it is, or was, one of the objects that the cluster has by itself, or one that controllers made for them.
    pub fn is_system(&self, object: &ObjectRef) -> bool {
        let (namespace, name) = (&*object.namespace, &*object.name);
        let is_named_after = |own: &str| {
            namespace == NAMESPACE && name.strip_prefix(own).is_some_and(|rest| rest.starts_with('-'))
        };
        let is_one = match object.kind {
            Kind::Service | Kind::Endpoints => {
                matches!((namespace, name), ("default", "kubernetes") | (NAMESPACE, "kube-dns"))
            }
            Kind::EndpointSlice => {
                (namespace, name) == ("default", "kubernetes") || is_named_after("kube-dns")
            }
            Kind::Deployment => (namespace, name) == (NAMESPACE, "coredns"),
            Kind::ReplicaSet | Kind::Pod => is_named_after("coredns"),
            Kind::Namespace => name == NAMESPACE,
            // Of whatever cluster.
            Kind::ServiceCidr => return name == ServiceCidr::DEFAULT,
            Kind::ReplicationController
            | Kind::StatefulSet
            | Kind::DaemonSet
            | Kind::Job
            | Kind::CronJob
            | Kind::ControllerRevision
            | Kind::PodDisruptionBudget
            | Kind::Node
            | Kind::PriorityClass
            | Kind::Other(_) => false,
        };
        self.config.dns == ClusterDns::Pods && is_one
    }

    pub(super) fn add_namespace(&mut self, name: Name) {
        let mut namespace = Namespace { meta: Meta { name, ..Meta::default() } };
        namespace.set_defaults();
        self.store.put_namespace(Time::ZERO, namespace);
    }

    /// The objects, with the addresses that they have in this cluster.
    pub(super) fn system_objects(&mut self) -> Vec<ManifestObject> {
        self.add_namespace(NAMESPACE.into());
        let (family, services) =
            (self.config.service_cidrs.primary_family(), self.config.service_cidrs.primary());
        let address_type = match family {
            Family::V4 => "IPv4",
            Family::V6 => "IPv6",
        };
        let mut text = OBJECTS.replace("ADDRESS_TYPE", address_type);
        for (placeholder, address) in [
            ("KUBERNETES_IP", services.nth(1)),
            ("KUBE_DNS_IP", services.nth(10)),
            ("API_SERVER_IP", NODES.of(family).nth(API_SERVER)),
        ] {
            let address =
                address.expect("a Scenario with `dns: pods` has a Service range that is large enough");
            text = text.replace(placeholder, &format!("\"{address}\""));
        }
        parse(&text).objects
    }
}
