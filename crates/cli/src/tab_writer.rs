//! Columns of text (liggitt/tabwriter, as cli-runtime printers/tabwriter.go sets it up): a cell ends with a tab, and a
//! column is as wide as its widest cell in lines that follow each other. What follows a line's last tab is in no
//! column.

/// Between a column's widest cell and the next one.
const PADDING: usize = 3;
/// Of a column with its padding.
const MIN_WIDTH: usize = 6;

/// It remembers how wide each column was, so that what is written later lines up with what was written before.
#[derive(Default)]
pub struct TabWriter {
    widths: Vec<usize>,
}

impl TabWriter {
    /// Whole lines with tabs between the cells, laid out.
    pub fn write(&mut self, text: &str) -> String {
        let lines: Vec<Vec<&str>> = text.split_inclusive(['\n', '\u{c}']).map(cells).collect();
        let mut out = String::new();
        let mut rest = &lines[..];
        while !rest.is_empty() {
            let alone = rest.iter().position(|line| line.len() == 1).map_or(rest.len(), |at| at + 1);
            let (block, after) = rest.split_at(alone);
            self.lay_out(block, &mut out);
            rest = after;
        }
        out
    }

    fn lay_out(&mut self, lines: &[Vec<&str>], out: &mut String) {
        let mut widths: Vec<Vec<usize>> = vec![Vec::new(); lines.len()];
        let mut in_column: Vec<usize> = (0..lines.len()).collect();
        for column in 0.. {
            in_column.retain(|line| lines[*line].len() > column + 1);
            if in_column.is_empty() {
                break;
            }
            for run in in_column.chunk_by(|line, next| line + 1 == *next) {
                let width = self.width(column, run.iter().map(|line| length(lines[*line][column])).max());
                run.iter().for_each(|line| widths[*line].push(width));
            }
        }
        for (line, widths) in lines.iter().zip(&widths) {
            for (at, cell) in line.iter().enumerate() {
                out.push_str(cell);
                let width = widths.get(at).map_or(0, |width| width.saturating_sub(length(cell)));
                out.extend(std::iter::repeat_n(' ', width));
            }
            out.push('\n');
        }
    }

    fn width(&mut self, column: usize, widest: Option<usize>) -> usize {
        let width = (widest.unwrap_or(0) + PADDING).max(MIN_WIDTH);
        match self.widths.get_mut(column) {
            Some(known) => {
                *known = width.max(*known);
                *known
            }
            None => {
                self.widths.push(width);
                width
            }
        }
    }
}

fn cells(line: &str) -> Vec<&str> {
    line.trim_end_matches(['\n', '\u{c}']).split(['\t', '\u{b}']).collect()
}

fn length(cell: &str) -> usize {
    cell.chars().count()
}

#[cfg(test)]
mod tests {
    use super::TabWriter;

    #[test]
    fn columns_line_up() {
        let mut writer = TabWriter::default();
        let text = "NAME\tN\nweb\t1\na-long-name\t22\n";
        assert_eq!(writer.write(text), "NAME          N\nweb           1\na-long-name   22\n");
    }

    #[test]
    fn a_column_is_never_narrower_than_kubectls() {
        assert_eq!(TabWriter::default().write("A\tB\n\tx\n"), "A     B\n      x\n");
    }

    #[test]
    fn what_is_written_later_lines_up_with_what_was_written_before() {
        let mut writer = TabWriter::default();
        assert_eq!(writer.write("wide-cell\tb\n"), "wide-cell   b\n");
        assert_eq!(writer.write("x\tb\n"), "x           b\n");
        assert_eq!(writer.write("wider-cell-yet\tb\n"), "wider-cell-yet   b\n");
        assert_eq!(writer.write("x\tb\n"), "x                b\n");
    }

    /// As the library lays them out.
    #[test]
    fn a_column_ends_with_the_lines_that_have_it() {
        let text = "a\tb\tc\nlong-long\tx\none\ny\tlonger-one\tz\n";
        let expected = "a           b     c\nlong-long   x\none\ny           longer-one   z\n";
        assert_eq!(TabWriter::default().write(text), expected);
    }
}
