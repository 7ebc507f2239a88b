//! What runs on every node: kube-proxy.

pub mod kube_proxy;
