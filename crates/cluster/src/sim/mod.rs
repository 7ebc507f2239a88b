//! The World, its events, the actions on it, and its history.

mod apply;
mod archive;
mod clock;
mod drain;
mod edit;
mod event;
mod history;
mod journal;
mod load;
mod log;
mod memory;
mod purpose;
mod refusal;
mod rollout;
mod run;
mod timing;
mod watched;
mod world;

pub use apply::OBJECT_LIMIT;
pub use archive::Archive;
pub(crate) use archive::Limit;
pub(crate) use clock::Clock;
pub use drain::{DrainBlockers, DrainOptions};
pub(crate) use event::{ConnectionTimer, Event, NodeStep, WatchChange, WorkItem};
pub(crate) use journal::Journal;
pub(crate) use load::DEFAULT_NODES;
pub use load::NODE_LIMIT;
pub use log::{KillReason, LogEntry, Logged};
pub use netfilter::{Chance, EventQueue, Span, Time};
pub use purpose::Purpose;
pub use refusal::Refusal;
pub use run::Run;
pub use timing::Timing;
pub(crate) use watched::Watched;
pub use world::{Changes, ClusterConfig, MODEL_VERSION, World};
