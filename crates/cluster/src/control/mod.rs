//! Controllers. Each is level-triggered: it reads the store and writes what is missing.

mod admission;
mod allocated;
mod deployment;
mod endpoint_slice;
mod endpoints;
mod health_check;
mod load_balancer;
pub(crate) mod names;
mod node_lifecycle;
mod replica_set;
mod scheduler;
pub(crate) mod service_allocation;

pub(crate) use allocated::Allocated;
pub use endpoint_slice::topology_mode_is_auto;
pub use health_check::HealthCheck;
pub use load_balancer::{Cloud, LoadBalancer};
pub use replica_set::POD_LIMIT;
pub(crate) use scheduler::Scheduler;
