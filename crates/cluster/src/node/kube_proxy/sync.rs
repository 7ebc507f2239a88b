//! What a sync writes (pkg/proxy, each proxier's syncProxyRules), and what the next sync takes over from it.

use std::sync::Arc;

use super::ipvs::RealServers;
use super::{Ports, ProxyConfig, ProxyMode, Reuse, checks, iptables, ipvs, nftables};
use netfilter::Rules;

/// The result of a sync.
#[derive(Clone, Debug)]
pub struct Synced {
    pub ports: Ports,
    pub rules: Rules,
    /// In mode ipvs: the real servers of each service port, in the order of `ports`.
    pub(super) real_servers: Vec<RealServers>,
}

impl Synced {
    /// A full sync.
    pub fn from_nothing(mode: ProxyMode, cfg: &ProxyConfig, ports: Ports) -> Synced {
        write(mode, cfg, ports, &Reuse::NOTHING)
    }

    /// The next sync, in the same mode and with the same configuration: it writes only the rules of service ports that
    /// have changed since this one (I-06). Its result equals that of a full sync.
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

/// What is left on a node after kube-proxy has removed the rules of another mode: the rules that are not
/// kube-proxy's (cmd/kube-proxy/app/server_linux.go, platformCleanup).
///
/// Between iptables and IPVS, upstream removes nothing by itself, since the two modes share chains. Its
/// documentation tells the operator to run `kube-proxy --cleanup` in between; the model assumes that.
pub fn leftover_rules(cfg: &ProxyConfig) -> Rules {
    checks::checked(Rules::Iptables(Arc::new(iptables::of_others(cfg))))
}
