//! The command line.

pub const HELP: &str = "\
cargo xtask kernel [OPTION...]

  --clusters N   how many clusters to try, each from a seed of its own (default: 220)
  --seed S       the first cluster's seed; the others follow (default: 1)
  --flows M      how many flows each cluster is asked about, besides its long-lived connections (default: 60)
  --labs L       how many clusters are tried side by side (default: 6)
  --show         print each cluster and its nodes' rules
  --check        only say whether it can run here: exit status 77 and the reason if it cannot";

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Args {
    pub clusters: u64,
    pub seed: u64,
    pub flows: usize,
    pub labs: usize,
    pub show: bool,
    pub check: bool,
}

impl Default for Args {
    fn default() -> Args {
        Args { clusters: 220, seed: 1, flows: 60, labs: 6, show: false, check: false }
    }
}

impl Args {
    /// As much as by default, or more: such a run has to test something of everything.
    pub fn is_whole(&self) -> bool {
        let whole = Args::default();
        self.clusters >= whole.clusters && self.flows >= whole.flows
    }

    pub fn parse(words: impl IntoIterator<Item = String>) -> Result<Args, String> {
        let mut args = Args::default();
        let mut words = words.into_iter();
        while let Some(word) = words.next() {
            let mut number = || -> Result<u64, String> {
                let value = words.next().ok_or_else(|| format!("{word} wants a number\n\n{HELP}"))?;
                value.parse().map_err(|_| format!("{word} {value}: that is no number\n\n{HELP}"))
            };
            match word.as_str() {
                "--clusters" => args.clusters = number()?,
                "--seed" => args.seed = number()?,
                "--flows" => args.flows = usize::try_from(number()?).unwrap_or(usize::MAX).min(10_000),
                "--labs" => args.labs = usize::try_from(number()?).unwrap_or(usize::MAX).clamp(1, 16),
                "--show" => args.show = true,
                "--check" => args.check = true,
                other => return Err(format!("there is no option `{other}`\n\n{HELP}")),
            }
        }
        Ok(args)
    }
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
        let expected = Args { clusters: 7, seed: 3, show: true, ..Args::default() };
        assert_eq!(parse("--seed 3 --clusters 7 --show"), Ok(expected));
        assert!(parse("--seed").unwrap_err().starts_with("--seed wants a number"));
        assert!(parse("--seed x").unwrap_err().starts_with("--seed x: that is no number"));
        assert!(parse("--fast").unwrap_err().starts_with("there is no option `--fast`"));
    }
}
