//! Chains and the rules in them.

use std::net::{IpAddr, SocketAddr};

use super::matches::{MarkOp, Match, RejectWith};
use super::owner::Owner;
use super::ruleset::Policy;
use crate::{Chance, Str, Tuple};

/// The index of a chain in its table.
///
/// Rules of a group (see [`super::RuleGroup`]) do not depend on the group's position: they name its own chains
/// by [`ChainId::own`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChainId {
    /// 0 for the table's fixed chains, else the index of the group, counted from 1.
    group: u32,
    /// The index among the chains of that group.
    index: u32,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chain {
    pub name: Str,
    /// Only built-in chains have one.
    pub policy: Option<Policy>,
    rules: Vec<Rule>,
    /// One for each rule, in one array: long chains of rules with addresses are searched by these alone.
    guards: Vec<Guard>,
    /// The subject of random draws, made from the name, so that draws do not depend on the chain's index.
    pub(super) subject: u64,
}

const OWN: u32 = u32::MAX;

impl ChainId {
    /// One of the table's fixed chains.
    pub const fn fixed(index: u32) -> ChainId {
        ChainId { group: 0, index }
    }

    /// A chain of the same group as the rule that names it.
    pub fn own(index: usize) -> ChainId {
        ChainId { group: OWN, index: u32::try_from(index).unwrap_or(u32::MAX) }
    }

    pub(super) fn of(group: usize, index: usize) -> ChainId {
        ChainId { group: u32::try_from(group).unwrap_or(OWN), ..ChainId::own(index) }
    }

    /// Resolves an id that a rule of this group uses.
    #[inline]
    pub fn within(self, group: u32) -> ChainId {
        if self.group == OWN { ChainId { group, ..self } } else { self }
    }

    /// The chains of a group, with their ids.
    pub(super) fn all_of<C>(group: usize, chains: &[C]) -> impl Iterator<Item = (ChainId, &C)> {
        (0..).map(move |index| ChainId::of(group, index)).zip(chains)
    }

    pub fn group(self) -> u32 {
        self.group
    }

    pub fn index(self) -> usize {
        self.index as usize
    }
}

impl Chain {
    pub fn new(name: Str) -> Chain {
        let subject = Chance::subject(&name);
        Chain { name, policy: None, rules: Vec::new(), guards: Vec::new(), subject }
    }

    pub fn with_rules(name: Str, rules: Vec<Rule>) -> Chain {
        let guards = rules.iter().map(|rule| Guard::new(&rule.matches)).collect();
        Chain { rules, guards, ..Chain::new(name) }
    }

    pub(super) fn built_in(name: &str) -> Chain {
        Chain { policy: Some(Policy::Accept), ..Chain::new(name.into()) }
    }

    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// Without rules, and with policy ACCEPT.
    pub(super) fn lets_all_pass(&self) -> bool {
        self.rules.is_empty() && self.policy != Some(Policy::Drop)
    }

    pub fn append(&mut self, rule: Rule) {
        self.guards.push(Guard::new(&rule.matches));
        self.rules.push(rule);
    }

    /// Takes out its rules.
    pub(super) fn flush(&mut self) {
        self.rules.clear();
        self.guards.clear();
    }

    /// The first rule from `start` on that the packet's destination does not rule out, and its index.
    #[inline]
    pub(super) fn candidate(&self, start: u32, key: PacketKey) -> Option<(u32, &Rule)> {
        let guards = self.guards.get(start as usize..)?;
        let at = start as usize + guards.iter().position(|guard| guard.may_match(key))?;
        Some((at as u32, &self.rules[at]))
    }
}

/// A rule: if all of its matches hold, its target is executed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    matches: Box<[Match]>,
    pub target: Target,
    pub comment: Option<Str>,
    pub owner: Option<Owner>,
}

impl Rule {
    pub fn new(matches: &[Match], target: Target) -> Rule {
        Rule { matches: matches.into(), target, comment: None, owner: None }
    }

    pub fn commented(self, comment: impl Into<Str>) -> Rule {
        Rule { comment: Some(comment.into()), ..self }
    }

    pub fn owned_by(self, owner: &Owner) -> Rule {
        Rule { owner: Some(owner.clone()), ..self }
    }

    /// In the order in which they are written.
    pub fn matches(&self) -> &[Match] {
        &self.matches
    }

    /// The rule as it stands in a chain outside its group, with the ids of the group's own chains resolved.
    pub(super) fn within(&self, group: u32) -> Rule {
        let target = match self.target {
            Target::Jump(to) => Target::Jump(to.within(group)),
            Target::None
            | Target::Accept
            | Target::Drop
            | Target::Reject(_)
            | Target::Return
            | Target::Dnat(_)
            | Target::Masquerade { .. }
            | Target::Mark(_) => self.target,
        };
        Rule { target, ..self.clone() }
    }
}

/// A rule's destination address and port, if it matches one of each: a quick check that most packets fail. A
/// packet that the rule matches never fails it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
struct Guard {
    value: u64,
    mask: u64,
}

/// A packet's destination, as a [`Guard`] compares it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PacketKey(u64);

const PORT_BITS: u64 = 0xffff;
const ADDRESS_BITS: u64 = 0xffff_ffff << 16;

impl PacketKey {
    #[inline]
    pub fn new(tuple: &Tuple) -> PacketKey {
        PacketKey(u64::from(folded(tuple.dst)) << 16 | u64::from(tuple.dst_port))
    }
}

impl Guard {
    fn new(matches: &[Match]) -> Guard {
        let mut guard = Guard::default();
        for condition in matches {
            match *condition {
                Match::Destination(prefix) => {
                    if let Some(address) = prefix.only_address() {
                        guard.value |= u64::from(folded(address)) << 16;
                        guard.mask |= ADDRESS_BITS;
                    }
                }
                Match::DestinationPort(port) => {
                    guard.value |= u64::from(port);
                    guard.mask |= PORT_BITS;
                }
                Match::Source(_)
                | Match::InInterface(_)
                | Match::Protocol(_)
                | Match::Local(_)
                | Match::Mark { .. }
                | Match::CtState { .. }
                | Match::Statistic { .. }
                | Match::RecentCheck { .. }
                | Match::RecentSet { .. }
                | Match::Set { .. }
                | Match::ProtocolOnly(_)
                | Match::SourceNotLocal
                | Match::NotPhysdevIn
                | Match::Nfacct(_)
                | Match::Ipvs(_) => {}
            }
        }
        guard
    }

    #[inline]
    fn may_match(&self, key: PacketKey) -> bool {
        (key.0 ^ self.value) & self.mask == 0
    }
}

/// An IPv4 address unchanged; an IPv6 address hashed, so that two may look the same (the match itself still
/// decides).
#[inline]
fn folded(address: IpAddr) -> u32 {
    match address {
        IpAddr::V4(a) => a.into(),
        IpAddr::V6(a) => {
            let bits = u128::from(a);
            let half = (bits >> 64) as u64 ^ bits as u64;
            (half >> 32) as u32 ^ half as u32
        }
    }
}

/// What a rule does with a packet that it matched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// A rule without `-j`: it only counts packets.
    None,
    Accept,
    Drop,
    Reject(RejectWith),
    Return,
    Jump(ChainId),
    Dnat(SocketAddr),
    Masquerade {
        random_fully: bool,
    },
    Mark(MarkOp),
}
