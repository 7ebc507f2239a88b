//! Chains and the rules in them.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use super::matches::{ListId, MarkOp, Match, RejectWith};
use super::rules::Policy;
use crate::api::{NsName, Str};
use crate::net::{Protocol, Tuple};
use crate::sim::Chance;

/// A chain's place in its table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChainId(pub u32);

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chain {
    pub name: Str,
    /// Only built-in chains have one.
    pub policy: Option<Policy>,
    pub rules: Vec<Rule>,
    /// The name as a subject of draws, so that a draw depends on the chain and not on its place.
    pub(super) subject: u64,
}

impl Chain {
    pub fn new(name: Str) -> Chain {
        let subject = Chance::subject(&name);
        Chain { name, policy: None, rules: Vec::new(), subject }
    }

    pub(super) fn built_in(name: &str) -> Chain {
        Chain { policy: Some(Policy::Accept), ..Chain::new(name.into()) }
    }
}

/// A rule: if all of its matches hold, its target is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    matches: Box<[Match]>,
    guard: Guard,
    pub target: Target,
    pub comment: Option<Str>,
    /// Whose rule it is; `None` for those that serve all Services.
    pub service: Option<Arc<ServicePortName>>,
}

impl Rule {
    pub fn new(matches: &[Match], target: Target) -> Rule {
        let guard = Guard::new(matches);
        Rule { matches: matches.into(), guard, comment: None, target, service: None }
    }

    pub fn commented(self, comment: impl Into<Str>) -> Rule {
        Rule { comment: Some(comment.into()), ..self }
    }

    pub fn of(self, service: &Arc<ServicePortName>) -> Rule {
        Rule { service: Some(service.clone()), ..self }
    }

    /// In the order in which upstream writes them.
    pub fn matches(&self) -> &[Match] {
        &self.matches
    }

    /// Moves the rule's own chains and lists up, to where they stand in a whole rule set.
    pub fn relocate(&mut self, chain: impl Fn(ChainId) -> ChainId, list: impl Fn(ListId) -> ListId) {
        if let Target::Jump(to) = &mut self.target {
            *to = chain(*to);
        }
        for condition in &mut self.matches {
            if let Match::RecentCheck { list: id, .. } | Match::RecentSet { list: id } = condition {
                *id = list(*id);
            }
        }
    }

    /// False only if a match on one destination address or port cannot hold.
    #[inline]
    pub(super) fn may_match(&self, key: PacketKey) -> bool {
        let Guard { destination, port, asks } = self.guard;
        (asks & ASKS_ADDRESS == 0 || destination == key.destination)
            && (asks & ASKS_PORT == 0 || port == key.port)
    }
}

/// What most packets fail: a long chain of Services is searched by these few bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
struct Guard {
    destination: u32,
    port: u16,
    asks: u8,
}

const ASKS_ADDRESS: u8 = 1;
const ASKS_PORT: u8 = 2;

/// A packet's destination, as a [`Guard`] compares it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PacketKey {
    destination: u32,
    port: u16,
}

impl PacketKey {
    #[inline]
    pub fn new(tuple: &Tuple) -> PacketKey {
        PacketKey { destination: folded(tuple.dst), port: tuple.dst_port }
    }
}

impl Guard {
    fn new(matches: &[Match]) -> Guard {
        let mut guard = Guard::default();
        for condition in matches {
            match *condition {
                Match::Destination(prefix) => {
                    if let Some(address) = prefix.only_address() {
                        guard.destination = folded(address);
                        guard.asks |= ASKS_ADDRESS;
                    }
                }
                Match::DestinationPort(port) => {
                    guard.port = port;
                    guard.asks |= ASKS_PORT;
                }
                _ => {}
            }
        }
        guard
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

/// A port of a Service, as kube-proxy names it (pkg/proxy/types.go, ServicePortName).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServicePortName {
    pub service: NsName,
    /// Empty when the port has no name.
    pub port: Str,
    pub protocol: Protocol,
}

/// `ns/name:port`, or `ns/name` for a port without a name; the protocol is not part of it.
impl fmt::Display for ServicePortName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.service)?;
        if self.port.is_empty() { Ok(()) } else { write!(f, ":{}", self.port) }
    }
}
