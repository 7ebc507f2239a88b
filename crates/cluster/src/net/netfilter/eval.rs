//! Runs a packet through a chain (net/ipv4/netfilter/ip_tables.c, ipt_do_table).

use std::net::{IpAddr, SocketAddr};

use super::chain::{Chain, ChainId, PacketKey, Rule, Target};
use super::conntrack::{Conntrack, CtStates};
use super::ipset::IpSet;
use super::ipvs::Ipvs;
use super::matches::{End, MarkOp, Match, RejectWith};
use super::nat::{Manip, rewrite};
use super::recent::RecentTables;
use super::rules::{Hook, Policy, RuleRef, Table, TableName};
use super::skb::{Ct, IpvsMark, Skb};
use super::stack::{Cx, RuleHit};
use crate::net::Tuple;
use crate::sim::{Chance, Purpose};

/// How deep jumps nest. The kernel counts the depth when it loads a table, and drops a packet that
/// would go deeper; kube-proxy's own rules nest four deep.
const MAX_DEPTH: usize = 16;

/// How a table ended for a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Accept,
    Drop(RuleRef),
    Reject(RuleRef, RejectWith),
}

/// One run through one table at one hook.
pub(super) struct Run<'e, 'c> {
    pub table: &'e Table,
    pub name: TableName,
    pub hook: Hook,
    pub addresses: &'e [IpAddr],
    /// Those of kube-ipvs0, sorted.
    pub dummy: &'e [IpAddr],
    pub conntrack: &'e Conntrack,
    pub ipvs: &'e Ipvs,
    pub sets: &'e [IpSet],
    pub recent: &'e mut RecentTables,
    pub skb: &'e mut Skb,
    pub cx: &'e mut Cx<'c>,
    /// The address that MASQUERADE takes.
    pub out_addr: Option<IpAddr>,
    /// The last chain in which something was drawn, and the subject of its draws.
    pub drawing: Option<(u64, u64)>,
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
        let mut callers = [Place { chain: start, rule: 0 }; MAX_DEPTH];
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

    /// The next rule of the chain that matches; `place` is left behind it.
    #[inline]
    fn next_match(&mut self, chain: &'e Chain, place: &mut Place) -> Option<&'e Rule> {
        let key = PacketKey::new(&self.skb.tuple);
        while let Some((at, rule)) = chain.candidate(place.rule, key) {
            place.rule = at + 1;
            if rule.matches().iter().all(|m| self.holds(m, chain)) {
                return Some(rule);
            }
        }
        None
    }

    /// The rule that `place` is just behind.
    fn at(&self, place: Place) -> RuleRef {
        RuleRef { table: self.name, chain: place.chain, rule: place.rule - 1 }
    }

    fn policy(&self, chain: &Chain, id: ChainId) -> Outcome {
        match chain.policy {
            Some(Policy::Drop) => {
                let rule = u32::try_from(chain.rules().len()).unwrap_or(u32::MAX);
                Outcome::Drop(RuleRef { table: self.name, chain: id, rule })
            }
            _ => Outcome::Accept,
        }
    }

    #[inline]
    fn holds(&mut self, condition: &Match, chain: &Chain) -> bool {
        let skb = &*self.skb;
        match condition {
            Match::Protocol(protocol) => skb.protocol() == Some(*protocol),
            Match::Destination(prefix) => prefix.holds(&skb.tuple.dst),
            Match::DestinationPort(port) => skb.tuple.dst_port == *port,
            Match::Source(prefix) => prefix.holds(&skb.tuple.src),
            Match::Local(End::Source) => self.is_local(skb.tuple.src),
            Match::Local(End::Destination) => self.is_local(skb.tuple.dst),
            Match::Mark { value, mask, invert } => (skb.mark & mask == *value) != *invert,
            Match::CtState { any_of, invert } => self.states().intersects(*any_of) != *invert,
            Match::Statistic { probability, ordinal } => {
                let subject = self.subject(chain);
                probability.holds(self.cx.chance.draw(Purpose::Statistic, subject, u64::from(*ordinal)))
            }
            Match::RecentCheck { list, seconds } => {
                self.recent.check(*list, skb.tuple.src, *seconds, self.cx.now)
            }
            Match::RecentSet { list } => {
                self.recent.set(*list, skb.tuple.src, self.cx.now);
                true
            }
            Match::Set { set, ends } => {
                let set = self.sets.get(set.0 as usize);
                set.is_some_and(|set| set.holds(*ends, &skb.tuple, skb.protocol()))
            }
            Match::ProtocolOnly(protocol) => skb.protocol() == Some(*protocol),
            Match::NotFromHere => !self.is_local(skb.tuple.src),
            // Hooks see what is routed here, not what a bridge passes on between its ports.
            Match::NotFromBridge => true,
            // xt_ipvs.c, ipvs_mt: only a packet that IPVS has had.
            Match::Ipvs(server) => {
                skb.ipvs != IpvsMark::Unseen && self.ipvs.came_by(&skb.tuple) == Some(*server)
            }
        }
    }

    /// Whom a draw in this chain is for: the connection, on this node, in this chain.
    #[inline]
    fn subject(&mut self, chain: &Chain) -> u64 {
        match self.drawing {
            Some((at, subject)) if at == chain.subject => subject,
            _ => {
                let flow = Chance::join(self.cx.node, self.cx.flow);
                let subject = Chance::join(flow, chain.subject);
                self.drawing = Some((chain.subject, subject));
                subject
            }
        }
    }

    #[inline(never)]
    fn is_local(&self, address: IpAddr) -> bool {
        address.is_loopback()
            || self.addresses.contains(&address)
            || self.dummy.binary_search(&address).is_ok()
    }

    /// xt_conntrack.c, conntrack_mt.
    fn states(&self) -> CtStates {
        match &self.skb.ct {
            Ct::Tracked(ct) => ct.states,
            Ct::Unseen | Ct::Invalid => CtStates::INVALID,
        }
    }

    #[inline]
    fn act(&mut self, rule: &Rule, place: Place) -> Next {
        if self.cx.trace.is_none() {
            return self.target(&rule.target, place);
        }
        let before = self.skb.tuple;
        let next = self.target(&rule.target, place);
        self.note(place, &before);
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
                let mark = self.skb.mark;
                self.skb.mark = match op {
                    MarkOp::Or(bits) => mark | bits,
                    MarkOp::Xor(bits) => mark ^ bits,
                    MarkOp::Set(bits) => bits,
                };
                Next::Continue
            }
            Target::Dnat(to) => {
                self.dnat(to);
                Next::End(Outcome::Accept)
            }
            Target::Masquerade { random_fully } => {
                self.masquerade(random_fully);
                Next::End(Outcome::Accept)
            }
        }
    }

    #[inline(never)]
    fn dnat(&mut self, to: SocketAddr) {
        if let Ct::Tracked(ct) = &mut self.skb.ct {
            ct.bind_destination(to);
            rewrite(self.skb, Manip::Destination);
        }
    }

    #[inline(never)]
    fn masquerade(&mut self, random_fully: bool) {
        if let (Ct::Tracked(ct), Some(to)) = (&mut self.skb.ct, self.out_addr) {
            ct.bind_source(to, random_fully, self.conntrack, self.cx);
            rewrite(self.skb, Manip::Source);
        }
    }

    #[cold]
    fn note(&mut self, place: Place, before: &Tuple) {
        let tuple_after = (self.skb.tuple != *before).then_some(self.skb.tuple);
        let hook = self.hook;
        let RuleRef { table, chain, rule } = self.at(place);
        if let Some(trace) = &mut self.cx.trace {
            trace.push(RuleHit { hook, table, chain, rule, tuple_after });
        }
    }
}
