//! A test that cannot be done on this machine says so.

use std::io::Write;

/// Written to standard error itself: what `eprintln!` says, the test harness keeps for itself when
/// the test passes.
pub(crate) fn skipped(test: &str, why: &str) {
    writeln!(std::io::stderr(), "skipped: {test}: {}", why.trim()).expect("standard error is there");
}
