//! Rules of behaviour that are cited by id (`M-06`) are in `docs/behaviour.md`, each once.

use super::File;
use std::collections::BTreeMap;
use std::path::Path;

const CATALOGUE: &str = "docs/behaviour.md";

pub fn check(files: &[File]) -> Vec<String> {
    let Some(catalogue) = files.iter().find(|file| file.path == Path::new(CATALOGUE)) else {
        return vec![format!("{CATALOGUE} does not exist")];
    };
    let rules: Vec<(usize, &str)> = rules(&catalogue.text).collect();
    let mut findings: Vec<String> = (repeated(&rules).into_iter())
        .map(|(line, id)| catalogue.finding(line, format!("there is a rule {id} already")))
        .collect();
    for file in files.iter().filter(|file| can_cite(file)) {
        let unknown = citations(&file.text).filter(|(_, id)| !rules.iter().any(|(_, rule)| rule == id));
        findings.extend(unknown.map(|(line, id)| file.finding(line, format!("{id} is not in {CATALOGUE}"))));
    }
    findings
}

fn can_cite(file: &File) -> bool {
    file.is_code() || ["md", "yaml", "yml", "toml"].contains(&file.extension())
}

/// The rules of the catalogue, each with its line: a heading of the third level that is an id.
fn rules(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let headings =
        (1..).zip(text.lines()).filter_map(|(number, line)| Some((number, line.strip_prefix("### ")?)));
    headings.filter(|(_, heading)| ids(heading) == [*heading])
}

fn repeated<'a>(rules: &[(usize, &'a str)]) -> Vec<(usize, &'a str)> {
    let mut first: BTreeMap<&str, usize> = BTreeMap::new();
    rules.iter().copied().filter(|(line, id)| first.insert(id, *line).is_some()).collect()
}

fn citations(text: &str) -> impl Iterator<Item = (usize, &str)> {
    (1..).zip(text.lines()).flat_map(|(number, line)| ids(line).into_iter().map(move |id| (number, id)))
}

/// What looks like an id: one or two capitals, a dash and two digits, and nothing that goes on before or
/// behind it (as `KUBE-SEP-22`, or a date, does).
fn ids(line: &str) -> Vec<&str> {
    let goes_on = |byte: Option<&u8>| byte.is_some_and(|b| b.is_ascii_alphanumeric() || b"-_".contains(b));
    let bytes = line.as_bytes();
    let id_at = |(dash, _): (usize, &str)| {
        let letters = bytes[..dash].iter().rev().take_while(|b| b.is_ascii_uppercase()).count();
        let digits = bytes[dash + 1..].iter().take_while(|b| b.is_ascii_digit()).count();
        let (start, end) = (dash - letters, dash + 1 + digits);
        let before = start.checked_sub(1).and_then(|at| bytes.get(at));
        let whole = !goes_on(before) && !goes_on(bytes.get(end));
        ((1..=2).contains(&letters) && digits == 2 && whole).then(|| &line[start..end])
    };
    line.match_indices('-').filter_map(id_at).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, text: &str) -> File {
        File { path: path.into(), text: text.into() }
    }

    #[test]
    fn ids_are_told_from_what_only_looks_like_them() {
        // In parts, so that this file cites nothing.
        let id = |letters: &str| format!("{letters}-{}", "06");
        let text = format!("/// {}, {} ({}).", id("M"), id("ES"), id("I"));
        assert_eq!(ids(&text), [id("M"), id("ES"), id("I")]);
        for text in ["2026-01-02", "KUBE-SEP-22", "SHA-25", "M-6", "M-061", "m-06", "XM_A-09", "A-09-B"] {
            assert_eq!(ids(text), Vec::<&str>::new(), "{text}");
        }
    }

    #[test]
    fn an_unknown_id_is_found() {
        let [known, unknown] = ["06", "99"].map(|number| format!("M-{number}"));
        let catalogue = file(CATALOGUE, &format!("# Rules\n\n### {known}\n\nText.\n"));
        let code = file("crates/a.rs", &format!("/// {known}\n/// See {unknown}.\n"));
        assert_eq!(check(&[catalogue, code]), [format!("crates/a.rs:2: {unknown} is not in {CATALOGUE}")]);
    }

    #[test]
    fn a_rule_that_is_there_twice_is_found() {
        let id = format!("M-{}", "06");
        let catalogue = file(CATALOGUE, &format!("### {id}\n\n### {id}\n"));
        assert_eq!(check(&[catalogue]), [format!("{CATALOGUE}:3: there is a rule {id} already")]);
    }

    #[test]
    fn without_a_catalogue_nothing_resolves() {
        assert_eq!(check(&[]), [format!("{CATALOGUE} does not exist")]);
    }
}
