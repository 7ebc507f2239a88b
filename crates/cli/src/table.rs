//! Tables, as kubectl lays them out (cli-runtime printers/tableprinter.go).

use std::borrow::Cow;

use crate::tab_writer::TabWriter;

/// The column that tables of all namespaces begin with.
pub const NAMESPACE: &str = "NAMESPACE";
const NAME: &str = "NAME";

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

    /// A column before the first one, with the same in each row.
    pub fn prepend(&mut self, name: &'static str, cell: &str) {
        self.columns.insert(0, always(name));
        self.rows.iter_mut().for_each(|row| row.insert(0, cell.into()));
    }

    /// A column after the last one, with a cell for each row.
    pub fn append(&mut self, name: String, cells: impl Iterator<Item = String>) {
        self.columns.push(Column { name: name.into(), wide: false });
        self.rows.iter_mut().zip(cells).for_each(|(row, cell)| row.push(cell));
    }

    /// Lines with tabs between their cells, for a [`TabWriter`].
    pub fn lines(&self, is_wide: bool, with_header: bool) -> String {
        let is_shown = |at: &usize| is_wide || !self.columns[*at].wide;
        let shown: Vec<usize> = (0..self.columns.len()).filter(is_shown).collect();
        let header = || shown.iter().map(|at| self.columns[*at].name.to_uppercase()).collect();
        let row = |row: &Vec<String>| shown.iter().map(|at| first_line(&row[*at])).collect();
        let header: Option<Vec<String>> = with_header.then(header);
        let rows = self.rows.iter().map(row);
        header.into_iter().chain(rows).map(|cells| line(&cells)).collect()
    }

    /// Each column as wide as its widest cell.
    #[cfg(test)]
    fn render(&self, is_wide: bool) -> String {
        TabWriter::default().write(&self.lines(is_wide, true))
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
pub fn escaped(cell: &str) -> String {
    cell.replace('\u{1b}', "^[").replace('\r', "\\r")
}

fn line(cells: &[String]) -> String {
    cells.iter().map(|cell| escaped(cell)).collect::<Vec<_>>().join("\t") + "\n"
}

/// A table of the command line's own.
pub fn render(header: &[&str], rows: &[Vec<String>]) -> String {
    let header: Vec<String> = header.iter().map(|name| name.to_string()).collect();
    let lines = std::iter::once(line(&header)).chain(rows.iter().map(|row| line(row)));
    TabWriter::default().write(&lines.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(rows: &[&[&str]]) -> Vec<Vec<String>> {
        rows.iter().map(|row| row.iter().map(ToString::to_string).collect()).collect()
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
        table.prepend("EVENT", "ADDED   ");
        table.append("tier".into(), ["back".to_string()].into_iter());
        assert_eq!(table.render(false), "EVENT      NAME      TIER\nADDED      pod/web   back\n");
        assert_eq!(table.lines(true, false), "ADDED   \tpod/web\t10.0.0.1\tback\n");
    }
}
