//! `apply`, `create`, `replace`, `patch` and `delete` against the cluster of a file: what kubectl would print. The
//! cluster is simulated, so each is a dry run.

mod delete;
mod patch;
mod texts;

use cluster::api::{KubeObject, ObjectRef, Tree, Uid, to_yaml};
use cluster::sim::{LogEntry, Run, World};

use crate::args::{Change, ChangeOutput};
use crate::failure::Failure;
use crate::get::{discovery, document, request};
use crate::input::{self, Input};

pub use delete::delete;
pub use patch::patch;
pub use texts::{Verb, write};

/// The run at the moment that was asked for.
fn cluster(args: &Change) -> Result<(Input, Run), Failure> {
    let mut input = Input::read(&args.cluster)?;
    let mut run = input.start(&args.cluster)?;
    input::go_to_moment(&args.cluster, &mut run);
    Ok((input, run))
}

/// What was done, and then what was not.
fn finish(input: Input, text: String, mut failures: Vec<Failure>) -> Result<String, Failure> {
    let Some(last) = failures.pop() else { return input.answer(text) };
    crate::print(&text)?;
    for failure in failures {
        eprintln!("packetyard: {failure}");
    }
    Err(input.fail(last))
}

/// What there is of an object.
#[derive(PartialEq, Eq)]
struct State {
    uid: Uid,
    resource_version: u64,
    /// The text that was applied last, its keys sorted.
    last_applied: Option<Tree>,
}

impl State {
    fn of(world: &World, object: &ObjectRef) -> Option<State> {
        let store = world.store();
        let found = store.get(object)?;
        let (uid, resource_version) = (found.meta().uid, found.meta().resource_version);
        let last_applied = store.document(uid).and_then(|document| document.last_applied.as_ref());
        Some(State { uid, resource_version, last_applied: last_applied.map(Tree::sorted) })
    }
}

/// An object that kubectl has a line for.
struct Changed {
    object: KubeObject,
    how: &'static str,
}

/// One line for each object, or the objects themselves.
fn print(world: &World, output: ChangeOutput, changed: &[Changed]) -> String {
    let document = || {
        let trees = changed.iter().map(|changed| world.served(&changed.object)).collect();
        document::of_trees(trees, changed.len() == 1)
    };
    match output {
        ChangeOutput::Text => {
            let line =
                |Changed { object, how }: &Changed| format!("{} {how} (server dry run)\n", name(object));
            changed.iter().map(line).collect()
        }
        ChangeOutput::Name => changed.iter().map(|changed| format!("{}\n", name(&changed.object))).collect(),
        ChangeOutput::Yaml => to_yaml(&document()),
        ChangeOutput::Json => document::json(&document()),
    }
}

/// `deployment.apps/web` (cli-runtime printers/name.go).
fn name(object: &KubeObject) -> String {
    format!("{}/{}", prefix(object), object.meta().name)
}

/// `deployment.apps`
fn prefix(object: &KubeObject) -> String {
    let group = object.api_version().split_once('/').map_or("", |(group, _)| group);
    discovery::qualified(&object.kind().as_str().to_lowercase(), group)
}

/// What the API server warned of since the log had so many entries.
fn tell_warnings(world: &World, before: u64) {
    let new = usize::try_from(world.log_count() - before).unwrap_or(usize::MAX);
    let kept = world.log().len().saturating_sub(new);
    for logged in world.log().iter().skip(kept) {
        if let LogEntry::Warned { warning, .. } = &logged.entry {
            eprintln!("Warning: {warning}");
        }
    }
}

/// The objects that words like `pod web` and `svc/web` name.
fn named(world: &World, words: &[String], namespace: &str) -> Result<Vec<ObjectRef>, Failure> {
    let mut named = Vec::new();
    for part in request::parts(words).map_err(|problem| Failure::Usage(problem.into()))? {
        let resource = part.resource.to_ascii_lowercase();
        let found = discovery::find(world, &resource).ok_or_else(|| {
            Failure::Usage(format!("the server doesn't have a resource type {:?}", part.resource))
        })?;
        let Some(name) = part.name else {
            return Err(Failure::Usage(format!(
                "resource name may not be empty: write {}/NAME",
                part.resource
            )));
        };
        let namespace = if found.namespaced { namespace } else { "" };
        named.push(ObjectRef { kind: found.kind, namespace: namespace.into(), name: name.as_str().into() });
    }
    Ok(named)
}
