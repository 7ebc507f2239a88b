//! What a rule or element does with a packet, directly or by the chain it leads to.

use super::{Chain, Statement, Table, Verdict};
use crate::rules::RuleEffect;
use crate::ruleset::RuleRef;

impl Table {
    pub(crate) fn effect(&self, at: RuleRef) -> Option<RuleEffect> {
        match self.rule(at) {
            Some(rule) => Some(self.effect_of_statement(rule.statements().last()?)),
            None => Some(self.effect_of(self.element(at)?.verdict?)),
        }
    }

    fn effect_of_statement(&self, last: &Statement) -> RuleEffect {
        match last {
            Statement::Dnat(_) => RuleEffect::Dnat,
            Statement::Masquerade { .. } => RuleEffect::Masquerade,
            Statement::Reject => RuleEffect::Reject,
            Statement::Verdict(verdict) => self.effect_of(*verdict),
            Statement::CtState(_)
            | Statement::CtStatusDnat
            | Statement::Address(..)
            | Statement::OutsideOf(..)
            | Statement::InInterface(_)
            | Statement::Local(_)
            | Statement::Protocol(_)
            | Statement::Marked(_)
            | Statement::In(_)
            | Statement::Mark(_)
            | Statement::Vmap(_)
            | Statement::NumgenVmap(_)
            | Statement::Update(_) => RuleEffect::None,
        }
    }

    /// `goto reject-chain` counts as reject, since a map's element cannot reject itself.
    fn effect_of(&self, verdict: Verdict) -> RuleEffect {
        match verdict {
            Verdict::Accept => RuleEffect::Accept,
            Verdict::Drop => RuleEffect::Drop,
            Verdict::Goto(to) => {
                let rejects = |chain: &Chain| match &chain.rules[..] {
                    [only] => only.statements() == [Statement::Reject],
                    _ => false,
                };
                if self.chain(to).is_some_and(rejects) { RuleEffect::Reject } else { RuleEffect::None }
            }
            Verdict::Return | Verdict::Jump(_) => RuleEffect::None,
        }
    }
}
