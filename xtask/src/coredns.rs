//! The model's DNS against CoreDNS itself: `crates/coredns`.

use crate::run::{self, Outcome};
use crate::tools::go;
use std::path::{Path, PathBuf};

/// So many generated clusters the continuous integration compares.
const CLUSTERS: &str = "60";

pub fn command(args: &[String]) -> Outcome {
    match build()? {
        Err(reason) => Err(format!("the comparison with CoreDNS cannot run here: {reason}")),
        Ok(judge) => compare(&judge, args),
    }
}

/// The reason when it cannot run here.
pub fn step() -> Outcome<Option<String>> {
    match build()? {
        Err(reason) => Ok(Some(reason)),
        Ok(judge) => compare(&judge, &["--clusters".into(), CLUSTERS.into()]).map(|()| None),
    }
}

fn build() -> Outcome<Result<PathBuf, String>> {
    go::build("CoreDNS' plugin", "crates/coredns/judge")
}

fn compare(judge: &Path, args: &[String]) -> Outcome {
    // Not the release profile: the assertions are on.
    let mut cargo = run::cargo();
    run::run(cargo.args(["run", "--package", "packetyard-coredns", "--"]).arg(judge).args(args))
}
