//! `packetyard get`: objects, as kubectl prints them.

pub mod conntrack;
mod custom_columns;
pub mod discovery;
pub mod dns;
pub mod document;
mod events;
mod field_query;
mod label_query;
mod label_syntax;
mod object;
mod output;
mod printers;
pub mod request;
mod sort;
mod tables;
mod watch;
mod watch_printer;

use std::collections::BTreeSet;

use cluster::api::{Kind, Meta, ObjectRef, Uid, timestamp, to_yaml};
use cluster::sim::World;

use crate::args::Get as Args;
use crate::failure::Failure;
use crate::input::Input;
use crate::tab_writer::TabWriter;
use crate::{input, notes};
use discovery::ResourceType;
use field_query::FieldQuery;
use label_query::LabelQuery;
use object::{Object, seconds};
use output::Output;
use request::{Part, Request};
use sort::SortBy;
use tables::Looks;

/// What can be listed.
#[derive(Clone, PartialEq, Eq)]
pub enum Listed {
    Type(ResourceType),
    Events,
    /// Objects of all kinds that are not simulated.
    Others,
}

impl Listed {
    fn called(world: &World, word: &str) -> Result<Listed, Failure> {
        match word.to_ascii_lowercase().as_str() {
            "event" | "events" | "ev" => Ok(Listed::Events),
            "other" | "others" => Ok(Listed::Others),
            text => match discovery::find(world, text) {
                Some(found) => Ok(Listed::Type(found)),
                None => {
                    Err(Failure::Usage(format!("the server doesn't have a resource type {:?}", plain(text))))
                }
            },
        }
    }

    /// As in `pod/web-1`, before a name.
    fn prefix(&self) -> String {
        match self {
            Listed::Type(found) => found.prefix(),
            Listed::Events => "event".into(),
            Listed::Others => "other".into(),
        }
    }

    /// What its objects are; of others, each is something else.
    fn kind(&self) -> Kind {
        match self {
            Listed::Type(found) => found.kind.clone(),
            Listed::Events => Kind::Other("Event".into()),
            Listed::Others => Kind::Other("".into()),
        }
    }

    /// `apps/v1, Resource=deployments`
    fn versioned(&self) -> String {
        match self {
            Listed::Type(found) => found.versioned(),
            Listed::Events => "/v1, Resource=events".into(),
            Listed::Others => "others".into(),
        }
    }

    fn plural(&self) -> String {
        match self {
            Listed::Type(found) => found.plural(),
            Listed::Events => "events".into(),
            Listed::Others => "others".into(),
        }
    }

    fn is_namespaced(&self) -> bool {
        match self {
            Listed::Type(found) => found.namespaced,
            Listed::Events | Listed::Others => true,
        }
    }
}

/// Of `kettles.kitchen.example.com` the resource, as kubectl names what it does not find.
fn plain(word: &str) -> &str {
    word.split('.').next().unwrap_or(word)
}

/// Which objects were asked for.
pub struct Filter<'a> {
    /// `None` is all of them.
    pub namespace: Option<&'a str>,
    pub name: Option<&'a str>,
    /// `None` is all of them.
    pub uids: Option<&'a BTreeSet<Uid>>,
    pub selector: LabelQuery,
    pub fields: FieldQuery,
}

impl Filter<'_> {
    pub fn takes(&self, meta: &Meta) -> bool {
        self.uids.is_none_or(|uids| uids.contains(&meta.uid))
            && self.takes_key(&meta.namespace, &meta.name)
            && self.selector.matches(&meta.labels)
    }

    pub fn takes_key(&self, namespace: &str, name: &str) -> bool {
        self.namespace.is_none_or(|ns| ns == namespace || namespace.is_empty())
            && self.name.is_none_or(|n| n == name)
    }
}

/// The objects of one kind, in their order.
struct Group {
    listed: Listed,
    objects: Vec<Object>,
    /// They were asked for by their names.
    by_name: bool,
}

impl Group {
    /// Whether kubectl got something for it: a list, even an empty one, or an object that is there.
    fn is_answered(&self) -> bool {
        !self.by_name || !self.objects.is_empty()
    }
}

pub fn get(args: &Args) -> Result<String, Failure> {
    watch::check(args)?;
    match args.resources[0].as_str() {
        "conntrack" => return conntrack::get(args),
        "dns" => return dns::get(args),
        _ => {}
    }
    if args.node.is_some() {
        return Err(Failure::Usage("--node is for get conntrack".into()));
    }
    let output = Output::parse(args)?;
    let request = Request::parse(&args.resources, args.selector.as_deref(), args.field_selector.as_deref())?;
    let sort_by = sort_by(args)?;
    if args.watches() {
        return watch::watch(args, &output, &request);
    }
    let mut input = Input::read(&args.cluster)?;
    let mut run = input.start(&args.cluster)?;
    input::go_to_moment(&args.cluster, &mut run);
    notes::tell(&args.cluster, &input.manifest, run.world());
    let reads_all = output.is_document() || sort_by.is_some() || !request.fields.is_empty();
    let (mut groups, missing) = find(run.world(), &request, args, reads_all)?;
    if let Some(sort_by) = sort_by {
        groups = sorted(groups, &sort_by, &output, request.single)?;
    }
    let text = print(&output, &groups, args, request.single)?;
    match missing.split_last().filter(|_| !args.ignore_not_found) {
        None => {
            if text.is_empty() && output.is_table() && !args.ignore_not_found {
                say_that_nothing_is_there(&groups, args.namespace());
            }
            input.answer(text)
        }
        // As kubectl does, what is there first, then what is not.
        Some((last, others)) => {
            if !request.single {
                crate::print(&text)?;
            }
            for missing in others {
                eprintln!("packetyard: {}", Failure::NotFound(missing.clone()));
            }
            Err(input.fail(Failure::NotFound(last.clone())))
        }
    }
}

fn sort_by(args: &Args) -> Result<Option<SortBy>, Failure> {
    args.sort_by.as_deref().filter(|field| !field.is_empty()).map(SortBy::parse).transpose()
}

/// kubectl names the namespace where all that was asked for is in one.
fn say_that_nothing_is_there(groups: &[Group], namespace: Option<&str>) {
    match namespace.filter(|_| groups.iter().all(|group| group.listed.is_namespaced())) {
        Some(namespace) => eprintln!("No resources found in {namespace} namespace."),
        None => eprintln!("No resources found"),
    }
}

/// What is there, and what was asked for by a name that nothing has.
fn find(
    world: &World,
    request: &Request,
    args: &Args,
    reads_all: bool,
) -> Result<(Vec<Group>, Vec<String>), Failure> {
    let namespace = args.namespace();
    let mut groups: Vec<Group> = Vec::new();
    let mut missing = Vec::new();
    let mut known: Vec<(Listed, &Part)> = Vec::new();
    for part in &request.parts {
        let listed = Listed::called(world, &part.resource)?;
        // builder.go, resourceMappings: `po,pods` is one resource.
        let is_alias = |(other, of): &(Listed, &Part)| {
            *other == listed && of.name == part.name && (part.name.is_none() || of.resource != part.resource)
        };
        if known.iter().any(is_alias) {
            continue;
        }
        known.push((listed.clone(), part));
        check_fields(&listed, &request.fields, args)?;
        let (selector, fields) = (request.selector.clone(), request.fields.clone());
        let filter = Filter { namespace, name: part.name.as_deref(), uids: None, selector, fields };
        let objects = objects(world, &listed, &filter, reads_all);
        if let Some(name) = part.name.as_ref().filter(|_| objects.is_empty()) {
            missing.push(format!("{} {name:?}", listed.plural()));
        }
        match groups.last_mut().filter(|group| group.listed == listed) {
            Some(group) => group.objects.extend(objects),
            None => groups.push(Group { listed, objects, by_name: part.name.is_some() }),
        }
    }
    Ok((groups, missing))
}

/// The API server looks for few fields (cli-runtime resource/selector.go has the sentence around what it says).
fn check_fields(listed: &Listed, fields: &FieldQuery, args: &Args) -> Result<(), Failure> {
    let checked = match listed {
        Listed::Type(found) => fields.check(&found.kind, found.selectable_fields.as_deref()),
        Listed::Events | Listed::Others => fields.check(&listed.kind(), None),
    };
    checked.map_err(|why| {
        let (labels, fields) = (&args.selector, &args.field_selector);
        let [labels, fields] = [labels, fields].map(|query| query.as_deref().unwrap_or_default());
        let resource = listed.versioned();
        Failure::Usage(format!(
            "Unable to find {resource:?} that match label selector {labels:?}, field selector {fields:?}: {why}"
        ))
    })
}

/// A table reads what the simulation knows; a document has all that the API server would send. Of kinds that are only
/// kept nothing else is known, so their tables read that too.
fn objects(world: &World, listed: &Listed, filter: &Filter<'_>, reads_all: bool) -> Vec<Object> {
    let kinds: Vec<Kind> = match listed {
        Listed::Type(found) => vec![found.kind.clone()],
        Listed::Others => {
            let kinds = world.store().unsimulated.iter().map(|o| o.kind.clone());
            kinds.collect::<BTreeSet<_>>().into_iter().map(Kind::Other).collect()
        }
        Listed::Events => {
            let events = events::objects(world, filter).into_iter();
            return events.filter(|event| filter.fields.matches(&listed.kind(), &event.tree)).collect();
        }
    };
    kinds.iter().flat_map(|kind| objects_of(world, kind, filter, reads_all)).collect()
}

/// In the order of their keys in etcd, which is the API server's: `a-b/x` comes before `a/x`.
fn objects_of(world: &World, kind: &Kind, filter: &Filter<'_>, reads_all: bool) -> Vec<Object> {
    let store = world.store();
    let now = seconds(&timestamp(world.now())).unwrap_or(0);
    let mut metas: Vec<&Meta> = store.metas(kind).filter(|meta| filter.takes(meta)).collect();
    metas.sort_by_cached_key(|meta| format!("{}/{}", meta.namespace, meta.name));
    let object = |meta: &Meta| {
        let object = store.get(&ObjectRef::new(kind.clone(), meta))?;
        let tree = match reads_all || matches!(kind, Kind::Other(_)) {
            true => world.served(&object),
            false => cluster::api::to_tree(&object, store.written(meta.uid)),
        };
        Some(Object { meta: meta.clone(), tree, now })
    };
    let objects = metas.into_iter().filter_map(object);
    objects.filter(|object| filter.fields.matches(kind, &object.tree)).collect()
}

/// Each table by itself, but not objects that were asked for by their names: the API server sends each in a table of
/// its own. Of documents all are in one List.
fn sorted(groups: Vec<Group>, by: &SortBy, output: &Output, single: bool) -> Result<Vec<Group>, Failure> {
    if output.is_table() {
        let sorted = |group: Group| match group.by_name {
            true => Ok(group),
            false => Ok(Group { objects: by.sort(group.objects)?, ..group }),
        };
        return groups.into_iter().map(sorted).collect();
    }
    let mut groups = groups.into_iter();
    let Some(first) = groups.next() else { return Ok(Vec::new()) };
    if single {
        return Ok(vec![first]);
    }
    let objects = first.objects.into_iter().chain(groups.flat_map(|group| group.objects));
    Ok(vec![Group { objects: by.sort(objects.collect())?, ..first }])
}

fn print(output: &Output, groups: &[Group], args: &Args, single: bool) -> Result<String, Failure> {
    let objects = || groups.iter().flat_map(|group| &group.objects);
    // get.go, printGeneric.
    if args.ignore_not_found && objects().next().is_none() {
        return Ok(String::new());
    }
    let document = || document::of(objects(), single);
    Ok(match output {
        Output::Yaml => to_yaml(&document()),
        Output::Json => document::json(&document()),
        Output::Name => objects().map(name).collect(),
        Output::JsonPath(template) => template.print(&document()).map_err(Failure::Usage)?,
        Output::CustomColumns { columns, with_header } => {
            let header = with_header.then(|| columns.header());
            let rows = objects().map(|object| columns.row(&object.tree));
            let rows = rows.collect::<Result<String, String>>().map_err(Failure::Usage)?;
            TabWriter::default().write(&(header.unwrap_or_default() + &rows))
        }
        Output::Text => tables::print(groups, &Looks::new(args, false)),
        Output::Wide => tables::print(groups, &Looks::new(args, true)),
    })
}

/// `pod/web-1`
fn name(object: &Object) -> String {
    format!("{}/{}\n", discovery::prefix_of(&object.tree), object.meta.name)
}
