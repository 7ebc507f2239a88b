//! The command line.

use std::path::PathBuf;

pub const HELP: &str = "\
cargo xtask upstream [OPTION...]

  --clusters N  how many generated clusters to compare, after all scenarios of the project (300)
  --seed S      the first cluster's seed; the others follow (1)
  --show        print the first cluster's text, and compare nothing
  --record      write anew what `cargo test` compares where there is no Go: crates/upstream/tests/recorded/";

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Args {
    pub clusters: u64,
    pub seed: u64,
    pub show: bool,
    pub record: bool,
    /// Upstream's program, which xtask builds.
    pub kube_proxy: PathBuf,
    /// The top of the clone.
    pub root: PathBuf,
}

impl Default for Args {
    fn default() -> Args {
        let (kube_proxy, root) = (PathBuf::from("kube-proxy"), PathBuf::from("."));
        Args { clusters: 300, seed: 1, show: false, record: false, kube_proxy, root }
    }
}

impl Args {
    /// As much as by default: such a run has to meet everything that there is to meet.
    pub fn is_whole(&self) -> bool {
        self.clusters >= Args::default().clusters
    }

    pub fn parse(words: impl IntoIterator<Item = String>) -> Result<Args, String> {
        let mut args = Args::default();
        let mut words = words.into_iter();
        while let Some(word) = words.next() {
            let mut value = || words.next().ok_or_else(|| format!("{word} wants a value\n\n{HELP}"));
            match word.as_str() {
                "--clusters" => args.clusters = number(&word, &value()?)?,
                "--seed" => args.seed = number(&word, &value()?)?,
                "--show" => args.show = true,
                "--record" => args.record = true,
                "--kube-proxy" => args.kube_proxy = value()?.into(),
                "--root" => args.root = value()?.into(),
                other => return Err(format!("there is no option `{other}`\n\n{HELP}")),
            }
        }
        Ok(args)
    }
}

fn number(option: &str, value: &str) -> Result<u64, String> {
    value.parse().map_err(|_| format!("{option} {value}: that is no number\n\n{HELP}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Args, String> {
        Args::parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn options_are_read_and_mistakes_are_named() {
        assert_eq!(parse(""), Ok(Args::default()));
        assert_eq!(parse("--seed 3 --clusters 7"), Ok(Args { clusters: 7, seed: 3, ..Args::default() }));
        assert!(parse("--seed").unwrap_err().starts_with("--seed wants a value"));
        assert!(parse("--seed x").unwrap_err().starts_with("--seed x: that is no number"));
        assert!(parse("--fast").unwrap_err().starts_with("there is no option `--fast`"));
    }
}
