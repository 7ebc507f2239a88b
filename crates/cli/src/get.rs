//! `packetyard get`: objects, as kubectl prints them.

mod conntrack;
mod dns;
mod document;
mod rows;
mod workloads;

use std::sync::Arc;

use cluster::api::{ApiResource, Kind, Unsimulated};
use cluster::sim::World;

use crate::args::{Get as Args, GetFormat};
use crate::failure::Failure;
use crate::{input, table};

/// What can be listed.
#[derive(Clone, PartialEq, Eq)]
pub enum Listed {
    Kind(Kind),
    Events,
    /// Objects of all kinds that are not simulated.
    Other,
}

impl Listed {
    fn called(text: &str) -> Option<Listed> {
        match text.to_ascii_lowercase().as_str() {
            "event" | "events" | "ev" => Some(Listed::Events),
            "other" | "others" => Some(Listed::Other),
            text => Kind::called(text).map(Listed::Kind),
        }
    }

    /// As in `pod/web-1`.
    fn resource(&self) -> String {
        match self {
            Listed::Kind(kind) => kind.api().map_or_else(|| kind.to_string(), ApiResource::qualified),
            Listed::Events => "event".into(),
            Listed::Other => "other".into(),
        }
    }
}

/// What `get all` lists, in kubectl's order.
const ALL: [Kind; 4] = [Kind::Pod, Kind::Service, Kind::Deployment, Kind::ReplicaSet];

/// Which objects were asked for.
pub struct Filter<'a> {
    pub namespace: Option<&'a str>,
    pub name: Option<&'a str>,
}

impl Filter<'_> {
    pub fn takes(&self, namespace: &str, name: &str) -> bool {
        self.namespace.is_none_or(|ns| ns == namespace || namespace.is_empty())
            && self.name.is_none_or(|n| n == name)
    }
}

pub fn get(args: &Args) -> Result<String, Failure> {
    if args.kind == "conntrack" {
        return conntrack::get(args);
    }
    if args.kind == "dns" {
        return dns::get(args);
    }
    let all = args.kind == "all";
    let kinds = match Listed::called(&args.kind) {
        Some(kind) => vec![kind],
        None if all => ALL.map(Listed::Kind).to_vec(),
        None => {
            return Err(Failure::Usage(format!("the server doesn't have a resource type {:?}", args.kind)));
        }
    };
    let manifest = input::manifest(&args.cluster)?;
    let mut run = input::start(&args.cluster, &manifest)?;
    input::go_to_moment(&args.cluster, &mut run);
    let filter = Filter { namespace: args.namespace.as_deref(), name: args.name.as_deref() };
    let text = match args.output {
        GetFormat::Yaml | GetFormat::Json => {
            document::print(run.world(), &kinds, &filter, args.output == GetFormat::Json)
        }
        GetFormat::Name => names(run.world(), &kinds, &filter),
        GetFormat::Text | GetFormat::Wide => {
            tables(run.world(), &kinds, &filter, args.output == GetFormat::Wide, all)
        }
    };
    match (&args.name, text.is_empty()) {
        (Some(name), true) => Err(Failure::NotFound(format!("{} {name:?}", kinds[0].resource()))),
        (None, true) => Ok("No resources found\n".into()),
        _ => Ok(text),
    }
}

fn names(world: &World, kinds: &[Listed], filter: &Filter<'_>) -> String {
    let mut out = String::new();
    for kind in kinds {
        match kind {
            Listed::Other => {
                let of_other = |o: &&Arc<Unsimulated>| filter.takes(&o.meta.namespace, &o.meta.name);
                for object in world.store().unsimulated.iter().filter(of_other) {
                    out.push_str(&format!("{}/{}\n", resource(object), object.meta.name));
                }
            }
            Listed::Kind(_) | Listed::Events => {
                for row in rows::rows(world, kind, filter) {
                    out.push_str(&format!("{}/{}\n", kind.resource(), row.name));
                }
            }
        }
    }
    out
}

/// `statefulset.apps`. Of a kind that nothing is known of, as discovery would most likely have it.
fn resource(object: &Unsimulated) -> String {
    if let Some(api) = Kind::named(&object.kind).api() {
        return api.qualified();
    }
    let kind = object.kind.to_lowercase();
    object.api_version.split_once('/').map_or_else(|| kind.clone(), |(group, _)| format!("{kind}.{group}"))
}

fn tables(world: &World, kinds: &[Listed], filter: &Filter<'_>, wide: bool, prefixed: bool) -> String {
    let mut out = Vec::new();
    for kind in kinds {
        let rows = rows::rows(world, kind, filter);
        if rows.is_empty() {
            continue;
        }
        let columns = rows::columns(kind, wide);
        let cells: Vec<Vec<String>> = rows
            .into_iter()
            .map(|row| {
                let name = if prefixed { format!("{}/{}", kind.resource(), row.name) } else { row.name };
                let namespace = row.namespace.into_iter();
                let rest = row.cells.into_iter().chain(row.wide.into_iter().filter(|_| wide));
                namespace.chain([name]).chain(rest).collect()
            })
            .collect();
        out.push(table::render(&columns, &cells));
    }
    out.join("\n")
}
