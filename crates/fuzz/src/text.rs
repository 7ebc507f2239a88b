//! Texts that are almost manifests: those of the repository, cut, doubled, mixed and overwritten.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use cluster::api::{Manifest, Scenario, Severity, decode_object, parse, to_tree, to_yaml};
use cluster::sim::{Run, Span, Time};
use proptest::prelude::*;

use crate::invariants;

/// A text of the corpus and what is done to it.
#[derive(Clone)]
pub struct Mutated {
    source: usize,
    edits: Vec<Edit>,
}

/// Numbers are folded onto what there is.
#[derive(Clone, Copy, Debug)]
pub enum Edit {
    Delete {
        line: u16,
        count: u8,
    },
    Double {
        line: u16,
        count: u8,
    },
    Move {
        line: u16,
        to: u16,
    },
    /// One of another text's lines goes in.
    Insert {
        line: u16,
        from: u16,
        other: u16,
    },
    Indent {
        line: u16,
        by: u8,
    },
    /// The value of a `key: value` becomes another.
    Value {
        line: u16,
        value: u8,
    },
    /// The value becomes that of another line.
    Swap {
        line: u16,
        other: u16,
    },
    Piece {
        at: u32,
        cut: u8,
        piece: u8,
    },
    Truncate {
        at: u32,
    },
}

const VALUES: &[&str] = &[
    "",
    "null",
    "0",
    "-1",
    "1",
    "65535",
    "65536",
    "2147483648",
    "9223372036854775808",
    "1e99",
    ".inf",
    "true",
    "''",
    "\"\\u202E<b>\"",
    "[]",
    "{}",
    "[{}]",
    "{a: {a: {a: a}}}",
    "x y",
    "Local",
    "None",
    "ClientIP",
    "0.0.0.0",
    "::1",
    "10.96.0.1",
    "fd00::1",
    "10.0.0.0/33",
    "fd00::/127",
    "0.0.0.0/0",
    "http://web",
    "service/default/web",
    "node/node-1",
    "pod/default/curl",
    "deploy/default/web",
    "1h",
    "1ns",
    "584y",
    "realistic",
    "ipvs",
    "nftables",
    "LoadBalancer",
    "ExternalName",
    "&a [*a]",
    "*a",
    "!!int x",
    "'yes'",
    "50%",
    "UDP",
    "SCTP",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
];

const PIECES: &[&str] = &[
    "\n",
    "\n  ",
    "\n\t",
    " ",
    ": ",
    "- ",
    "? ",
    "{",
    "}",
    "[",
    "]",
    ",",
    "&a ",
    "*a",
    "<<: ",
    "|\n",
    ">-\n",
    "'",
    "\"",
    "\\",
    "#",
    "\n---\n",
    "\n...\n",
    "--- ",
    "%YAML 1.2\n",
    "!!int ",
    "~",
    "0x",
    "1e9",
    "\u{feff}",
    "\r\n",
    "\u{85}",
    "\u{2028}",
    "é",
    "😀",
    "a",
    "kind: ",
    "spec:",
    "items:",
    "\0",
    "\u{7f}",
    "9",
];

impl Mutated {
    pub fn any() -> impl Strategy<Value = Mutated> {
        let line = any::<u16>;
        let edit = prop_oneof![
            1 => (line(), 1..8u8).prop_map(|(line, count)| Edit::Delete { line, count }),
            1 => (line(), 1..20u8).prop_map(|(line, count)| Edit::Double { line, count }),
            1 => (line(), line()).prop_map(|(line, to)| Edit::Move { line, to }),
            1 => (line(), line(), line()).prop_map(|(line, from, other)| Edit::Insert { line, from, other }),
            1 => (line(), 0..6u8).prop_map(|(line, by)| Edit::Indent { line, by }),
            3 => (line(), any::<u8>()).prop_map(|(line, value)| Edit::Value { line, value }),
            2 => (line(), line()).prop_map(|(line, other)| Edit::Swap { line, other }),
            1 => (any::<u32>(), 0..12u8, any::<u8>()).prop_map(|(at, cut, piece)| Edit::Piece { at, cut, piece }),
            1 => (any::<u32>()).prop_map(|at| Edit::Truncate { at }),
        ];
        (any::<prop::sample::Index>(), proptest::collection::vec(edit, 0..6))
            .prop_map(|(source, edits)| Mutated { source: source.index(corpus().len()), edits })
    }

    pub fn text(&self) -> String {
        self.edits.iter().fold(corpus()[self.source].1.clone(), |text, edit| edit.apply(&text))
    }

    /// Panics where something does not hold.
    pub fn check(&self) {
        let text = self.text();
        let manifest = parse(&text);
        what_is_printed_reads_back(&manifest);
        if manifest.diagnostics.iter().all(|d| d.severity != Severity::Error) {
            it_runs(&manifest);
        }
    }
}

impl fmt::Debug for Mutated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} with {:?}:\n{}", corpus()[self.source].0.display(), self.edits, self.text())
    }
}

fn what_is_printed_reads_back(manifest: &Manifest) {
    for parsed in &manifest.objects {
        let printed = to_yaml(&parsed.source.tree);
        let again = parse(&printed);
        assert_eq!(again.objects.first().map(|p| &p.source.tree), Some(&parsed.source.tree), "{printed}");
        let stored = to_tree(&parsed.object, Some(&parsed.source.tree));
        let (again, findings) = decode_object(&stored);
        let again = again.map(|object| to_tree(&object, Some(&stored)));
        assert_eq!(again.as_ref(), Some(&stored), "{findings:?}\n{}", to_yaml(&stored));
    }
    if let Some(scenario) = &manifest.scenario {
        let printed = scenario.to_text();
        let again: Option<Scenario> = parse(&printed).scenario;
        assert_eq!(again.as_ref(), Some(scenario), "{printed}");
    }
}

fn it_runs(manifest: &Manifest) {
    let (mut run, _) = Run::new(manifest, None);
    for second in [1, 5, 15, 30] {
        run.advance_to(Time::ZERO + Span::from_secs(second), 20_000);
        invariants::check(run.world());
    }
}

impl Edit {
    fn apply(self, text: &str) -> String {
        let mut lines: Vec<&str> = text.split_inclusive('\n').collect();
        let count = lines.len().max(1);
        let nth = |line: u16| usize::from(line) % count;
        match self {
            Edit::Piece { at, cut, piece } => {
                return overwrite(text, at, cut, PIECES[usize::from(piece) % PIECES.len()]);
            }
            Edit::Truncate { at } => return text[..boundary(text, at)].to_string(),
            _ if lines.is_empty() => {}
            Edit::Delete { line, count: length } => {
                let from = nth(line);
                lines.drain(from..(from + usize::from(length)).min(count));
            }
            Edit::Double { line, count: length } => {
                let from = nth(line);
                let block = lines[from..(from + usize::from(length)).min(count)].to_vec();
                lines.splice(from..from, block);
            }
            Edit::Move { line, to } => {
                let moved = lines.remove(nth(line));
                lines.insert(usize::from(to) % (lines.len() + 1), moved);
            }
            Edit::Insert { line, from, other } => {
                let other = &corpus()[usize::from(other) % corpus().len()].1;
                let all: Vec<&str> = other.split_inclusive('\n').collect();
                lines.insert(nth(line), all[usize::from(from) % all.len()]);
            }
            Edit::Indent { line, by } => {
                let at = nth(line);
                let indented = " ".repeat(usize::from(by)) + lines[at].trim_start_matches(' ');
                lines[at] = &indented;
                return lines.concat();
            }
            Edit::Value { line, value } => {
                let (at, value) = (nth(line), VALUES[usize::from(value) % VALUES.len()]);
                let changed = with_value(lines[at], value);
                lines[at] = &changed;
                return lines.concat();
            }
            Edit::Swap { line, other } => {
                let (at, value) = (nth(line), value_of(lines[nth(other)]));
                let changed = with_value(lines[at], value);
                lines[at] = &changed;
                return lines.concat();
            }
        }
        lines.concat()
    }
}

/// What stands behind the line's last `key: `.
fn value_of(line: &str) -> &str {
    line.rsplit_once(": ").map_or("", |(_, value)| value.trim_end())
}

fn with_value(line: &str, value: &str) -> String {
    match line.rsplit_once(": ") {
        Some((key, _)) => format!("{key}: {value}\n"),
        None => format!("{}{value}\n", line.trim_end()),
    }
}

fn boundary(text: &str, at: u32) -> usize {
    text.floor_char_boundary(at as usize % (text.len() + 1))
}

fn overwrite(text: &str, at: u32, cut: u8, piece: &str) -> String {
    let from = boundary(text, at);
    let to = text.ceil_char_boundary((from + usize::from(cut)).min(text.len()));
    [&text[..from], piece, &text[to..]].concat()
}

/// Every scenario and manifest of the repository, by path.
fn corpus() -> &'static [(PathBuf, String)] {
    static CORPUS: OnceLock<Vec<(PathBuf, String)>> = OnceLock::new();
    CORPUS.get_or_init(|| {
        let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."));
        let mut texts = Vec::new();
        for folder in ["crates", "public", "docs", "tests"] {
            gather(&root.join(folder), Path::new(folder), &mut texts);
        }
        assert!(texts.len() >= 75, "the repository's texts are found: {}", texts.len());
        texts
    })
}

fn gather(folder: &Path, name: &Path, out: &mut Vec<(PathBuf, String)>) {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let mut paths: Vec<PathBuf> = entries.map(|e| e.expect("it can be read").path()).collect();
    paths.sort();
    for path in paths {
        let name = name.join(path.file_name().unwrap_or_default());
        let is_text = path.extension().is_some_and(|e| e == "yaml" || e == "yml");
        if path.is_dir() && path.file_name().is_some_and(|n| n != "node_modules" && n != "target") {
            gather(&path, &name, out);
        } else if is_text && let Ok(text) = std::fs::read_to_string(&path) {
            out.push((name, text));
        }
    }
}
