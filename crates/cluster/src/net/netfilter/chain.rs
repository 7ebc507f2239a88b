//! Chains and the rules in them.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

use super::matches::{MarkOp, Match, RejectWith};
use super::rules::Policy;
use crate::api::{NsName, Str};
use crate::net::Protocol;
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
    /// In the order in which upstream writes them.
    pub matches: Box<[Match]>,
    pub comment: Option<Str>,
    pub target: Target,
    /// Whose rule it is; `None` for those that serve all Services.
    pub service: Option<Arc<ServicePortName>>,
}

impl Rule {
    pub fn new(matches: &[Match], target: Target) -> Rule {
        Rule { matches: matches.into(), comment: None, target, service: None }
    }

    pub fn commented(self, comment: impl Into<Str>) -> Rule {
        Rule { comment: Some(comment.into()), ..self }
    }

    pub fn of(self, service: &Arc<ServicePortName>) -> Rule {
        Rule { service: Some(service.clone()), ..self }
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
