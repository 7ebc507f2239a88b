//! How many connections a node's rules have sent to each endpoint.

use std::net::SocketAddr;

use litemap::LiteMap;

use super::{RuleRole, ServicePortName, rule_role};
use netfilter::{Owner, RuleHit, Rules, Tuple};

/// Connections since the rules were written, by the service port, the endpoint, and whether that was chosen among
/// those of policy Local.
#[derive(Clone, Debug, Default)]
pub struct SentConnections {
    counts: LiteMap<(Owner, SocketAddr, bool), u64>,
}

impl SentConnections {
    /// Notes the rules that a packet matched, which was `before` when it met the first of them.
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

    /// Those that went to an endpoint of a service port, which was chosen among those of policy Local or not.
    pub fn to(&self, service: &ServicePortName, endpoint: SocketAddr, local: bool) -> u64 {
        self.counts.get(&(service.owner(), endpoint, local)).copied().unwrap_or(0)
    }

    /// Other rules are in force.
    pub(crate) fn clear(&mut self) {
        self.counts.clear();
    }
}
