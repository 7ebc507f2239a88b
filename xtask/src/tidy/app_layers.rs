//! Who may import whom in the web app.

use super::File;
use std::path::Path;

/// The modules of `src/`, each with those that it may import: all of them stand above it.
const LAYERS: [(&str, &[&str]); 15] = [
    ("browser", &[]),
    ("text", &[]),
    ("theme", &[]),
    ("components", &[]),
    ("scenarios", &["text"]),
    ("session", &["browser", "scenarios", "text"]),
    ("embed", &["browser", "session"]),
    ("ui", &["components", "session"]),
    ("opening", &["browser", "embed", "scenarios", "session", "text"]),
    ("diagram", &["browser", "components", "session", "theme"]),
    ("panels", &["browser", "components", "scenarios", "session", "text", "ui"]),
    ("dialogs", &["components", "embed", "opening", "panels", "scenarios", "session", "text", "ui"]),
    ("header", &["components", "opening", "scenarios", "session", "text", "ui"]),
    ("timeline", &["components", "opening", "session", "text", "ui"]),
    ("context_menu", &["components", "panels", "session", "ui"]),
];

/// These stand above all others, in this order: the crate's root knows them, and they know everything below.
const TOP: [&str; 4] = ["styles", "tools", "shell", "lib"];

pub fn check(files: &[File]) -> Vec<String> {
    files.iter().flat_map(check_file).collect()
}

fn check_file(file: &File) -> Vec<String> {
    let Some(module) = module_of(&file.path) else { return Vec::new() };
    let mut findings = Vec::new();
    for (number, line) in (1..).zip(file.text.lines()) {
        for imported in imports(line) {
            match may_import(module, imported) {
                Some(true) => {}
                Some(false) => findings.push(file.finding(number, format!("`{module}` may not import `{imported}`"))),
                None => findings.push(file.finding(
                    number,
                    format!("`{module}` imports `{imported}`: one of them is not in the table of xtask/src/tidy/app_layers.rs"),
                )),
            }
        }
    }
    findings
}

/// `src/session/save.rs` is of `session`, and so is `src/session.rs`. Tests that have a file of their own may
/// import what mounts their subject.
fn module_of(path: &Path) -> Option<&str> {
    let inside = path.strip_prefix("src").ok()?;
    let is_test =
        inside.components().any(|part| matches!(part.as_os_str().to_str(), Some("tests" | "tests.rs")));
    let first = inside.components().next()?.as_os_str().to_str()?;
    let module = first.strip_suffix(".rs").unwrap_or(first);
    (!is_test && !matches!(module, "main" | "in_page")).then_some(module)
}

/// The modules that a line names: `crate::session::Session`, `crate::{browser, text}`.
fn imports(line: &str) -> Vec<&str> {
    let code = line.split("//").next().unwrap_or_default();
    let mut found = Vec::new();
    for rest in code.split("crate::").skip(1) {
        match rest.strip_prefix('{') {
            Some(list) => {
                let list = list.split('}').next().unwrap_or_default();
                found.extend(list.split(',').map(|item| name_of(item.trim())));
            }
            None => found.push(name_of(rest)),
        }
    }
    found.retain(|name| name.starts_with(|c: char| c.is_ascii_lowercase()));
    found
}

fn name_of(path: &str) -> &str {
    path.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default()
}

/// `None` where one of them is not known.
fn may_import(module: &str, imported: &str) -> Option<bool> {
    if module == imported {
        return Some(true);
    }
    let row = |name: &str| LAYERS.iter().find(|(module, _)| *module == name);
    let top = |name: &str| TOP.iter().position(|module| *module == name);
    match (top(module), top(imported)) {
        (Some(above), Some(below)) => Some(below < above),
        (Some(_), None) => row(imported).map(|_| true),
        (None, Some(_)) => row(module).map(|_| false),
        (None, None) => {
            row(imported)?;
            row(module).map(|(_, below)| below.contains(&imported))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_no_circle() {
        for (nth, (module, below)) in LAYERS.iter().enumerate() {
            for imported in *below {
                let stands_above = LAYERS[..nth].iter().any(|(name, _)| name == imported);
                assert!(
                    stands_above,
                    "{module} may import {imported}, which does not stand above it in the table"
                );
            }
        }
    }

    #[test]
    fn imports_are_found_and_judged() {
        let findings = |path: &str, text: &str| check_file(&File { path: path.into(), text: text.into() });
        assert_eq!(
            findings("src/shell/mod.rs", "use crate::{browser, tools::Tools};\nuse crate::session::Session;"),
            Vec::<String>::new()
        );
        assert_eq!(
            findings("src/session/save.rs", "use crate::browser;\nuse crate::{scenarios, shell::App};"),
            ["src/session/save.rs:2: `session` may not import `shell`"]
        );
        assert_eq!(
            findings("src/tools.rs", "use crate::shell::App;"),
            ["src/tools.rs:1: `tools` may not import `shell`"]
        );
        assert_eq!(findings("src/session/save.rs", "// as crate::shell has it"), Vec::<String>::new());
        assert!(findings("src/session/save.rs", "use crate::unknown;")[0].contains("not in the table"));
        assert_eq!(findings("crates/cluster/src/lib.rs", "use crate::shell;"), Vec::<String>::new());
    }
}
