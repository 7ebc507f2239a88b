//! Tables, as kubectl lays them out (cli-runtime printers/tableprinter.go, tabwriter.go).

use std::borrow::Cow;

/// The column that tables of all namespaces begin with.
pub const NAMESPACE: &str = "NAMESPACE";
const NAME: &str = "NAME";
/// Between a column's widest cell and the next one.
const PADDING: usize = 3;
/// Of a column with its padding.
const MIN_WIDTH: usize = 6;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    pub name: Cow<'static, str>,
    /// Only `-o wide` shows it.
    pub wide: bool,
}

pub const fn always(name: &'static str) -> Column {
    Column { name: Cow::Borrowed(name), wide: false }
}

pub const fn wide(name: &'static str) -> Column {
    Column { name: Cow::Borrowed(name), wide: true }
}

pub struct Table {
    columns: Vec<Column>,
    /// A cell for each column.
    rows: Vec<Vec<String>>,
}

impl Table {
    pub fn new(columns: &[Column], rows: Vec<Vec<String>>) -> Table {
        Table { columns: columns.to_vec(), rows }
    }

    fn place(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name == name)
    }

    /// `pod/web-1` for `web-1`.
    pub fn prefix_names(&mut self, prefix: &str) {
        let Some(place) = self.place(NAME) else { return };
        for row in &mut self.rows {
            row[place] = format!("{prefix}/{}", row[place]);
        }
    }

    pub fn remove_column(&mut self, name: &str) {
        let Some(place) = self.place(name) else { return };
        self.columns.remove(place);
        for row in &mut self.rows {
            row.remove(place);
        }
    }

    /// Each column as wide as its widest cell.
    pub fn render(&self, is_wide: bool) -> String {
        let is_shown = |at: &usize| is_wide || !self.columns[*at].wide;
        let shown: Vec<usize> = (0..self.columns.len()).filter(is_shown).collect();
        let header = shown.iter().map(|at| self.columns[*at].name.to_string()).collect();
        let row = |row: &Vec<String>| shown.iter().map(|at| first_line(&row[*at])).collect();
        let lines: Vec<Vec<String>> = std::iter::once(header).chain(self.rows.iter().map(row)).collect();
        lay_out(&lines)
    }
}

/// What a line break cuts off is told.
fn first_line(cell: &str) -> String {
    match cell.split_once(['\n', '\r', '\u{c}']) {
        Some((line, _)) => format!("{line}..."),
        None => cell.to_string(),
    }
}

/// A text of somebody else's tells the terminal nothing (cli-runtime printers/terminal.go, terminalEscaper).
fn escaped(cell: &str) -> String {
    cell.replace('\u{1b}', "^[").replace('\r', "\\r")
}

/// The last column is not filled up.
fn lay_out(lines: &[Vec<String>]) -> String {
    let lines: Vec<Vec<String>> =
        lines.iter().map(|line| line.iter().map(|cell| escaped(cell)).collect()).collect();
    let count = lines.first().map_or(0, Vec::len);
    let length = |cell: &String| cell.chars().count();
    let widest = |at| lines.iter().map(|line| length(&line[at])).max().unwrap_or(0);
    let widths: Vec<usize> = (0..count).map(|at| (widest(at) + PADDING).max(MIN_WIDTH)).collect();
    let mut text = String::new();
    for line in &lines {
        for (at, cell) in line.iter().enumerate() {
            text.push_str(cell);
            if at + 1 < count {
                text.extend(std::iter::repeat_n(' ', widths[at] - length(cell)));
            }
        }
        text.push('\n');
    }
    text
}

/// A table of the command line's own.
pub fn render(header: &[&str], rows: &[Vec<String>]) -> String {
    let header = header.iter().map(|name| name.to_string()).collect();
    let lines: Vec<Vec<String>> = std::iter::once(header).chain(rows.iter().cloned()).collect();
    lay_out(&lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(rows: &[&[&str]]) -> Vec<Vec<String>> {
        rows.iter().map(|row| row.iter().map(ToString::to_string).collect()).collect()
    }

    #[test]
    fn columns_line_up() {
        let rows = cells(&[&["web", "1"], &["a-long-name", "22"]]);
        assert_eq!(render(&["NAME", "N"], &rows), "NAME          N\nweb           1\na-long-name   22\n");
    }

    #[test]
    fn a_column_is_never_narrower_than_kubectls() {
        assert_eq!(render(&["A", "B"], &cells(&[&["", "x"]])), "A     B\n      x\n");
    }

    #[test]
    fn a_cell_ends_with_its_line() {
        let table = Table::new(&[always("MESSAGE")], cells(&[&["one\ntwo"]]));
        assert_eq!(table.render(false), "MESSAGE\none...\n");
    }

    #[test]
    fn a_cell_tells_the_terminal_nothing() {
        let table = Table::new(&[always("A"), always("B")], cells(&[&["\u{1b}[2J", "x\u{1b}]0;\ry"]]));
        assert_eq!(table.render(false), "A       B\n^[[2J   x^[]0;...\n");
        assert_eq!(render(&["A\u{1b}c"], &cells(&[&["a\rb"]])), "A^[c\na\\rb\n");
    }

    #[test]
    fn columns_come_and_go() {
        let columns = [always(NAMESPACE), always(NAME), wide("IP")];
        let mut table = Table::new(&columns, cells(&[&["a", "web", "10.0.0.1"]]));
        table.prefix_names("pod");
        assert_eq!(table.render(false), "NAMESPACE   NAME\na           pod/web\n");
        table.remove_column(NAMESPACE);
        assert_eq!(table.render(true), "NAME      IP\npod/web   10.0.0.1\n");
    }
}
