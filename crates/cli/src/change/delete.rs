//! `delete` of objects by their names, or of those of files.

use cluster::api::{Action, KubeObject, Manifests, ObjectRef, Str};
use cluster::sim::World;

use super::{cluster, finish, name, named, prefix};
use crate::args::{ChangeDelete, DeleteOutput};
use crate::failure::Failure;
use crate::files::Files;

pub fn delete(args: &ChangeDelete) -> Result<String, Failure> {
    let (input, mut run) = cluster(&args.change)?;
    let (mut text, mut failures) = (String::new(), Vec::new());
    for object in asked(run.world(), args)? {
        let there = run.world().store().get(&object);
        let (propagation_policy, grace_period_seconds) = (args.cascade.into(), args.grace_period());
        let action = Action::DeleteObject { object, propagation_policy, grace_period_seconds };
        match run.act(action) {
            // kubectl goes on with the next one.
            Err(refused) => failures.push(Failure::refused(refused)),
            Ok(_) => text.extend(there.map(|object| line(&object, args))),
        }
    }
    finish(input, text, failures)
}

fn asked(world: &World, args: &ChangeDelete) -> Result<Vec<ObjectRef>, Failure> {
    // No kind is called so.
    let is_file =
        |word: &String| word == "-" || [".yaml", ".yml", ".json"].iter().any(|end| word.ends_with(end));
    if !args.objects.iter().all(is_file) {
        return named(world, &args.objects, args.change.namespace());
    }
    let files = Files::read(&args.objects)?;
    let how = args.change.cluster.validate.unwrap_or_default();
    let text = Manifests::read(Str::from(files.text.as_str()), how);
    Ok(text.each().into_iter().map(|(object, _)| object).collect())
}

/// kubectl pkg/cmd/delete/delete.go, PrintObj.
fn line(object: &KubeObject, args: &ChangeDelete) -> String {
    let how = if args.grace_period() == Some(0) { "force deleted" } else { "deleted" };
    let from = match &*object.meta().namespace {
        "" => String::new(),
        namespace => format!(" from {namespace} namespace"),
    };
    match args.output {
        DeleteOutput::Name => format!("{}\n", name(object)),
        DeleteOutput::Text => {
            format!("{} {:?} {how}{from} (server dry run)\n", prefix(object), &*object.meta().name)
        }
    }
}
