//! `packetyard get dns [NAME]`: the records that the cluster's DNS has of Services, as a zone file
//! writes them.

use schemars::JsonSchema;
use serde::Serialize;

use super::Filter;
use super::field_query::FieldQuery;
use super::label_query::{self, LabelQuery};
use super::output::Output;
use crate::args::Get as Args;
use crate::failure::Failure;
use crate::input::Input;
use crate::{input, words};

/// A record of the cluster's DNS.
#[derive(Serialize, JsonSchema)]
pub struct Row {
    /// Without the point at its end.
    name: String,
    /// A, AAAA, CNAME or SRV
    #[serde(rename = "type")]
    kind: &'static str,
    /// The whole record, as a zone file has it.
    record: String,
}

pub fn get(args: &Args) -> Result<String, Failure> {
    if args.resources.len() > 2 || args.node.is_some() || args.is_of_objects() {
        return Err(Failure::Usage("usage: packetyard get dns [NAME] [-n NAMESPACE] [-l QUERY]".into()));
    }
    let mut input = Input::read(&args.cluster)?;
    let mut run = input.start(&args.cluster)?;
    input::go_to_moment(&args.cluster, &mut run);
    let world = run.world();
    let selector = match &args.selector {
        None => LabelQuery::default(),
        Some(query) => label_query::parse(query).map_err(Failure::Usage)?,
    };
    let namespace = args.namespace();
    let name = args.resources.get(1).map(String::as_str);
    let filter = Filter { namespace, name, uids: None, selector, fields: FieldQuery::default() };
    let services = world.store().services.iter();
    let wanted: Vec<_> = services.filter(|service| filter.takes(&service.meta)).collect();
    if let (Some(name), true) = (name, wanted.is_empty()) {
        return Err(Failure::NotFound(format!("services {name:?}")));
    }
    let records = wanted.into_iter().flat_map(|service| world.dns_records(service));
    input.answer(match Output::parse(args)? {
        Output::Json => {
            let row = |r: cluster::dns::DnsRecord| Row {
                kind: r.kind().name(),
                record: r.to_string(),
                name: r.name.as_str().into(),
            };
            words::json(&records.map(row).collect::<Vec<_>>())?
        }
        Output::Text | Output::Wide => records.map(|record| format!("{record}\n")).collect(),
        Output::Yaml | Output::Name | Output::JsonPath(_) | Output::CustomColumns { .. } => {
            return Err(Failure::Usage("get dns prints -o text or -o json".into()));
        }
    })
}
