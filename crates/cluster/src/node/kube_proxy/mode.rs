//! Which backend kube-proxy writes its rules for.

use serde::Serialize;

/// `mode` of `KubeProxyConfiguration`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize)]
pub enum ProxyMode {
    #[default]
    Iptables,
    Ipvs,
}

impl ProxyMode {
    pub const ALL: [ProxyMode; 2] = [ProxyMode::Iptables, ProxyMode::Ipvs];
    /// Their names, in alphabetical order.
    pub const NAMES: &[&str] = &["iptables", "ipvs"];

    pub fn as_str(self) -> &'static str {
        match self {
            ProxyMode::Iptables => "iptables",
            ProxyMode::Ipvs => "ipvs",
        }
    }

    pub fn named(name: &str) -> Option<ProxyMode> {
        ProxyMode::ALL.into_iter().find(|mode| mode.as_str() == name)
    }
}
