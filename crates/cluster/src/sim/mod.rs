//! Clock, event queue, chance, the World and its history.

mod chance;
mod queue;
mod time;

pub use chance::{Chance, Purpose};
pub use queue::EventQueue;
pub use time::{Span, Time};
