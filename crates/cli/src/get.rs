//! `packetyard get`: objects, as kubectl prints them.

mod conntrack;
mod discovery;
mod dns;
mod document;
mod events;
mod label_query;
mod label_syntax;
mod object;
mod printers;
mod request;

use std::collections::BTreeSet;

use cluster::api::{Kind, Meta, ObjectRef, timestamp};
use cluster::sim::World;

use crate::args::{Get as Args, GetFormat};
use crate::failure::Failure;
use crate::input::Input;
use crate::{input, notes, table};
use discovery::ResourceType;
use label_query::LabelQuery;
use object::{Object, seconds};
use request::{Part, Request};

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
    pub selector: LabelQuery,
}

impl Filter<'_> {
    pub fn takes(&self, meta: &Meta) -> bool {
        self.takes_key(&meta.namespace, &meta.name) && self.selector.matches(&meta.labels)
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
    match args.resources[0].as_str() {
        "conntrack" => return conntrack::get(args),
        "dns" => return dns::get(args),
        _ => {}
    }
    if args.node.is_some() {
        return Err(Failure::Usage("--node is for get conntrack".into()));
    }
    let request = Request::parse(&args.resources, args.selector.as_deref())?;
    let mut input = Input::read(&args.cluster)?;
    let mut run = input.start(&args.cluster)?;
    input::go_to_moment(&args.cluster, &mut run);
    notes::tell(&args.cluster, &input.manifest, run.world());
    let namespace = args.namespace();
    let is_document = matches!(args.output, GetFormat::Yaml | GetFormat::Json);
    let (groups, missing) = find(run.world(), &request, namespace, is_document)?;
    let text = print(args.output, &groups, namespace.is_none(), request.single);
    match missing.split_last() {
        None => {
            let is_table = matches!(args.output, GetFormat::Text | GetFormat::Wide);
            if text.is_empty() && is_table {
                say_that_nothing_is_there(&groups, namespace);
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
    namespace: Option<&str>,
    is_document: bool,
) -> Result<(Vec<Group>, Vec<String>), Failure> {
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
        let filter = Filter { namespace, name: part.name.as_deref(), selector: request.selector.clone() };
        let objects = objects(world, &listed, &filter, is_document);
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

/// A table reads what the simulation knows; a document has all that the API server would send. Of kinds that are only
/// kept nothing else is known, so their tables read that too.
fn objects(world: &World, listed: &Listed, filter: &Filter<'_>, is_document: bool) -> Vec<Object> {
    let kinds: Vec<Kind> = match listed {
        Listed::Type(found) => vec![found.kind.clone()],
        Listed::Others => {
            let kinds = world.store().unsimulated.iter().map(|o| o.kind.clone());
            kinds.collect::<BTreeSet<_>>().into_iter().map(Kind::Other).collect()
        }
        Listed::Events => return events::objects(world, filter),
    };
    kinds.iter().flat_map(|kind| objects_of(world, kind, filter, is_document)).collect()
}

/// In the order of their keys in etcd, which is the API server's: `a-b/x` comes before `a/x`.
fn objects_of(world: &World, kind: &Kind, filter: &Filter<'_>, is_document: bool) -> Vec<Object> {
    let store = world.store();
    let now = seconds(&timestamp(world.now())).unwrap_or(0);
    let mut metas: Vec<&Meta> = store.metas(kind).filter(|meta| filter.takes(meta)).collect();
    metas.sort_by_cached_key(|meta| format!("{}/{}", meta.namespace, meta.name));
    let object = |meta: &Meta| {
        let object = store.get(&ObjectRef::new(kind.clone(), meta))?;
        let tree = match is_document || matches!(kind, Kind::Other(_)) {
            true => world.served(&object),
            false => cluster::api::to_tree(&object, store.written(meta.uid)),
        };
        Some(Object { meta: meta.clone(), tree, now })
    };
    metas.into_iter().filter_map(object).collect()
}

fn print(format: GetFormat, groups: &[Group], all_namespaces: bool, single: bool) -> String {
    match format {
        GetFormat::Yaml | GetFormat::Json => {
            let objects = groups.iter().flat_map(|group| &group.objects);
            document::print(objects, single, format == GetFormat::Json)
        }
        GetFormat::Name => groups.iter().map(names).collect(),
        GetFormat::Text => tables(groups, all_namespaces, false),
        GetFormat::Wide => tables(groups, all_namespaces, true),
    }
}

fn names(group: &Group) -> String {
    let prefix = |object: &Object| match group.listed {
        Listed::Others => discovery::prefix_of(&object.tree),
        Listed::Type(_) | Listed::Events => group.listed.prefix(),
    };
    group.objects.iter().map(|object| format!("{}/{}\n", prefix(object), object.meta.name)).collect()
}

/// One table for each kind that has objects, an empty line between them. Once kubectl has printed namespaces it goes
/// on doing so, for Nodes too: the flag is in what all its printers share (kubectl get.go, ToPrinter).
fn tables(groups: &[Group], all_namespaces: bool, wide: bool) -> String {
    // get.go, multipleGVKsRequested: of what was answered, not of what was asked for.
    let mut answered = groups.iter().filter(|group| group.is_answered());
    let first = answered.next();
    let with_kind = first.is_some_and(|first| answered.any(|group| group.listed != first.listed));
    let mut with_namespace = false;
    let mut out = Vec::new();
    for group in groups {
        with_namespace |= all_namespaces && group.listed.is_namespaced();
        if group.objects.is_empty() {
            continue;
        }
        let mut table = printers::table(&group.listed, &group.objects);
        if with_kind {
            table.prefix_names(&group.listed.prefix());
        }
        if !with_namespace {
            table.remove_column(table::NAMESPACE);
        }
        out.push(table.render(wide));
    }
    out.join("\n")
}
