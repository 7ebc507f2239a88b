//! What is said of whole runs.

mod why;
