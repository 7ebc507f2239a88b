//! What a cluster has before anybody applies something to it: the Service of the API server, and the cluster's DNS as
//! kubeadm installs it (kubernetes cmd/kubeadm/app/phases/addons/dns/manifests.go), of which the parts are here that
//! the simulation reads.

use super::load::NODES;
use crate::api::{ClusterDns, Codec, ManifestObject, Meta, Name, Namespace, NsName, parse};
use crate::sim::{Time, World};
use netfilter::Family;

const NAMESPACE: &str = "kube-system";
/// Its machine's place in the nodes' network. It is none of the simulated ones.
const API_SERVER: u64 = 2;
const OBJECTS: &str = include_str!("system_objects.yaml");

impl World {
    /// Whether the cluster has an object of that name by itself.
    pub fn is_system(&self, key: &NsName) -> bool {
        let is_one =
            &*key.namespace == NAMESPACE || (&*key.namespace == "default" && &*key.name == "kubernetes");
        is_one && self.config.dns == ClusterDns::Pods
    }

    pub(super) fn add_namespace(&mut self, name: Name) {
        let mut namespace = Namespace { meta: Meta { name, ..Meta::default() } };
        namespace.set_defaults();
        self.store.put_namespace(Time::ZERO, namespace);
    }

    /// The objects, with the addresses that they have in this cluster.
    pub(super) fn system_objects(&mut self) -> Vec<ManifestObject> {
        self.add_namespace(NAMESPACE.into());
        let family = self.config.primary_family();
        let services = self.config.service_cidrs.primary();
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
            // Where the range has no such address the API server will say so.
            let written = address.map_or_else(String::new, |address| format!("\"{address}\""));
            text = text.replace(placeholder, &written);
        }
        parse(&text).objects
    }
}
