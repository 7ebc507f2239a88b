//! What is wrong with a rule set's jumps.
//! A rule in an undeclared chain cannot be expressed in a [`RuleSet`], so it is not checked.

use super::chain::{ChainId, Target};
use super::ruleset::{RuleSet, Table, TableName};
use crate::Str;
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

/// All problems of a rule set. Empty and unused chains may be intended; the kernel refuses only a jump to a missing
/// chain and two chains of one name.
pub fn jump_problems(rules: &RuleSet) -> Vec<JumpProblem> {
    let mut problems = Vec::new();
    for name in [TableName::Filter, TableName::Nat] {
        check(name, rules.table(name), &mut problems);
    }
    problems
}

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
            if callee.rules().is_empty() {
                let (from, to) = (chain.name.clone(), callee.name.clone());
                problems.push(JumpProblem::Empty { table: name, from, to });
            }
        }
    }
    let unused = table.chains().filter(|(id, chain)| !used.contains(id) && chain.policy.is_none());
    problems.extend(unused.map(|(_, c)| JumpProblem::Unused { table: name, chain: c.name.clone() }));
    let mut names: Vec<&Str> = table.chains().map(|(_, chain)| &chain.name).collect();
    names.sort_unstable();
    let twice = names.windows(2).filter(|pair| pair[0] == pair[1]);
    problems.extend(twice.map(|p| JumpProblem::Twice { table: name, chain: p[0].clone() }));
}
