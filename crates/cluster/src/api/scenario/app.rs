//! What the program in a container does, which no manifest says: `spec.apps` of a Scenario, and the action `setApp`.

use serde::{Deserialize, Serialize};

use super::wire;
use crate::api::{ObjectRef, Str};
use crate::sim::Span;

/// Of one workload's containers, or of one Pod's. What is not said is assumed (`node/kubelet/app.rs`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct App {
    /// A Pod, or what controls it: its ReplicaSet, the Deployment of that, a Job, a CronJob.
    #[serde(with = "wire::object")]
    pub of: ObjectRef,
    /// One of its containers; all of them if it is left out.
    pub container: Option<Str>,
    /// The ports that it listens on, instead of those that its manifest lets assume.
    pub serves: Option<Vec<u16>>,
    /// Ports that it does not listen on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refuses: Vec<u16>,
    /// From the start of its process until it listens.
    #[serde(default, with = "wire::timeout")]
    pub start_up: Option<Span>,
    /// How long it goes on serving after a SIGTERM; without it, it closes its listener at once.
    #[serde(default, with = "wire::timeout")]
    pub drains: Option<Span>,
    /// How long its preStop hook takes that is a command or a request.
    #[serde(default, with = "wire::timeout")]
    pub pre_stop: Option<Span>,
    /// Its process ends of itself.
    pub exits: Option<Exits>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Exits {
    #[serde(with = "wire::span")]
    pub after: Span,
    #[serde(default)]
    pub code: u8,
}

/// Of one run: of how many it can be said what they do, and of how many things that they are missing.
pub const MAX_APPS: u32 = 1_000;
