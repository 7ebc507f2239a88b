//! What the README counts is counted here too.

use super::File;

const SCENARIOS: &str = "crates/cluster/tests/scenarios";

/// How many myths there are.
pub fn check(files: &[File]) -> Vec<String> {
    let is_myth = |file: &&File| {
        let folder = file.path.strip_prefix(SCENARIOS).ok().and_then(|path| path.to_str());
        folder.is_some_and(|path| path.starts_with("myth-") && path.ends_with("/input.yaml"))
    };
    let myths = files.iter().filter(is_myth).count();
    let readmes = files.iter().filter(|file| file.path.to_str() == Some("README.md"));
    readmes.flat_map(|file| wrong_counts(file, myths)).collect()
}

fn wrong_counts(file: &File, myths: usize) -> Vec<String> {
    let counted = |line: &str| line.split_once("Myths: ")?.1.split_once(" short scenarios")?.0.parse().ok();
    let wrong = |(number, line): (usize, &str)| {
        let said: usize = counted(line).filter(|said| *said != myths)?;
        Some(file.finding(number, format!("{said} myths, and there are {myths}")))
    };
    (1..).zip(file.text.lines()).filter_map(wrong).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_count_is_found() {
        let file = |text: &str| File { path: "README.md".into(), text: text.into() };
        let text = "| see | Load, Myths: 3 short scenarios, each |";
        assert_eq!(wrong_counts(&file(text), 3), Vec::<String>::new());
        assert_eq!(wrong_counts(&file(text), 4), ["README.md:1: 3 myths, and there are 4"]);
    }
}
