//! Which backend kube-proxy writes its rules for.

use std::fmt;

use serde::{Serialize, Serializer};

use super::{Kept, Ports, ProxyConfig, iptables, ipvs, nftables};
use crate::net::netfilter::Rules;
use crate::sim::Span;

/// `mode` of `KubeProxyConfiguration`.
///
/// It is a handle, and all that leads to a mode's code: who names no mode but iptables need not
/// carry the others (the page's first part).
#[derive(Clone, Copy)]
pub struct ProxyMode(&'static Proxier);

/// A mode's own part of kube-proxy (pkg/proxy, Provider). The [`Rules`] that it makes know the rest.
pub(super) struct Proxier {
    pub name: &'static str,
    /// `minSyncPeriod` where nobody says otherwise (pkg/proxy/apis/config/v1alpha1/defaults.go,
    /// SetDefaults_KubeProxyConfiguration).
    pub min_sync_period: Span,
    pub build: fn(&ProxyConfig, &Ports, &Kept<'_>) -> Rules,
}

impl ProxyMode {
    pub const IPTABLES: ProxyMode = ProxyMode(&iptables::PROXIER);
    pub const IPVS: ProxyMode = ProxyMode(&ipvs::PROXIER);
    pub const NFTABLES: ProxyMode = ProxyMode(&nftables::PROXIER);
    /// Who mentions this carries them all.
    pub const ALL: [ProxyMode; 3] = [ProxyMode::IPTABLES, ProxyMode::IPVS, ProxyMode::NFTABLES];
    /// Their names, in alphabetical order.
    pub const NAMES: &[&str] = &["iptables", "ipvs", "nftables"];

    pub fn as_str(self) -> &'static str {
        self.0.name
    }

    pub(crate) fn min_sync_period(self) -> Span {
        self.0.min_sync_period
    }

    pub fn named(name: &str) -> Option<ProxyMode> {
        ProxyMode::ALL.into_iter().find(|mode| mode.as_str() == name)
    }

    pub(super) fn proxier(self) -> &'static Proxier {
        self.0
    }
}

impl Default for ProxyMode {
    fn default() -> ProxyMode {
        ProxyMode::IPTABLES
    }
}

impl PartialEq for ProxyMode {
    fn eq(&self, other: &ProxyMode) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for ProxyMode {}

impl fmt::Debug for ProxyMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for ProxyMode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}
