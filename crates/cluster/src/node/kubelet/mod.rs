//! Kubelet: a Pod's life on its node, from binding to removal, container by container.
//! Source: pkg/kubelet (kubelet.go, pod_workers.go, kuberuntime, prober, status).
//!
//! What a Pod needs next is computed from what it has (`sync.rs`), whenever one of its steps is done or somebody does
//! something to it. Times are in `sim/timing.rs`; what is left out is in `docs/assumptions.md`, under Pods.

mod actions;
mod admission;
mod app;
mod assumptions;
mod backoff;
mod conditions;
mod container;
mod notice;
mod phase;
mod pod;
mod power;
mod prerequisites;
mod probing;
mod report;
mod start;
mod status;
mod step;
mod stop;
mod sync;
mod update;
mod worker;

pub(crate) use app::port_number;
pub use app::{PortAssumption, ServedPorts};
pub use assumptions::{Assumed, Assumption, Supply};
pub(crate) use backoff::Backoff;
pub use container::{ContainerRuntime, Process, Role, Stopping, StoppingStage};
pub(crate) use notice::Notice;
pub use pod::{PodRuntime, Termination};
pub use prerequisites::MissingConfiguration;
pub use probing::{ProbeFailure, UnmetProbe};
pub(crate) use step::KubeletStep;
