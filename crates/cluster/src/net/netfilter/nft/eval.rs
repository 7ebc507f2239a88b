//! Runs a packet through a base chain (net/netfilter/nf_tables_core.c, nft_do_chain).

use super::dynamic::DynamicSets;
use super::rule::{DnatTo, Rule, Statement, Verdict, is_in};
use super::set::SetId;
use super::table::{Chain, SetAt, Table};
use crate::net::netfilter::chain::ChainId;
use crate::net::netfilter::conntrack::CtStates;
use crate::net::netfilter::matches::RejectWith;
use crate::net::netfilter::packet::{MAX_DEPTH, Outcome, Packet};
use crate::net::netfilter::rules::{RuleRef, TableName};

/// One run through one base chain at one hook.
pub(in crate::net::netfilter) struct Run<'e, 'c> {
    pub table: &'e Table,
    pub sets: &'e mut DynamicSets,
    pub packet: Packet<'e, 'c>,
    /// The map's element whose verdict the last one was.
    pub element: Option<RuleRef>,
}

/// What a statement makes of a packet.
enum Flow {
    /// On to the rule's next statement.
    Holds,
    /// On to the next rule.
    Fails,
    Ends(Verdict),
    Rejects,
}

enum Next {
    Continue,
    Call(ChainId),
    Goto(ChainId),
    Return,
    End(Outcome),
}

impl<'e> Run<'e, '_> {
    pub fn run(&mut self, base: ChainId) -> Outcome {
        let table = self.table;
        let mut callers = [(base, 0u32); MAX_DEPTH];
        let mut depth = 0;
        let (mut id, mut rule) = (base, 0u32);
        let Some(mut chain) = table.chain(base) else { return Outcome::Accept };
        loop {
            let next = match chain.rules.get(rule as usize) {
                Some(found) => self.rule(found, chain, id, rule),
                None => Next::Return,
            };
            rule += 1;
            let to = match next {
                Next::Continue => continue,
                Next::End(outcome) => return outcome,
                // The policy of every base chain is accept.
                Next::Return if depth == 0 => return Outcome::Accept,
                Next::Return => {
                    depth -= 1;
                    (id, rule) = callers[depth];
                    id
                }
                Next::Call(_) if depth == MAX_DEPTH => {
                    return Outcome::Drop(rule_at(id, rule - 1));
                }
                Next::Call(callee) => {
                    callers[depth] = (id, rule);
                    depth += 1;
                    (id, rule) = (callee, 0);
                    callee
                }
                Next::Goto(other) => {
                    (id, rule) = (other, 0);
                    other
                }
            };
            let Some(found) = table.chain(to) else { return Outcome::Accept };
            chain = found;
        }
    }

    #[inline]
    fn rule(&mut self, rule: &Rule, chain: &Chain, id: ChainId, index: u32) -> Next {
        let before = self.packet.cx.trace.is_some().then_some(self.packet.skb.tuple);
        let mut end = Flow::Holds;
        for statement in rule.statements() {
            end = self.statement(statement, chain, id);
            match end {
                Flow::Holds => {}
                Flow::Fails => return Next::Continue,
                Flow::Ends(_) | Flow::Rejects => break,
            }
        }
        let at = rule_at(id, index);
        if let Some(before) = before {
            self.packet.note(at, &before);
        }
        let verdict = match end {
            Flow::Rejects => return Next::End(Outcome::Reject(at, RejectWith::PortUnreachable)),
            Flow::Ends(verdict) => verdict,
            Flow::Holds | Flow::Fails => return Next::Continue,
        };
        let whose = self.element.take();
        if let (Some(_), Some(element)) = (before, whose) {
            let tuple = self.packet.skb.tuple;
            self.packet.note(element, &tuple);
        }
        match verdict.within(id.group()) {
            Verdict::Accept => Next::End(Outcome::Accept),
            Verdict::Drop => Next::End(Outcome::Drop(whose.unwrap_or(at))),
            Verdict::Return => Next::Return,
            Verdict::Jump(chain) => Next::Call(chain),
            Verdict::Goto(chain) => Next::Goto(chain),
        }
    }

    #[inline]
    fn statement(&mut self, statement: &Statement, chain: &Chain, id: ChainId) -> Flow {
        let packet = &mut self.packet;
        let holds = match statement {
            Statement::CtState(any_of) => packet.states().intersects(*any_of),
            Statement::CtStatusDnat => packet.states().intersects(CtStates::DNAT),
            Statement::Address(end, prefix) => prefix.holds(&packet.address(*end)),
            Statement::OutsideOf(end, prefixes) => !is_in(prefixes, packet.address(*end)),
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
                // A full set ends the rule, as a match that fails does (nft_dynset_eval).
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
            _ => set.lookup(self.packet.skb).is_some(),
        };
        if holds { Flow::Holds } else { Flow::Fails }
    }

    #[inline]
    fn vmap(&mut self, id: SetId) -> Flow {
        let found = self.table.set((0, id)).and_then(|map| map.lookup(self.packet.skb));
        match found.and_then(|(at, element)| Some((at, element.verdict?))) {
            Some((rule, verdict)) => {
                let table = TableName::KubeProxyElements;
                let SetId::Fixed(at) = id else { return Flow::Fails };
                self.element = Some(RuleRef { table, chain: ChainId::fixed(at), rule });
                Flow::Ends(verdict)
            }
            None => Flow::Fails,
        }
    }

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

    /// `numgen random mod COUNT` (nft_numgen.c, nft_ng_random_gen: reciprocal_scale of 32 random
    /// bits). kube-proxy has at most one in a chain.
    fn numgen(&mut self, chain: &Chain, count: usize) -> Option<usize> {
        let random = self.packet.draw(chain.subject, 0) >> 32;
        let count = u64::try_from(count).ok().filter(|count| *count > 0)?;
        usize::try_from((random * count) >> 32).ok()
    }
}

fn rule_at(chain: ChainId, rule: u32) -> RuleRef {
    RuleRef { table: TableName::KubeProxy, chain, rule }
}
