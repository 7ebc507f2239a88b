//! The command line as a person runs it. One binary: a test file is a module here.

mod address_pool;
mod assumptions;
mod change;
mod deeds;
mod dig;
mod documents;
mod exit_status;
mod files;
mod get;
mod get_printed;
mod golden_cases;
mod golden_objects;
mod golden_sequences;
mod golden_tables;
mod manifests;
mod modes;
mod notes;
mod origin;
mod others;
mod picture;
mod refused_actions;
mod reports;
mod schemas;
mod support;
mod trace_is_the_cores;
mod watch;
