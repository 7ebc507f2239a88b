//! What runs on every node: the kubelet and kube-proxy.

pub mod kube_proxy;
pub mod kubelet;
mod lag;
mod machine;
mod proxy_watch;

pub(crate) use lag::{Decision, Sources};
pub use lag::{Hearing, Lag, StalePort, StaleService};
pub use machine::{Changed, Machine, ProxyStatus, Unseen, Written};
