//! What runs on every node: the kubelet and kube-proxy.

pub mod kube_proxy;
pub mod kubelet;
mod machine;
mod proxy_watch;

pub use machine::{Machine, ProxyStatus, Written};
