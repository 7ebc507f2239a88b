//! Each panel alone in a page: what it shows, and what its controls do to the run.

mod inspector;
mod objects;
mod traffic;
