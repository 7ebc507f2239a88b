//! Proves the model against a real Linux kernel.
//!
//! For each of many clusters, generated from a seed, it loads the project's own printed rules into
//! network namespaces, one for each node and each Pod, sends real packets, and compares what came
//! of them with what the model says (`cargo xtask kernel`).
//!
//! | file | job |
//! |---|---|
//! | `plan` | the addresses of every testbed |
//! | `netns`, `testbed`, `server`, `client` | the kernel's side: namespaces, wires, who listens, who asks |
//! | `topology`, `model` | the model's side: `packetyard-cluster`'s stacks, joined by the same wires |
//! | `generate`, `features`, `flows`, `rules`, `flow_plan` | what is tried, from a seed |
//! | `case`, `compare`, `repeats`, `affinity`, `long_lived`, `pod_failures`, `endpoint_removal` | both sides by side, phase by phase |
//! | `counters`, `coverage`, `report` | what has been tested, and whether that is enough |
//! | `shares` | the pooled test of how often each endpoint is chosen |

#![cfg(target_os = "linux")]
#![expect(clippy::disallowed_types, reason = "a real kernel keeps real time")]

mod affinity;
mod args;
mod case;
mod client;
mod compare;
mod counters;
mod coverage;
mod endpoint_removal;
mod features;
mod flow_plan;
mod flows;
mod generate;
mod long_lived;
mod model;
mod netns;
mod outcome;
mod plan;
mod pod_failures;
mod preflight;
mod repeats;
mod report;
mod rng;
mod rules;
mod run;
mod server;
mod shares;
mod testbed;
mod topology;

pub use run::main;
