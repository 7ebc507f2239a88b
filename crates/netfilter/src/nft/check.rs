//! Checks a table's references: nft refuses a reference to a chain or set that does not exist.

use super::rule::{DnatTo, Rule, Statement, Verdict};
use super::set::{SetId, SetKind};
use super::table::{Chain, ChainType, SetAt, Table};
use crate::Str;
use crate::chain::ChainId;
use litemap::LiteMap;
use std::collections::BTreeSet;

/// What is wrong with a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TableProblem {
    /// A rule, or a map's element, leads to a chain that does not exist.
    MissingChain {
        from: Str,
        to: ChainId,
    },
    MissingSet {
        from: Str,
        to: SetId,
    },
    /// A rule or element leads to a chain without rules.
    EmptyChain {
        from: Str,
        to: Str,
    },
    /// A chain that no hook and no rule leads to.
    UnusedChain {
        chain: Str,
    },
    UnusedSet {
        set: Str,
    },
    /// Two chains, or two sets, of one name.
    Twice {
        name: Str,
    },
    /// `vmap` on a set, or a map where a set is required.
    WrongKind {
        from: Str,
        set: Str,
    },
    /// A map's element without a verdict, or a set's element with one.
    WrongElement {
        set: Str,
    },
    /// The kernel refuses NAT in chains that a filter hook leads to.
    NatInFilter {
        chain: Str,
    },
    /// `numgen random mod 0`.
    NothingToDraw {
        chain: Str,
    },
}

/// All problems of a table.
pub fn table_problems(table: &Table) -> Vec<TableProblem> {
    let mut check = Check { table, problems: Vec::new(), chains: LiteMap::new(), sets: BTreeSet::new() };
    check.names();
    check.elements();
    for (id, chain) in table.chains() {
        if let Some(base) = chain.base {
            check.follow(id, base.type_ == ChainType::Filter);
        }
    }
    check.displaced();
    check.leftovers();
    check.problems
}

/// From which types of hooks a chain can be reached.
#[derive(Clone, Copy, Default)]
struct Reach {
    filter: bool,
    nat: bool,
}

struct Check<'a> {
    table: &'a Table,
    problems: Vec<TableProblem>,
    /// The chains that something leads to.
    chains: LiteMap<ChainId, Reach>,
    /// The sets that a rule names.
    sets: BTreeSet<SetAt>,
}

impl Check<'_> {
    fn names(&mut self) {
        let chains = self.table.chains().map(|(_, chain)| &chain.name);
        let sets = self.table.sets().map(|(_, set)| &set.name);
        for names in [chains.collect::<Vec<_>>(), sets.collect()] {
            let mut names = names;
            names.sort_unstable();
            let twice = names.windows(2).filter(|pair| pair[0] == pair[1]);
            self.problems.extend(twice.map(|p| TableProblem::Twice { name: p[0].clone() }));
        }
    }

    fn elements(&mut self) {
        for (_, set) in self.table.sets() {
            let with_verdict = set.kind == SetKind::Verdicts;
            if set.elements().iter().any(|e| e.verdict.is_some() != with_verdict) {
                self.problems.push(TableProblem::WrongElement { set: set.name.clone() });
            }
        }
    }

    /// Visits a chain once for each type of hook that leads to it.
    fn follow(&mut self, id: ChainId, filter: bool) {
        let Some(chain) = self.table.chain(id) else { return };
        let reach = self.chains.entry(id).or_default();
        let seen = if filter { &mut reach.filter } else { &mut reach.nat };
        if std::mem::replace(seen, true) {
            return;
        }
        for rule in &chain.rules {
            self.rule(&chain.name, id.group(), rule, filter);
        }
    }

    fn rule(&mut self, chain: &Str, group: u32, rule: &Rule, filter: bool) {
        for statement in rule.statements() {
            match statement {
                Statement::In(set) | Statement::Update(set) => self.uses(chain, (group, *set), false),
                Statement::Vmap(map) => {
                    self.uses(chain, (group, *map), true);
                    let elements = self.table.set((group, *map)).map_or(&[][..], |map| map.elements());
                    elements.iter().filter_map(|e| e.verdict).for_each(|v| self.leads(chain, v, filter));
                }
                Statement::NumgenVmap(verdicts) => {
                    if verdicts.is_empty() {
                        self.problems.push(TableProblem::NothingToDraw { chain: chain.clone() });
                    }
                    verdicts.iter().for_each(|verdict| self.leads(chain, verdict.within(group), filter));
                }
                Statement::Verdict(verdict) => self.leads(chain, verdict.within(group), filter),
                Statement::Dnat(_) | Statement::Masquerade { .. } if filter => {
                    self.problems.push(TableProblem::NatInFilter { chain: chain.clone() });
                }
                Statement::Dnat(DnatTo::Numgen(targets)) if targets.is_empty() => {
                    self.problems.push(TableProblem::NothingToDraw { chain: chain.clone() });
                }
                Statement::CtState(_)
                | Statement::CtStatusDnat
                | Statement::Address(..)
                | Statement::OutsideOf(..)
                | Statement::InInterface(_)
                | Statement::Local(_)
                | Statement::Protocol(_)
                | Statement::Marked(_)
                | Statement::Mark(_)
                | Statement::Dnat(DnatTo::One(_) | DnatTo::Numgen(_))
                | Statement::Masquerade { .. }
                | Statement::Reject => {}
            }
        }
    }

    fn leads(&mut self, from: &Str, verdict: Verdict, filter: bool) {
        let (Verdict::Jump(to) | Verdict::Goto(to)) = verdict else { return };
        match self.table.chain(to) {
            None => self.problems.push(TableProblem::MissingChain { from: from.clone(), to }),
            Some(chain) if chain.rules.is_empty() => {
                let (from, to) = (from.clone(), chain.name.clone());
                self.problems.push(TableProblem::EmptyChain { from, to });
            }
            Some(_) => self.follow(to, filter),
        }
    }

    fn uses(&mut self, from: &Str, at: SetAt, as_map: bool) {
        let Some(set) = self.table.set(at) else {
            return self.problems.push(TableProblem::MissingSet { from: from.clone(), to: at.1 });
        };
        // A fixed set is the same, whichever group's rule names it.
        self.sets.insert(if matches!(at.1, SetId::Fixed(_)) { (0, at.1) } else { at });
        if (set.kind == SetKind::Verdicts) != as_map {
            let (from, set) = (from.clone(), set.name.clone());
            self.problems.push(TableProblem::WrongKind { from, set });
        }
    }

    /// If two groups have an element with the same key, the later one replaces the earlier. The chains that the
    /// earlier element led to remain, and are not reported as unused.
    fn displaced(&mut self) {
        let table = self.table;
        for (group, rules) in (1..).zip(table.groups()) {
            for (set, element) in &rules.elements {
                let Some(Verdict::Goto(to)) = element.verdict.map(|v| v.within(group)) else { continue };
                let from = table.set((0, *set)).filter(|_| !self.chains.contains_key(&to));
                if let Some(from) = from {
                    self.leads(&from.name, Verdict::Goto(to), false);
                }
            }
        }
    }

    fn leftovers(&mut self) {
        let unused = |(id, _): &(ChainId, &Chain)| !self.chains.contains_key(id);
        let chains = self.table.chains().filter(unused);
        self.problems.extend(chains.map(|(_, c)| TableProblem::UnusedChain { chain: c.name.clone() }));
        let sets = self.table.sets().filter(|(at, _)| !self.sets.contains(at));
        self.problems.extend(sets.map(|(_, set)| TableProblem::UnusedSet { set: set.name.clone() }));
    }
}
