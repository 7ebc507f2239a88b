//! Which backend kube-proxy writes its rules for.

use serde::{Deserialize, Serialize};

use crate::sim::Span;

/// `mode` of `KubeProxyConfiguration`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ProxyMode {
    #[default]
    Iptables,
    Ipvs,
    Nftables,
}

impl ProxyMode {
    /// In the alphabetical order of their names.
    pub const ALL: [ProxyMode; 3] = [ProxyMode::Iptables, ProxyMode::Ipvs, ProxyMode::Nftables];
    pub const NAMES: &[&str] =
        &[ProxyMode::Iptables.as_str(), ProxyMode::Ipvs.as_str(), ProxyMode::Nftables.as_str()];

    pub const fn as_str(self) -> &'static str {
        match self {
            ProxyMode::Iptables => "iptables",
            ProxyMode::Ipvs => "ipvs",
            ProxyMode::Nftables => "nftables",
        }
    }

    pub fn named(name: &str) -> Option<ProxyMode> {
        ProxyMode::ALL.into_iter().find(|mode| mode.as_str() == name)
    }

    /// `minSyncPeriod` where the configuration does not say otherwise (pkg/proxy/apis/config/v1alpha1/defaults.go,
    /// SetDefaults_KubeProxyConfiguration).
    pub(crate) const fn min_sync_period(self) -> Span {
        match self {
            ProxyMode::Iptables | ProxyMode::Nftables => Span::from_secs(1),
            ProxyMode::Ipvs => Span::ZERO,
        }
    }
}
