//! kube-proxy: from the Services and EndpointSlices that a node has seen to the rules it writes.

mod config;
pub mod iptables;

pub use config::ProxyConfig;
