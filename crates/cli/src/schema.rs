//! `packetyard schema NAME`: what `-o json` prints, as JSON Schema (draft 2020-12), made from the types that are
//! printed. Fields may be added; those that are there stay.

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema};

use crate::args::{Schema as Args, SchemaName};
use crate::failure::Failure;
use crate::get::{conntrack, dns};
use crate::{assumptions, dig, run, trace, words};

pub fn schema(args: &Args) -> Result<String, Failure> {
    let schema = match args.name {
        SchemaName::Run => of::<run::Report<'static>>("run"),
        SchemaName::Trace => of::<trace::Report>("trace"),
        SchemaName::Dig => of::<dig::Report>("dig"),
        SchemaName::Conntrack => of::<Vec<conntrack::Row>>("get conntrack"),
        SchemaName::Dns => of::<Vec<dns::Row>>("get dns"),
        SchemaName::Assumptions => of::<Vec<assumptions::Row>>("assumptions"),
    };
    words::json(&schema)
}

fn of<T: JsonSchema>(command: &str) -> Schema {
    let settings = SchemaSettings::draft2020_12().for_serialize();
    let mut schema = settings.into_generator().into_root_schema_for::<T>();
    schema.insert("title".into(), format!("packetyard {command} -o json").into());
    schema
}
