//! What a sync writes (pkg/proxy, each proxier's syncProxyRules), and what the next one goes on from.

use std::sync::Arc;

use super::ipvs::RealServers;
use super::{Ports, ProxyConfig, ProxyMode, Reuse, checks, iptables, ipvs, nftables};
use netfilter::Rules;

/// The outcome of a sync.
#[derive(Clone, Debug)]
pub struct Synced {
    pub ports: Ports,
    pub rules: Rules,
    /// In mode ipvs: what is behind each service port, in the order of `ports`.
    pub(super) real_servers: Vec<RealServers>,
}

impl Synced {
    /// Everything is written.
    pub fn from_nothing(mode: ProxyMode, cfg: &ProxyConfig, ports: Ports) -> Synced {
        write(mode, cfg, ports, &Reuse::NOTHING)
    }

    /// The same outcome, in the mode and with the configuration of this sync, but written anew only for service
    /// ports that have changed since (I-06).
    pub fn next(&self, mode: ProxyMode, cfg: &ProxyConfig, ports: Ports) -> Synced {
        let reuse = Reuse::of(self, &ports);
        write(mode, cfg, ports, &reuse)
    }
}

fn write(mode: ProxyMode, cfg: &ProxyConfig, ports: Ports, reuse: &Reuse<'_>) -> Synced {
    let mut real_servers = Vec::new();
    let rules = match mode {
        ProxyMode::Iptables => Rules::Iptables(Arc::new(iptables::build(cfg, &ports, reuse))),
        ProxyMode::Ipvs => {
            let (rules, behind) = ipvs::build(cfg, &ports, reuse);
            real_servers = behind;
            Rules::Ipvs(Arc::new(rules))
        }
        ProxyMode::Nftables => Rules::Nftables {
            table: Arc::new(nftables::build(cfg, &ports, reuse)),
            iptables: Arc::new(iptables::of_others(cfg)),
        },
    };
    Synced { ports, rules: checks::checked(rules), real_servers }
}

/// The rules that a full sync writes in a mode, for the service ports that kube-proxy knows.
pub fn build_rules(mode: ProxyMode, cfg: &ProxyConfig, ports: &Ports) -> Rules {
    Synced::from_nothing(mode, cfg, ports.clone()).rules
}

/// What is left on a node when a kube-proxy of another mode has cleaned up: the rules of others
/// (cmd/kube-proxy/app/server_linux.go, platformCleanup).
///
/// From iptables to IPVS and back upstream removes nothing by itself, since both modes share
/// chains; its documentation has the operator run `kube-proxy --cleanup` in between, and so it is
/// done here.
pub fn leftover_rules(cfg: &ProxyConfig) -> Rules {
    checks::checked(Rules::Iptables(Arc::new(iptables::of_others(cfg))))
}
