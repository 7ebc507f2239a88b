//! How many connections a node's rules have sent to each endpoint.

use std::net::SocketAddr;

use litemap::LiteMap;

use super::{RuleRole, ServicePortName, rule_role};
use netfilter::{Family, Owner, RuleHit, Rules, Tuple};

/// Connections since the rules were written, by service port, endpoint, and whether policy Local chose it.
#[derive(Clone, Debug, Default)]
pub struct SentConnections {
    counts: LiteMap<(Owner, SocketAddr, bool), u64>,
}

impl SentConnections {
    /// Counts the packet's connection from the rules that it matched. `before`: its tuple before the first of them.
    pub(crate) fn note(&mut self, rules: &Rules, before: Tuple, hits: &[RuleHit]) {
        let mut tuple = before;
        for hit in hits {
            let Some(after) = hit.tuple_after else { continue };
            let rewritten = (tuple.dst, tuple.dst_port) != (after.dst, after.dst_port);
            if let (true, Some(owner)) = (rewritten, rules.owner(hit.at())) {
                let is_local = |hit: &RuleHit| {
                    matches!(rule_role(rules, hit.at()), Some(RuleRole::SelectsEndpoint { local: true, .. }))
                };
                let local = hits.iter().any(is_local);
                let to = (owner.clone(), SocketAddr::new(after.dst, after.dst_port), local);
                *self.counts.entry(to).or_default() += 1;
            }
            tuple = after;
        }
    }

    /// How many connections went to an endpoint of a service port, by policy Local or Cluster (`local`).
    pub fn to(&self, service: &ServicePortName, endpoint: SocketAddr, local: bool) -> u64 {
        self.counts.get(&(service.owner(), endpoint, local)).copied().unwrap_or(0)
    }

    /// The rules of one family were replaced: its counts start from zero.
    pub(crate) fn clear_family(&mut self, family: Family) {
        self.counts.retain(|(_, endpoint, _), _| Family::of(endpoint.ip()) != family);
    }

    /// The node has no rules any more.
    pub(crate) fn clear(&mut self) {
        self.counts.clear();
    }
}
