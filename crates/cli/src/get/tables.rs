//! Tables of objects, with the columns that the caller adds (cli-runtime printers/tableprinter.go, decorateTable).

use super::object::Object;
use super::{Group, Listed, printers};
use crate::args::Get as Args;
use crate::tab_writer::TabWriter;
use crate::table::{NAMESPACE, Table};

/// What there is beside a kind's own columns.
pub struct Looks<'a> {
    pub is_wide: bool,
    pub with_header: bool,
    with_labels: bool,
    labels: &'a [String],
    with_kind: bool,
    /// Namespaces are shown of those that are in one.
    all_namespaces: bool,
}

impl<'a> Looks<'a> {
    pub fn new(args: &'a Args, is_wide: bool) -> Looks<'a> {
        Looks {
            is_wide,
            with_header: !args.no_headers,
            with_labels: args.show_labels,
            labels: &args.label_columns,
            with_kind: args.show_kind,
            all_namespaces: args.namespace().is_none(),
        }
    }

    pub fn has_namespaces(&self, listed: &Listed) -> bool {
        self.all_namespaces && listed.is_namespaced()
    }

    pub fn table(&self, listed: &Listed, objects: &[Object], with_namespace: bool, with_kind: bool) -> Table {
        let mut table = printers::table(listed, objects);
        if with_kind || self.with_kind {
            table.prefix_names(&listed.prefix());
        }
        if !with_namespace {
            table.remove_column(NAMESPACE);
        }
        for label in self.labels {
            let header = label.rsplit('/').next().unwrap_or(label).to_uppercase();
            let cell =
                |object: &Object| object.meta.labels.get(&**label).map_or(String::new(), |v| v.to_string());
            table.append(header, objects.iter().map(cell));
        }
        if self.with_labels {
            table
                .append("LABELS".into(), objects.iter().map(|object| printers::labels(object.tree_labels())));
        }
        table
    }
}

/// One table for each kind that has objects, an empty line between them. Once kubectl has printed namespaces it goes
/// on doing so, for Nodes too: the flag is in what all its printers share (kubectl get.go, ToPrinter).
pub fn print(groups: &[Group], looks: &Looks<'_>) -> String {
    // get.go, multipleGVKsRequested: of what was answered, not of what was asked for.
    let mut answered = groups.iter().filter(|group| group.is_answered());
    let first = answered.next();
    let with_kind = first.is_some_and(|first| answered.any(|group| group.listed != first.listed));
    let mut with_namespace = false;
    let mut out = Vec::new();
    for group in groups {
        with_namespace |= looks.has_namespaces(&group.listed);
        if group.objects.is_empty() {
            continue;
        }
        let table = looks.table(&group.listed, &group.objects, with_namespace, with_kind);
        out.push(TabWriter::default().write(&table.lines(looks.is_wide, looks.with_header)));
    }
    out.join(if looks.with_header { "\n" } else { "" })
}
