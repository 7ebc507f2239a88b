//! The run in time: its controls, what was notable in it, and the same for those who hear it.

mod known;
mod notable;
mod spoken_log;
mod track;
mod transport;
mod window;

pub use spoken_log::SpokenLog;
pub use transport::Transport;
