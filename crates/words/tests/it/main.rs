//! What is said of whole runs.

mod diagnosis;
mod why;
