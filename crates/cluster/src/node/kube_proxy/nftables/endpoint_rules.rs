//! From a service port to its endpoints (writeServiceToEndpointRules, and the endpoint chains of
//! Services with session affinity).

use std::net::SocketAddr;

use super::names::service_port_endpoint_chain_name_base;
use crate::node::kube_proxy::{EndpointInfo, ServicePortInfo};
use netfilter::nft::{Chain, DnatTo, Element, Key, Rule, RuleGroup, Set, SetId, SetKind, Statement, Verdict};
use netfilter::{ChainId, Tuple};

/// The endpoints of one service port, and the indexes of those that this node may send to.
pub(super) struct Endpoints<'a> {
    pub service: &'a ServicePortInfo,
    pub all: &'a [EndpointInfo],
    pub reachable: &'a [usize],
}

/// An endpoint's own chain, and the set of the clients that session affinity binds to it.
pub(super) struct OwnChain {
    endpoint: usize,
    chain: ChainId,
    affinity: SetId,
}

impl Endpoints<'_> {
    /// M-06: if a Pod reaches itself through a Service, its packet must be masqueraded. Otherwise it would reply
    /// to itself directly, past NAT. Only endpoints on this node need that.
    pub fn note_hairpins(&self, table: &mut RuleGroup, hairpins: SetId) {
        for endpoint in self.reachable.iter().map(|&i| &self.all[i]).filter(|e| e.local) {
            let (ip, dst_port) = (endpoint.address.ip(), endpoint.address.port());
            let protocol = self.service.name.protocol;
            let key = Tuple { src: ip, src_port: 0, dst: ip, dst_port, protocol };
            table.insert(hairpins, Element { key, verdict: None, comment: None, owner: None });
        }
    }

    fn to(&self, index: usize) -> SocketAddr {
        self.all[index].address
    }
}

/// With session affinity, each endpoint has a chain that adds the client's address to a set.
pub(super) fn endpoint_chains(table: &mut RuleGroup, endpoints: &Endpoints) -> Vec<OwnChain> {
    let Some(timeout_s) = endpoints.service.affinity_s else { return Vec::new() };
    let (name, owner) = (&endpoints.service.name, &endpoints.service.owner);
    let mut own = Vec::new();
    for &endpoint in endpoints.reachable {
        let base = service_port_endpoint_chain_name_base(name, &endpoints.all[endpoint].text);
        let kind = SetKind::Dynamic { timeout_s };
        let set = Set::new(["affinity-", &base].concat(), Key::SOURCE, kind, None);
        let affinity = table.declare_set(set);
        let chain = table.declare(Chain::new(["endpoint-", &base].concat()));
        table.append(chain, Rule::new([Statement::Update(affinity)]).owned_by(owner));
        let dnat = Statement::Dnat(DnatTo::One(endpoints.to(endpoint)));
        table.append(chain, Rule::new([Statement::Protocol(name.protocol), dnat]).owned_by(owner));
        own.push(OwnChain { endpoint, chain, affinity });
    }
    own
}

/// First the rules for session affinity, then a random choice among all endpoints: N-08.
pub(super) fn choice(endpoints: &Endpoints, own: &[OwnChain], chosen: &[usize]) -> Vec<Rule> {
    let (name, owner) = (&endpoints.service.name, &endpoints.service.owner);
    let statements: Vec<Vec<Statement>> = if endpoints.service.affinity_s.is_none() {
        let targets: Vec<SocketAddr> = chosen.iter().map(|&index| endpoints.to(index)).collect();
        let dnat = Statement::Dnat(DnatTo::Numgen(targets.into()));
        vec![vec![Statement::Protocol(name.protocol), dnat]]
    } else {
        // Both are in the order of the endpoints, and the chosen ones are among the reachable.
        let of = || own.iter().filter(|own| chosen.contains(&own.endpoint));
        let goto = |own: &OwnChain| Verdict::Goto(own.chain);
        let bound = |own: &OwnChain| vec![Statement::In(own.affinity), Statement::Verdict(goto(own))];
        let mut rules: Vec<Vec<Statement>> = of().map(bound).collect();
        rules.push(vec![Statement::NumgenVmap(of().map(goto).collect())]);
        rules
    };
    statements.into_iter().map(|statements| Rule::new(statements).owned_by(owner)).collect()
}
