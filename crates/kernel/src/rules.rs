//! The printed rules, loaded into a node's kernel by the programs that kube-proxy itself runs.

use std::fmt;

use cluster::net::netfilter::{Family, RuleSet, Rules};
use cluster::node::kube_proxy::iptables;

use crate::dice::Dice;
use crate::generate::Cluster;
use crate::space::{Outcome, Space};

/// Who takes the text to the kernel, and by which of its interfaces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    /// kube-proxy's iptables mode, with the iptables that writes to nf_tables.
    IptablesNft,
    /// The same, with the iptables that writes to x_tables.
    IptablesLegacy,
}

impl Backend {
    pub fn of(dice: &mut Dice) -> Backend {
        [Backend::IptablesNft, Backend::IptablesLegacy][dice.below(2)]
    }

    fn program(self, family: Family) -> &'static str {
        match (self, family) {
            (Backend::IptablesNft, Family::V4) => "iptables-nft-restore",
            (Backend::IptablesNft, Family::V6) => "ip6tables-nft-restore",
            (Backend::IptablesLegacy, Family::V4) => "iptables-legacy-restore",
            (Backend::IptablesLegacy, Family::V6) => "ip6tables-legacy-restore",
        }
    }
}

impl fmt::Display for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Backend::IptablesNft => "iptables mode (iptables-nft)",
            Backend::IptablesLegacy => "iptables mode (iptables-legacy)",
        })
    }
}

/// What a node's kube-proxy writes.
pub fn build(cluster: &Cluster, node: u8) -> Rules {
    let config = cluster.proxy_config(node);
    Rules::Iptables(iptables::build(&config, &cluster.services, &cluster.slices).into())
}

pub fn text(rules: &Rules) -> String {
    let Rules::Iptables(set) = rules;
    set.to_string()
}

/// Puts the rules in the place of those that are there.
pub fn load(cluster: &Cluster, space: &Space, rules: &Rules) -> Outcome {
    space.run(cluster.backend.program(cluster.family), &[], &text(rules)).map(drop)
}

/// Leaves a node as it was before any cluster.
pub fn clear(cluster: &Cluster, space: &Space) -> Outcome {
    match cluster.backend {
        Backend::IptablesNft => space.run("nft", &["flush", "ruleset"], ""),
        Backend::IptablesLegacy => {
            let empty = RuleSet::empty(cluster.family).to_string();
            space.run(cluster.backend.program(cluster.family), &[], &empty)
        }
    }?;
    space.run("conntrack", &["-F"], "").map(drop)
}
