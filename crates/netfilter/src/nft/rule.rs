//! Rules: statements that are executed in order until a match among them fails.

use std::net::{IpAddr, SocketAddr};

use super::set::SetId;
use crate::chain::ChainId;
use crate::conntrack::CtStates;
use crate::matches::{AddressMatch, End, MarkOp};
use crate::owner::Owner;
use crate::{Cidr, InterfaceMatch, Protocol, Str};

/// Where a packet goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Ends only this base chain: the packet still passes later base chains of the hook.
    Accept,
    /// Drops the packet at once.
    Drop,
    Return,
    Jump(ChainId),
    /// As `jump`, but without returning to this chain.
    Goto(ChainId),
}

impl Verdict {
    /// Resolves the chain ids of a verdict in a rule of this group.
    #[inline]
    pub fn within(self, group: u32) -> Verdict {
        match self {
            Verdict::Jump(to) => Verdict::Jump(to.within(group)),
            Verdict::Goto(to) => Verdict::Goto(to.within(group)),
            Verdict::Accept | Verdict::Drop | Verdict::Return => self,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Statement {
    /// `ct state new`
    CtState(CtStates),
    /// `ct status dnat`
    CtStatusDnat,
    /// `ip saddr PREFIX`, `ip daddr != PREFIX`
    Address(End, AddressMatch),
    /// `iifname NAME`
    InInterface(InterfaceMatch),
    /// `ip saddr != { PREFIX, ... }`
    OutsideOf(End, Box<[Cidr]>),
    /// `fib saddr type local`
    Local(End),
    /// `meta l4proto tcp`
    Protocol(Protocol),
    /// `meta mark & BITS != 0`
    Marked(u32),
    /// The set contains the packet's key.
    In(SetId),
    /// `meta mark set meta mark | BITS`
    Mark(MarkOp),
    /// `KEY vmap @MAP`: the verdict of the packet's element, if there is one.
    Vmap(SetId),
    /// `numgen random mod N vmap { 0 : VERDICT, ... }`
    NumgenVmap(Box<[Verdict]>),
    /// `update @SET { ip saddr }`: adds the source address, or restarts its timeout.
    Update(SetId),
    Dnat(DnatTo),
    Masquerade {
        fully_random: bool,
    },
    /// `reject`: with "port unreachable", the default.
    Reject,
    Verdict(Verdict),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DnatTo {
    /// `dnat to ADDRESS:PORT`
    One(SocketAddr),
    /// `dnat ip to numgen random mod N map { 0 : ADDRESS . PORT, ... }`
    Numgen(Box<[SocketAddr]>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    statements: Box<[Statement]>,
    pub comment: Option<Str>,
    pub owner: Option<Owner>,
}

impl Rule {
    pub fn new(statements: impl Into<Box<[Statement]>>) -> Rule {
        Rule { statements: statements.into(), comment: None, owner: None }
    }

    pub fn commented(self, comment: impl Into<Str>) -> Rule {
        Rule { comment: Some(comment.into()), ..self }
    }

    pub fn owned_by(self, owner: &Owner) -> Rule {
        Rule { owner: Some(owner.clone()), ..self }
    }

    pub fn statements(&self) -> &[Statement] {
        &self.statements
    }
}

/// Is the address in one of the prefixes?
pub(super) fn is_in(prefixes: &[Cidr], address: IpAddr) -> bool {
    prefixes.iter().any(|prefix| prefix.contains(address))
}
