//! Which backend kube-proxy writes its rules for.

use serde::Serialize;

/// `mode` of `KubeProxyConfiguration`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize)]
pub enum ProxyMode {
    #[default]
    Iptables,
    Ipvs,
    Nftables,
}

impl ProxyMode {
    pub const ALL: [ProxyMode; 3] = [ProxyMode::Iptables, ProxyMode::Ipvs, ProxyMode::Nftables];
    /// Their names, in alphabetical order.
    pub const NAMES: &[&str] = &["iptables", "ipvs", "nftables"];

    pub fn as_str(self) -> &'static str {
        match self {
            ProxyMode::Iptables => "iptables",
            ProxyMode::Ipvs => "ipvs",
            ProxyMode::Nftables => "nftables",
        }
    }

    pub fn named(name: &str) -> Option<ProxyMode> {
        ProxyMode::ALL.into_iter().find(|mode| mode.as_str() == name)
    }
}
