//! The rules of the model's kube-proxy against those of Kubernetes' own: `crates/upstream`.

use crate::run::{self, Outcome};
use crate::tools::go;
use std::path::PathBuf;

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

/// Upstream's program, or the reason why it cannot be built here.
fn build() -> Outcome<Result<PathBuf, String>> {
    let source = run::root().join("crates/upstream/kube-proxy");
    if let Err(reason) = go::require(&source) {
        return Ok(Err(reason));
    }
    let program = run::target_dir().join("upstream/kube-proxy");
    println!("building upstream's kube-proxy (the first time: some minutes)");
    run::run(go::command(&source).arg("build").arg("-o").arg(&program).arg("."))?;
    run::run(go::command(&source).args(["vet", "."]))?;
    Ok(Ok(program))
}

fn compare(kube_proxy: &PathBuf, args: &[String]) -> Outcome {
    // Not the release profile: the assertions are on.
    let mut cargo = run::cargo();
    cargo.args(["run", "--package", "packetyard-upstream", "--", "--kube-proxy"]).arg(kube_proxy);
    run::run(cargo.arg("--root").arg(run::root()).args(args))
}
