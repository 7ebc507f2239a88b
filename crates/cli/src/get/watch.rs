//! `get --watch`: what is there, then each change, in simulated time (kubectl pkg/cmd/get/get.go, watch; what a
//! selector makes of a change: apiserver pkg/storage/cacher, convertToWatchEvent).
//!
//! Changes are looked for after each event of the simulation. What is written twice in one is seen once, and what is
//! deleted in one comes after what is changed in it.

use std::collections::{BTreeMap, BTreeSet};

use cluster::api::{Step, Tree, Uid, timestamp, to_json};
use cluster::sim::{Changes, Run, Time, World};

use super::object::{Document, Object, seconds};
use super::output::Output;
use super::request::Request;
use super::watch_printer::{Event, Printer};
use super::{Filter, Listed, objects};
use crate::args::Get as Args;
use crate::failure::Failure;
use crate::input::Input;
use crate::{input, notes, words};

/// What `--watch` and its like say together, before anything is read.
pub fn check(args: &Args) -> Result<(), Failure> {
    let problem = match (args.watches(), args.until) {
        _ if args.output_watch_events && !args.watches() => {
            "--output-watch-events option can only be used with --watch or --watch-only"
        }
        (true, None) => "--watch: until when? Add --until TIME: a simulated cluster goes on for ever",
        (false, Some(_)) => "--until option can only be used with --watch or --watch-only",
        (true, Some(_)) | (false, None) => return Ok(()),
    };
    Err(Failure::Usage(problem.into()))
}

pub fn watch(args: &Args, output: &Output, request: &Request) -> Result<String, Failure> {
    warn(args);
    let mut input = Input::read(&args.cluster)?;
    let mut run = input.start(&args.cluster)?;
    input::go_to_moment(&args.cluster, &mut run);
    notes::tell(&args.cluster, &input.manifest, run.world());
    let until = end(args, &run)?;
    let listed = one_type(run.world(), request)?;
    super::check_fields(&listed, &request.fields, args)?;
    let mut watch = match Watch::begin(
        args,
        request,
        run.world(),
        listed,
        reads_all(output, request, args.sort_by.is_some()),
    ) {
        Ok(Some(watch)) => watch,
        Ok(None) => return input.answer(String::new()),
        Err(failure) => return Err(input.fail(failure)),
    };
    run.take_changes();
    let mut printer = Printer::new(args, output, &watch.listed);
    let mut is_read = true;
    if !args.watch_only {
        let at_first = watch.at_first(args, output)?;
        is_read = crate::write(&printer.at_first(&at_first)?)?;
    }
    let mut is_over = false;
    while is_read && !is_over {
        is_over = input::step(&mut run, until);
        let changes = run.take_changes();
        for (event, object) in watch.changes(run.world(), &changes) {
            is_read = is_read && crate::write(&printer.change(event, object)?)?;
        }
    }
    input.answer(String::new())
}

/// get.go, Complete.
fn warn(args: &Args) {
    let what = match (args.watch, &args.sort_by) {
        (_, None) => return,
        (true, Some(_)) => "--watch requested, --sort-by will be ignored for watch events received",
        (false, Some(_)) => "--watch-only requested, --sort-by will be ignored",
    };
    eprintln!("warning: {what}");
}

/// A row of a table reads only what the simulation knows.
fn reads_all(output: &Output, request: &Request, sorts: bool) -> bool {
    output.is_document() || !request.fields.is_empty() || sorts
}

fn end(args: &Args, run: &Run) -> Result<Time, Failure> {
    let until = args.until.unwrap_or_default();
    let (end, now) = (run.time_of(until).unwrap_or_default(), run.world().now());
    match end < now {
        false => Ok(end),
        true => Err(Failure::Usage(format!(
            "--until {}: the cluster is at {} when the watch begins",
            words::moment(until),
            words::moment(run.world().moment(now))
        ))),
    }
}

/// builder.go, SingleResourceType.
fn one_type(world: &World, request: &Request) -> Result<Listed, Failure> {
    let mut types = Vec::new();
    for part in &request.parts {
        let listed = Listed::called(world, &part.resource)?;
        if !types.contains(&listed) {
            types.push(listed);
        }
    }
    let problem = match types.pop() {
        Some(Listed::Others) => "get others: the objects of one kind can be watched",
        Some(listed) if types.is_empty() && request.parts.len() == 1 => return Ok(listed),
        _ if types.is_empty() => "you may only watch a single resource or type of resource at a time",
        _ => "you may only specify a single resource type",
    };
    Err(Failure::Usage(problem.into()))
}

struct Watch<'a> {
    listed: Listed,
    request: &'a Request,
    /// `None` is all of them.
    namespace: Option<String>,
    reads_all: bool,
    /// As they were when they were printed last.
    seen: BTreeMap<Key, Object>,
}

/// What an object is from one moment to the next.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Uid(Uid),
    /// All of an event that stays when it is counted again.
    Event(String),
}

impl<'a> Watch<'a> {
    /// Nothing, where an object is not there and that is no error.
    fn begin(
        args: &Args,
        request: &'a Request,
        world: &World,
        listed: Listed,
        reads_all: bool,
    ) -> Result<Option<Watch<'a>>, Failure> {
        let namespace = args.namespace().map(String::from);
        let mut watch = Watch { listed, request, namespace, reads_all, seen: BTreeMap::new() };
        let objects = watch.objects(world, None);
        if let Some(name) = watch.name() {
            match objects.as_slice() {
                [] if args.ignore_not_found => return Ok(None),
                [] => {
                    let plural = watch.listed.plural();
                    return Err(Failure::NotFound(format!("{plural} {name:?}")));
                }
                [one] => watch.namespace = Some(one.meta.namespace.to_string()),
                several => {
                    return Err(Failure::Usage(format!(
                        "watch is only supported on individual resources and resource collections - {} resources \
                         were found",
                        several.len()
                    )));
                }
            }
        }
        watch.seen = objects.into_iter().map(|object| (watch.key(&object), object)).collect();
        Ok(Some(watch))
    }

    fn name(&self) -> Option<&'a str> {
        self.request.parts.first().and_then(|part| part.name.as_deref())
    }

    /// Those that are asked for, of these alone, or of all.
    fn objects(&self, world: &World, uids: Option<&BTreeSet<Uid>>) -> Vec<Object> {
        let filter = Filter {
            namespace: self.namespace.as_deref(),
            name: self.name(),
            uids,
            selector: self.request.selector.clone(),
            fields: self.request.fields.clone(),
        };
        objects(world, &self.listed, &filter, self.reads_all)
    }

    fn key(&self, object: &Object) -> Key {
        match self.listed {
            Listed::Type(_) | Listed::Others => Key::Uid(object.meta.uid),
            Listed::Events => {
                let mut same = object.tree.clone();
                // Whom it is about has no uid any more when that is gone.
                let changing =
                    [&["count"][..], &["lastTimestamp"], &["metadata", "name"], &["involvedObject", "uid"]];
                for path in changing {
                    same.remove(&path.iter().map(|key| Step::Key(key)).collect::<Vec<_>>());
                }
                Key::Event(to_json(&same))
            }
        }
    }

    /// In the order of a list.
    fn at_first(&self, args: &Args, output: &Output) -> Result<Vec<Object>, Failure> {
        let mut objects: Vec<Object> = self.seen.values().cloned().collect();
        objects.sort_by_cached_key(|object| format!("{}/{}", object.meta.namespace, object.meta.name));
        match super::sort_by(args)?.filter(|_| output.is_table() && self.name().is_none()) {
            Some(sort_by) => sort_by.sort(objects),
            None => Ok(objects),
        }
    }

    /// What has happened to them, in the order of the API server's versions.
    fn changes(&mut self, world: &World, changes: &Changes) -> Vec<(Event, Object)> {
        match self.listed {
            Listed::Events if changes.log => self.new_events(world),
            Listed::Type(_) if !changes.objects.is_empty() => self.changed_objects(world, &changes.objects),
            Listed::Type(_) | Listed::Events | Listed::Others => Vec::new(),
        }
    }

    /// The log forgets old ones; the API server does so after an hour, and nobody is told here.
    fn new_events(&mut self, world: &World) -> Vec<(Event, Object)> {
        let mut out = Vec::new();
        for object in self.objects(world, None) {
            let key = self.key(&object);
            let event = match self.seen.get(&key) {
                None => Event::Added,
                Some(seen) if seen.tree.at("count") != object.tree.at("count") => Event::Modified,
                Some(_) => continue,
            };
            out.push((event, object.clone()));
            self.seen.insert(key, object);
        }
        out.sort_by_cached_key(|(_, object)| object.tree.text("lastTimestamp"));
        out
    }

    fn changed_objects(&mut self, world: &World, changed: &BTreeSet<Uid>) -> Vec<(Event, Object)> {
        let mut out = Vec::new();
        let mut gone = changed.clone();
        for object in self.objects(world, Some(changed)) {
            gone.remove(&object.meta.uid);
            let event = match self.seen.insert(Key::Uid(object.meta.uid), object.clone()) {
                None => Event::Added,
                Some(seen) if seen.meta.resource_version != object.meta.resource_version => Event::Modified,
                Some(_) => continue,
            };
            out.push((event, object));
        }
        for uid in gone {
            if let Some(seen) = self.seen.remove(&Key::Uid(uid)) {
                out.push((Event::Deleted, deleted(world, seen, self.version(world, uid))));
            }
        }
        out.sort_by_key(|(_, object)| object.meta.resource_version);
        out
    }

    /// Of an object that is there and not selected any more its own; of one that is gone, the newest.
    fn version(&self, world: &World, uid: Uid) -> u64 {
        let store = world.store();
        let kind = self.listed.kind();
        let meta = store.metas(&kind).find(|meta| meta.uid == uid);
        meta.map_or(store.resource_version(), |meta| meta.resource_version)
    }
}

/// As it was seen last, in the version that it went with.
fn deleted(world: &World, mut object: Object, version: u64) -> Object {
    object.now = seconds(&timestamp(world.now())).unwrap_or(0);
    object.meta.resource_version = version;
    let path = ["metadata", "resourceVersion"].map(Step::Key);
    if object.tree.get(&path).is_some() {
        object.tree.set(&path, Tree::string(&version.to_string()));
    }
    object
}
