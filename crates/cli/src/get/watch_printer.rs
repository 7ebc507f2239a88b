//! What `--watch` prints: a table that grows, or one document after the other (kubectl pkg/cmd/get/get.go, watch;
//! cli-runtime pkg/printers).

use cluster::api::{Tree, Value, to_json, to_yaml};

use super::object::Object;
use super::output::Output;
use super::tables::Looks;
use super::{Listed, document, name};
use crate::args::Get as Args;
use crate::failure::Failure;
use crate::tab_writer::TabWriter;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    Added,
    Modified,
    Deleted,
}

impl Event {
    fn name(self) -> &'static str {
        match self {
            Event::Added => "ADDED",
            Event::Modified => "MODIFIED",
            Event::Deleted => "DELETED",
        }
    }

    /// As wide as the widest of them (tableprinter.go, formattedEventType).
    fn cell(self) -> String {
        format!("{:8}", self.name())
    }
}

pub struct Printer<'a> {
    output: &'a Output,
    looks: Looks<'a>,
    listed: Listed,
    with_namespace: bool,
    /// Each object is in a watch event.
    with_events: bool,
    /// Lines keep the columns of those before them.
    writer: TabWriter,
    /// Of what was printed already: it has a header, or a line between documents follows it.
    is_first: bool,
}

impl<'a> Printer<'a> {
    pub fn new(args: &'a Args, output: &'a Output, listed: &Listed) -> Printer<'a> {
        let looks = Looks::new(args, matches!(output, Output::Wide));
        Printer {
            output,
            with_namespace: looks.has_namespaces(listed) || args.all_namespaces,
            looks,
            listed: listed.clone(),
            with_events: args.output_watch_events,
            writer: TabWriter::default(),
            is_first: true,
        }
    }

    /// What is there when the watch begins.
    pub fn at_first(&mut self, objects: &[Object]) -> Result<String, Failure> {
        self.print(Event::Added, objects)
    }

    pub fn change(&mut self, event: Event, object: Object) -> Result<String, Failure> {
        self.print(event, &[object])
    }

    fn print(&mut self, event: Event, objects: &[Object]) -> Result<String, Failure> {
        if objects.is_empty() {
            return Ok(String::new());
        }
        let printed = match self.output {
            Output::Text | Output::Wide => Ok(self.rows(event, objects)),
            Output::CustomColumns { columns, with_header } => {
                let header = match *with_header && self.is_first {
                    true => columns.header(),
                    false => String::new(),
                };
                let rows = objects.iter().map(|object| columns.row(&self.document(event, object)));
                rows.collect::<Result<String, _>>().map(|rows| self.writer.write(&(header + &rows)))
            }
            Output::Json => Ok(objects.iter().map(|object| self.json(event, object)).collect()),
            Output::Name => Ok(objects.iter().map(name).collect()),
            Output::JsonPath(template) => {
                let documents = objects.iter().map(|object| self.document(event, object));
                let numbers = |document| if self.with_events { floats(&document) } else { document };
                documents.map(numbers).map(|document| template.print(&document)).collect()
            }
            Output::Yaml => Ok(self.yaml(event, objects)),
        };
        self.is_first = false;
        printed.map_err(Failure::Usage)
    }

    fn rows(&mut self, event: Event, objects: &[Object]) -> String {
        let mut table = self.looks.table(&self.listed, objects, self.with_namespace, false);
        if self.with_events {
            table.prepend("EVENT", &event.cell());
        }
        let with_header = self.looks.with_header && self.is_first;
        self.writer.write(&table.lines(self.looks.is_wide, with_header))
    }

    fn json(&self, event: Event, object: &Object) -> String {
        match self.with_events {
            false => document::json(&object.tree),
            true => format!("{{\"type\":\"{}\",\"object\":{}}}\n", event.name(), to_json(&object.tree)),
        }
    }

    fn yaml(&self, event: Event, objects: &[Object]) -> String {
        let documents = objects.iter().map(|object| to_yaml(&self.document(event, object)));
        let text = documents.collect::<Vec<_>>().join("---\n");
        if self.is_first { text } else { "---\n".to_string() + &text }
    }

    /// The object, or the watch event that it is in.
    fn document(&self, event: Event, object: &Object) -> Tree {
        if !self.with_events {
            return object.tree.clone();
        }
        let mut document = Tree::map();
        document.put("object", object.tree.clone());
        document.put("type", Tree::string(event.name()));
        document
    }
}

/// kubectl's JSONPath reads a watch event by way of encoding/json, to which each number is a float
/// (cli-runtime printers/jsonpath.go, PrintObj).
fn floats(tree: &Tree) -> Tree {
    match &tree.value {
        Value::Int(number) => Tree::new(Value::Float(number.to_string().as_str().into())),
        Value::Seq(items) => Tree::seq(items.iter().map(floats).collect()),
        Value::Map(entries) => {
            let mut map = Tree::map();
            for entry in entries.iter() {
                map.put(&entry.key, floats(&entry.value));
            }
            map
        }
        Value::Null | Value::Bool(_) | Value::Float(_) | Value::String(_) => tree.clone(),
    }
}
