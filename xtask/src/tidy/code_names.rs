//! What a document names in the code is there: the file behind [`World::apply`](crates/...) has an `apply`.

use super::File;
use super::links::{prose, resolve};

pub fn check(files: &[File]) -> Vec<String> {
    let documents = files.iter().filter(|file| file.extension() == "md");
    documents.flat_map(|document| missing(document, files)).collect()
}

fn missing(document: &File, files: &[File]) -> Vec<String> {
    let mut findings = Vec::new();
    for (number, line) in (1..).zip(prose(&document.text)) {
        for (name, target) in names(line) {
            let path = resolve(&document.path, target);
            let code = files.iter().find(|file| file.path == path && file.is_code());
            if code.is_some_and(|code| !has_word(&code.text, name)) {
                findings
                    .push(document.finding(number, format!("there is no `{name}` in {}", path.display())));
            }
        }
    }
    findings
}

/// Links whose text is a name in code: the name without its path, and the target.
fn names(line: &str) -> impl Iterator<Item = (&str, &str)> {
    line.match_indices("[`").filter_map(|(at, open)| {
        let (code, rest) = line[at + open.len()..].split_once("`](")?;
        let name = code.rsplit("::").next()?.trim_end_matches("()");
        let is_name = !name.is_empty() && name.chars().all(is_part_of_name);
        is_name.then_some((name, rest.split([')', ' ']).next()?))
    })
}

fn has_word(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(at, _)| {
        let goes_on = |c: Option<char>| c.is_some_and(is_part_of_name);
        !goes_on(text[..at].chars().next_back()) && !goes_on(text[at + word.len()..].chars().next())
    })
}

fn is_part_of_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_told_from_a_path_and_from_words() {
        let line = "[`World::apply`](a.rs) [`crates/a`](a) [`map()`](b.rs) [the `map`](c.rs) `map`";
        assert_eq!(names(line).collect::<Vec<_>>(), [("apply", "a.rs"), ("map", "b.rs")]);
    }

    #[test]
    fn a_name_that_the_code_does_not_have_is_found() {
        let file = |path: &str, text: &str| File { path: path.into(), text: text.into() };
        let document =
            "[`World::apply`](../src/a.rs)\n[`World::undo`](../src/a.rs) [`Run`](../src/gone.rs)\n";
        let files = [file("docs/a.md", document), file("src/a.rs", "fn apply() {}\nfn undo_all() {}\n")];
        assert_eq!(check(&files), ["docs/a.md:2: there is no `undo` in src/a.rs"]);
    }
}
