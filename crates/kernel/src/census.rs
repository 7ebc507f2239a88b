//! What a run has tested, by phase, backend, family, protocol and outcome; and how much of each
//! there must be, so that a run that tests nothing does not pass.

use std::collections::BTreeMap;
use std::fmt;

use cluster::net::Protocol;
use cluster::net::netfilter::Family;

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
            Row::All => f.pad("all"),
        }
    }
}

type Cells = [u64; KINDS.len()];

#[derive(Clone, Debug, Default)]
pub struct Census(BTreeMap<Row, Cells>);

impl Census {
    pub fn count(
        &mut self,
        phase: Phase,
        backend: Backend,
        family: Family,
        protocol: Protocol,
        outcome: &Outcome,
    ) {
        let mode = Row::Mode(backend.mode.as_str(), family);
        let rows =
            [Row::Phase(phase), mode, Row::Program(backend.program()), Row::Protocol(protocol), Row::All];
        for row in rows {
            self.0.entry(row).or_default()[kind(outcome)] += 1;
        }
    }

    pub fn merge(&mut self, other: &Census) {
        for (row, cells) in &other.0 {
            let own = self.0.entry(*row).or_default();
            own.iter_mut().zip(cells).for_each(|(own, more)| *own += more);
        }
    }
}

impl fmt::Display for Census {
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

/// Floors, at a third or less of what a run of 220 clusters has.
const FLOORS: &[(Row, &str, u64)] = &[];

pub fn too_little(census: &Census) -> Vec<String> {
    let mut few = Vec::new();
    for (row, kind, floor) in FLOORS {
        let cells = census.0.get(row).copied().unwrap_or_default();
        let column = KINDS.iter().position(|k| k == kind);
        let count = column.map_or_else(|| cells.iter().sum(), |column| cells[column]);
        if count < *floor {
            few.push(format!("too little tested: {row}: {count} {kind}, not {floor}"));
        }
    }
    few
}
