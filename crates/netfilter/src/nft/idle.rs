//! Chains that have no effect on any packet in the current table: many base chains only look up maps, and many
//! of those maps are empty.

use super::rule::{Rule, Statement, Verdict};
use super::set::{SetId, SetKind};
use super::table::Table;
use crate::chain::ChainId;

/// A bit for each of the table's first 64 chains: set if its rules can only return. Only chains that can be
/// reached from a hook by jumps are checked; these are few, however many groups there are.
pub(super) fn idle_chains(table: &Table) -> u64 {
    let bases =
        (0..64).map(ChainId::fixed).filter(|id| table.chain(*id).is_some_and(|chain| chain.base.is_some()));
    bases.fold(0, |idle, base| look(table, base, idle, 0))
}

pub(super) fn is_one_of(chains: u64, chain: ChainId) -> bool {
    bit(chain).is_some_and(|bit| chains & bit != 0)
}

/// The bit of a fixed chain. Chains of groups have none.
fn bit(chain: ChainId) -> Option<u64> {
    let at = u32::try_from(chain.index()).ok().filter(|_| chain.group() == 0)?;
    1u64.checked_shl(at)
}

/// Adds the chain, and the chains that it jumps to, to `idle` if they have no effect.
fn look(table: &Table, id: ChainId, mut idle: u64, depth: u32) -> u64 {
    let Some(bit) = bit(id).filter(|_| depth < 8) else { return idle };
    let Some(chain) = table.chain(id) else { return idle };
    let mut does_nothing = true;
    for rule in &chain.rules {
        if let Some(Statement::Verdict(Verdict::Jump(to))) = rule.statements().last() {
            idle = look(table, *to, idle, depth + 1);
        }
        does_nothing &= is_idle(table, rule, idle);
    }
    if does_nothing { idle | bit } else { idle }
}

/// Whether the rule has no effect: it only has matches and then jumps to an idle chain, or one of its matches
/// can never hold.
fn is_idle(table: &Table, rule: &Rule, idle: u64) -> bool {
    for statement in rule.statements() {
        match statement {
            Statement::In(set) if is_empty(table, *set) => return true,
            Statement::In(_)
            | Statement::CtState(_)
            | Statement::CtStatusDnat
            | Statement::Address(..)
            | Statement::OutsideOf(..)
            | Statement::InInterface(_)
            | Statement::Local(_)
            | Statement::Protocol(_)
            | Statement::Marked(_) => {}
            Statement::Vmap(map) => return is_empty(table, *map),
            Statement::Verdict(Verdict::Jump(to)) => return is_one_of(idle, *to),
            Statement::Verdict(Verdict::Accept | Verdict::Drop | Verdict::Return | Verdict::Goto(_))
            | Statement::Mark(_)
            | Statement::NumgenVmap(_)
            | Statement::Update(_)
            | Statement::Dnat(_)
            | Statement::Masquerade { .. }
            | Statement::Reject => return false,
        }
    }
    true
}

/// Whether the set can never have an element: rules add only to dynamic sets.
fn is_empty(table: &Table, set: SetId) -> bool {
    let is_static = |kind| matches!(kind, SetKind::Plain | SetKind::Verdicts);
    table.set((0, set)).is_some_and(|set| is_static(set.kind) && set.elements().is_empty())
}

#[cfg(test)]
mod tests {
    use std::slice::from_ref;

    use super::super::set::{Element, Key, Set};
    use super::super::table::{BaseChain, Chain, ChainType};
    use super::*;
    use crate::conntrack::CtStates;
    use crate::{Family, Hook, Protocol, Tuple};

    /// A base chain that jumps to a chain with these rules; the table's one set is a map.
    fn table(rules: &[&[Statement]], element: bool) -> Table {
        let mut table = Table::new(Family::V4, "test", None);
        let map = table.declare_set(Set::new("map", Key::ADDRESS_AND_PORT, SetKind::Verdicts, None));
        if element {
            let any = [10, 0, 0, 1].into();
            let key = Tuple { src: any, src_port: 0, dst: any, dst_port: 80, protocol: Protocol::Tcp };
            let verdict = Some(Verdict::Drop);
            table.insert(map, Element { key, verdict, comment: None, owner: None });
        }
        let mut base = Chain::new("base");
        base.base = Some(BaseChain { type_: ChainType::Filter, hook: Hook::Forward, priority: 0 });
        let base = table.declare(base);
        let called = table.declare(Chain::new("called"));
        let jump = Statement::Verdict(Verdict::Jump(called));
        table.append(base, Rule::new([Statement::CtState(CtStates::NEW), jump]));
        rules.iter().for_each(|rule| table.append(called, Rule::new(rule.to_vec())));
        table
    }

    #[test]
    fn a_chain_is_idle_when_it_can_only_return() {
        let vmap = Statement::Vmap(SetId::Fixed(0));
        let marks = [Statement::Mark(crate::MarkOp::Or(1)), vmap.clone()];
        let cases: [(&[&[Statement]], bool, u64); 7] = [
            (&[], false, 0b11),
            (&[from_ref(&vmap)], false, 0b11),
            (&[from_ref(&vmap)], true, 0),
            (&[&marks], false, 0),
            (&[from_ref(&vmap), &[Statement::Reject]], false, 0),
            (&[&[Statement::Marked(1), Statement::Verdict(Verdict::Drop)]], false, 0),
            (&[&[Statement::Marked(1)]], false, 0b11),
        ];
        for (rules, element, expected) in cases {
            assert_eq!(idle_chains(&table(rules, element)), expected, "{rules:?}, {element}");
        }
    }
}
