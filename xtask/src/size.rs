//! What a visitor downloads before the first view is there.

use crate::run::{self, Outcome};
use std::fmt;
use std::process::Command;

/// A figure in someone's docs page must not cost more than the page. What was done for it: see
/// BENCHMARKS.md.
const LIMIT_BYTES: u64 = 180_000;

pub struct FirstView {
    files: Vec<File>,
}

struct File {
    name: String,
    raw: u64,
    brotli: u64,
}

/// Measures dist/. Brotli at its best quality is what static hosts send.
pub fn first_view() -> Outcome<FirstView> {
    // Node has brotli; the standard library of Rust has not.
    let script = run::root().join("xtask/size.mjs");
    let text = run::output(Command::new("node").arg(script).current_dir(run::root()))?;
    let files = text.lines().map(|line| parse(line).ok_or_else(|| format!("size.mjs printed `{line}`")));
    Ok(FirstView { files: files.collect::<Outcome<_>>()? })
}

fn parse(line: &str) -> Option<File> {
    let mut fields = line.split('\t');
    let name = fields.next()?.to_owned();
    let raw = fields.next()?.parse().ok()?;
    let brotli = fields.next()?.parse().ok()?;
    Some(File { name, raw, brotli })
}

impl FirstView {
    fn brotli(&self) -> u64 {
        self.files.iter().map(|file| file.brotli).sum()
    }

    pub fn check(&self) -> Outcome {
        match self.brotli() <= LIMIT_BYTES {
            true => Ok(()),
            false => {
                Err(format!("the first view is {} kB, the limit {}", kb(self.brotli()), kb(LIMIT_BYTES)))
            }
        }
    }
}

impl fmt::Display for FirstView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let raw = self.files.iter().map(|file| file.raw).sum();
        writeln!(f, "| first view | raw kB | brotli kB |\n|---|---:|---:|")?;
        for file in &self.files {
            writeln!(f, "| {} | {} | {} |", file.name, kb(file.raw), kb(file.brotli))?;
        }
        writeln!(f, "| total (limit {}) | {} | {} |", kb(LIMIT_BYTES), kb(raw), kb(self.brotli()))
    }
}

/// Thousands of bytes with one decimal.
fn kb(bytes: u64) -> String {
    format!("{}.{}", bytes / 1000, bytes % 1000 / 100)
}
