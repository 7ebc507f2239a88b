//! `apply`, `create` and `replace` of files.

use std::collections::BTreeSet;

use cluster::api::{Action, Manifest, Manifests, ObjectRef, Severity, Str, findings};
use cluster::sim::{Refusal, Run};

use super::{Changed, State, cluster, print, tell_warnings};
use crate::args::ChangeTexts;
use crate::failure::Failure;
use crate::files::Files;
use crate::words;

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    Apply,
    Create,
    Replace,
}

pub fn write(verb: Verb, args: &ChangeTexts) -> Result<String, Failure> {
    let (input, mut run) = cluster(&args.change)?;
    let files = Files::read(&args.texts)?;
    let how = args.change.cluster.validate.unwrap_or_default();
    let text = Manifests::read(Str::from(files.text.as_str()), how);
    tell_findings(text.manifest(), &files);
    let objects = objects(text.manifest());
    let before: Vec<Option<State>> = objects.iter().map(|object| State::of(run.world(), object)).collect();
    let log = run.world().log_count();
    let manifest = text.manifest().clone();
    let refused = run.act(action(verb, text)).unwrap_or_else(|refused| refused);
    tell_warnings(run.world(), log);
    for line in refused.iter().flat_map(|refusal| words::refused(&manifest, refusal, &files)) {
        eprintln!("{line}");
    }
    let changed = changed(verb, &run, &objects, &before, &refused);
    let text = print(run.world(), args.output, &changed);
    match refused.len() {
        0 => input.answer(text),
        errors => {
            crate::print(&text)?;
            Err(Failure::Manifests { errors })
        }
    }
}

fn action(verb: Verb, text: Manifests) -> Action {
    match verb {
        Verb::Apply => Action::Apply { text },
        Verb::Create => Action::Create { text },
        Verb::Replace => Action::Replace { text },
    }
}

/// What is no error: errors are said of what was refused.
fn tell_findings(manifest: &Manifest, files: &Files) {
    for finding in findings(&manifest.diagnostics) {
        if finding.first().severity == Severity::Warning {
            eprintln!("{}", words::finding(&finding, files));
        }
    }
}

/// Each object of the text, in its order.
fn objects(manifest: &Manifest) -> Vec<ObjectRef> {
    let mut objects: Vec<ObjectRef> =
        manifest.objects.iter().map(|parsed| parsed.object.object_ref()).collect();
    // From the last one on, so that the places before stay.
    for invalid in manifest.invalid.iter().rev() {
        objects.insert(invalid.place, invalid.object.clone());
    }
    objects
}

fn changed(
    verb: Verb,
    run: &Run,
    objects: &[ObjectRef],
    before: &[Option<State>],
    refused: &[Refusal],
) -> Vec<Changed> {
    let refused: BTreeSet<ObjectRef> = refused.iter().flat_map(named_by).collect();
    let taken = objects.iter().zip(before).filter(|(object, _)| !refused.contains(object));
    taken
        .filter_map(|(reference, before)| {
            let object = run.world().store().get(reference)?;
            let how = match (verb, before) {
                (_, None) => "created",
                (Verb::Replace, Some(_)) => "replaced",
                (Verb::Create, Some(_)) => return None,
                (Verb::Apply, before @ Some(_)) => match State::of(run.world(), reference) == *before {
                    true => "unchanged",
                    false => "configured",
                },
            };
            Some(Changed { object, how })
        })
        .collect()
}

/// The objects that were refused.
fn named_by(refusal: &Refusal) -> Vec<ObjectRef> {
    match refusal {
        Refusal::Invalid { diagnostics } => {
            diagnostics.iter().filter_map(|found| found.object.clone()).collect()
        }
        other => other.object().into_iter().collect(),
    }
}
