//! From the files on the command line to a World at the moment that was asked for.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use cluster::api::{Manifest, Severity, Start, findings, parse};
use cluster::sim::{LogEntry, Moment, Run, SETTLE_LIMIT, Span, Time};
use netfilter::Scheduler;
use serde::Serialize;

use crate::args::Cluster;
use crate::failure::Failure;
use crate::words;

const SETTLE_STEP: Span = Span::from_millis(100);

/// How many errors the manifests have. They were listed on standard error.
#[must_use]
pub struct Errors(usize);

impl Errors {
    /// As `kubectl apply` does with the objects that have none: they are there, and what was asked for is printed; but
    /// the command fails.
    pub fn after(self, text: String) -> Result<String, Failure> {
        match self.0 {
            0 => Ok(text),
            errors => {
                crate::print(&text)?;
                Err(Failure::Manifests { errors })
            }
        }
    }
}

/// The run of the manifests, at its start.
pub fn start(args: &Cluster) -> Result<(Run, Errors), Failure> {
    let (manifest, errors) = manifest(args)?;
    begin(args, &manifest, errors)
}

/// Reads the manifests; findings go to standard error. Objects that have errors are left out. Fails where no object is
/// left, and where the Scenario has an error: its cluster would be another one.
pub fn manifest(args: &Cluster) -> Result<(Manifest, Errors), Failure> {
    let mut text = String::new();
    for file in &args.file {
        for part in read(file)? {
            text.push_str("---\n");
            text.push_str(&part);
            text.push('\n');
        }
    }
    // With one file its lines are ours, but for the separator above it.
    let text = if args.file.len() == 1 { text.trim_start_matches("---\n") } else { &text };
    let manifest = parse(text);
    let mut errors = 0;
    for finding in findings(&manifest.diagnostics) {
        let is_error = finding.first().severity == Severity::Error;
        errors += usize::from(is_error);
        if is_error || !args.quiet {
            eprintln!("{}", words::finding(&finding));
        }
    }
    match errors > 0 && (manifest.objects.is_empty() || manifest.scenario_is_wrong) {
        true => Err(Failure::Manifests { errors }),
        false => Ok((manifest, Errors(errors))),
    }
}

/// What the cluster would not take joins the errors.
pub fn begin(args: &Cluster, manifest: &Manifest, errors: Errors) -> Result<(Run, Errors), Failure> {
    let mut manifest = manifest.clone();
    if let Some(mode) = args.proxy_mode {
        manifest.scenario.get_or_insert_default().proxy_mode = Some(mode.into());
    }
    if let Some(scheduler) = args.ipvs_scheduler.as_deref().and_then(Scheduler::parse) {
        manifest.scenario.get_or_insert_default().ipvs_scheduler = Some(scheduler);
    }
    if args.from_start {
        from_start(&mut manifest)?;
    }
    let (mut run, refusals) = Run::new(&manifest, args.seed);
    // The command line never goes back.
    run.set_history_budget(0);
    for line in refusals.iter().flat_map(|refusal| words::refused(&manifest, refusal)) {
        eprintln!("{line}");
    }
    Ok((run, Errors(errors.0 + refusals.len())))
}

fn from_start(manifest: &mut Manifest) -> Result<(), Failure> {
    let scenario = manifest.scenario.get_or_insert_default();
    if scenario.actions.iter().any(|action| action.at < Moment::ORIGIN) {
        return Err(Failure::Usage(
            "--from-start: the Scenario has actions from before the clients begin".into(),
        ));
    }
    scenario.start = Some(Start::Cold);
    Ok(())
}

/// Something that the cluster would not do meanwhile.
#[derive(Serialize)]
pub struct Refused {
    /// Nanoseconds from when the clients begin.
    at: Moment,
    message: String,
}

impl Refused {
    /// When, and the API server's words.
    pub fn cells(&self) -> [String; 2] {
        [words::moment(self.at), self.message.clone()]
    }
}

/// Goes to the moment that was asked for; what was refused on the way goes to standard error.
pub fn go_to_moment(args: &Cluster, run: &mut Run) {
    for refused in reach_moment(args, run) {
        let [at, message] = refused.cells();
        eprintln!("packetyard: refused at {at}: {message}");
    }
}

/// Goes to `--at`, or to where everything that can become ready is.
pub fn reach_moment(args: &Cluster, run: &mut Run) -> Vec<Refused> {
    let mut refused = reach(run, args.at.unwrap_or(Moment::ORIGIN));
    if args.at.is_some() {
        return refused;
    }
    let limit = Time::ZERO + SETTLE_LIMIT;
    while !run.world().settled() && run.world().now() < limit {
        let next = run.world().now() + SETTLE_STEP;
        refused.extend(advance(run, next));
    }
    if !run.world().settled() {
        let waited = run.world().now().since(Time::ZERO);
        eprintln!("packetyard: not everything is ready after {}", words::span(waited));
    }
    refused
}

/// Goes to a moment of a run that is at its beginning.
pub fn reach(run: &mut Run, moment: Moment) -> Vec<Refused> {
    run.find_origin(u64::MAX);
    let to = run.time_of(moment).expect("the origin was found");
    if to < run.world().now() {
        run.seek(Time::ZERO, u64::MAX);
    }
    advance(run, to)
}

/// Runs on, with a look at the log after each of the scenario's actions: only its newest entries are kept.
pub fn advance(run: &mut Run, to: Time) -> Vec<Refused> {
    let now = run.world().now();
    let between = |at: &Time| (now..to).contains(at);
    let mut moments: Vec<Time> =
        run.actions().iter().filter_map(|a| run.time_of(a.at)).filter(between).collect();
    moments.push(to);
    moments.dedup();
    let mut refused = Vec::new();
    for moment in moments {
        let before = run.world().log_count();
        run.advance_to(moment, u64::MAX);
        let world = run.world();
        let new = usize::try_from(world.log_count() - before).unwrap_or(usize::MAX);
        let kept = world.log().len().saturating_sub(new);
        refused.extend(world.log().iter().skip(kept).filter_map(|logged| {
            let LogEntry::Refused { refusal } = &logged.entry else { return None };
            Some(Refused { at: world.moment(logged.at), message: words::refusal(refusal) })
        }));
    }
    refused
}

fn read(file: &str) -> Result<Vec<String>, Failure> {
    if file == "-" {
        let mut text = String::new();
        let read = std::io::stdin().read_to_string(&mut text);
        return read.map(|_| vec![text]).map_err(|e| failure(Path::new("standard input"), &e));
    }
    let path = Path::new(file);
    if path.is_dir() {
        return manifests_in(path)?.iter().map(|p| read_file(p)).collect();
    }
    Ok(vec![read_file(path)?])
}

/// As kubectl does: .yaml, .yml and .json, in the order of their names, not in subfolders.
fn manifests_in(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let entries = fs::read_dir(folder).map_err(|e| failure(folder, &e))?;
    let mut paths: Vec<PathBuf> = entries
        .filter_map(|entry| entry.ok().map(|e| e.path()))
        .filter(|p| matches!(p.extension().and_then(|e| e.to_str()), Some("yaml" | "yml" | "json")))
        .collect();
    paths.sort();
    if paths.is_empty() {
        let why = "holds no .yaml, .yml or .json file".to_string();
        return Err(Failure::Read { path: folder.display().to_string(), why });
    }
    Ok(paths)
}

fn read_file(path: &Path) -> Result<String, Failure> {
    fs::read_to_string(path).map_err(|e| failure(path, &e))
}

fn failure(path: &Path, error: &std::io::Error) -> Failure {
    Failure::Read { path: path.display().to_string(), why: error.to_string() }
}
