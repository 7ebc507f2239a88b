//! What a picture shows of a service port, read back from the virtual servers.

use super::sets::CLUSTER_IP;
use crate::net::Tuple;
use crate::net::netfilter::{
    IpvsRules, RuleHit, RuleRef, ServerKey, ServicePortName, SetEnds, TableName, VirtualServer,
};
use crate::node::kube_proxy::{Choice, Chosen, Describe};

impl Describe for IpvsRules {
    /// The real servers of a service port's ClusterIP; if `local`, those of its other addresses,
    /// where they are others because a policy is Local.
    fn choices(&self, service: &ServicePortName, local: bool) -> Vec<Choice> {
        let mine = || self.servers.iter().filter(|server| *server.service == *service);
        let internal = mine().find(|server| is_cluster_ip(self, &server.key));
        let external = mine().find(|server| !is_cluster_ip(self, &server.key));
        let shown = match (local, internal, external) {
            (false, internal, _) => internal,
            (true, Some(internal), Some(external)) if internal.real_servers != external.real_servers => {
                Some(external)
            }
            _ => None,
        };
        shown.map_or_else(Vec::new, |server| of_server(self, server))
    }

    /// The lines of `ipvsadm -R` that are a service port's.
    fn rules_of(&self, service: &ServicePortName) -> Vec<RuleRef> {
        let mine = self.servers.iter().filter(|server| *server.service == *service);
        let lines = |server: &VirtualServer| {
            let real = server.real_servers.iter().map(|address| self.at(&server.key, Some(*address)));
            std::iter::once(self.at(&server.key, None)).chain(real).flatten().collect::<Vec<_>>()
        };
        mine.flat_map(lines).collect()
    }

    /// How a real server was chosen.
    fn chosen(&self, hits: &[RuleHit]) -> Option<Chosen> {
        let at = hits.iter().rev().map(RuleHit::at).find(|at| at.table == TableName::Ipvs && at.rule > 0)?;
        let server = self.server_at(at)?;
        Some(match server.real_servers.len() {
            1 => Chosen::Only,
            of => {
                let persistent = server.persistence_s.is_some();
                Chosen::Scheduled { scheduler: server.scheduler, of, persistent }
            }
        })
    }
}

fn of_server(rules: &IpvsRules, server: &VirtualServer) -> Vec<Choice> {
    let count = server.real_servers.len() as u64;
    let one_in = (count > 1).then_some(count);
    let choice = |endpoint| Some(Choice { endpoint, one_in, at: rules.at(&server.key, Some(endpoint))? });
    server.real_servers.iter().copied().filter_map(choice).collect()
}

fn is_cluster_ip(rules: &IpvsRules, key: &ServerKey) -> bool {
    let ServerKey { address, port, protocol } = *key;
    let tuple = Tuple { src: address, src_port: 0, dst: address, dst_port: port, protocol };
    rules.set(CLUSTER_IP).is_some_and(|set| set.holds(SetEnds::DstDst, &tuple, Some(protocol)))
}
