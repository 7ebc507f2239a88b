//! What a run has tested, by phase, backend, family, protocol and outcome; and how much of each
//! there must be, so that a run that tests nothing does not pass.

use std::collections::BTreeMap;
use std::fmt;

use cluster::node::kube_proxy::ProxyMode;
use netfilter::{Family, Protocol};

use crate::features::Feature;
use crate::generate::Cluster;
use crate::outcome::{Outcome, Refusal};
use crate::rules::Backend;

/// What a cluster is in the middle of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    Flows,
    Shares,
    Affinity,
    AffinityEnds,
    Opened,
    /// While rules name the Pod.
    ProcessDies,
    LinkDies,
    EndpointLeaves,
    CleanUp,
    /// When rules no longer do.
    ProcessStops,
    LinkGoes,
}

impl Phase {
    fn label(self) -> &'static str {
        match self {
            Phase::Flows => "flows",
            Phase::Shares => "shares",
            Phase::Affinity => "affinity",
            Phase::AffinityEnds => "affinity times out",
            Phase::Opened => "open connections",
            Phase::ProcessDies => "process stops, in rules",
            Phase::LinkDies => "link goes, in rules",
            Phase::EndpointLeaves => "endpoint leaves",
            Phase::CleanUp => "kube-proxy cleans up",
            Phase::ProcessStops => "process stops, no rule",
            Phase::LinkGoes => "link goes, no rule",
        }
    }
}

/// The outcomes' kinds, which are the table's columns.
const KINDS: [&str; 6] = ["answered", "answer lost", "RST", "port unreach.", "host unreach.", "silence"];

fn kind(outcome: &Outcome) -> usize {
    match outcome {
        Outcome::Answered(_) => 0,
        Outcome::AnswerLost(_) => 1,
        Outcome::Refused(Refusal::Reset) => 2,
        Outcome::Refused(Refusal::PortUnreachable) => 3,
        Outcome::Refused(Refusal::HostUnreachable) => 4,
        Outcome::Silence => 5,
    }
}

/// The rows that an outcome counts in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Row {
    Phase(Phase),
    Mode(&'static str, Family),
    /// By which iptables the rules came in.
    Program(&'static str),
    Protocol(Protocol),
    /// In the clusters that have it.
    Feature(Feature),
    All,
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Row::Phase(phase) => f.pad(phase.label()),
            Row::Mode(mode, family) => {
                f.pad(&format!("{mode} mode, IP{}", &format!("{family:?}").to_lowercase()))
            }
            Row::Program(program) => f.pad(program),
            Row::Protocol(protocol) => f.pad(protocol.as_str()),
            Row::Feature(rarity) => f.pad(rarity.label()),
            Row::All => f.pad("all"),
        }
    }
}

type Cells = [u64; KINDS.len()];

#[derive(Clone, Debug, Default)]
pub struct Coverage(BTreeMap<Row, Cells>);

impl Coverage {
    pub fn count(&mut self, phase: Phase, cluster: &Cluster, protocol: Protocol, outcome: &Outcome) {
        let (backend, family) = (cluster.backend, cluster.family);
        let mode = Row::Mode(backend.mode.as_str(), family);
        let rows =
            [Row::Phase(phase), mode, Row::Program(backend.program()), Row::Protocol(protocol), Row::All];
        let rarities = cluster.rarities.iter().map(|rarity| Row::Feature(*rarity));
        for row in rows.into_iter().chain(rarities) {
            self.0.entry(row).or_default()[kind(outcome)] += 1;
        }
    }

    pub fn merge(&mut self, other: &Coverage) {
        for (row, cells) in &other.0 {
            let own = self.0.entry(*row).or_default();
            own.iter_mut().zip(cells).for_each(|(own, more)| *own += more);
        }
    }
}

impl fmt::Display for Coverage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:26}", "")?;
        KINDS.iter().try_for_each(|kind| write!(f, "{kind:>15}"))?;
        writeln!(f, "{:>9}", "all")?;
        for (row, cells) in &self.0 {
            write!(f, "{row:26}")?;
            cells.iter().try_for_each(|count| write!(f, "{count:>15}"))?;
            writeln!(f, "{:>9}", cells.iter().sum::<u64>())?;
        }
        Ok(())
    }
}

/// What a phase must have at least of each kind: about a third of what 220 clusters give.
const PHASES: [(Phase, Cells); 11] = [
    (Phase::Flows, [1_700, 15, 800, 1_300, 50, 400]),
    (Phase::Shares, [8_000, 0, 0, 0, 0, 0]),
    (Phase::Affinity, [100, 0, 0, 30, 0, 15]),
    (Phase::AffinityEnds, [10, 0, 0, 0, 0, 0]),
    (Phase::Opened, [600, 0, 0, 0, 0, 0]),
    (Phase::ProcessDies, [200, 0, 450, 350, 0, 0]),
    (Phase::LinkDies, [150, 0, 0, 0, 700, 70]),
    (Phase::EndpointLeaves, [250, 0, 0, 0, 0, 0]),
    (Phase::CleanUp, [200, 0, 0, 120, 0, 15]),
    (Phase::ProcessStops, [0, 0, 350, 300, 0, 0]),
    (Phase::LinkGoes, [0, 0, 0, 0, 30, 5]),
];
/// The same for each mode in each family, each iptables, each protocol.
const MODE: Cells = [1_300, 3, 200, 350, 100, 90];
const PROGRAM: Cells = [4_500, 8, 800, 1_000, 350, 300];
const TCP: Cells = [6_000, 0, 1_700, 600, 400, 400];
const UDP: Cells = [3_700, 15, 0, 1_700, 350, 150];

const RARITY: Cells = [500, 0, 60, 60, 20, 20];

fn floors() -> impl Iterator<Item = (Row, Cells)> {
    let modes = [ProxyMode::Iptables, ProxyMode::Nftables].map(|mode| mode.as_str());
    let families = [Family::V4, Family::V6];
    let modes =
        modes.into_iter().flat_map(move |mode| families.map(|family| (Row::Mode(mode, family), MODE)));
    let programs = Backend::PROGRAMS.map(|program| (Row::Program(program), PROGRAM));
    let protocols = [(Row::Protocol(Protocol::Tcp), TCP), (Row::Protocol(Protocol::Udp), UDP)];
    let phases = PHASES.map(|(phase, cells)| (Row::Phase(phase), cells));
    let rarities = Feature::ALL.map(|rarity| (Row::Feature(rarity), RARITY));
    phases.into_iter().chain(modes).chain(programs).chain(protocols).chain(rarities)
}

/// What a whole run lacks.
pub fn too_little(coverage: &Coverage) -> Vec<String> {
    let mut few = Vec::new();
    for (row, floor) in floors() {
        let cells = coverage.0.get(&row).copied().unwrap_or_default();
        for ((kind, count), floor) in KINDS.iter().zip(cells).zip(floor) {
            if count < floor {
                few.push(format!("too little tested: {row}, {kind}: {count}, not {floor}"));
            }
        }
    }
    few
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_tested_is_missed() {
        let mut coverage = Coverage::default();
        let missing = too_little(&coverage);
        assert!(
            missing.contains(&"too little tested: link goes, in rules, host unreach.: 0, not 700".into())
        );
        for (row, floor) in floors() {
            coverage.0.insert(row, floor);
        }
        assert_eq!(too_little(&coverage), Vec::<String>::new());
    }
}
