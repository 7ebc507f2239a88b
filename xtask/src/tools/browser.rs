//! The browsers and their drivers, for the tests that need one. The browsers come from the system.

mod chromium;
mod firefox;

pub use chromium::Chromium;
pub use firefox::Firefox;

use crate::run::{self, Outcome};
use std::path::PathBuf;

/// A program named by an environment variable. One that is named and not there is an error.
fn named(variable: &str) -> Outcome<Option<PathBuf>> {
    match std::env::var_os(variable).filter(|value| !value.is_empty()).map(PathBuf::from) {
        Some(file) if !file.is_file() => {
            Err(format!("{variable} names {}, which is not there", file.display()))
        }
        file => Ok(file),
    }
}

fn first(programs: &[&str]) -> Option<PathBuf> {
    programs.iter().find_map(|program| run::find(program))
}
