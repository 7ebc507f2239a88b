//! A class of the style sheets has its looks from one of them: a rule for the class alone, in whatever state, is in one
//! file. What a class looks like inside of something else is that one's to say.

use super::File;
use std::collections::BTreeMap;
use std::path::Path;

/// Files whose classes may have rules elsewhere, and why.
const EXCEPTIONS: [(&str, &str); 1] =
    [("src/shell/places.css", "the places of what comes with the tools, whose sheets come with them")];

pub fn check(files: &[File]) -> Vec<String> {
    let mut homes: BTreeMap<String, &Path> = BTreeMap::new();
    let mut findings = Vec::new();
    let is_excepted = |file: &File| EXCEPTIONS.iter().any(|(path, _)| file.path == Path::new(path));
    for file in files.iter().filter(|file| file.extension() == "css" && !is_excepted(file)) {
        for (line, class) in classes(&file.text) {
            let home = *homes.entry(class.clone()).or_insert(&file.path);
            if home != file.path {
                findings.push(file.finding(line, format!("`.{class}` has its rules in {}", home.display())));
            }
        }
    }
    findings
}

/// The classes that have a rule of their own, and its line.
fn classes(css: &str) -> Vec<(usize, String)> {
    let css = without_comments(css);
    let mut found = Vec::new();
    let mut start = 0;
    for (at, mark) in css.match_indices(['{', '}', ';']) {
        if mark == "{" {
            let rule = &css[start..at];
            let first = start + rule.len() - rule.trim_start().len();
            let line = css[..first].matches('\n').count() + 1;
            found.extend(selectors(rule).into_iter().filter_map(alone).map(|class| (line, class)));
        }
        start = at + 1;
    }
    found
}

/// Lines stay where they are.
fn without_comments(css: &str) -> String {
    let mut out = String::new();
    let mut rest = css;
    while let Some((before, after)) = rest.split_once("/*") {
        let (comment, after) = after.split_once("*/").unwrap_or((after, ""));
        out.push_str(before);
        out.extend(comment.chars().filter(|c| *c == '\n'));
        rest = after;
    }
    out + rest
}

/// Those of a list, in which brackets have commas of their own.
fn selectors(rule: &str) -> Vec<&str> {
    let mut depth = 0;
    let is_end = |c: char| {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        c == ',' && depth == 0
    };
    rule.split(is_end).map(str::trim).collect()
}

/// `pk-btn` of `.pk-btn`, and of `.pk-btn:hover`.
fn alone(selector: &str) -> Option<String> {
    let class = selector.strip_prefix('.')?;
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    let end = class.find(|c| !is_part(c)).unwrap_or(class.len());
    let (class, state) = class.split_at(end);
    let is_state = state.is_empty() || (state.starts_with(':') && !state.contains([' ', '>', '+', '~']));
    is_state.then(|| class.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rules_of_a_class_are_found() {
        let css = "/* .a {}\n*/ .b,\n.c:hover { x: y; }\n@media (p) {\n  .d { x: y }\n}\n.e .f, .g.h, :where(.i, .j) {}";
        let found = classes(css);
        let found: Vec<(usize, &str)> = found.iter().map(|(line, class)| (*line, &**class)).collect();
        assert_eq!(found, [(2, "b"), (2, "c"), (5, "d")]);
    }

    #[test]
    fn a_class_with_rules_in_two_files_is_found() {
        let file = |path: &str, text: &str| File { path: path.into(), text: text.into() };
        let files = [
            file("src/a.css", ".pk-a { x: y; }\n.pk-b { x: y; }\n"),
            file("src/b.css", ".pk-b .pk-a { x: y; }\n\n.pk-b:hover { x: y; }\n"),
            file("src/shell/places.css", ".pk-b { x: y; }\n"),
        ];
        assert_eq!(check(&files), ["src/b.css:3: `.pk-b` has its rules in src/a.css"]);
    }
}
