//! From a service port to its endpoints: the chains KUBE-SVC-, KUBE-SVL- and KUBE-SEP-.

use super::fixed::nat;
use crate::api::Str;
use crate::node::kube_proxy::{EndpointChainNames, EndpointInfo, ServicePortInfo};
use netfilter::{AddressMatch, Chain, ChainId, ListId, Match, Probability, Rule, Target};

/// The endpoints of one service port that this node may send to, and the indexes of their chains.
pub(super) struct Reachable<'a> {
    pub service: &'a ServicePortInfo,
    pub endpoints: &'a [EndpointInfo],
    /// The index of the first endpoint chain among the service's own chains.
    pub first_chain: usize,
    /// Endpoints by index, in the order of their chains and of their `recent` lists.
    pub reachable: &'a [usize],
    pub with_comments: bool,
}

impl Reachable<'_> {
    /// writeServiceToEndpointRules: first the rules for session affinity, then a random choice among all endpoints.
    pub fn choice(&self, chosen: &[usize]) -> Vec<Rule> {
        let mut rules = Vec::new();
        if let Some(seconds) = self.service.affinity_s {
            for &endpoint in chosen {
                let list = ListId(self.position(endpoint));
                rules.push(self.to(endpoint, &[Match::RecentCheck { list, seconds }]));
            }
        }
        let count = u32::try_from(chosen.len()).unwrap_or(u32::MAX);
        for (ordinal, &endpoint) in (0..count).zip(chosen) {
            let left = count - ordinal;
            let probability = Probability::one_in(left);
            // The last rule has no probability: it matches every packet that is left.
            rules.push(match left {
                1 => self.to(endpoint, &[]),
                _ => self.to(endpoint, &[Match::Statistic { probability, ordinal }]),
            });
        }
        rules
    }

    /// A chain for each endpoint. M-06: if a Pod reaches itself through the Service, its packet must be
    /// masqueraded. Otherwise it would reply to itself directly, past NAT.
    pub fn chains(&self) -> Vec<Chain> {
        let protocol = Match::Protocol(self.service.name.protocol);
        let names = EndpointChainNames::new(&self.service.name);
        let comment = self.with_comments.then(|| Str::from(self.service.name.to_string()));
        let chain = |(list, &index): (u32, &usize)| {
            let endpoint = &self.endpoints[index];
            let itself = Match::Source(AddressMatch::host(endpoint.address.ip()));
            let set = Match::RecentSet { list: ListId(list) };
            let to_pod: &[Match] =
                if self.service.affinity_s.is_some() { &[set, protocol] } else { &[protocol] };
            let rule = |conditions, target| {
                let mut rule = Rule::new(conditions, target).owned_by(&self.service.owner);
                rule.comment = comment.clone();
                rule
            };
            let rules = vec![
                rule(&[itself], Target::Jump(nat::KUBE_MARK_MASQ)),
                rule(to_pod, Target::Dnat(endpoint.address)),
            ];
            Chain::with_rules(names.name(&endpoint.text), rules)
        };
        (0..).zip(self.reachable).map(chain).collect()
    }

    /// The `recent` lists: one for each endpoint, named as its chain.
    pub fn recent_lists(&self) -> Vec<Str> {
        if self.service.affinity_s.is_none() {
            return Vec::new();
        }
        let names = EndpointChainNames::new(&self.service.name);
        self.reachable.iter().map(|&i| names.name(&self.endpoints[i].text)).collect()
    }

    fn to(&self, endpoint: usize, conditions: &[Match]) -> Rule {
        let chain = ChainId::own(self.first_chain + self.position(endpoint) as usize);
        let rule = Rule::new(conditions, Target::Jump(chain)).owned_by(&self.service.owner);
        if !self.with_comments {
            return rule;
        }
        rule.commented(format!("{} -> {}", self.service.name, self.endpoints[endpoint].text))
    }

    /// The position of an endpoint among the reachable ones, which are sorted.
    fn position(&self, endpoint: usize) -> u32 {
        let at = self.reachable.binary_search(&endpoint).unwrap_or_default();
        u32::try_from(at).unwrap_or(u32::MAX)
    }
}
