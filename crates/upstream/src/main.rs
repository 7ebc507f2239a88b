//! Compares all scenarios of the project, then generated clusters, with Kubernetes' own kube-proxy.

use std::cell::RefCell;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use cluster::api::parse;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};
use upstream::args::{Args, HELP};
use upstream::compare::Comparer;
use upstream::generate::Numbers;
use upstream::kube_proxy::KubeProxy;
use upstream::recorded::Recorded;

/// Where the project has its scenarios.
const SCENARIOS: [&str; 4] =
    ["public/scenarios", "crates/cluster/tests/scenarios", "crates/cli/tests", "crates/upstream/tests"];

/// So many differences are enough to see what is wrong.
const MOST_FAULTS: usize = 5;

fn main() -> ExitCode {
    if std::env::args().any(|arg| arg == "--help") {
        println!("{HELP}");
        return ExitCode::SUCCESS;
    }
    match Args::parse(std::env::args().skip(1)).and_then(|args| run(&args)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(wrong) => {
            eprintln!("{wrong}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &Args) -> Result<(), String> {
    if args.show {
        println!("{:?}", first(args.seed)?);
        return Ok(());
    }
    let mut upstream = KubeProxy::start(&args.kube_proxy)?;
    if args.record {
        return Recorded::write(&mut upstream);
    }
    let mut comparer = Comparer::new(upstream)?;
    let mut faults = scenarios(&mut comparer, &args.root)?;
    let comparer = RefCell::new(comparer);
    for seed in args.seed..args.seed.saturating_add(args.clusters) {
        if faults >= MOST_FAULTS {
            break;
        }
        if let Err(fault) = generated(&comparer, seed) {
            println!("{fault}\nagain: cargo xtask upstream --clusters 1 --seed {seed}\n");
            faults += 1;
        }
    }
    sum_up(&comparer.into_inner(), args, faults)
}

fn sum_up(comparer: &Comparer, args: &Args, faults: usize) -> Result<(), String> {
    let tally = comparer.tally;
    println!(
        "{} clusters, {} lives of a kube-proxy, {} syncs ({} failed), {} lines compared; {faults} clusters differ",
        tally.clusters, tally.sessions, tally.syncs, tally.failed, tally.lines
    );
    for exception in &comparer.exceptions {
        println!("let be after {} syncs: {}", exception.needed, exception.name());
    }
    if faults > 0 {
        return Err(format!("{faults} clusters differ from upstream's kube-proxy"));
    }
    let unused: Vec<String> =
        comparer.exceptions.iter().filter(|exception| exception.needed == 0).map(|e| e.name()).collect();
    match args.is_whole() {
        true if !unused.is_empty() => Err(format!("exceptions.txt: nothing needs {}", unused.join(", "))),
        true if tally.failed == 0 => Err("no sync failed: that is not compared any more".into()),
        true | false => Ok(()),
    }
}

fn scenarios(comparer: &mut Comparer, root: &Path) -> Result<usize, String> {
    let mut files = Vec::new();
    for folder in SCENARIOS {
        manifests(&root.join(folder), &mut files).map_err(|error| format!("{folder}: {error}"))?;
    }
    files.sort();
    let mut differ = 0;
    for file in &files {
        let text = fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
        let faults = comparer.compare(&parse(&text))?;
        faults.iter().for_each(|fault| println!("{}: {fault}", file.display()));
        differ += usize::from(!faults.is_empty());
    }
    println!("{} scenarios and manifests of the project, {differ} differ", files.len());
    Ok(differ)
}

fn manifests(folder: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            manifests(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "yaml") {
            files.push(path);
        }
    }
    Ok(())
}

/// The error tells the smallest cluster that differs.
fn generated(comparer: &RefCell<Comparer>, seed: u64) -> Result<(), String> {
    let compare = |numbers: Numbers| {
        let manifest = numbers.manifest().map_err(TestCaseError::fail)?;
        let faults = comparer.borrow_mut().compare(&manifest).map_err(TestCaseError::fail)?;
        match faults.as_slice() {
            [] => Ok(()),
            faults => Err(TestCaseError::fail(faults.iter().map(ToString::to_string).collect::<String>())),
        }
    };
    match runner(seed).run(&Numbers::any(), compare) {
        Ok(()) => Ok(()),
        Err(TestError::Fail(reason, smallest)) => Err(format!(
            "the cluster of seed {seed} differs; the smallest that does:\n{smallest:?}\n{reason}"
        )),
        Err(TestError::Abort(reason)) => Err(format!("the cluster of seed {seed} cannot be made: {reason}")),
    }
}

fn first(seed: u64) -> Result<Numbers, String> {
    let tree = Numbers::any().new_tree(&mut runner(seed)).map_err(|reason| reason.to_string())?;
    Ok(tree.current())
}

fn runner(seed: u64) -> TestRunner {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let config = Config { cases: 1, failure_persistence: None, max_shrink_iters: 200, ..Config::default() };
    TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &bytes))
}
