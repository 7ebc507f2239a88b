//! What the continuous integration runs.

use crate::run::Outcome;
use crate::{test, upstream};

/// The same as a person runs before committing, and what takes Go.
pub fn command() -> Outcome {
    test::command(&[])?;
    println!("\n== upstream: the rules of the model's kube-proxy against Kubernetes' own");
    if let Some(reason) = upstream::step()? {
        println!("skipped: {reason}");
    }
    Ok(())
}
