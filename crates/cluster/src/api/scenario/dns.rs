//! `spec.dns` of a Scenario: who answers what Pods ask.

use serde::Serialize;

use crate::api::decode::{FieldCursor, pod_one_of};
use crate::api::diagnostics::Diagnostics;
use crate::api::{DiagnosticKind, Format};
use netfilter::{Cidr, PerFamily};

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
    const NAMES: &[&str] = &["ideal", "pods"];

    pub fn as_str(self) -> &'static str {
        match self {
            ClusterDns::Ideal => "ideal",
            ClusterDns::Pods => "pods",
        }
    }

    fn named(name: &str) -> Option<ClusterDns> {
        [ClusterDns::Ideal, ClusterDns::Pods].into_iter().find(|dns| dns.as_str() == name)
    }
}

/// The tenth address of the Services' range, which kubeadm gives to kube-dns (util/dns, GetDNSIP), has to be there.
pub fn read(
    cursor: &FieldCursor<'_>,
    service_cidrs: Option<PerFamily<Cidr>>,
    diagnostics: &mut Diagnostics,
) -> Option<ClusterDns> {
    let dns = pod_one_of(cursor, ClusterDns::NAMES, diagnostics).and_then(ClusterDns::named)?;
    let has_address = service_cidrs.is_none_or(|ranges| ranges.primary().nth(10).is_some());
    if dns == ClusterDns::Pods && !has_address {
        let (value, format) = (dns.as_str().into(), Format::ClusterDns);
        cursor.error(diagnostics, DiagnosticKind::BadFormat { value, format });
    }
    Some(dns)
}
