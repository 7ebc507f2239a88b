//! What a sync writes (pkg/proxy, each proxier's syncProxyRules), and what the next sync takes over from it.

use std::fmt;
use std::ops::Deref;
use std::sync::{Arc, LazyLock};

use super::ipvs::RealServers;
use super::{Ports, ProxyConfig, ProxyMode, Reuse, ServicePortName, checks, iptables, ipvs, nftables};
use netfilter::{LazyRuleSet, Rules};

/// The result of a sync.
#[derive(Clone, Debug)]
pub struct Synced {
    pub ports: Ports,
    pub rules: Rules,
    /// In mode ipvs: the real servers of each service port, in the order of `ports`.
    pub(super) real_servers: Vec<RealServers>,
    /// The service port because of which the kernel's tool takes none of it.
    refused: Option<Arc<ServicePortName>>,
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

/// What a sync has written, worked out when the first packet meets the rules or somebody looks at them: most nodes of a
/// large cluster meet none between two syncs. Cheap to clone: all clones share the result.
#[derive(Clone)]
pub struct LazySynced(Arc<LazyLock<Synced, Box<dyn FnOnce() -> Synced + Send + Sync>>>);

impl LazySynced {
    pub fn new(work_out: impl FnOnce() -> Synced + Send + Sync + 'static) -> LazySynced {
        LazySynced(Arc::new(LazyLock::new(Box::new(work_out))))
    }

    /// The result, if it is worked out already.
    pub fn get(&self) -> Option<&Synced> {
        LazyLock::get(&self.0)
    }

    pub fn is_same(&self, other: &LazySynced) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// The service port because of which `nft` refuses the transaction: then nothing changes. `iptables-restore` and
    /// IPVS take whatever kube-proxy writes.
    pub fn refused(&self, mode: ProxyMode) -> Option<Arc<ServicePortName>> {
        match mode {
            ProxyMode::Nftables => self.refused.clone(),
            ProxyMode::Iptables | ProxyMode::Ipvs => None,
        }
    }

    /// The rules that a proxier in that mode has written. What IPVS and nftables keep between two syncs depends on
    /// each of them; so their rules are worked out at once.
    pub fn rules(&self, mode: ProxyMode, cfg: &ProxyConfig) -> Rules {
        match mode {
            ProxyMode::Iptables if self.get().is_none() => {
                let synced = self.clone();
                Rules::Iptables(LazyRuleSet::new(cfg.family, move || Arc::clone(synced.rules.iptables())))
            }
            ProxyMode::Iptables | ProxyMode::Ipvs | ProxyMode::Nftables => self.rules.clone(),
        }
    }
}

impl From<Synced> for LazySynced {
    fn from(synced: Synced) -> LazySynced {
        let made = LazySynced::new(|| synced);
        LazyLock::force(&made.0);
        made
    }
}

impl Deref for LazySynced {
    type Target = Synced;

    fn deref(&self) -> &Synced {
        &self.0
    }
}

/// The same whether it is worked out yet or not.
impl fmt::Debug for LazySynced {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Synced::fmt(self, f)
    }
}

fn write(mode: ProxyMode, cfg: &ProxyConfig, ports: Ports, reuse: &Reuse<'_>) -> Synced {
    let (mut real_servers, mut refused) = (Vec::new(), None);
    let rules = match mode {
        ProxyMode::Iptables => Rules::Iptables(iptables::build(cfg, &ports, reuse).into()),
        ProxyMode::Ipvs => {
            let (rules, behind) = ipvs::build(cfg, &ports, reuse);
            real_servers = behind;
            Rules::Ipvs(Arc::new(rules))
        }
        ProxyMode::Nftables => {
            let table = nftables::build(cfg, &ports, reuse);
            refused = nftables::refused(&table, &ports);
            Rules::Nftables { table: Arc::new(table), iptables: Arc::new(iptables::of_others(cfg)) }
        }
    };
    Synced { ports, rules: checks::checked(rules), real_servers, refused }
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
    checks::checked(Rules::Iptables(iptables::of_others(cfg).into()))
}
