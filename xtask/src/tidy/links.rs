//! Relative links in Markdown lead to files that exist.

use super::File;
use std::path::Path;

pub fn check(file: &File, root: &Path) -> Vec<String> {
    let dir = root.join(&file.path).parent().map(Path::to_path_buf).unwrap_or_default();
    let broken = |target: &&str| is_relative(target) && !dir.join(without_anchor(target)).exists();
    let lines = (1..).zip(prose(&file.text));
    let links =
        lines.flat_map(|(number, line)| targets(line).into_iter().map(move |target| (number, target)));
    let broken = links.filter(|(_, target)| broken(target));
    broken.map(|(number, target)| file.finding(number, format!("`{target}` does not exist"))).collect()
}

/// The lines, with those inside code fences left empty.
fn prose(text: &str) -> impl Iterator<Item = &str> {
    let mut in_code = false;
    text.lines().map(move |line| {
        let fence = line.trim_start().starts_with("```");
        in_code ^= fence;
        if in_code || fence { "" } else { line }
    })
}

/// The targets of `[text](target)` and of `[name]: target`.
fn targets(line: &str) -> Vec<&str> {
    let inline = line.split("](").skip(1).filter_map(|rest| rest.split([')', ' ']).next());
    let named =
        line.strip_prefix('[').and_then(|rest| rest.split_once("]: ")).map(|(_, target)| target.trim());
    inline.chain(named).collect()
}

fn is_relative(target: &str) -> bool {
    !without_anchor(target).is_empty() && !target.contains("://") && !target.starts_with("mailto:")
}

fn without_anchor(target: &str) -> &str {
    target.split('#').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_kinds_of_link_are_found() {
        assert_eq!(targets("see [a](one.md#part) and [b](two.md \"title\")"), ["one.md#part", "two.md"]);
        assert_eq!(targets("[name]: three.md"), ["three.md"]);
        assert_eq!(targets("no [link] here"), Vec::<&str>::new());
    }

    #[test]
    fn only_relative_links_are_looked_up() {
        assert!(is_relative("docs/a.md#part"));
        assert!(!is_relative("#part"));
        assert!(!is_relative("https://kubernetes.io/"));
    }

    #[test]
    fn code_is_not_prose() {
        assert_eq!(prose("a\n```\nb\n```\nc").collect::<Vec<_>>(), ["a", "", "", "", "c"]);
    }
}
