//! Rules about the files themselves.

mod app_layers;
mod behaviour;
mod code_names;
mod counts;
mod css_classes;
mod layers;
mod links;
mod paths;

use crate::run::{self, Outcome};
use std::path::{Path, PathBuf};
use std::process::Command;

const MAX_COLUMNS: usize = 120;
const MAX_LINES: usize = 800;
const MAX_ARCHITECTURE_LINES: usize = 200;

/// A file of the project and its text.
struct File {
    path: PathBuf,
    text: String,
}

impl File {
    fn extension(&self) -> &str {
        self.path.extension().and_then(|extension| extension.to_str()).unwrap_or_default()
    }

    fn is_code(&self) -> bool {
        ["rs", "js", "mjs", "ts", "css", "html", "sh"].contains(&self.extension())
    }

    /// A finding at a line, counted from 1.
    fn finding(&self, line: usize, what: impl std::fmt::Display) -> String {
        format!("{}:{line}: {what}", self.path.display())
    }
}

pub fn command() -> Outcome {
    let Some(files) = project_files()? else {
        println!("skipped: this is not a git checkout, so it is not known which files are the project's");
        return Ok(());
    };
    let mut findings: Vec<String> = files.iter().flat_map(check).collect();
    findings.extend(architecture(&files));
    findings.extend(counts::check(&files));
    findings.extend(layers::check(&files));
    findings.extend(app_layers::check(&files));
    findings.extend(behaviour::check(&files));
    findings.extend(code_names::check(&files));
    findings.extend(css_classes::check(&files));
    findings.extend(links::check(&files, &|path| run::root().join(path).exists()));
    findings.iter().for_each(|finding| println!("{finding}"));
    match findings.len() {
        0 => {
            println!("{} files are in order", files.len());
            Ok(())
        }
        count => Err(format!("{count} findings")),
    }
}

fn check(file: &File) -> Vec<String> {
    let mut findings = Vec::new();
    if ["rs", "js", "mjs", "css"].contains(&file.extension()) {
        findings.extend(lines(file));
    }
    let lines = file.text.lines().count();
    if file.is_code() && lines > MAX_LINES {
        findings.push(file.finding(lines, format!("{lines} lines, of {MAX_LINES} allowed")));
    }
    findings.extend(paths::check(file));
    findings
}

/// A sentence or a golden text stays in one piece, as does a row of a table in a comment.
fn cannot_be_wrapped(file: &File, line: &str) -> bool {
    let is_test = file.path.components().any(|part| part.as_os_str() == "tests");
    is_test || line.contains('"') || line.trim_start().starts_with("//! |")
}

fn lines(file: &File) -> Vec<String> {
    let mut findings = Vec::new();
    // In two parts, so that this line is not a finding.
    let debug = concat!("dbg", "!(");
    for (number, line) in (1..).zip(file.text.lines()) {
        let columns = line.chars().count();
        if columns > MAX_COLUMNS && !cannot_be_wrapped(file, line) {
            findings.push(file.finding(number, format!("{columns} columns, of {MAX_COLUMNS} allowed")));
        }
        if line.contains(debug) {
            findings.push(file.finding(number, "a left-over dbg"));
        }
    }
    findings
}

fn architecture(files: &[File]) -> Option<String> {
    let Some(file) = files.iter().find(|file| file.path == Path::new("ARCHITECTURE.md")) else {
        println!("skipped: there is no ARCHITECTURE.md to measure");
        return None;
    };
    let lines = file.text.lines().count();
    let too_long = format!("{lines} lines, under {MAX_ARCHITECTURE_LINES} allowed");
    (lines >= MAX_ARCHITECTURE_LINES).then(|| file.finding(lines, too_long))
}

/// The text files that are or will be committed; `None` outside git.
fn project_files() -> Outcome<Option<Vec<File>>> {
    let root = run::root();
    let mut git = Command::new("git");
    git.current_dir(&root).args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]);
    let Ok(list) = run::output(&mut git) else {
        return Ok(None);
    };
    let paths = list.split_terminator('\0').map(PathBuf::from);
    // A file that is not text, or that was deleted and not yet committed, has nothing to check.
    let read = |path: PathBuf| Some(File { text: std::fs::read_to_string(root.join(&path)).ok()?, path });
    Ok(Some(paths.filter_map(read).collect()))
}
