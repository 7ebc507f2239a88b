//! Proves the rules of the model's kube-proxy against those of Kubernetes' own (`cargo xtask upstream`).
//!
//! Clusters are run in the simulation, in each mode; whatever a node's kube-proxy has seen when it syncs is given to
//! upstream's proxier too, with what has changed since the sync before, and what both kernels then hold is compared.
//!
//! | file | job |
//! |---|---|
//! | `generate` | clusters that change while they run, from a seed |
//! | `record` | a run, as what each kube-proxy has seen and written, sync by sync |
//! | `kube_proxy` | the same for Kubernetes' kube-proxy, in Go: `crates/upstream/kube-proxy` |
//! | `recorded` | what upstream made of one cluster, for `cargo test` |
//! | `printed` | our printed rules, taken apart |
//! | `kernel` | what a kernel holds, and how two differ |
//! | `same` | what is the same in other words or another order |
//! | `exceptions` | what differs and is let be: `exceptions.txt` |
//! | `compare` | all of it, for one cluster |
//! | `args` | the command line |

pub mod args;
pub mod compare;
pub mod exceptions;
pub mod generate;
pub mod kernel;
pub mod kube_proxy;
pub mod printed;
pub mod record;
pub mod recorded;
pub mod same;
