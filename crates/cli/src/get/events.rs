//! `get events`: what happened.

use cluster::sim::{LogEntry, Time, World};

use super::Filter;
use super::object::human_duration;
use crate::table::{Column, NAMESPACE, Table, always};

pub struct Row {
    namespace: String,
    pub name: String,
    age: String,
    message: String,
}

pub fn rows(world: &World, filter: &Filter<'_>) -> Vec<Row> {
    let about = |entry: &LogEntry| match entry.about() {
        Some(o) => (o.namespace.to_string(), format!("{}/{}", o.kind.as_str().to_lowercase(), o.name)),
        None => (String::new(), "<cluster>".into()),
    };
    let rows = world.log().iter().map(|logged| {
        let (namespace, name) = about(&logged.entry);
        let age = age(world.now(), logged.at);
        Row { namespace, name, age, message: words::happened(&logged.entry) }
    });
    rows.filter(|row| filter.takes_key(&row.namespace, &row.name)).collect()
}

pub fn table(rows: &[Row]) -> Table {
    const COLUMNS: &[Column] = &[always(NAMESPACE), always("NAME"), always("AGE"), always("MESSAGE")];
    let cells = |row: &Row| [&row.namespace, &row.name, &row.age, &row.message].map(Clone::clone).to_vec();
    Table::new(COLUMNS, rows.iter().map(cells).collect())
}

fn age(now: Time, then: Time) -> String {
    human_duration(i64::try_from(now.since(then).0 / 1_000_000_000).unwrap_or(i64::MAX))
}
