//! What a kernel holds, in one form for both sides.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// The lines of each chain, set and virtual server, in their order. The names are `filter INPUT`, `nat
/// KUBE-SERVICES`; `chain services`, `map service-ips`; `ipset KUBE-CLUSTER-IP`, `ipvs -t 10.96.0.1:80`, `link
/// kube-ipvs0`.
pub type Kernel = BTreeMap<String, Vec<String>>;

/// What differs in one of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    pub object: String,
    /// `None`: it is not there.
    pub upstream: Option<Vec<String>>,
    pub ours: Option<Vec<String>>,
}

pub fn differences(upstream: &Kernel, ours: &Kernel) -> Vec<Difference> {
    let names: BTreeSet<&String> = upstream.keys().chain(ours.keys()).collect();
    let compared = names.into_iter().map(|name| (name, upstream.get(name), ours.get(name)));
    let different = compared.filter(|(_, upstream, ours)| upstream != ours);
    let said = different.map(|(name, upstream, ours)| Difference {
        object: name.clone(),
        upstream: upstream.cloned(),
        ours: ours.cloned(),
    });
    said.collect()
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "  {}", self.object)?;
        match (&self.upstream, &self.ours) {
            (Some(upstream), Some(ours)) => {
                write_missing(f, "upstream", upstream, ours)?;
                write_missing(f, "ours", ours, upstream)?;
                if sorted(upstream) == sorted(ours) {
                    writeln!(
                        f,
                        "    the same lines in another order\n    upstream: {upstream:#?}\n    ours: {ours:#?}"
                    )?;
                }
                Ok(())
            }
            (Some(upstream), None) => writeln!(f, "    only upstream has it: {upstream:#?}"),
            (None, ours) => {
                writeln!(f, "    only we have it: {:#?}", ours.iter().flatten().collect::<Vec<_>>())
            }
        }
    }
}

fn write_missing(f: &mut fmt::Formatter<'_>, whose: &str, lines: &[String], other: &[String]) -> fmt::Result {
    // One that is there twice on one side is not there twice on the other.
    let mut other = other.to_vec();
    for line in lines {
        match other.iter().position(|there| there == line) {
            Some(at) => drop(other.remove(at)),
            None => writeln!(f, "    {whose:8} {line}")?,
        }
    }
    Ok(())
}

fn sorted(lines: &[String]) -> Vec<String> {
    let mut lines = lines.to_vec();
    lines.sort();
    lines
}
