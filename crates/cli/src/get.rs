//! `packetyard get`: objects, as kubectl prints them.

mod conntrack;
mod dns;
mod document;
mod rows;

use cluster::sim::World;

use crate::args::{Get as Args, GetFormat};
use crate::failure::Failure;
use crate::{input, table};

/// A kind that can be listed, with the names that kubectl knows it by.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Node,
    Namespace,
    Pod,
    Service,
    Deployment,
    ReplicaSet,
    EndpointSlice,
    Event,
    Other,
}

impl Kind {
    fn parse(text: &str) -> Option<Kind> {
        Some(match text.to_ascii_lowercase().as_str() {
            "node" | "nodes" | "no" => Kind::Node,
            "namespace" | "namespaces" | "ns" => Kind::Namespace,
            "pod" | "pods" | "po" => Kind::Pod,
            "service" | "services" | "svc" => Kind::Service,
            "deployment" | "deployments" | "deploy" => Kind::Deployment,
            "replicaset" | "replicasets" | "rs" => Kind::ReplicaSet,
            "endpointslice" | "endpointslices" => Kind::EndpointSlice,
            "event" | "events" | "ev" => Kind::Event,
            "other" | "others" => Kind::Other,
            _ => return None,
        })
    }

    /// As in `pod/web-1`.
    fn resource(self) -> &'static str {
        match self {
            Kind::Node => "node",
            Kind::Namespace => "namespace",
            Kind::Pod => "pod",
            Kind::Service => "service",
            Kind::Deployment => "deployment.apps",
            Kind::ReplicaSet => "replicaset.apps",
            Kind::EndpointSlice => "endpointslice.discovery.k8s.io",
            Kind::Event => "event",
            Kind::Other => "other",
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
    let kinds = match Kind::parse(&args.kind) {
        Some(kind) => vec![kind],
        None if all => ALL.to_vec(),
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

fn names(world: &World, kinds: &[Kind], filter: &Filter<'_>) -> String {
    let mut out = String::new();
    for kind in kinds {
        for row in rows::rows(world, *kind, filter) {
            out.push_str(&format!("{}/{}\n", kind.resource(), row.name));
        }
    }
    out
}

fn tables(world: &World, kinds: &[Kind], filter: &Filter<'_>, wide: bool, prefixed: bool) -> String {
    let mut out = Vec::new();
    for kind in kinds {
        let rows = rows::rows(world, *kind, filter);
        if rows.is_empty() {
            continue;
        }
        let columns = rows::columns(*kind, wide);
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
