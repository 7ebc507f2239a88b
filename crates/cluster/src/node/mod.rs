//! What runs on every node: the kubelet and kube-proxy.

pub(crate) mod kubelet;
mod machine;
mod proxy_watch;

pub use machine::{Machine, ProxyStatus};
