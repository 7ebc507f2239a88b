//! Tables as kubectl prints them, without what another run has otherwise.

use std::collections::BTreeMap;

/// By kind: `pod`, `deployment.apps`.
pub type Tables = BTreeMap<String, Table>;

#[derive(Debug, Default, PartialEq, Eq)]
pub struct Table {
    pub columns: Vec<Column>,
    /// The cells of the columns that are kept, in order of the rows' text.
    pub rows: Vec<Vec<String>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    pub name: String,
    /// Only `-o wide` has it.
    pub wide: bool,
    /// Its cells are compared.
    pub kept: bool,
}

/// How old something is, where it came to lie, and what only a machine can say of itself.
const NOT_KEPT: &[&str] =
    &["AGE", "DURATION", "LAST SCHEDULE", "IP", "NODE", "OS-IMAGE", "KERNEL-VERSION", "CONTAINER-RUNTIME"];

/// Namespaces that kubeadm makes, and the API server's own Service: the model has none of them.
fn is_of_the_system(namespace: &str, name: &str) -> bool {
    namespace.starts_with("kube-") || (namespace, name) == ("default", "kubernetes")
}

/// Of what is printed with and without `-o wide`; each table's names have their kinds before them.
pub fn of_kubectl(wide: &str, narrow: &str) -> Tables {
    let narrow: BTreeMap<String, Vec<String>> =
        blocks(narrow).into_iter().map(|(kind, columns, _)| (kind, columns)).collect();
    let of_block = |(kind, names, rows): (String, Vec<String>, Vec<Vec<String>>)| {
        let in_narrow = narrow.get(&kind).cloned().unwrap_or_default();
        let columns: Vec<Column> = names
            .into_iter()
            .map(|name| Column {
                wide: !in_narrow.contains(&name),
                kept: !NOT_KEPT.contains(&name.as_str()),
                name,
            })
            .collect();
        let mut rows: Vec<Vec<String>> = rows
            .into_iter()
            .filter(|row| !is_of_the_system(&row[0], without_kind(&row[1])))
            .map(|row| kept_cells(&kind, &columns, row))
            .collect();
        rows.sort();
        (kind, Table { columns, rows })
    };
    blocks(wide).into_iter().map(of_block).filter(|(_, table)| !table.rows.is_empty()).collect()
}

/// Kind, columns and rows of each table.
fn blocks(text: &str) -> Vec<(String, Vec<String>, Vec<Vec<String>>)> {
    let tables = text.trim_end().split("\n\n").filter(|table| !table.trim().is_empty());
    tables
        .map(|table| {
            let mut lines = table.lines();
            let header = lines.next().expect("a table has a header");
            let starts = column_starts(header);
            let columns = cells(header, &starts);
            let rows: Vec<Vec<String>> = lines.map(|line| cells(line, &starts)).collect();
            let kind = rows[0][1].split_once('/').expect("names have kinds before them").0.to_string();
            (kind, columns, rows)
        })
        .collect()
}

/// Where a column begins: after two spaces, since names of columns have single ones.
fn column_starts(header: &str) -> Vec<usize> {
    let bytes = header.as_bytes();
    let begins = |at: &usize| bytes[*at] != b' ' && (*at == 0 || header[..*at].ends_with("  "));
    (0..bytes.len()).filter(begins).collect()
}

fn cells(line: &str, starts: &[usize]) -> Vec<String> {
    let ends = starts.iter().skip(1).copied().chain([usize::MAX]);
    let cell = |(start, end): (&usize, usize)| line.get(*start..end.min(line.len())).unwrap_or("").trim();
    starts.iter().zip(ends).map(cell).map(String::from).collect()
}

fn without_kind(name: &str) -> &str {
    name.split_once('/').map_or(name, |(_, name)| name)
}

fn kept_cells(kind: &str, columns: &[Column], row: Vec<String>) -> Vec<String> {
    let kept = columns.iter().zip(row).filter(|(column, _)| column.kept);
    let cell = |(column, cell): (&Column, String)| match &*column.name {
        "NAME" => general_name(kind, without_kind(&cell)),
        "RESTARTS" => cell.split(' ').next().unwrap_or("").to_string(),
        "CLUSTER-IP" | "EXTERNAL-IP" | "ENDPOINTS" => addresses(&cell),
        "PORT(S)" => cell.split(',').map(port).collect::<Vec<_>>().join(","),
        "SELECTOR" => cell.split(',').map(selected).collect::<Vec<_>>().join(","),
        _ => cell,
    };
    kept.map(cell).collect()
}

/// Without what is drawn by chance, and without hashes and minutes.
fn general_name(kind: &str, name: &str) -> String {
    let is_minute = |part: &str| part.len() == 8 && part.bytes().all(|b| b.is_ascii_digit());
    let is_drawn =
        |part: &str| part.len() == 5 && part.bytes().all(|b| b"bcdfghjklmnpqrstvwxz2456789".contains(&b));
    let mut parts: Vec<&str> = name.split('-').collect();
    let count = parts.len();
    let (last, before) = (count - 1, count.saturating_sub(2));
    let has_hash = matches!(kind, "replicaset.apps" | "controllerrevision.apps") && count > 1;
    if has_hash {
        parts[last] = "HASH";
    } else if matches!(kind, "pod" | "endpointslice.discovery.k8s.io") && count > 1 && is_drawn(parts[last]) {
        parts[last] = "*";
        if kind == "pod" && count > 2 && is_hash(parts[before]) {
            parts[before] = "HASH";
        }
    }
    let parts = parts.into_iter().map(|part| if is_minute(part) { "MINUTE" } else { part });
    parts.collect::<Vec<_>>().join("-")
}

/// Of a Pod template, in the letters that hashes have.
fn is_hash(part: &str) -> bool {
    (5..=10).contains(&part.len()) && part.bytes().all(|b| b"bcdfghjklmnpqrstvwxz2456789".contains(&b))
}

/// `IP:8080` for `10.244.1.2:8080`: which address it is, is chance.
fn addresses(cell: &str) -> String {
    let (list, more) = match cell.split_once(" + ") {
        Some((list, more)) => (list, format!(" + {more}")),
        None => (cell, String::new()),
    };
    let address = |item: &str| match item.parse::<std::net::SocketAddr>() {
        Ok(socket) => format!("IP:{}", socket.port()),
        Err(_) if item.parse::<std::net::IpAddr>().is_ok() => "IP".into(),
        Err(_) => item.to_string(),
    };
    list.split(',').map(address).collect::<Vec<_>>().join(",") + &more
}

/// A node port of the range is allocated, as far as can be seen.
fn port(cell: &str) -> String {
    let allocated = |rest: &str| {
        rest.split_once('/')
            .is_some_and(|(port, _)| port.parse::<u32>().is_ok_and(|port| (30_000..32_768).contains(&port)))
    };
    match cell.split_once(':') {
        Some((port, rest)) if allocated(rest) => {
            format!("{port}:NODEPORT/{}", rest.split_once('/').map_or("", |(_, protocol)| protocol))
        }
        _ => cell.to_string(),
    }
}

fn selected(requirement: &str) -> String {
    match requirement.split_once('=') {
        Some((key @ ("pod-template-hash" | "batch.kubernetes.io/controller-uid"), _)) => format!("{key}=*"),
        _ => requirement.to_string(),
    }
}

/// How an empty cell is written.
const EMPTY: &str = "-";

/// A line of columns, in which `+` marks those of `-o wide` and `*` those that are not compared; then a line for each
/// row.
pub fn print(tables: &Tables) -> String {
    let mut out = String::new();
    for (kind, table) in tables {
        let mark = |column: &Column| {
            let (wide, kept) = (if column.wide { "+" } else { "" }, if column.kept { "" } else { "*" });
            format!("{}{wide}{kept}", column.name)
        };
        let columns: Vec<String> = table.columns.iter().map(mark).collect();
        out += &format!("{kind}: {}\n", columns.join(" | "));
        for row in &table.rows {
            let cell = |cell: &String| if cell.is_empty() { EMPTY.to_string() } else { cell.clone() };
            out += &format!("  {}\n", row.iter().map(cell).collect::<Vec<_>>().join(" | "));
        }
    }
    out
}

pub fn read(text: &str) -> Tables {
    let mut tables = Tables::new();
    let mut kind = "";
    for line in text.lines() {
        match line.strip_prefix("  ") {
            Some(row) => {
                let table = tables.get_mut(kind).expect("a row stands below its columns");
                let cell = |cell: &str| if cell == EMPTY { String::new() } else { cell.to_string() };
                table.rows.push(row.split(" | ").map(cell).collect());
            }
            None => {
                let columns;
                (kind, columns) = line.split_once(": ").expect("a kind and its columns");
                let table = Table { columns: columns.split(" | ").map(column).collect(), rows: Vec::new() };
                tables.insert(kind.to_string(), table);
            }
        }
    }
    tables
}

fn column(text: &str) -> Column {
    let name = text.trim_end_matches(['+', '*']);
    let marks = &text[name.len()..];
    Column { name: name.into(), wide: marks.contains('+'), kept: !marks.contains('*') }
}
