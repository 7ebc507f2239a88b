//! The model's DNS against CoreDNS itself: `crates/coredns`.

use crate::run::{self, Outcome};
use crate::tools::go;

pub fn command(args: &[String]) -> Outcome {
    let source = run::root().join("crates/coredns/judge");
    if let Err(reason) = go::require(&source) {
        println!("skipped: CoreDNS cannot be built here: {reason}");
        return Ok(());
    }
    let judge = run::target_dir().join("coredns/judge");
    println!("building CoreDNS' plugin (the first time: some minutes)");
    run::run(go::command(&source).arg("build").arg("-o").arg(&judge).arg("."))?;
    run::run(go::command(&source).args(["vet", "."]))?;
    // Not the release profile: the assertions are on.
    let mut cargo = run::cargo();
    run::run(cargo.args(["run", "--package", "packetyard-coredns", "--"]).arg(&judge).args(args))
}
