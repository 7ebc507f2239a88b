//! The run in time: its controls, what was notable in its last minute, and the same for those who hear it.

mod notable;
mod spoken_log;
mod track;
mod transport;

pub use spoken_log::SpokenLog;
pub use transport::Transport;
