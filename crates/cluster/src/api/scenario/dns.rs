//! `spec.dns` of a Scenario: who answers what Pods ask.

use serde::Serialize;

use crate::api::decode::{FieldCursor, pod_one_of};
use crate::api::diagnostics::Diagnostics;
use crate::api::{DiagnosticKind, Format};
use netfilter::{Cidr, PerFamily};

/// The cluster's DNS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize)]
pub enum ClusterDns {
    /// As kubeadm installs it: a Service kube-dns and the Pods of a Deployment coredns in kube-system. Questions are
    /// packets to them.
    #[default]
    Pods,
    /// It answers at once, whatever happens in the cluster.
    Ideal,
}

impl ClusterDns {
    const NAMES: &[&str] = &["pods", "ideal"];

    pub fn as_str(self) -> &'static str {
        match self {
            ClusterDns::Ideal => "ideal",
            ClusterDns::Pods => "pods",
        }
    }

    /// kube-dns has the tenth address (kubeadm constants.go, GetDNSIP): where there is none, DNS is ideal.
    pub(crate) fn within(self, service_cidrs: PerFamily<Cidr>) -> ClusterDns {
        match service_cidrs.primary().nth(10) {
            Some(_) => self,
            None => ClusterDns::Ideal,
        }
    }

    fn named(name: &str) -> Option<ClusterDns> {
        [ClusterDns::Pods, ClusterDns::Ideal].into_iter().find(|dns| dns.as_str() == name)
    }
}

pub fn read(
    cursor: &FieldCursor<'_>,
    service_cidrs: Option<PerFamily<Cidr>>,
    diagnostics: &mut Diagnostics,
) -> Option<ClusterDns> {
    let written = pod_one_of(cursor, ClusterDns::NAMES, diagnostics).and_then(ClusterDns::named);
    let dns = written.unwrap_or_default();
    if service_cidrs.is_some_and(|ranges| dns.within(ranges) != dns) {
        let (value, format) = (dns.as_str().into(), Format::ClusterDns);
        cursor.error(diagnostics, DiagnosticKind::BadFormat { value, format });
    }
    written
}
