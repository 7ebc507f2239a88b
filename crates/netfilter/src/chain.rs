//! Chains and the rules in them.

use std::net::{IpAddr, SocketAddr};

use super::matches::{MarkOp, Match, RejectWith};
use super::owner::Owner;
use super::ruleset::Policy;
use crate::{Chance, Str, Tuple};

/// A chain's place in its table.
///
/// The rules of a group (see [`super::RuleGroup`]) do not say where it stands: they name its own chains by
/// [`ChainId::own`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChainId {
    /// 0 for the table's fixed chains, else the place of a group among all, counted from 1.
    group: u32,
    /// Which of theirs.
    index: u32,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chain {
    pub name: Str,
    /// Only built-in chains have one.
    pub policy: Option<Policy>,
    rules: Vec<Rule>,
    /// One for each rule, side by side: a long chain of addresses is searched by these alone.
    guards: Vec<Guard>,
    /// The name as a subject of draws, so that a draw depends on the chain and not on its place.
    pub(super) subject: u64,
}

const OWN: u32 = u32::MAX;

impl ChainId {
    /// One of the table's fixed chains.
    pub const fn fixed(index: u32) -> ChainId {
        ChainId { group: 0, index }
    }

    /// One of the group's whose rule names it.
    pub fn own(index: usize) -> ChainId {
        ChainId { group: OWN, index: u32::try_from(index).unwrap_or(u32::MAX) }
    }

    pub(super) fn of(group: usize, index: usize) -> ChainId {
        ChainId { group: u32::try_from(group).unwrap_or(OWN), ..ChainId::own(index) }
    }

    /// The chain that a rule of this group means.
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

    /// The first rule from `start` on that no destination rules out, and its place.
    #[inline]
    pub(super) fn candidate(&self, start: u32, key: PacketKey) -> Option<(u32, &Rule)> {
        let guards = self.guards.get(start as usize..)?;
        let at = start as usize + guards.iter().position(|guard| guard.may_match(key))?;
        Some((at as u32, &self.rules[at]))
    }
}

/// A rule: if all of its matches hold, its target is done.
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

    /// The rule, in a chain that is not its group's own.
    pub(super) fn within(&self, group: u32) -> Rule {
        let target = match self.target {
            Target::Jump(to) => Target::Jump(to.within(group)),
            target => target,
        };
        Rule { target, ..self.clone() }
    }
}

/// A rule's destination address and port, as far as it asks for one of each: what most packets
/// fail. It never fails a packet that the rule would match.
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
                _ => {}
            }
        }
        guard
    }

    #[inline]
    fn may_match(&self, key: PacketKey) -> bool {
        (key.0 ^ self.value) & self.mask == 0
    }
}

/// An IPv4 address as it is; an IPv6 address folded, so that different ones may look alike (the
/// match itself still decides).
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
    /// A rule without `-j`: it only counts.
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
