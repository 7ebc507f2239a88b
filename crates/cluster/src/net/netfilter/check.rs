//! Invariants of a rule set, as upstream's tests check them on text (TestCheckIPTablesRuleJumps).
//! "A rule in a chain that was not declared" cannot be written down in a [`RuleSet`].

use super::chain::{ChainId, Target};
use super::rules::{RuleSet, Table, TableName};
use crate::api::Str;
use std::collections::BTreeSet;

/// What is wrong with a rule set's chains.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JumpProblem {
    /// A jump to a chain that is not there.
    Missing { table: TableName, from: Str, to: ChainId },
    /// A jump to a chain without rules.
    Empty { table: TableName, from: Str, to: Str },
    /// A chain that nothing jumps to.
    Unused { table: TableName, chain: Str },
    /// Two chains of one name.
    Twice { table: TableName, chain: Str },
}

/// All problems of a rule set; none, in what kube-proxy's builder writes. kube-proxy's top-level
/// chains may be empty: they are there before there is any Service.
pub fn jump_problems(rules: &RuleSet) -> Vec<JumpProblem> {
    let mut problems = Vec::new();
    for name in [TableName::Filter, TableName::Nat] {
        check(name, rules.table(name), &mut problems);
    }
    problems
}

const MAY_BE_EMPTY: [&str; 7] = [
    "KUBE-SERVICES",
    "KUBE-EXTERNAL-SERVICES",
    "KUBE-NODEPORTS",
    "KUBE-PROXY-FIREWALL",
    "KUBE-FIREWALL",
    "KUBE-NODE-PORT",
    "KUBE-IPVS-OUT-FILTER",
];

/// Written even when nothing leads to it: the mark chain; the NodePorts, where `nodePortAddresses` names no
/// address of the node; and two of IPVS mode that are declared whether or not a set leads to them
/// (`iptablesChains`).
const MAY_BE_UNUSED: [&str; 4] =
    ["KUBE-MARK-MASQ", "KUBE-NODEPORTS", "KUBE-LOAD-BALANCER", "KUBE-SOURCE-RANGES-FIREWALL"];

fn check(name: TableName, table: &Table, problems: &mut Vec<JumpProblem>) {
    let mut used = BTreeSet::new();
    for (id, chain) in table.chains() {
        for rule in chain.rules() {
            let Target::Jump(to) = rule.target else { continue };
            let to = to.within(id.group());
            let Some(callee) = table.chain(to) else {
                problems.push(JumpProblem::Missing { table: name, from: chain.name.clone(), to });
                continue;
            };
            used.insert(to);
            if callee.rules().is_empty() && !MAY_BE_EMPTY.contains(&&*callee.name) {
                let (from, to) = (chain.name.clone(), callee.name.clone());
                problems.push(JumpProblem::Empty { table: name, from, to });
            }
        }
    }
    let unused = table.chains().filter(|(id, chain)| {
        !used.contains(id) && chain.policy.is_none() && !MAY_BE_UNUSED.contains(&&*chain.name)
    });
    problems.extend(unused.map(|(_, c)| JumpProblem::Unused { table: name, chain: c.name.clone() }));
    let mut names: Vec<&Str> = table.chains().map(|(_, chain)| &chain.name).collect();
    names.sort_unstable();
    let twice = names.windows(2).filter(|pair| pair[0] == pair[1]);
    problems.extend(twice.map(|p| JumpProblem::Twice { table: name, chain: p[0].clone() }));
}
