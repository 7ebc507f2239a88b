//! What the virtual servers mean for a service port, derived from the virtual servers themselves.

use super::sets::{CLUSTER_IP, EXTERNAL_IP_LOCAL, LOAD_BALANCER_FW, LOAD_BALANCER_LOCAL, node_port_sets};
use crate::node::kube_proxy::{
    BlockReason, EndpointChoice, PortSummary, RuleRole, SelectionReason, ServicePortName,
};
use netfilter::{
    IpvsRules, Owner, RuleHit, RuleRef, ServerKey, SetEnds, SetId, TableName, Target, Tuple, VirtualServer,
};

/// The real servers for policy Cluster, or those for policy Local if they differ.
pub fn endpoint_choices(rules: &IpvsRules, service: &ServicePortName, local: bool) -> Vec<EndpointChoice> {
    let servers = PortServers::of(rules, &service.owner());
    let shown = if local { servers.local } else { servers.cluster };
    shown.map_or_else(Vec::new, |server| of_server(rules, server))
}

/// The lines of `ipvsadm -R` that are a service port's.
pub fn rules_of(rules: &IpvsRules, service: &ServicePortName) -> Vec<RuleRef> {
    let owner = service.owner();
    let mut found = Vec::new();
    for server in owned_by(rules, &owner) {
        found.extend(rules.at(&server.key, None));
        found.extend(server.real_servers.iter().filter_map(|real| rules.at(&server.key, Some(*real))));
    }
    found
}

/// Why a real server was selected.
pub fn selection_reason(rules: &IpvsRules, hits: &[RuleHit]) -> Option<SelectionReason> {
    let at = hits.iter().rev().map(RuleHit::at).find(|at| at.table == TableName::Ipvs && at.rule > 0)?;
    let server = rules.server_at(at)?;
    Some(match server.real_servers.len() {
        1 => SelectionReason::OnlyEndpoint,
        of => {
            let persistent = server.persistence_s.is_some();
            SelectionReason::Scheduled { scheduler: server.scheduler, of, persistent }
        }
    })
}

pub fn port_summary(rules: &IpvsRules, service: &ServicePortName) -> PortSummary {
    let owner = service.owner();
    let PortServers { internal, local, .. } = PortServers::of(rules, &owner);
    let mut summary = PortSummary::default();
    if let (Some(internal), Some(local)) = (internal, local) {
        summary.internal_local = local.key == internal.key;
        summary.external_local = !summary.internal_local;
    }
    for server in owned_by(rules, &owner) {
        if server.real_servers.is_empty() {
            summary.add_block(BlockReason::NoEndpoints);
        }
        if is_in(rules, LOAD_BALANCER_FW, &server.key) {
            summary.add_block(BlockReason::SourceRanges);
        }
        // A NodePort's address is the node's.
        if internal.is_some_and(|of| server.key != of.key && server.key.port == of.key.port) {
            summary.add_address(server.key.address);
        }
    }
    summary.affinity_s = internal.and_then(|internal| internal.persistence_s);
    summary
}

/// From IPVS alone it is not known whether the scheduler or persistence chose the server.
pub fn rule_role(rules: &IpvsRules, at: RuleRef) -> Option<RuleRole> {
    let Some(server) = rules.server_at(at) else {
        let (chain, rule) = (rules.tables.chain(at)?, rules.tables.rule(at)?);
        let guards = matches!(&*chain.name, "KUBE-SOURCE-RANGES-FIREWALL" | "KUBE-IPVS-OUT-FILTER");
        return (guards && rule.target == Target::Drop)
            .then_some(RuleRole::Blocks(BlockReason::SourceRanges));
    };
    if at.rule == 0 {
        return Some(RuleRole::Blocks(BlockReason::NoEndpoints));
    }
    let local = PortServers::of(rules, &server.owner).local;
    let local = local.is_some_and(|local| local.real_servers == server.real_servers);
    Some(RuleRole::SelectsEndpoint { local, affinity: false })
}

fn owned_by<'a>(rules: &'a IpvsRules, owner: &Owner) -> impl Iterator<Item = &'a VirtualServer> + Clone {
    rules.servers.iter().filter(move |server| server.owner == *owner)
}

/// The virtual servers of a service port that are looked at to find its real servers.
struct PortServers<'a> {
    /// The ClusterIP's.
    internal: Option<&'a VirtualServer>,
    cluster: Option<&'a VirtualServer>,
    /// One with policy Local; `None` if all addresses have the same real servers.
    local: Option<&'a VirtualServer>,
}

impl<'a> PortServers<'a> {
    /// The sets tell which addresses have policy Local.
    fn of(rules: &'a IpvsRules, owner: &Owner) -> PortServers<'a> {
        let internal = owned_by(rules, owner).find(|server| is_in(rules, CLUSTER_IP, &server.key));
        let external = owned_by(rules, owner).find(|server| !is_in(rules, CLUSTER_IP, &server.key));
        let (cluster, local) = match (internal, external) {
            (Some(internal), Some(external)) if internal.real_servers != external.real_servers => {
                let sets = [EXTERNAL_IP_LOCAL, LOAD_BALANCER_LOCAL, node_port_sets(external.key.protocol).1];
                match sets.into_iter().any(|set| is_in(rules, set, &external.key)) {
                    true => (Some(internal), Some(external)),
                    false => (Some(external), Some(internal)),
                }
            }
            (Some(one), _) | (None, Some(one)) => (Some(one), None),
            (None, None) => (None, None),
        };
        PortServers { internal, cluster, local }
    }
}

fn of_server(rules: &IpvsRules, server: &VirtualServer) -> Vec<EndpointChoice> {
    let scheduler = (server.real_servers.len() > 1).then_some(server.scheduler);
    let choice = |endpoint| {
        let at = rules.at(&server.key, Some(endpoint))?;
        Some(EndpointChoice { endpoint, one_in: None, scheduler, at })
    };
    server.real_servers.iter().copied().filter_map(choice).collect()
}

fn is_in(rules: &IpvsRules, set: SetId, key: &ServerKey) -> bool {
    let ServerKey { address, port, protocol } = *key;
    let tuple = Tuple { src: address, src_port: 0, dst: address, dst_port: port, protocol };
    rules.set(set).is_some_and(|set| set.holds(SetEnds::DstDst, &tuple, Some(protocol)))
}
