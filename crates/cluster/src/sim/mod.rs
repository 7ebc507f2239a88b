//! Clock, event queue, chance, the World and its history.

mod apply;
mod chance;
mod event;
mod load;
mod log;
mod queue;
mod refusal;
mod run;
mod time;
mod timing;
mod world;

pub use chance::{Chance, Purpose};
pub(crate) use event::{ConnectionTimer, Controller, Event, NodeStep, WatchChange};
pub(crate) use load::{DEFAULT_NODES, NODE_LIMIT};
pub use log::{LogEntry, Logged};
pub use queue::EventQueue;
pub use refusal::Refusal;
pub use run::Run;
pub use time::{Span, Time};
pub use timing::Timing;
pub use world::{ClusterConfig, MODEL_VERSION, Touched, World};
