//! What runs on every node: the kubelet and kube-proxy.

mod conntrack_view;
pub mod kube_proxy;
pub mod kubelet;
mod lag;
mod machine;
mod memory;
mod proxy_status;
mod proxy_watch;
mod registration;
mod stale_chains;
mod watch_events;

pub use conntrack_view::Tracked;
pub(crate) use lag::{Decision, Sources};
pub use lag::{Hearing, Lag, StalePort, StaleService};
pub use machine::Machine;
pub(crate) use machine::kernel;
pub(crate) use proxy_status::FullSync;
pub use proxy_status::{Changed, FailedSync, MissedEvent, Proxier, ProxyStatus, Written};
pub(crate) use registration::{add_labels, register};
use watch_events::UnderWay;
pub(crate) use watch_events::WatchEvents;
