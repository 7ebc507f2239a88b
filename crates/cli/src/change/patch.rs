//! `patch` of one object or several.

use std::fs;

use cluster::api::{Action, PatchText, Str};

use super::{Changed, State, cluster, finish, named, print, tell_warnings};
use crate::args::ChangePatch;
use crate::failure::Failure;

pub fn patch(args: &ChangePatch) -> Result<String, Failure> {
    let (input, mut run) = cluster(&args.change)?;
    let patch = PatchText::from(Str::from(patch_of(args)?.as_str()));
    let (mut changed, mut failures) = (Vec::new(), Vec::new());
    for object in named(run.world(), &args.objects, args.change.namespace())? {
        let (before, log) = (State::of(run.world(), &object), run.world().log_count());
        let (type_, patch) = (args.type_.into(), patch.clone());
        let action = Action::Patch { object: object.clone(), type_, patch };
        let there = run.world().store().get(&object);
        match run.act(action) {
            // kubectl goes on with the next one.
            Err(refused) => failures.push(Failure::refused(refused)),
            Ok(_) => {
                let how = match State::of(run.world(), &object) == before {
                    true => "patched (no change)",
                    false => "patched",
                };
                // The patch may have been the end of it.
                let object = run.world().store().get(&object).or(there);
                changed.extend(object.map(|object| Changed { object, how }));
            }
        }
        tell_warnings(run.world(), log);
    }
    finish(input, print(run.world(), args.output, &changed), failures)
}

fn patch_of(args: &ChangePatch) -> Result<String, Failure> {
    match (&args.patch, &args.patch_file) {
        (Some(patch), None) => Ok(patch.clone()),
        (None, Some(path)) => {
            fs::read_to_string(path).map_err(|e| Failure::Read { path: path.clone(), why: e.to_string() })
        }
        (Some(_), Some(_)) => Err(Failure::Usage("cannot specify --patch and --patch-file together".into())),
        (None, None) => Err(Failure::Usage(
            "must specify --patch or --patch-file containing the contents of the patch".into(),
        )),
    }
}
