//! `apply`, `create` and `replace` of files.

use std::collections::BTreeSet;

use cluster::api::{
    Action, DiagnosticKind, Manifest, Manifests, ObjectRef, ServerWarning, Severity, Str, findings,
};
use cluster::sim::World;

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
    let mut errors = tell_findings(text.manifest(), &files);
    let mut changed = Vec::new();
    for (object, one) in text.each() {
        let (before, log) = (State::of(run.world(), &object), run.world().log_count());
        match run.act(action(verb, one)) {
            Ok(_) => changed.extend(done(verb, run.world(), &object, before)),
            Err(refused) => {
                errors += refused.len();
                let lines =
                    refused.iter().flat_map(|refusal| words::refused(text.manifest(), refusal, &files));
                lines.for_each(|line| eprintln!("{line}"));
            }
        }
        tell_warnings(run.world(), log);
    }
    let printed = print(run.world(), args.output, &changed);
    match errors {
        0 => input.answer(printed),
        errors => {
            crate::print(&printed)?;
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

/// Warnings, and errors of what is no object; those of objects are said when they are refused. How many errors.
fn tell_findings(manifest: &Manifest, files: &Files) -> usize {
    let invalid: BTreeSet<&ObjectRef> = manifest.invalid.iter().map(|invalid| &invalid.object).collect();
    let mut errors = 0;
    for finding in findings(&manifest.diagnostics) {
        let first = finding.first();
        let is_error = first.severity == Severity::Error;
        // What a request is warned of is known when it is made (`tell_warnings`).
        let is_invalid = first.object.as_ref().is_some_and(|object| invalid.contains(object));
        let is_of_request = |warning: &ServerWarning| !matches!(warning, ServerWarning::UnknownField { .. });
        let is_said_later = match is_invalid {
            true => is_error,
            false => matches!(&first.message, DiagnosticKind::Server { warning } if is_of_request(warning)),
        };
        if !is_said_later && first.severity != Severity::Info {
            errors += usize::from(is_error);
            eprintln!("{}", words::finding(&finding, files));
        }
    }
    errors
}

fn done(verb: Verb, world: &World, object: &ObjectRef, before: Option<State>) -> Option<Changed> {
    let how = match (verb, &before) {
        (_, None) => "created",
        (Verb::Replace, Some(_)) => "replaced",
        (Verb::Create | Verb::Apply, before) => match State::of(world, object) == *before {
            true => "unchanged",
            false => "configured",
        },
    };
    Some(Changed { object: world.store().get(object)?, how })
}
