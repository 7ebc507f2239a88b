//! The printed rules, loaded into a node's kernel by the programs that read them.

use std::fmt::{self, Write};

use cluster::node::kube_proxy::iptables::{NFACCT_INVALID_DROPPED, NFACCT_LOCALHOST_ACCEPTED};
use cluster::node::kube_proxy::{ProxyMode, build_rules, ports};
use netfilter::nft::{SetKind, Table};
use netfilter::{Family, Policy, RuleSet, Rules};

use crate::generate::Cluster;
use crate::netns::{Netns, Outcome};
use crate::rng::Rng;

/// kube-proxy's mode, and which iptables takes the text to the kernel: kube-proxy's in iptables
/// mode, and the CNI's in any.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backend {
    pub mode: ProxyMode,
    /// By x_tables; else by nf_tables.
    legacy: bool,
}

impl Backend {
    pub const PROGRAMS: [&str; 2] = ["iptables-nft", "iptables-legacy"];

    pub fn of(rng: &mut Rng) -> Backend {
        let mode = if rng.percent(50) { ProxyMode::Iptables } else { ProxyMode::Nftables };
        Backend { mode, legacy: rng.percent(50) }
    }

    /// Which iptables it is, as its own `--version` says it.
    pub fn program(self) -> &'static str {
        Self::PROGRAMS[usize::from(self.legacy)]
    }

    fn iptables(self, family: Family) -> &'static str {
        match (self.legacy, family) {
            (false, Family::V4) => "iptables-nft-restore",
            (false, Family::V6) => "ip6tables-nft-restore",
            (true, Family::V4) => "iptables-legacy-restore",
            (true, Family::V6) => "ip6tables-legacy-restore",
        }
    }
}

impl fmt::Display for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} mode, {}", self.mode.as_str(), self.program())
    }
}

/// What a node's kube-proxy writes.
pub fn build(cluster: &Cluster, node: u8) -> Rules {
    let config = cluster.proxy_config(node);
    let ports = ports(cluster.seen_by(node), &config.node_name, config.family);
    let mut rules = build_rules(cluster.backend.mode, &config, &ports);
    if let Some(strict) = cluster.strict.filter(|strict| strict.node == node) {
        rules.set_policy(strict.hook, Policy::Drop);
    }
    rules
}

/// The kernel's counters that `-m nfacct` names: kube-proxy makes them before its first rules
/// (iptables/proxier.go, syncProxyRules).
pub fn add_counters(node: &Netns) -> Outcome {
    for name in [NFACCT_INVALID_DROPPED, NFACCT_LOCALHOST_ACCEPTED] {
        node.run("nfacct", &["add", name], "")?;
    }
    Ok(())
}

/// Puts the rules in the place of `old`, or, without, on a node that has none.
pub fn load(cluster: &Cluster, netns: &Netns, old: Option<&Rules>, rules: &Rules) -> Outcome {
    let program = cluster.backend.iptables(cluster.family);
    let Some(table) = rules.nftables() else {
        return netns.run(program, &[], &rules.to_string()).map(drop);
    };
    match old.and_then(Rules::nftables) {
        // As on a real node the CNI was there first.
        None => {
            netns.run(program, &[], &rules.iptables().to_string())?;
            netns.run("nft", &["-f", "-"], &rules.to_string()).map(drop)
        }
        Some(old) => netns.run("nft", &["-f", "-"], &replacing(old, table)).map(drop),
    }
}

/// One transaction that empties what is there and fills it anew, as kube-proxy's does it: what rules
/// have added to the sets of session affinity stays.
fn replacing(old: &Table, new: &Table) -> String {
    let mut text = String::new();
    let ip = if old.family == Family::V4 { "ip" } else { "ip6" };
    // Writing to a String does not fail.
    for (_, chain) in old.chains() {
        let _ = writeln!(text, "flush chain {ip} {} {}", old.name, chain.name);
    }
    for (_, set) in old.sets() {
        let _ = match set.kind {
            SetKind::Verdicts => writeln!(text, "flush map {ip} {} {}", old.name, set.name),
            SetKind::Plain => writeln!(text, "flush set {ip} {} {}", old.name, set.name),
            SetKind::Dynamic { .. } => Ok(()),
        };
    }
    let _ = write!(text, "{new}");
    text
}

/// Leaves a node as it was before any cluster.
pub fn clear(cluster: &Cluster, netns: &Netns) -> Outcome {
    if cluster.backend.legacy {
        let empty = RuleSet::empty(cluster.family).to_string();
        netns.run(cluster.backend.iptables(cluster.family), &[], &empty)?;
    }
    netns.run("nft", &["flush", "ruleset"], "")?;
    netns.run("conntrack", &["-F"], "").map(drop)
}
