//! The command line as a person runs it. One binary: a test file is a module here.

mod assumptions;
mod documents;
mod public_manifests;
mod refused_actions;
mod trace_is_the_cores;
