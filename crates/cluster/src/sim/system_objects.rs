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
        let is_made_for =
            |own: &str, parts: usize| namespace == NAMESPACE && has_drawn_parts(name, own, parts);
        let is_one = match object.kind {
            Kind::Service | Kind::Endpoints => {
                matches!((namespace, name), ("default", "kubernetes") | (NAMESPACE, "kube-dns"))
            }
            Kind::EndpointSlice => {
                (namespace, name) == ("default", "kubernetes") || is_made_for("kube-dns", 1)
            }
            Kind::Deployment => (namespace, name) == (NAMESPACE, "coredns"),
            Kind::ReplicaSet => is_made_for("coredns", 1),
            Kind::Pod => is_made_for("coredns", 2),
            Kind::Namespace => name == NAMESPACE,
            Kind::ServiceCidr => name == ServiceCidr::DEFAULT,
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
            let address = address.expect("without a tenth address DNS is ideal (ClusterDns::within)");
            text = text.replace(placeholder, &format!("\"{address}\""));
        }
        parse(&text).objects
    }
}

/// Whether a name is that of its maker and so many parts that a controller drew: hashes and ends of generated names.
fn has_drawn_parts(name: &str, maker: &str, parts: usize) -> bool {
    let is_drawn = |part: &str| {
        !part.is_empty() && part.bytes().all(|byte| b"bcdfghjklmnpqrstvwxz2456789".contains(&byte))
    };
    let drawn = name.strip_prefix(maker).and_then(|rest| rest.strip_prefix('-'));
    drawn.is_some_and(|drawn| drawn.split('-').count() == parts && drawn.split('-').all(is_drawn))
}

#[cfg(test)]
mod tests {
    use super::has_drawn_parts;

    #[test]
    fn what_is_only_named_alike_belongs_to_somebody_else() {
        for (name, maker, parts, expected) in [
            ("coredns-776d67847b", "coredns", 1, true),
            ("coredns-776d67847b-6ctxh", "coredns", 2, true),
            ("kube-dns-rzmmg", "kube-dns", 1, true),
            ("coredns-autoscaler-776d67847b", "coredns", 1, false),
            ("coredns-autoscaler-776d67847b-6ctxh", "coredns", 2, false),
            ("coredns-custom", "coredns", 1, false),
            ("kube-dns-upstream-6ctxh", "kube-dns", 1, false),
            ("coredns", "coredns", 1, false),
        ] {
            assert_eq!(has_drawn_parts(name, maker, parts), expected, "{name}");
        }
    }
}
