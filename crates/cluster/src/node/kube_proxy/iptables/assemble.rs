//! Puts what was written for one service port into the rule set of all.

use super::fixed::{filter, nat};
use crate::api::Str;
use crate::net::netfilter::{Chain, ChainId, ListId, Rule, RuleSet};

/// A chain id with this bit names a chain of the same [`ServiceRules`], by its index there.
const OWN: u32 = 1 << 31;

/// What one service port adds to a rule set. It does not say where in the set it will stand, so
/// that it can be kept while other Services come and go.
#[derive(Clone, Debug, Default)]
pub(super) struct ServiceRules {
    pub filter_services: Vec<Rule>,
    pub filter_external_services: Vec<Rule>,
    pub filter_node_ports: Vec<Rule>,
    pub filter_firewall: Vec<Rule>,
    pub nat_services: Vec<Rule>,
    pub nat_node_ports: Vec<Rule>,
    /// KUBE-EXT-, KUBE-FW-, KUBE-SVC-, KUBE-SVL- and KUBE-SEP-, in the order in which upstream
    /// declares them. Their jumps may be to each other.
    pub chains: Vec<Chain>,
    /// `recent` lists, which the rules name by their index here.
    pub recent_lists: Vec<Str>,
}

/// The id of the chain that stands at `index` of a [`ServiceRules`].
pub(super) fn own(index: usize) -> ChainId {
    ChainId(OWN | u32::try_from(index).unwrap_or(u32::MAX))
}

pub(super) fn add(rules: &mut RuleSet, service: ServiceRules) {
    let bases = Bases {
        chain: u32::try_from(rules.nat.chains.len()).unwrap_or(u32::MAX),
        list: u32::try_from(rules.recent_lists.len()).unwrap_or(u32::MAX),
    };
    for (chain, added) in [
        (filter::KUBE_SERVICES, service.filter_services),
        (filter::KUBE_EXTERNAL_SERVICES, service.filter_external_services),
        (filter::KUBE_NODEPORTS, service.filter_node_ports),
        (filter::KUBE_PROXY_FIREWALL, service.filter_firewall),
    ] {
        added.into_iter().for_each(|rule| rules.filter.append(chain, rule));
    }
    for (chain, added) in
        [(nat::KUBE_SERVICES, service.nat_services), (nat::KUBE_NODEPORTS, service.nat_node_ports)]
    {
        for mut rule in added {
            rule.relocate(|id| bases.chain(id), |id| bases.list(id));
            rules.nat.append(chain, rule);
        }
    }
    for mut chain in service.chains {
        chain.relocate(|id| bases.chain(id), |id| bases.list(id));
        rules.nat.declare(chain);
    }
    rules.recent_lists.extend(service.recent_lists);
}

/// Where the service's own chains and lists begin in the set.
struct Bases {
    chain: u32,
    list: u32,
}

impl Bases {
    fn chain(&self, id: ChainId) -> ChainId {
        if id.0 & OWN == 0 { id } else { ChainId(self.chain + (id.0 & !OWN)) }
    }

    fn list(&self, id: ListId) -> ListId {
        ListId(self.list + id.0)
    }
}
