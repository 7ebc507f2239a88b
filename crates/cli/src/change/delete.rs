//! `delete` of objects by their names.

use cluster::api::{Action, KubeObject};

use super::{cluster, name, named, prefix};
use crate::args::{ChangeDelete, DeleteOutput};
use crate::failure::Failure;

pub fn delete(args: &ChangeDelete) -> Result<String, Failure> {
    let (input, mut run) = cluster(&args.change)?;
    let mut text = String::new();
    for object in named(run.world(), &args.objects, args.change.namespace())? {
        let there = run.world().store().get(&object);
        let (propagation_policy, grace_period_seconds) = (args.cascade.into(), args.grace_period());
        let action = Action::DeleteObject { object, propagation_policy, grace_period_seconds };
        if let Err(refused) = run.act(action) {
            crate::print(&text)?;
            return Err(input.fail(Failure::refused(refused)));
        }
        text.extend(there.map(|object| line(&object, args)));
    }
    input.answer(text)
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
