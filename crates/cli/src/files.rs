//! The files of the command line as one text, and what is where in which of them.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use cluster::api::{Diagnostic, DiagnosticKind, Position};

use crate::failure::Failure;

const SEPARATOR: &str = "---\n";

/// What `-f` names, each after the other, with `---` between them.
pub struct Files {
    pub text: String,
    files: Vec<File>,
}

struct File {
    name: String,
    /// From 1, in the text of all files.
    first_line: u32,
}

impl Files {
    pub fn read(names: &[String]) -> Result<Files, Failure> {
        let mut files = Files { text: String::new(), files: Vec::new() };
        let mut next_line = 1;
        for (name, text) in
            names.iter().map(|name| read(name)).collect::<Result<Vec<_>, _>>()?.into_iter().flatten()
        {
            if !files.files.is_empty() {
                files.text.push_str(SEPARATOR);
                next_line += 1;
            }
            files.files.push(File { name, first_line: next_line });
            files.text.push_str(&text);
            if !text.is_empty() && !text.ends_with('\n') {
                files.text.push('\n');
            }
            next_line += u32::try_from(text.lines().count()).unwrap_or(u32::MAX - next_line);
        }
        Ok(files)
    }

    /// Where a finding is. Of all files together it is nowhere in one of them.
    pub fn place_of(&self, found: &Diagnostic) -> String {
        match found.message {
            DiagnosticKind::TooLarge { .. } if self.files.len() > 1 => String::new(),
            _ => self.place(found.line, found.column),
        }
    }

    /// `4:7: ` in the only file, `web.yaml:4:7: ` in one of several; nothing where there is no place.
    pub fn place(&self, line: u32, column: u32) -> String {
        if line == 0 {
            return String::new();
        }
        let (file, line) = self.locate(line);
        match self.files.len() {
            0 | 1 => format!("{line}:{column}: "),
            _ => format!("{}:{line}:{column}: ", file.map_or("", |file| &file.name)),
        }
    }

    /// What the finding says. A line that it names is of the same file, or the file is named.
    pub fn message(&self, found: &Diagnostic) -> String {
        let mut message = found.message.clone();
        let Some(other) = other_place(&mut message) else { return message.to_string() };
        let (file, line) = self.locate(other.line);
        other.line = line;
        match file.filter(|file| Some(file.first_line) != self.locate(found.line).0.map(|own| own.first_line))
        {
            Some(file) => format!("{message} (that line is in {})", file.name),
            None => message.to_string(),
        }
    }

    /// The file that this line of the text is of, and which line of it that is.
    fn locate(&self, line: u32) -> (Option<&File>, u32) {
        let file = self.files.iter().rev().find(|file| file.first_line <= line);
        (file, file.map_or(line, |file| line - file.first_line + 1))
    }
}

/// Where what a finding speaks of was first.
fn other_place(message: &mut DiagnosticKind) -> Option<&mut Position> {
    match message {
        DiagnosticKind::DuplicateKey { first, .. }
        | DiagnosticKind::DuplicateObject { first }
        | DiagnosticKind::DuplicateNode { first }
        | DiagnosticKind::SecondScenario { first } => Some(first),
        _ => None,
    }
}

/// Each file with its name.
fn read(name: &str) -> Result<Vec<(String, String)>, Failure> {
    if name == "-" {
        let mut text = String::new();
        let read = std::io::stdin().read_to_string(&mut text);
        return read
            .map(|_| vec![("standard input".into(), text)])
            .map_err(|e| failure(Path::new("standard input"), &e));
    }
    let path = Path::new(name);
    if path.is_dir() {
        return manifests_in(path)?.iter().map(|p| read_file(p)).collect();
    }
    Ok(vec![read_file(path)?])
}

/// As kubectl does: .yaml, .yml and .json, in the order of their names, not in subfolders.
fn manifests_in(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let entries = fs::read_dir(folder).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let paths = entries.map_err(|e| failure(folder, &e))?.into_iter().map(|entry| entry.path());
    let is_manifest =
        |path: &PathBuf| matches!(path.extension().and_then(|e| e.to_str()), Some("yaml" | "yml" | "json"));
    let mut paths: Vec<PathBuf> = paths.filter(|path| is_manifest(path) && !path.is_dir()).collect();
    paths.sort();
    if paths.is_empty() {
        let why = "holds no .yaml, .yml or .json file".to_string();
        return Err(Failure::Read { path: folder.display().to_string(), why });
    }
    Ok(paths)
}

fn read_file(path: &Path) -> Result<(String, String), Failure> {
    let text = fs::read_to_string(path).map_err(|e| failure(path, &e))?;
    Ok((path.display().to_string(), text))
}

fn failure(path: &Path, error: &std::io::Error) -> Failure {
    Failure::Read { path: path.display().to_string(), why: error.to_string() }
}
