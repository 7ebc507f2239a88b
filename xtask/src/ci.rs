//! What the continuous integration runs.

use crate::run::Outcome;
use crate::{coredns, test, upstream};

/// The same as a person runs before committing, and what takes Go.
pub fn command() -> Outcome {
    test::command(&[])?;
    println!("\n== upstream: the rules of the model's kube-proxy against Kubernetes' own");
    say_if_skipped(upstream::step()?);
    println!("\n== coredns: the model's DNS against CoreDNS");
    say_if_skipped(coredns::step()?);
    Ok(())
}

fn say_if_skipped(reason: Option<String>) {
    if let Some(reason) = reason {
        println!("skipped: {reason}");
    }
}
