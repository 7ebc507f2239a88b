//! `spec.dns` of a Scenario: who answers what Pods ask.

use serde::Serialize;

/// The cluster's DNS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize)]
pub enum ClusterDns {
    /// It answers at once, whatever happens in the cluster.
    #[default]
    Ideal,
    /// As kubeadm installs it: a Service kube-dns and the Pods of a Deployment coredns in kube-system. Questions are
    /// packets to them.
    Pods,
}

impl ClusterDns {
    pub const NAMES: &[&str] = &["ideal", "pods"];

    pub fn as_str(self) -> &'static str {
        match self {
            ClusterDns::Ideal => "ideal",
            ClusterDns::Pods => "pods",
        }
    }

    pub fn named(name: &str) -> Option<ClusterDns> {
        [ClusterDns::Ideal, ClusterDns::Pods].into_iter().find(|dns| dns.as_str() == name)
    }
}
