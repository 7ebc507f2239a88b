//! Runs a packet through a base chain (net/netfilter/nf_tables_core.c, nft_do_chain).

use super::dynamic::DynamicSets;
use super::idle::is_one_of;
use super::rule::{DnatTo, Rule, Statement, Verdict, is_in};
use super::set::SetId;
use super::table::{Chain, SetAt, Table};
use crate::Tuple;
use crate::chain::ChainId;
use crate::conntrack::CtStates;
use crate::matches::RejectWith;
use crate::packet::{MAX_DEPTH, Outcome, Packet};
use crate::ruleset::{RuleRef, TableName};

/// One run through the base chains of a hook.
pub(crate) struct Run<'e, 'p, 'c> {
    pub table: &'e Table,
    pub sets: &'e mut DynamicSets,
    pub packet: &'e mut Packet<'p, 'c>,
    /// The map element that gave the last verdict.
    pub element: Option<RuleRef>,
    /// The packet's tuple before the rule, if a trace is recorded.
    pub before: Option<Tuple>,
    /// As [`idle_chains`].
    pub idle: u64,
}

/// The result of a statement or a rule.
enum Flow {
    /// Continue with the rule's next statement.
    Holds,
    /// Continue with the next rule.
    Fails,
    Ends(Verdict),
    Rejects,
}

impl<'e> Run<'e, '_, '_> {
    pub fn run(&mut self, base: ChainId) -> Outcome {
        let table = self.table;
        if self.passes(base) {
            return Outcome::Accept;
        }
        // Filled with zeros, which is the fastest.
        let mut callers = [(ChainId::fixed(0), 0u32); MAX_DEPTH];
        let mut depth = 0;
        let (mut id, mut rule) = (base, 0u32);
        while let Some(chain) = table.chain(id) {
            let verdict = match self.next_end(chain, id, &mut rule) {
                Flow::Ends(verdict) => verdict.within(id.group()),
                Flow::Rejects => {
                    return Outcome::Reject(rule_at(id, rule - 1), RejectWith::PortUnreachable);
                }
                Flow::Holds | Flow::Fails => Verdict::Return,
            };
            let element = self.element.take();
            match verdict {
                Verdict::Accept => return Outcome::Accept,
                Verdict::Drop => return Outcome::Drop(element.unwrap_or(rule_at(id, rule - 1))),
                // The policy of every base chain is accept.
                Verdict::Return if depth == 0 => return Outcome::Accept,
                Verdict::Return => {
                    depth -= 1;
                    (id, rule) = callers[depth];
                }
                Verdict::Jump(_) if depth == MAX_DEPTH => return Outcome::Drop(rule_at(id, rule - 1)),
                // Only at depth 0: deeper, skipping the jump could hide that the nesting is too deep.
                Verdict::Jump(callee) if depth == 0 && self.passes(callee) => {}
                Verdict::Jump(callee) => {
                    callers[depth] = (id, rule);
                    depth += 1;
                    (id, rule) = (callee, 0);
                }
                Verdict::Goto(other) => (id, rule) = (other, 0),
            }
        }
        Outcome::Accept
    }

    /// Whether the packet would only return from the chain, and no trace is recorded.
    #[inline]
    fn passes(&self, chain: ChainId) -> bool {
        is_one_of(self.idle, chain) && self.packet.cx.trace.is_none()
    }

    /// Runs a chain's rules from `next` on, up to one that gives a verdict, and moves `next` just past it.
    /// Without a verdict the end of the chain was reached.
    #[inline]
    fn next_end(&mut self, chain: &Chain, id: ChainId, next: &mut u32) -> Flow {
        let traced = self.packet.cx.trace.is_some();
        for rule in chain.rules.get(*next as usize..).unwrap_or_default() {
            if traced {
                self.before = Some(self.packet.skb.tuple);
            }
            *next += 1;
            let end = self.statements(rule, chain, id);
            if traced {
                self.note(rule_at(id, *next - 1), &end);
            }
            if let Flow::Ends(_) | Flow::Rejects = end {
                return end;
            }
        }
        Flow::Holds
    }

    /// Adds a rule that matched to the trace, and the map element that gave the verdict.
    #[cold]
    fn note(&mut self, at: RuleRef, end: &Flow) {
        if let (Some(before), false) = (self.before, matches!(end, Flow::Fails)) {
            self.packet.note(at, &before);
        }
        if let (Flow::Ends(_), Some(element)) = (end, self.element) {
            let tuple = self.packet.skb.tuple;
            self.packet.note(element, &tuple);
        }
    }

    #[inline(always)]
    fn statements(&mut self, rule: &Rule, chain: &Chain, id: ChainId) -> Flow {
        for statement in rule.statements() {
            match self.statement(statement, chain, id) {
                Flow::Holds => {}
                end => return end,
            }
        }
        Flow::Holds
    }

    #[inline(always)]
    fn statement(&mut self, statement: &Statement, chain: &Chain, id: ChainId) -> Flow {
        let packet = &mut *self.packet;
        let holds = match statement {
            Statement::CtState(any_of) => packet.states().intersects(*any_of),
            Statement::CtStatusDnat => packet.states().intersects(CtStates::DNAT),
            Statement::Address(end, prefix) => prefix.holds(&packet.address(*end)),
            Statement::OutsideOf(end, prefixes) => !is_in(prefixes, packet.address(*end)),
            Statement::InInterface(interface) => interface.holds(packet.skb.in_interface),
            Statement::Local(end) => packet.is_local(*end),
            Statement::Protocol(protocol) => packet.skb.protocol() == Some(*protocol),
            Statement::Marked(bits) => packet.skb.mark & bits != 0,
            Statement::In(set) => return self.member((id.group(), *set)),
            Statement::Mark(op) => {
                packet.mark(*op);
                true
            }
            Statement::Vmap(map) => return self.vmap(*map),
            Statement::NumgenVmap(verdicts) => {
                let Some(at) = self.numgen(chain, verdicts.len()) else { return Flow::Fails };
                return Flow::Ends(verdicts[at]);
            }
            Statement::Update(set) => {
                let (address, now) = (packet.skb.tuple.src, packet.cx.now);
                // If the set is full, the rule ends as if a match had failed (nft_dynset_eval).
                self.sets.update((id.group(), *set), address, now)
            }
            Statement::Dnat(to) => return self.dnat(to, chain),
            Statement::Masquerade { fully_random } => {
                packet.masquerade(*fully_random);
                return Flow::Ends(Verdict::Accept);
            }
            Statement::Reject => return Flow::Rejects,
            Statement::Verdict(verdict) => return Flow::Ends(*verdict),
        };
        if holds { Flow::Holds } else { Flow::Fails }
    }

    #[inline]
    fn member(&self, id: SetAt) -> Flow {
        let Some(set) = self.table.set(id) else { return Flow::Fails };
        let holds = match set.kind {
            super::SetKind::Dynamic { .. } => {
                self.sets.holds(id, self.packet.skb.tuple.src, self.packet.cx.now)
            }
            super::SetKind::Plain | super::SetKind::Verdicts => set.lookup(self.packet.skb).is_some(),
        };
        if holds { Flow::Holds } else { Flow::Fails }
    }

    #[inline]
    fn vmap(&mut self, id: SetId) -> Flow {
        let found = self.table.set((0, id)).and_then(|map| map.lookup(self.packet.skb));
        match found.and_then(|(at, element)| Some((at, element.verdict?))) {
            Some((rule, verdict)) => {
                let table = TableName::NftablesElements;
                let SetId::Fixed(at) = id else { return Flow::Fails };
                self.element = Some(RuleRef { table, chain: ChainId::fixed(at), rule });
                Flow::Ends(verdict)
            }
            None => Flow::Fails,
        }
    }

    #[inline(never)]
    fn dnat(&mut self, to: &DnatTo, chain: &Chain) -> Flow {
        let to = match to {
            DnatTo::One(to) => *to,
            DnatTo::Numgen(targets) => match self.numgen(chain, targets.len()) {
                Some(at) => targets[at],
                None => return Flow::Fails,
            },
        };
        self.packet.dnat(to);
        Flow::Ends(Verdict::Accept)
    }

    /// `numgen random mod COUNT` (nft_numgen.c, nft_ng_random_gen: reciprocal_scale of 32 random bits). At most
    /// one rule of a chain draws for a packet, so the ordinal is always 0.
    fn numgen(&mut self, chain: &Chain, count: usize) -> Option<usize> {
        let random = self.packet.draw(chain.subject, 0) >> 32;
        let count = u64::try_from(count).ok().filter(|count| *count > 0)?;
        usize::try_from((random * count) >> 32).ok()
    }
}

fn rule_at(chain: ChainId, rule: u32) -> RuleRef {
    RuleRef { table: TableName::Nftables, chain, rule }
}
