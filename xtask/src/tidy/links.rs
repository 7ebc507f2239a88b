//! Relative links in Markdown lead to files that exist, and to headings that they have.

use super::File;
use std::path::{Component, Path, PathBuf};

/// `exists` says whether a path, from the root, leads to a file or a folder.
pub fn check(files: &[File], exists: &dyn Fn(&Path) -> bool) -> Vec<String> {
    files.iter().filter(|file| is_markdown(file)).flat_map(|file| broken(file, files, exists)).collect()
}

fn is_markdown(file: &File) -> bool {
    file.extension() == "md"
}

fn broken(file: &File, files: &[File], exists: &dyn Fn(&Path) -> bool) -> Vec<String> {
    let links = (1..).zip(prose(&file.text)).flat_map(|(number, line)| {
        targets(line).into_iter().filter(|target| is_relative(target)).map(move |target| (number, target))
    });
    let problem = |target: &str| {
        let path = resolve(&file.path, target);
        if !exists(&path) {
            return Some(format!("`{target}` does not exist"));
        }
        let (_, anchor) = target.split_once('#')?;
        let linked = files.iter().find(|other| other.path == path && is_markdown(other))?;
        let found = anchors(&linked.text).any(|heading| heading == anchor);
        (!found).then(|| format!("`{target}`: there is no such heading"))
    };
    links.filter_map(|(number, target)| Some(file.finding(number, problem(target)?))).collect()
}

/// The path, from the root, of what a link in the file at `from` leads to.
pub fn resolve(from: &Path, target: &str) -> PathBuf {
    let (path, _) = target.split_once('#').unwrap_or((target, ""));
    if path.is_empty() {
        return from.to_path_buf();
    }
    let mut resolved = PathBuf::new();
    for part in from.parent().unwrap_or(Path::new("")).join(path).components() {
        match part {
            Component::ParentDir => {
                resolved.pop();
            }
            Component::Normal(name) => resolved.push(name),
            Component::Prefix(_) | Component::RootDir | Component::CurDir => {}
        }
    }
    resolved
}

/// The anchors that GitHub gives the headings: lower case, dashes for spaces, no other punctuation.
fn anchors(text: &str) -> impl Iterator<Item = String> {
    let heading = |line: &str| Some(line.trim_start_matches('#').strip_prefix(' ')?.trim().to_lowercase());
    let headings = prose(text).filter(|line| line.starts_with('#')).filter_map(heading);
    headings.map(|heading| {
        let kept = heading.chars().filter(|c| c.is_alphanumeric() || "-_ ".contains(*c));
        kept.map(|c| if c == ' ' { '-' } else { c }).collect()
    })
}

/// The lines, with those inside code fences left empty.
pub fn prose(text: &str) -> impl Iterator<Item = &str> {
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
    !target.is_empty() && !target.contains("://") && !target.starts_with("mailto:")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, text: &str) -> File {
        File { path: path.into(), text: text.into() }
    }

    #[test]
    fn both_kinds_of_link_are_found() {
        assert_eq!(targets("see [a](one.md#part) and [b](two.md \"title\")"), ["one.md#part", "two.md"]);
        assert_eq!(targets("[name]: three.md"), ["three.md"]);
        assert_eq!(targets("no [link] here"), Vec::<&str>::new());
    }

    #[test]
    fn only_relative_links_are_looked_up() {
        assert!(is_relative("docs/a.md#part"));
        assert!(is_relative("#part"));
        assert!(!is_relative("https://kubernetes.io/"));
    }

    #[test]
    fn a_link_is_followed_from_its_own_folder() {
        let from = Path::new("docs/contributing/README.md");
        assert_eq!(resolve(from, "style.md#names"), Path::new("docs/contributing/style.md"));
        assert_eq!(resolve(from, "../../ARCHITECTURE.md"), Path::new("ARCHITECTURE.md"));
        assert_eq!(resolve(from, "#part"), from);
    }

    #[test]
    fn anchors_are_githubs() {
        let text = "# A `word`, and more: 2nd_part\n```\n# no heading\n```\n### M-06\nno # heading\n#word";
        assert_eq!(anchors(text).collect::<Vec<_>>(), ["a-word-and-more-2nd_part", "m-06"]);
    }

    #[test]
    fn a_link_to_a_heading_or_file_that_is_not_there_is_found() {
        let text = "[a](#here) [b](#gone)\n[c](docs/b.md#there) [d](docs/b.md#gone)\n[e](gone.md)\n\n# Here";
        let files = [file("README.md", text), file("docs/b.md", "# There\n")];
        assert_eq!(
            check(&files, &|path| files.iter().any(|file| file.path == path)),
            [
                "README.md:1: `#gone`: there is no such heading",
                "README.md:2: `docs/b.md#gone`: there is no such heading",
                "README.md:3: `gone.md` does not exist",
            ]
        );
    }

    #[test]
    fn code_is_not_prose() {
        assert_eq!(prose("a\n```\nb\n```\nc").collect::<Vec<_>>(), ["a", "", "", "", "c"]);
    }
}
