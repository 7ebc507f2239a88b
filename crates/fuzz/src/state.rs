//! A whole World in one number: more than its hash, which is of events and sees no counter before it counts.

use std::fmt::{self, Write};
use std::hash::Hasher;

use cluster::sim::Run;
use rustc_hash::FxHasher;

/// Of everything that the World holds.
pub fn digest(run: &mut Run) -> u64 {
    // What changed since a view last asked is the view's, not the cluster's.
    run.take_changes();
    let mut digest = Digest(FxHasher::default());
    write!(digest, "{:?}", run.world()).expect("a number takes every text");
    digest.0.finish()
}

struct Digest(FxHasher);

impl Write for Digest {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.write(text.as_bytes());
        Ok(())
    }
}
