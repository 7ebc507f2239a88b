//! A Pod's `dnsConfig` (core/v1 PodDNSConfig): what its `/etc/resolv.conf` has besides what its `dnsPolicy` says.

use std::net::IpAddr;

use serde::Serialize;

use super::Str;

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct PodDnsConfig {
    pub nameservers: Vec<IpAddr>,
    /// As written, some with a dot at the end.
    pub searches: Vec<Str>,
    /// Of `options` the one that changes which names are asked for.
    pub ndots: Option<u32>,
}

/// core validation.go.
impl PodDnsConfig {
    pub(crate) const MAX_NAMESERVERS: usize = 3;
    pub(crate) const MAX_SEARCHES: usize = 32;
    /// Of the whole search list, with a blank between two domains.
    pub(crate) const MAX_SEARCH_CHARS: usize = 2_048;
}
