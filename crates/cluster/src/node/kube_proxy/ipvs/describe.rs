//! What a picture shows of a service port, read back from the virtual servers.

use super::sets::{
    CLUSTER_IP, EXTERNAL_IP_LOCAL, LOAD_BALANCER_FW, LOAD_BALANCER_LOCAL, NODE_PORT_LOCAL_SCTP,
    NODE_PORT_LOCAL_TCP, NODE_PORT_LOCAL_UDP,
};
use crate::net::Protocol;
use crate::net::Tuple;
use crate::net::netfilter::{
    IpvsRules, RuleHit, RuleRef, ServerKey, ServicePortName, SetEnds, SetId, TableName, Target, VirtualServer,
};
use crate::node::kube_proxy::{Choice, Chosen, Extras, Role, Stop, Terms};

/// The real servers of policy Cluster, or those of policy Local where they are others.
pub fn choices(rules: &IpvsRules, service: &ServicePortName, local: bool) -> Vec<Choice> {
    let sides = sides(rules, service);
    let shown = if local { sides.local } else { sides.cluster };
    shown.map_or_else(Vec::new, |server| of_server(rules, server))
}

/// The lines of `ipvsadm -R` that are a service port's.
pub fn rules_of(rules: &IpvsRules, service: &ServicePortName) -> Vec<RuleRef> {
    let mine = rules.servers.iter().filter(|server| *server.service == *service);
    let lines = |server: &VirtualServer| {
        let real = server.real_servers.iter().map(|address| rules.at(&server.key, Some(*address)));
        std::iter::once(rules.at(&server.key, None)).chain(real).flatten().collect::<Vec<_>>()
    };
    mine.flat_map(lines).collect()
}

/// How a real server was chosen.
pub fn chosen(rules: &IpvsRules, hits: &[RuleHit]) -> Option<Chosen> {
    let at = hits.iter().rev().map(RuleHit::at).find(|at| at.table == TableName::Ipvs && at.rule > 0)?;
    let server = rules.server_at(at)?;
    Some(match server.real_servers.len() {
        1 => Chosen::Only,
        of => {
            let persistent = server.persistence_s.is_some();
            Chosen::Scheduled { scheduler: server.scheduler, of, persistent }
        }
    })
}

pub fn terms(rules: &IpvsRules, service: &ServicePortName) -> Terms {
    let sides = sides(rules, service);
    let mut terms = Terms::default();
    if let (Some(inside), Some(local)) = (sides.inside, sides.local) {
        terms.local_inside = local.key == inside.key;
        terms.local_outside = !terms.local_inside;
    }
    for server in rules.servers.iter().filter(|server| *server.service == *service) {
        if server.real_servers.is_empty() {
            terms.stop(Stop::NoEndpoints);
        }
        if is_in(rules, LOAD_BALANCER_FW, &server.key) {
            terms.stop(Stop::Source);
        }
    }
    terms
}

pub fn extras(rules: &IpvsRules, service: &ServicePortName) -> Extras {
    let mut extras = Extras::default();
    let Some(inside) = sides(rules, service).inside else { return extras };
    extras.affinity_s = inside.persistence_s;
    // A NodePort's address is the node's.
    let other = |key: &ServerKey| *key != inside.key && key.port == inside.key.port;
    for server in rules.servers.iter().filter(|server| *server.service == *service && other(&server.key)) {
        extras.address(server.key.address);
    }
    extras
}

/// IPVS does not tell whether it chose anew or knew the client.
pub fn role(rules: &IpvsRules, at: RuleRef) -> Option<Role> {
    let Some(server) = rules.server_at(at) else {
        let (chain, rule) = (rules.tables.chain(at)?, rules.tables.rule(at)?);
        let guards = matches!(&*chain.name, "KUBE-SOURCE-RANGES-FIREWALL" | "KUBE-IPVS-OUT-FILTER");
        return (guards && rule.target == Target::Drop).then_some(Role::Stops(Stop::Source));
    };
    if at.rule == 0 {
        return Some(Role::Stops(Stop::NoEndpoints));
    }
    let local = sides(rules, &server.service).local;
    let local = local.is_some_and(|local| local.real_servers == server.real_servers);
    Some(Role::Chooses { local, bound: false })
}

/// The virtual servers of a service port that tell its real servers.
struct Sides<'a> {
    /// The ClusterIP's.
    inside: Option<&'a VirtualServer>,
    cluster: Option<&'a VirtualServer>,
    /// None where the policies are the same, or lead to the same.
    local: Option<&'a VirtualServer>,
}

/// The sets know of which addresses the policy is Local.
fn sides<'a>(rules: &'a IpvsRules, service: &ServicePortName) -> Sides<'a> {
    let mine = || rules.servers.iter().filter(|server| *server.service == *service);
    let inside = mine().find(|server| is_in(rules, CLUSTER_IP, &server.key));
    let outside = mine().find(|server| !is_in(rules, CLUSTER_IP, &server.key));
    let (cluster, local) = match (inside, outside) {
        (Some(inside), Some(outside)) if inside.real_servers != outside.real_servers => {
            let sets = [EXTERNAL_IP_LOCAL, LOAD_BALANCER_LOCAL, local_node_ports(&outside.key)];
            match sets.into_iter().any(|set| is_in(rules, set, &outside.key)) {
                true => (inside, Some(outside)),
                false => (outside, Some(inside)),
            }
        }
        (Some(one), _) | (None, Some(one)) => (one, None),
        (None, None) => return Sides { inside, cluster: None, local: None },
    };
    Sides { inside, cluster: Some(cluster), local }
}

fn local_node_ports(key: &ServerKey) -> SetId {
    match key.protocol {
        Protocol::Tcp => NODE_PORT_LOCAL_TCP,
        Protocol::Udp => NODE_PORT_LOCAL_UDP,
        Protocol::Sctp => NODE_PORT_LOCAL_SCTP,
    }
}

fn of_server(rules: &IpvsRules, server: &VirtualServer) -> Vec<Choice> {
    let count = server.real_servers.len() as u64;
    let by = (count > 1).then_some(server.scheduler);
    let choice =
        |endpoint| Some(Choice { endpoint, one_in: None, by, at: rules.at(&server.key, Some(endpoint))? });
    server.real_servers.iter().copied().filter_map(choice).collect()
}

fn is_in(rules: &IpvsRules, set: SetId, key: &ServerKey) -> bool {
    let ServerKey { address, port, protocol } = *key;
    let tuple = Tuple { src: address, src_port: 0, dst: address, dst_port: port, protocol };
    rules.set(set).is_some_and(|set| set.holds(SetEnds::DstDst, &tuple, Some(protocol)))
}
