//! `cargo xtask fuzz`: crates/fuzz, with the assertions of a development build.

use crate::run;

pub fn command(args: &[String]) -> run::Outcome {
    run::run(run::cargo().args(["run", "--package", "packetyard-fuzz", "--"]).args(args))
}
