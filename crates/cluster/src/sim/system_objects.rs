//! What a cluster has before anybody applies something to it: the Service of the API server, and the cluster's DNS as
//! kubeadm installs it (kubernetes cmd/kubeadm/app/phases/addons/dns/manifests.go), of which the parts are here that
//! the simulation reads.

use super::load::NODES;
use crate::api::{ClusterDns, Codec, Kind, ManifestObject, Meta, Name, Namespace, ObjectRef, parse};
use crate::sim::{Time, World};
use netfilter::Family;

const NAMESPACE: &str = "kube-system";
/// Its machine's place in the nodes' network. It is none of the simulated ones.
const API_SERVER: u64 = 2;
const OBJECTS: &str = include_str!("system_objects.yaml");

impl World {
    /// Whether it is one of the objects that the cluster has by itself.
    pub fn is_system(&self, object: &ObjectRef) -> bool {
        let own = [
            (Kind::Service, "default", "kubernetes"),
            (Kind::Service, NAMESPACE, "kube-dns"),
            (Kind::Deployment, NAMESPACE, "coredns"),
        ];
        let is_it = |(kind, namespace, name): (Kind, &str, &str)| {
            (&object.kind, &*object.namespace, &*object.name) == (&kind, namespace, name)
        };
        self.config.dns == ClusterDns::Pods && own.into_iter().any(is_it)
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
