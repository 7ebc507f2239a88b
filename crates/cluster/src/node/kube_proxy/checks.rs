//! Invariants of the rules that kube-proxy writes, as upstream's tests check them.

use netfilter::nft::{TableProblem, table_problems};
use netfilter::{JumpProblem, RuleRef, Rules, TableName, jump_problems};

/// Top-level chains, which exist even without any Service.
const MAY_BE_EMPTY: [&str; 7] = [
    "KUBE-SERVICES",
    "KUBE-EXTERNAL-SERVICES",
    "KUBE-NODEPORTS",
    "KUBE-PROXY-FIREWALL",
    "KUBE-FIREWALL",
    "KUBE-NODE-PORT",
    "KUBE-IPVS-OUT-FILTER",
];

/// Chains that are written even when nothing jumps to them: the mark chain; the NodePorts chain, if
/// `nodePortAddresses` matches no address of the node; two chains of IPVS mode, which are always declared
/// (`iptablesChains`); nftables' reject chain.
const MAY_BE_UNUSED: [&str; 5] =
    ["KUBE-MARK-MASQ", "KUBE-NODEPORTS", "KUBE-LOAD-BALANCER", "KUBE-SOURCE-RANGES-FIREWALL", "reject-chain"];

/// Asserts, in tests and debug builds, that rules are sound: each jump has a target, and each chain is jumped to.
pub(super) fn checked(rules: Rules) -> Rules {
    #[cfg(any(test, debug_assertions))]
    {
        let problems = rule_problems(&rules);
        assert!(problems.is_empty(), "rules that break an invariant: {problems:#?}\n{rules}");
    }
    rules
}

/// Each violation of an invariant, in words. The list should be empty whatever the Services are.
pub fn rule_problems(rules: &Rules) -> Vec<String> {
    let jumps = jump_problems(rules.iptables());
    let jumps = jumps.iter().filter(|problem| match problem {
        JumpProblem::Empty { to, .. } => !MAY_BE_EMPTY.contains(&&**to),
        JumpProblem::Unused { chain, .. } => !MAY_BE_UNUSED.contains(&&**chain),
        JumpProblem::Missing { .. } | JumpProblem::Twice { .. } => true,
    });
    let mut found: Vec<String> = jumps.map(|problem| format!("{problem:?}")).collect();
    if let Some(table) = rules.nftables() {
        let is_meant = |problem: &TableProblem| match problem {
            TableProblem::UnusedChain { chain } => MAY_BE_UNUSED.contains(&&**chain),
            TableProblem::MissingChain { .. }
            | TableProblem::MissingSet { .. }
            | TableProblem::EmptyChain { .. }
            | TableProblem::UnusedSet { .. }
            | TableProblem::Twice { .. }
            | TableProblem::WrongKind { .. }
            | TableProblem::WrongElement { .. }
            | TableProblem::NatInFilter { .. }
            | TableProblem::NothingToDraw { .. } => false,
        };
        let problems = table_problems(table);
        found.extend(problems.iter().filter(|p| !is_meant(p)).map(|problem| format!("{problem:?}")));
    }
    found
}

/// Whether the rule is in one of kube-proxy's own chains.
pub fn is_kube_proxys(rules: &Rules, at: RuleRef) -> bool {
    match at.table {
        TableName::Filter | TableName::Nat => {
            rules.chain_name(at).is_some_and(|name| name.starts_with("KUBE-"))
        }
        TableName::Nftables | TableName::NftablesElements | TableName::Ipvs => true,
    }
}
