//! Proves the model against a real Linux kernel.
//!
//! For each of many clusters, generated from a seed, it loads the project's own printed rules into
//! network namespaces, one for each node and each Pod, sends real packets, and compares what came
//! of them with what the model says (`cargo xtask kernel`).
//!
//! | file | job |
//! |---|---|
//! | `plan` | the addresses of every lab |
//! | `space`, `lab`, `server`, `client` | the kernel's side: namespaces, wires, who listens, who asks |
//! | `wires`, `model` | the model's side: `packetyard-cluster`'s stacks, joined by the same wires |
//! | `generate`, `variety`, `flows`, `rules`, `chosen` | what is tried, from a seed |
//! | `trial`, `asking`, `repeats`, `affinity`, `lasting`, `deaths`, `leaving` | both sides by side, phase by phase |
//! | `tally`, `census`, `report` | what has been tested, and whether that is enough |
//! | `shares` | the pooled test of how often each endpoint is chosen |

#![cfg(target_os = "linux")]
#![expect(clippy::disallowed_types, reason = "a real kernel keeps real time")]

mod affinity;
mod args;
mod asking;
mod census;
mod chosen;
mod client;
mod deaths;
mod dice;
mod flows;
mod generate;
mod lab;
mod lasting;
mod leaving;
mod model;
mod outcome;
mod plan;
mod preflight;
mod repeats;
mod report;
mod rules;
mod run;
mod server;
mod shares;
mod space;
mod tally;
mod trial;
mod variety;
mod wires;

pub use run::main;
