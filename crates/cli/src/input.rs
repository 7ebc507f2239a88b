//! From the files on the command line to a World at the moment that was asked for.

use cluster::api::{Manifest, Reader, Severity, Start, findings};
use cluster::sim::{LogEntry, Moment, Run, SETTLE_LIMIT, Span, Time, World};
use netfilter::Scheduler;
use schemars::JsonSchema;
use serde::Serialize;

use crate::args::Cluster;
use crate::failure::Failure;
use crate::files::Files;
use crate::words;

const SETTLE_STEP: Span = Span::from_millis(100);

/// What the files of the command line hold.
pub struct Input {
    pub manifest: Manifest,
    files: Files,
    /// They were listed on standard error.
    errors: usize,
}

impl Input {
    /// Reads the manifests; findings go to standard error. Objects that have errors are left out. Fails where no object
    /// is left, and where the Scenario has an error: its cluster would be another one.
    pub fn read(args: &Cluster) -> Result<Input, Failure> {
        let files = Files::read(&args.file)?;
        let mut reader = Reader::new(&files.text);
        if let Some(how) = args.validate {
            reader = reader.with_field_validation(how);
        }
        let manifest = reader.finish();
        for finding in findings(&manifest.diagnostics) {
            if finding.first().severity == Severity::Error || !args.quiet {
                eprintln!("{}", words::finding(&finding, &files));
            }
        }
        let errors = manifest.errors().count();
        match errors > 0 && !manifest.has_rest() {
            true => Err(Failure::Manifests { errors }),
            false => Ok(Input { manifest, files, errors }),
        }
    }

    /// The run of the manifests, at its start. What the cluster would not take joins the errors.
    pub fn start(&mut self, args: &Cluster) -> Result<Run, Failure> {
        let mut manifest = self.manifest.clone();
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
        for line in refusals.iter().flat_map(|refusal| words::refused(&manifest, refusal, &self.files)) {
            eprintln!("{line}");
        }
        self.errors += refusals.len();
        Ok(run)
    }

    /// As `kubectl apply` does with the objects that have no error: they are there, and what was asked for is printed;
    /// but the command fails.
    pub fn answer(self, text: String) -> Result<String, Failure> {
        match self.errors {
            0 => Ok(text),
            errors => {
                crate::print(&text)?;
                Err(Failure::Manifests { errors })
            }
        }
    }

    /// The command cannot do its work. That the manifests have errors is said last, since it may be the cause.
    pub fn fail(self, failure: Failure) -> Failure {
        match self.errors {
            0 => failure,
            errors => {
                eprintln!("packetyard: {failure}");
                Failure::Manifests { errors }
            }
        }
    }
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
#[derive(Serialize, JsonSchema)]
pub struct Refused {
    /// Nanoseconds from when the clients begin.
    at: i64,
    /// In the API server's words.
    message: String,
}

impl Refused {
    /// When, and the API server's words.
    pub fn cells(&self) -> [String; 2] {
        [words::moment(Moment(self.at)), self.message.clone()]
    }
}

/// Goes to the moment that was asked for; what was refused on the way goes to standard error.
pub fn go_to_moment(args: &Cluster, run: &mut Run) {
    reach_moment(args, run).iter().for_each(tell);
}

/// Goes to a moment of a run that is at its beginning; what was refused on the way goes to standard error.
pub fn go_to(run: &mut Run, moment: Moment) {
    reach(run, moment).iter().for_each(tell);
}

/// Goes on; what was refused on the way goes to standard error.
pub fn go_on(run: &mut Run, to: Time) {
    advance(run, to).iter().for_each(tell);
}

fn tell(refused: &Refused) {
    let [at, message] = refused.cells();
    eprintln!("packetyard: refused at {at}: {message}");
}

/// Goes through the next event, if it comes before then; what was refused goes to standard error. True when it is then.
pub fn step(run: &mut Run, until: Time) -> bool {
    let before = run.world().log_count();
    let is_then = run.advance_to(until, 1);
    refused_since(run.world(), before).for_each(|refused| tell(&refused));
    is_then
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
        refused.extend(refused_since(run.world(), before));
    }
    refused
}

/// Of the log's entries those that came after so many.
fn refused_since(world: &World, before: u64) -> impl Iterator<Item = Refused> {
    let new = usize::try_from(world.log_count() - before).unwrap_or(usize::MAX);
    let kept = world.log().len().saturating_sub(new);
    world.log().iter().skip(kept).filter_map(|logged| {
        let LogEntry::Refused { refusal } = &logged.entry else { return None };
        Some(Refused { at: world.moment(logged.at).0, message: words::refusal(refusal) })
    })
}
