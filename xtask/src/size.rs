//! What a visitor downloads: dist/, file by file.

use crate::run::{self, Outcome};
use std::fmt;
use std::process::Command;

/// What the first view may cost. A test fails above it, and above it only: below, a plain line is
/// worth more than a byte. 490 kB is what is wanted; BENCHMARKS.md says what today's files come to.
const CEILING_BYTES: u64 = 835_000;
/// What it should cost.
const AIM_BYTES: u64 = 350_000;

pub struct Sizes {
    files: Vec<File>,
}

struct File {
    name: String,
    raw: u64,
    brotli: u64,
    /// It is fetched before the first packet moves: xtask/first-view.json.
    first_view: bool,
}

/// Measures dist/. Brotli at its best quality is what static hosts send.
pub fn of_site() -> Outcome<Sizes> {
    // Node has brotli; the standard library of Rust has not.
    let script = run::root().join("xtask/size.mjs");
    let text = run::output(Command::new("node").arg(script).current_dir(run::root()))?;
    let files = text.lines().map(|line| parse(line).ok_or_else(|| format!("size.mjs printed `{line}`")));
    Ok(Sizes { files: files.collect::<Outcome<_>>()? })
}

fn parse(line: &str) -> Option<File> {
    let mut fields = line.split('\t');
    let name = fields.next()?.to_owned();
    let raw = fields.next()?.parse().ok()?;
    let brotli = fields.next()?.parse().ok()?;
    let first_view = fields.next()?.parse().ok()?;
    Some(File { name, raw, brotli, first_view })
}

impl Sizes {
    fn first_view(&self) -> impl Iterator<Item = &File> {
        self.files.iter().filter(|file| file.first_view)
    }

    pub fn check(&self) -> Outcome {
        let brotli = self.first_view().map(|file| file.brotli).sum();
        match brotli <= CEILING_BYTES {
            true => Ok(()),
            false => Err(format!("the first view is {} kB, the ceiling {}", kb(brotli), kb(CEILING_BYTES))),
        }
    }
}

impl fmt::Display for Sizes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "| file | raw kB | brotli kB | fetched |\n|---|---:|---:|---|")?;
        for file in &self.files {
            let when = if file.first_view { "at first" } else { "later" };
            writeln!(f, "| {} | {} | {} | {when} |", file.name, kb(file.raw), kb(file.brotli))?;
        }
        let limits = format!("aim {}, ceiling {}", kb(AIM_BYTES), kb(CEILING_BYTES));
        let first = self.first_view().collect::<Vec<_>>();
        writeln!(f, "| before the first packet moves ({limits}) {}", sums(&first))?;
        writeln!(f, "| the whole lab {}", sums(&self.files.iter().collect::<Vec<_>>()))
    }
}

/// The rest of a row.
fn sums(files: &[&File]) -> String {
    let raw = files.iter().map(|file| file.raw).sum();
    let brotli = files.iter().map(|file| file.brotli).sum();
    format!("| {} | {} | |", kb(raw), kb(brotli))
}

/// Thousands of bytes with one decimal.
fn kb(bytes: u64) -> String {
    format!("{}.{}", bytes / 1000, bytes % 1000 / 100)
}
