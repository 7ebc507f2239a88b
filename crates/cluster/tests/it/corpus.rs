//! All scenarios, with what belongs to each: the folders of tests/scenarios, and those in public/scenarios that
//! the page opens with, whose folders are in tests/built-in.
//!
//! The first line of an input may say how long to run from when the clients begin: `# run: 30s` (20 s otherwise).

use std::path::{Path, PathBuf};

use cluster::sim::{Run, Span, Time};

use crate::support;

pub struct Scenario {
    pub name: String,
    /// Where its other files are.
    pub folder: PathBuf,
    input: String,
    seed: Option<u64>,
    length: Span,
}

impl Scenario {
    /// The run when its clients begin.
    pub fn start(&self) -> Run {
        let (mut run, refusals) = Run::new(&support::manifest(&self.input), self.seed);
        assert_eq!(refusals, [], "{}: the API server takes these manifests", self.name);
        assert!(run.advance_to_origin(u64::MAX), "{}: its clients begin", self.name);
        run
    }

    pub fn run(&self) -> Run {
        let mut run = self.start();
        run.advance_to(self.end(&run), u64::MAX);
        run
    }

    /// When a run that is at its start is at its end.
    pub fn end(&self, run: &Run) -> Time {
        run.world().now() + self.length
    }
}

/// The folder of all tests.
pub fn tests() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests"))
}

/// All of them, by name; those of public/scenarios last.
pub fn all() -> Vec<Scenario> {
    let folders = folders_in(&tests().join("scenarios"));
    let built_in = folders_in(&tests().join("built-in"));
    let shipped = tests().join("../../../public/scenarios");
    let shipped_count = std::fs::read_dir(&shipped).expect("public/scenarios is there").count();
    assert_eq!(built_in.len(), shipped_count, "a folder in tests/built-in for each of public/scenarios");
    let ours = folders.into_iter().map(|(name, folder)| {
        let input = read(&folder.join("input.yaml"));
        let length = input
            .lines()
            .next()
            .and_then(|line| line.strip_prefix("# run: "))
            .and_then(|text| cluster::api::parse_duration(text.trim()))
            .unwrap_or(Span::from_secs(20));
        Scenario { name, folder, input, seed: Some(7), length }
    });
    let theirs = built_in.into_iter().map(|(name, folder)| {
        let input = read(&shipped.join(&name).with_extension("yaml"));
        Scenario { name, folder, input, seed: None, length: Span::from_secs(60) }
    });
    ours.chain(theirs).collect()
}

fn folders_in(folder: &Path) -> Vec<(String, PathBuf)> {
    let mut folders: Vec<_> = std::fs::read_dir(folder)
        .unwrap_or_else(|e| panic!("{}: {e}", folder.display()))
        .map(|entry| entry.expect("it can be read"))
        .filter(|entry| entry.path().is_dir())
        .map(|entry| (entry.file_name().to_string_lossy().into_owned(), entry.path()))
        .collect();
    folders.sort();
    folders
}

pub fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}
