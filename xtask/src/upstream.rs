//! The rules of the model's kube-proxy against those of Kubernetes' own: `crates/upstream`.

use crate::run::{self, Outcome};
use crate::tools::go;
use std::path::{Path, PathBuf};

/// So many generated clusters the continuous integration compares.
const CLUSTERS: &str = "300";

pub fn command(args: &[String]) -> Outcome {
    match build()? {
        Err(reason) => Err(format!("the comparison with upstream's kube-proxy cannot run here: {reason}")),
        Ok(kube_proxy) => compare(&kube_proxy, args),
    }
}

/// The reason when it cannot run here.
pub fn step() -> Outcome<Option<String>> {
    match build()? {
        Err(reason) => Ok(Some(reason)),
        Ok(kube_proxy) => compare(&kube_proxy, &["--clusters".into(), CLUSTERS.into()]).map(|()| None),
    }
}

fn build() -> Outcome<Result<PathBuf, String>> {
    go::build("upstream's kube-proxy", "crates/upstream/kube-proxy")
}

fn compare(kube_proxy: &Path, args: &[String]) -> Outcome {
    // Not the release profile: the assertions are on.
    let mut cargo = run::cargo();
    cargo.args(["run", "--package", "packetyard-upstream", "--", "--kube-proxy"]).arg(kube_proxy);
    run::run(cargo.arg("--root").arg(run::root()).args(args))
}
