//! Controllers. Each is level-triggered: it reads the store and writes what is missing.

mod admission;
mod allocated;
mod cron_job;
mod daemon_set;
mod deployment;
mod disruption;
mod endpoint_slice;
mod endpoints;
mod health_check;
mod job;
mod load_balancer;
pub(crate) mod names;
mod namespace;
mod node_lifecycle;
mod pod_gc;
mod pods;
mod replica_set;
mod revisions;
mod scheduler;
pub(crate) mod service_allocation;
mod stateful_set;
mod taint_eviction;

pub(crate) use allocated::Allocated;
pub(crate) use daemon_set::FailedPods;
pub(crate) use deployment::{POD_TEMPLATE_HASH_LABEL, equal_ignore_hash, is_copied, revision_of};
pub(crate) use disruption::NotEvicted;
pub(crate) use endpoint_slice::find_port;
pub use endpoint_slice::topology_mode_is_auto;
pub use health_check::HealthCheck;
pub(crate) use job::Backoff;
pub use load_balancer::{Cloud, LoadBalancer};
pub(crate) use load_balancer::BALANCERS;
pub(crate) use node_lifecycle::NodeLifecycle;
pub(crate) use pod_gc::Quarantine;
pub use pods::POD_LIMIT;
pub(crate) use scheduler::{AdmissionFailure, Scheduler};
