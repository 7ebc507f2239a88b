//! Runs a packet through a chain (net/ipv4/netfilter/ip_tables.c, ipt_do_table).

use super::backend::Backend;
use super::chain::{Chain, ChainId, PacketKey, Rule, Target};
use super::matches::{End, Match};
use super::packet::{MAX_DEPTH, Outcome, Packet};
use super::recent::RecentTables;
use super::ruleset::{Policy, RuleRef, Table, TableName};
use super::skb::IpvsMark;

/// One run through one table at one hook.
pub(super) struct Run<'e, 'c> {
    pub table: &'e Table,
    pub name: TableName,
    /// nf_tables or IPVS, beside iptables.
    pub backend: &'e Backend,
    pub recent: &'e mut RecentTables,
    pub packet: Packet<'e, 'c>,
}

/// Where a chain is to be continued.
#[derive(Clone, Copy)]
struct Place {
    chain: ChainId,
    rule: u32,
}

enum Next {
    Continue,
    Call(ChainId),
    Return,
    End(Outcome),
}

impl<'e> Run<'e, '_> {
    pub fn run(&mut self, start: ChainId) -> Outcome {
        // Filled with zeros, which is the fastest.
        let mut callers = [Place { chain: ChainId::fixed(0), rule: 0 }; MAX_DEPTH];
        let mut depth = 0;
        let table = self.table;
        let Some(mut chain) = table.chain(start) else { return Outcome::Accept };
        let mut place = Place { chain: start, rule: 0 };
        loop {
            let next = match self.next_match(chain, &mut place) {
                Some(rule) => self.act(rule, place),
                None => Next::Return,
            };
            match next {
                Next::Continue => {}
                Next::End(outcome) => return outcome,
                Next::Return if depth == 0 => return self.policy(chain, start),
                Next::Return => {
                    depth -= 1;
                    place = callers[depth];
                    let Some(caller) = table.chain(place.chain) else { return Outcome::Accept };
                    chain = caller;
                }
                Next::Call(callee) => {
                    let callee = callee.within(place.chain.group());
                    let Some(called) = table.chain(callee) else { continue };
                    if called.rules().is_empty() {
                        continue;
                    }
                    if depth == MAX_DEPTH {
                        return Outcome::Drop(self.at(place));
                    }
                    callers[depth] = place;
                    depth += 1;
                    place = Place { chain: callee, rule: 0 };
                    chain = called;
                }
            }
        }
    }

    /// The next rule of the chain that matches. Moves `place` just past it.
    #[inline]
    fn next_match(&mut self, chain: &'e Chain, place: &mut Place) -> Option<&'e Rule> {
        let key = PacketKey::new(&self.packet.skb.tuple);
        while let Some((at, rule)) = chain.candidate(place.rule, key) {
            place.rule = at + 1;
            if rule.matches().iter().all(|m| self.holds(m, chain, place.chain)) {
                return Some(rule);
            }
        }
        None
    }

    /// The rule just before `place`.
    fn at(&self, place: Place) -> RuleRef {
        RuleRef { table: self.name, chain: place.chain, rule: place.rule - 1 }
    }

    fn policy(&self, chain: &Chain, id: ChainId) -> Outcome {
        match chain.policy {
            Some(Policy::Drop) => {
                let rule = u32::try_from(chain.rules().len()).unwrap_or(u32::MAX);
                Outcome::Drop(RuleRef { table: self.name, chain: id, rule })
            }
            Some(Policy::Accept) | None => Outcome::Accept,
        }
    }

    #[inline]
    fn holds(&mut self, condition: &Match, chain: &Chain, id: ChainId) -> bool {
        let packet = &mut self.packet;
        let skb = &*packet.skb;
        match condition {
            Match::Protocol(protocol) => skb.protocol() == Some(*protocol),
            Match::Destination(prefix) => prefix.holds(&skb.tuple.dst),
            Match::DestinationPort(port) => skb.tuple.dst_port == *port,
            Match::Source(prefix) => prefix.holds(&skb.tuple.src),
            Match::InInterface(interface) => interface.holds(skb.in_interface),
            Match::Local(end) => packet.is_local(*end),
            Match::Mark { value, mask, invert } => (skb.mark & mask == *value) != *invert,
            Match::CtState { any_of, invert } => packet.states().intersects(*any_of) != *invert,
            Match::Statistic { probability, ordinal } => {
                probability.holds(packet.draw(chain.subject, *ordinal))
            }
            Match::RecentCheck { list, seconds } => {
                self.recent.check((id.group(), *list), skb.tuple.src, *seconds, packet.cx.now)
            }
            Match::RecentSet { list } => {
                self.recent.set((id.group(), *list), skb.tuple.src, packet.cx.now);
                true
            }
            Match::Set { set, ends } => self.backend.is_in_set(*set, *ends, skb),
            Match::ProtocolOnly(protocol) => skb.protocol() == Some(*protocol),
            Match::SourceNotLocal => !packet.is_local(End::Source),
            // The hooks see routed packets, not those that a bridge forwards between its ports.
            Match::NotPhysdevIn => true,
            Match::Nfacct(_) => true,
            // xt_ipvs.c, ipvs_mt: only a packet that IPVS has handled.
            Match::Ipvs(server) => {
                skb.ipvs != IpvsMark::Unseen && self.backend.matches_ipvs(&skb.tuple, server)
            }
        }
    }

    #[inline]
    fn act(&mut self, rule: &Rule, place: Place) -> Next {
        if self.packet.cx.trace.is_none() {
            return self.target(&rule.target, place);
        }
        let before = self.packet.skb.tuple;
        let next = self.target(&rule.target, place);
        let at = self.at(place);
        self.packet.note(at, &before);
        next
    }

    #[inline]
    fn target(&mut self, target: &Target, place: Place) -> Next {
        match *target {
            Target::None => Next::Continue,
            Target::Jump(chain) => Next::Call(chain),
            Target::Return => Next::Return,
            Target::Accept => Next::End(Outcome::Accept),
            Target::Drop => Next::End(Outcome::Drop(self.at(place))),
            Target::Reject(with) => Next::End(Outcome::Reject(self.at(place), with)),
            Target::Mark(op) => {
                self.packet.mark(op);
                Next::Continue
            }
            Target::Dnat(to) => {
                self.packet.dnat(to);
                Next::End(Outcome::Accept)
            }
            Target::Masquerade { random_fully } => {
                self.packet.masquerade(random_fully);
                Next::End(Outcome::Accept)
            }
        }
    }
}
